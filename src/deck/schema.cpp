#include "deck/schema.hpp"

#include "core/error.hpp"

namespace aleator::deck {

void SchemaBase::report(const Block& block, const std::string& key, ReadContext& context, const std::string& message) {
  const Node::Entry* const entry = block.node.find(key);
  const Location at = entry == nullptr ? block.at : entry->value.at;
  context.diagnostics.error(at, block.label() + " " + message, "all keys: aleator describe " + block.type);
}

const KeyInfo* SchemaBase::find(const std::string& key) const {
  for (const KeyInfo& info : infos_)
    if (info.name == key) return &info;
  return nullptr;
}

void SchemaBase::report_unknown_keys(const Block& block, ReadContext& context) const {
  constexpr std::size_t most_listed = 12;
  std::vector<std::string> known;
  if (!block.name.empty()) known.emplace_back("type");
  for (const KeyInfo& key : infos_) known.push_back(key.name);
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

void SchemaBase::add(KeyInfo info, std::shared_ptr<const Key> key, AddressOf address) {
  const bool is_bare =
      !info.name.empty() && info.name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") == std::string::npos;
  if (!is_bare || info.name == "type" || find(info.name) != nullptr)
    throw core::InternalError("'" + title_ + "' cannot have a key '" + info.name + "': it is not snake_case, or taken");
  infos_.push_back(std::move(info));
  members_.push_back({std::move(key), std::move(address)});
}

bool SchemaBase::read_keys(const Block& block, void* params, ReadContext& context) const {
  report_unknown_keys(block, context);
  const int faults = context.diagnostics.count();
  for (std::size_t i = 0; i < infos_.size(); ++i) {
    const Node::Entry* const entry = block.node.find(infos_[i].name);
    // The address is that of a member of params, which are not const.
    if (entry != nullptr)
      members_[i].key->read(entry->value, block, const_cast<void*>(members_[i].address(params)), context);
    if (entry == nullptr && infos_[i].is_required)
      report(block, "", context, "the key '" + infos_[i].name + "' is missing (" + infos_[i].hint() + ")");
  }
  return context.diagnostics.count() == faults;
}

std::vector<std::pair<std::string, std::string>> SchemaBase::write(const std::any& params) const {
  const void* const at = inside(params);
  ALEATOR_ASSERT(at != nullptr);
  std::vector<std::pair<std::string, std::string>> out;
  for (std::size_t i = 0; i < infos_.size(); ++i)
    out.emplace_back(infos_[i].name, members_[i].key->write(members_[i].address(at)));
  return out;
}

std::vector<std::pair<std::string, File>> SchemaBase::files(const std::any& params) const {
  const void* const at = inside(params);
  ALEATOR_ASSERT(at != nullptr);
  std::vector<std::pair<std::string, File>> out;
  for (std::size_t i = 0; i < infos_.size(); ++i)
    if (const File* const file = members_[i].key->file(members_[i].address(at)); file && !file->empty())
      out.emplace_back(infos_[i].name, *file);
  return out;
}

std::vector<std::pair<std::string, std::string>> SchemaBase::references(const std::any& params) const {
  const void* const at = inside(params);
  ALEATOR_ASSERT(at != nullptr);
  std::vector<std::pair<std::string, std::string>> out;
  for (std::size_t i = 0; i < infos_.size(); ++i)
    for (std::string& name : members_[i].key->references(members_[i].address(at)))
      out.emplace_back(infos_[i].name, std::move(name));
  return out;
}

}  // namespace aleator::deck
