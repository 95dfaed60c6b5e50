#include "deck/schema.hpp"

#include <fmt/format.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>

#include "core/error.hpp"

namespace aleator::deck {

void SchemaBase::report(const Block& block, const std::string& key, ReadContext& context, const std::string& message) {
  const Node::Entry* const entry = block.node.find(key);
  const Location at = entry == nullptr ? block.at : entry->value.at;
  context.diagnostics.error(at, block.label() + " " + message, "all keys: aleator describe " + block.type);
}

void SchemaBase::report(const Block& block, const Node& value, ReadContext& context, const std::string& message,
                        const std::string& hint) {
  context.diagnostics.error(value.at, block.label() + " " + message, hint);
}

const KeyInfo* SchemaBase::find(const std::string& key) const {
  for (const KeyInfo& info : keys_)
    if (info.name == key) return &info;
  return nullptr;
}

void SchemaBase::refuse_bad_key(const KeyInfo& info) const {
  const bool is_bare =
      !info.name.empty() && info.name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") == std::string::npos;
  if (!is_bare || info.name == "type" || find(info.name) != nullptr)
    throw core::InternalError("'" + title_ + "' cannot have a key '" + info.name + "': it is not snake_case, or taken");
}

std::string SchemaBase::example_of(const TypeName& type, const std::string& default_text, const NumberCheck& check) {
  const std::size_t number_at = type.example.find('#');
  if (number_at == std::string::npos) return type.example;
  std::vector<std::string> candidates{"1", "2", "10", "100", "1000", "0", "-1"};
  if (type.words.find("real") != std::string::npos) candidates.insert(candidates.begin(), {"1.0", "0.5", "0.1"});
  if (default_text.find_first_not_of("+-.0123456789e") == std::string::npos && !default_text.empty())
    candidates.insert(candidates.begin(), default_text);
  for (const std::string& number : candidates)
    if (!check.holds || check.holds(std::strtod(number.c_str(), nullptr)))
      return std::string(type.example).replace(number_at, 1, number);
  return {};
}

void SchemaBase::report_unknown_keys(const Block& block, ReadContext& context) const {
  constexpr std::size_t most_listed = 12;
  std::vector<std::string> known;
  if (!block.name.empty()) known.emplace_back("type");
  for (const KeyInfo& key : keys_) known.push_back(key.name);
  for (const Node::Entry& entry : block.node.entries) {
    bool is_known = false;
    for (const std::string& name : known) is_known = is_known || name == entry.key;
    if (is_known) continue;
    std::string hint = did_you_mean(entry.key, known);
    if (hint.empty() && known.size() <= most_listed) {
      for (const std::string& name : known) hint += (hint.empty() ? "keys: " : ", ") + name;
    }
    if (!hint.empty()) hint += "   ";
    context.diagnostics.error(entry.key_at, block.label() + " unknown key '" + entry.key + "'",
                              hint + "all keys: aleator describe " + block.type);
  }
}

bool SchemaBase::load_file(File& file, ReadContext& context) {
  if (!file.text.empty()) return true;  // numbers in the deck
  const std::filesystem::path path(file.path);
  if (path.is_relative() && !context.folder.empty())
    file.path = (std::filesystem::path(context.folder) / path).string();
  const std::optional<std::string> text = context.read_file(split_array_path(file.path).file);
  if (!text) return false;
  file.text = *text;
  return true;
}

std::string SchemaBase::load_numbers(const std::string& path, Rows& rows, ReadContext& context) {
  File file{path, {}};
  if (!load_file(file, context))
    return fmt::format("must be numbers, or the name of a file of them, and '{}' cannot be read", file.path);
  try {
    rows = context.read_rows(file.text, file.path);
  } catch (const core::UserError& error) {
    return error.what();
  }
  for (std::size_t row = 0; row < rows.size(); ++row)
    for (const double number : rows[row])
      if (!std::isfinite(number)) return fmt::format("row {} of '{}' has a missing entry", row + 1, file.path);
  return {};
}

std::string SchemaBase::load_numbers(const std::string& path, std::vector<double>& numbers, ReadContext& context) {
  Rows rows;
  if (const std::string fault = load_numbers(path, rows, context); !fault.empty()) return fault;
  for (const std::vector<double>& row : rows) numbers.insert(numbers.end(), row.begin(), row.end());
  return {};
}

}  // namespace aleator::deck
