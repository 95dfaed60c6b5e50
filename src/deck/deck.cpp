#include "deck/deck.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <iterator>
#include <sstream>

namespace aleator::deck {
namespace {

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

const char* const name_letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";

std::string without_byte_order_mark(std::string text) {
  return text.rfind("\xEF\xBB\xBF", 0) == 0 ? text.substr(3) : text;
}

// The names of the blocks [kind.…] in the text, sound or not.
std::vector<std::string> names_of_blocks(const Node& root, const std::string& kind) {
  std::vector<std::string> names;
  if (const Node::Entry* const entry = root.find(kind))
    for (const Node::Entry& named : entry->value.entries)
      if (named.value.kind == Node::Kind::table) names.push_back(named.key);
  return names;
}

std::vector<std::string> split_path(const std::string& path) {
  std::vector<std::string> parts(1);
  for (const char c : path) {
    if (c == '.')
      parts.emplace_back();
    else if (c != ' ' && c != '\t')
      parts.back() += c;
  }
  return parts;
}

void set_entry(Node& table, const std::string& key, Node value) {
  if (Node::Entry* const found = table.find(key))
    found->value = std::move(value);
  else
    table.entries.push_back({key, value.at, value});
}

// One --set: kind.name.key=value or, for settings, kind.key=value. Changes blocks, never creates one by a misspelt
// name.
void apply_override(const std::string& text, const Registry& registry, Node& root, Diagnostics& diagnostics) {
  const Location at{"--set " + text, 0, 0};
  const std::size_t equals = text.find('=');
  const std::vector<std::string> parts = split_path(text.substr(0, equals));
  const std::vector<std::string> kinds = registry.kinds();
  const std::string& kind = parts.front();
  const bool is_settings = registry.settings(kind) != nullptr;
  const bool has_gap = std::find(parts.begin(), parts.end(), "") != parts.end();
  if (std::find(kinds.begin(), kinds.end(), kind) == kinds.end() && equals != std::string::npos && parts.size() > 1) {
    const std::string hint = did_you_mean(kind, kinds);
    return diagnostics.error(at, "there are no blocks [" + kind + ".…]",
                             hint.empty() ? "one of " + joined(kinds) : hint);
  }
  if (parts.size() == 1 && equals != std::string::npos)  // the key of a setting alone, as in seed=3
    for (const std::string& one : kinds)
      if (const Component* const settings = registry.settings(one); settings != nullptr && settings->schema->find(kind))
        return diagnostics.error(at, fmt::format("'{}' is a key of [{}]", kind, one),
                                 fmt::format("write --set {}.{}", one, text));
  if (equals == std::string::npos || has_gap || parts.size() != (is_settings ? 2U : 3U))
    return diagnostics.error(
        at, is_settings ? "write " + kind + ".key=value" : "an override is written kind.name.key=value",
        kind == "campaign" ? "for example --set 'campaign.vary={run.seed = [1, 2]}'"
        : is_settings      ? "for example --set run.seed=7"
                           : "for example --set sampler.main.draws=500");
  if (is_settings && root.find(kind) == nullptr) set_entry(root, kind, Node{});
  Node::Entry* entry = root.find(kind);
  if (entry != nullptr && !is_settings) entry = entry->value.find(parts[1]);
  if (entry == nullptr || entry->value.kind != Node::Kind::table) {
    const std::vector<std::string> names = names_of_blocks(root, kind);
    std::string hint = did_you_mean(parts[1], names);
    if (hint.empty() && !names.empty()) hint = "there are: " + joined(names);
    return diagnostics.error(at, fmt::format("the deck has no block [{}{}]", kind, is_settings ? "" : "." + parts[1]),
                             hint);
  }
  set_entry(entry->value, parts.back(), parse_value(text.substr(equals + 1), at.origin));
}

// Where a block writes `name` under `key`: the entry of an array where it is one.
Location place_of(const Block& block, const std::string& key, const std::string& name) {
  const Node::Entry* const entry = block.node.find(key);
  if (entry == nullptr) return block.at;
  for (const Node* const value : single_values(entry->value))
    if (value->text == name) return value->at;
  return entry->value.at;
}

std::string file_name_in_run_folder(const Block& block, const std::string& key, const std::string& path) {
  const std::string owner = block.name.empty() ? block.kind : block.kind + "." + block.name;
  return owner + "." + key + "." + std::filesystem::path(split_array_path(path).file).filename().string();
}

// ":posterior/theta" of "run.h5:posterior/theta".
std::string array_in(const std::string& path) {
  const std::string array = split_array_path(path).array;
  return array.empty() ? "" : ":" + array;
}

}  // namespace

Deck::Deck(const std::string& path, const Registry& registry, const Overrides& overrides, const FileReader& read_file,
           const Change& change)
    : path_(path) {
  const std::optional<std::string> text = read_file(path);
  if (!text)
    throw core::UserError(
        fmt::format("{}: the deck cannot be read; check the name and that it is a readable file", path));
  text_ = without_byte_order_mark(*text);
  Diagnostics diagnostics;
  diagnostics.add_source(path, text_);
  Node root = parse_toml(text_, path, diagnostics);
  diagnostics.throw_if_any();
  if (change) change(root);
  for (const std::string& override : overrides) apply_override(override, registry, root, diagnostics);
  ReadContext context{diagnostics, read_file, registry.rows_reader(),
                      std::filesystem::path(path).parent_path().string()};
  read_blocks(root, registry, context);
  check_references(root, diagnostics);
  diagnostics.throw_if_any();
  notes_ = diagnostics.notes();
}

void Deck::read_blocks(const Node& root, const Registry& registry, ReadContext& context) {
  const std::vector<std::string> kinds = registry.kinds();
  for (const Node::Entry& entry : root.entries) {
    if (std::find(kinds.begin(), kinds.end(), entry.key) != kinds.end()) {
      read_kind(entry, registry, context);
      continue;
    }
    std::string hint = did_you_mean(entry.key, kinds);
    if (hint.empty()) hint = "blocks are [kind.name] with kind one of " + joined(kinds);
    context.diagnostics.error(entry.key_at, "unknown block or key '" + entry.key + "'", hint);
  }
  // Settings that the deck leaves out have their defaults, like any key.
  for (const std::string& kind : kinds)
    if (const Component* const settings = registry.settings(kind); settings != nullptr && root.find(kind) == nullptr)
      read_block({kind, "", settings->name, Node{}, {path_, 1, 1}}, registry, context);
}

void Deck::read_kind(const Node::Entry& entry, const Registry& registry, ReadContext& context) {
  const Component* const settings = registry.settings(entry.key);
  const std::string form = settings != nullptr ? entry.key : entry.key + ".some_name";
  if (entry.value.kind != Node::Kind::table)
    return context.diagnostics.error(entry.key_at, fmt::format("'{}' must be a block: [{}]", entry.key, form));
  if (settings != nullptr)
    return read_block({entry.key, "", settings->name, entry.value, entry.key_at}, registry, context);
  const Location* nameless = entry.value.entries.empty() ? &entry.key_at : nullptr;
  for (const Node::Entry& named : entry.value.entries) {
    if (named.value.kind == Node::Kind::array && !named.value.items.empty() &&
        named.value.items.front().kind == Node::Kind::table)
      context.diagnostics.error(named.key_at,
                                fmt::format("[[{0}.{1}]] must be one block: [{0}.{1}]", entry.key, named.key));
    else if (named.value.kind != Node::Kind::table)
      nameless = nameless == nullptr ? &named.key_at : nameless;
    else if (named.key.empty() || named.key.find_first_not_of(name_letters) != std::string::npos)
      context.diagnostics.error(named.key_at,
                                fmt::format("the name '{}' of a [{}.…] block is not allowed", named.key, entry.key),
                                "names are made of letters, digits, _ and -");
    else
      read_block({entry.key, named.key, "", named.value, named.key_at}, registry, context);
  }
  if (nameless != nullptr)
    context.diagnostics.error(*nameless, fmt::format("[{}] needs a name: [{}]", entry.key, form),
                              "other blocks refer to it by this name");
}

void Deck::read_block(Block block, const Registry& registry, ReadContext& context) {
  const std::vector<std::string> names = registry.names(block.kind);
  const Component* component = registry.find(block.type);
  if (!block.name.empty()) {
    const Node::Entry* const type = block.node.find("type");
    if (type == nullptr)
      return context.diagnostics.error(block.at, block.label() + " has no type",
                                       "add type = \"…\", one of " + joined(names));
    if (type->value.kind != Node::Kind::text)
      return context.diagnostics.error(
          type->value.at, fmt::format("{} type must be text in quotes, not {}", block.label(), shown(type->value)),
          "one of " + joined(names));
    block.type = type->value.text;
    component = registry.find(block.type);
    if (component == nullptr || component->kind != block.kind) {
      std::string hint = did_you_mean(block.type, names);
      if (component != nullptr) hint = fmt::format("it fills [{}.…] blocks", component->kind);
      if (hint.empty() || component != nullptr) hint += (hint.empty() ? "" : "; here ") + ("one of " + joined(names));
      return context.diagnostics.error(
          type->value.at, fmt::format("{} type = {} is not a {}", block.label(), shown(type->value), block.kind), hint);
    }
  }
  std::any params = component->schema->read(block, context);
  blocks_.push_back({std::move(block), component, std::move(params)});
}

void Deck::check_references(const Node& root, Diagnostics& diagnostics) const {
  for (const ParsedBlock& parsed : blocks_) {
    for (const auto& [key, name] : parsed.component->schema->references(parsed.params)) {
      const std::string& kind = parsed.component->schema->find(key)->refers_to;
      const std::vector<std::string> names = names_of_blocks(root, kind);  // also those with faults of their own
      if (std::find(names.begin(), names.end(), name) != names.end()) continue;
      std::string hint = did_you_mean(name, names);
      if (hint.empty()) hint = names.empty() ? "the deck has no [" + kind + ".…] block" : "there are: " + joined(names);
      diagnostics.error(
          place_of(parsed.block, key, name),
          fmt::format("{} {} = \"{}\": there is no block [{}.{}]", parsed.block.label(), key, name, kind, name), hint);
    }
  }
}

std::vector<const ParsedBlock*> Deck::of_kind(const std::string& kind) const {
  std::vector<const ParsedBlock*> found;
  for (const ParsedBlock& parsed : blocks_)
    if (parsed.block.kind == kind) found.push_back(&parsed);
  return found;
}

const ParsedBlock& Deck::block(const std::string& kind, const std::string& name) const {
  for (const ParsedBlock& parsed : blocks_)
    if (parsed.block.kind == kind && parsed.block.name == name) return parsed;
  throw core::InternalError("no block [" + kind + "." + name + "]");
}

std::string Deck::named(const std::string& kind, const std::string& name) const {
  const Location& at = block(kind, name).block.at;
  return fmt::format("{} '{}' ({}:{})", kind, name, at.origin, at.line);
}

namespace {

// A message about the text that stands for a list of the deck, "list_in_the_deck.txt:1:5: error: …", as one about the list; where
// that tells of an entry, `at` becomes its place.
std::string about_list(const std::string& message, const File& list, const Node& value, Location& at) {
  static const std::string name = list_in_the_deck;
  std::size_t end = name.size(), row = 0, column = 0;
  if (std::sscanf(message.c_str() + end, ":%zu:%zu: error: ", &row, &column) != 2)
    return "the list" + message.substr(end);
  end = message.find(" error: ") + std::strlen(" error: ");
  std::size_t byte = 0;
  for (std::size_t line = 1; line < row; ++line) byte = list.text.find('\n', byte) + 1;
  std::istringstream before(list.text.substr(0, byte + column - 1));
  const auto entry = std::distance(std::istream_iterator<std::string>(before), std::istream_iterator<std::string>());
  const std::vector<const Node*> numbers = single_values(value);
  if (static_cast<std::size_t>(entry) < numbers.size()) at = numbers[static_cast<std::size_t>(entry)]->at;
  return message.substr(end);
}

}  // namespace

void Deck::fail(const ParsedBlock& parsed, const std::string& key, const std::string& message, const std::string& hint,
                TextPlace place) const {
  Diagnostics diagnostics;
  diagnostics.add_source(path_, text_);
  const Node::Entry* const entry = parsed.block.node.find(key);
  const std::string subject = key.empty() ? "" : " " + key + ":";
  Location at = entry == nullptr ? parsed.block.at : entry->value.at;
  if (entry != nullptr && place.byte >= 0) {
    const std::vector<const Node*> texts = single_values(entry->value);
    const auto which = static_cast<std::size_t>(place.entry);
    if (which < texts.size()) at = place_in_string(text_, texts[which]->at, place.byte);
  }
  std::string shown = message;
  if (entry != nullptr && message.rfind(list_in_the_deck, 0) == 0)
    for (const auto& [name, file] : parsed.component->schema->files(parsed.params))
      if (name == key) shown = about_list(message, file, entry->value, at);
  diagnostics.error(at, parsed.block.label() + subject + " " + shown, hint);
  throw ReportedError(diagnostics.text() + "1 error; nothing was run.");
}

std::string Deck::resolved(const std::string& header, const std::string& files_folder) const {
  std::string text = header;
  for (const ParsedBlock& parsed : blocks_) {
    text += "\n" + parsed.block.label() + "\n";
    if (!parsed.block.name.empty()) text += fmt::format("type = \"{}\"\n", parsed.block.type);
    const auto files = parsed.component->schema->files(parsed.params);
    for (auto [key, value] : parsed.component->schema->write(parsed.params)) {
      for (const auto& [file_key, file] : files)
        if (file_key == key)
          value = write_value(files_folder + "/" + file_name_in_run_folder(parsed.block, key, file.path) +
                              array_in(file.path));
      const bool is_default = parsed.block.node.find(key) == nullptr;
      text += value.empty() ? fmt::format("# {} is not set\n", key)
                            : fmt::format("{} = {}{}\n", key, value, is_default ? "  # default" : "");
    }
  }
  return text;
}

std::vector<std::pair<std::string, std::string>> Deck::copies_of_files() const {
  std::vector<std::pair<std::string, std::string>> copies;
  for (const ParsedBlock& parsed : blocks_)
    for (const auto& [key, file] : parsed.component->schema->files(parsed.params))
      copies.emplace_back(file_name_in_run_folder(parsed.block, key, file.path), file.text);
  return copies;
}

std::vector<std::string> Deck::programs() const {
  std::vector<std::string> paths;
  for (const ParsedBlock& parsed : blocks_)
    for (std::string& path : parsed.component->schema->programs(parsed.params)) paths.push_back(std::move(path));
  return paths;
}

}  // namespace aleator::deck
