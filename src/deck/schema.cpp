#include "deck/schema.hpp"

#include <fmt/format.h>

#include <utility>

#include "core/error.hpp"

namespace aleator::deck {

SchemaBase::SchemaBase(std::string title, std::string source, std::any defaults, AddressOf address)
    : title_(std::move(title)), source_(std::move(source)), defaults_(std::move(defaults)), address_(address) {}

const void* SchemaBase::address(const std::any& params) const {
  const void* const at = address_(params);
  ALEATOR_ASSERT(at != nullptr);
  return at;
}

const void* SchemaBase::address(const Member& member, const void* params) {
  return static_cast<const char*>(params) + member.offset;
}

std::vector<KeyInfo> SchemaBase::keys() const {
  std::vector<KeyInfo> infos;
  for (const Member& member : members_) infos.push_back(member.key->info());
  return infos;
}

void SchemaBase::report(const Block& block, const std::string& key, ReadContext& context, const std::string& message) {
  const Node::Entry* const entry = block.node.find(key);
  const Location at = entry == nullptr ? block.at : entry->value.at;
  context.diagnostics.error(at, block.label() + " " + message, "all keys: aleator describe " + block.type);
}

const KeyInfo* SchemaBase::find(const std::string& key) const {
  for (const Member& member : members_)
    if (member.key->info().name == key) return &member.key->info();
  return nullptr;
}

void SchemaBase::report_unknown_keys(const Block& block, ReadContext& context) const {
  constexpr std::size_t most_listed = 12;
  std::vector<std::string> known;
  if (!block.name.empty()) known.emplace_back("type");
  for (const Member& member : members_) known.push_back(member.key->info().name);
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

void SchemaBase::add(std::unique_ptr<Key> key, std::ptrdiff_t offset) {
  const std::string& name = key->info().name;
  const bool is_bare =
      !name.empty() && name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") == std::string::npos;
  if (!is_bare || name == "type" || find(name) != nullptr)
    throw core::InternalError("'" + title_ + "' cannot have a key '" + name + "': it is not snake_case, or taken");
  members_.push_back({std::move(key), offset, {}});
}

void SchemaBase::add_condition(const std::string& needs, std::function<bool(const void* params)> holds) {
  last().set_needs(needs);
  members_.back().has_effect = std::move(holds);
}

void SchemaBase::add_check(const std::string& key, std::function<std::string(const void* params)> wrong) {
  checks_.emplace_back(key, std::move(wrong));
}

std::any SchemaBase::read(const Block& block, ReadContext& context) const {
  report_unknown_keys(block, context);
  const int faults = context.diagnostics.count();
  std::any params = defaults_;
  const void* const at = address(params);
  for (const Member& member : members_) {
    const KeyInfo& info = member.key->info();
    const Node::Entry* const entry = block.node.find(info.name);
    // The address is that of a member of params, which are not const.
    if (entry != nullptr) member.key->read(entry->value, block, const_cast<void*>(address(member, at)), context);
    if (entry == nullptr && info.is_required)
      report(block, "", context, "the key '" + info.name + "' is missing (" + info.hint() + ")");
  }
  if (context.diagnostics.count() != faults) return params;
  for (const auto& [key, wrong] : checks_)
    if (const std::string message = wrong(at); !message.empty()) report(block, key, context, message);
  for (const Member& member : members_)
    if (const Node::Entry* const entry = block.node.find(member.key->info().name); entry && is_idle(member, at))
      context.diagnostics.note(entry->key_at, fmt::format("{} {} has no effect here: it goes with {}", block.label(),
                                                          entry->key, member.key->info().needs));
  return params;
}

std::vector<std::pair<std::string, std::string>> SchemaBase::write(const std::any& params) const {
  const void* const at = address(params);
  std::vector<std::pair<std::string, std::string>> out;
  for (const Member& member : members_)
    if (!is_idle(member, at)) out.emplace_back(member.key->info().name, member.key->write(address(member, at)));
  return out;
}

std::vector<std::pair<std::string, File>> SchemaBase::files(const std::any& params) const {
  const void* const at = address(params);
  std::vector<std::pair<std::string, File>> out;
  for (const Member& member : members_)
    if (const File* const file = member.key->file(address(member, at)); file && !file->empty())
      out.emplace_back(member.key->info().name, *file);
  return out;
}

std::vector<std::string> SchemaBase::programs(const std::any& params) const {
  const void* const at = address(params);
  std::vector<std::string> paths;
  for (const Member& member : members_)
    for (std::string& path : member.key->programs(address(member, at))) paths.push_back(std::move(path));
  return paths;
}

std::vector<std::pair<std::string, std::string>> SchemaBase::references(const std::any& params) const {
  const void* const at = address(params);
  std::vector<std::pair<std::string, std::string>> out;
  for (const Member& member : members_)
    for (std::string& name : member.key->references(address(member, at)))
      out.emplace_back(member.key->info().name, std::move(name));
  return out;
}

}  // namespace aleator::deck
