#pragma once
/// What      What a component's block may contain, derived from its Params: each key is a member, written once.
/// Method    A list of keys, each with its type, default, unit, check and one line of help; deck reading, help,
///           reference pages, the JSON schema and resolved.toml all walk this list.
/// Parallel  local.
/// Cost      -
/// Fails     read() reports every fault to the Diagnostics; it never throws.
#include <any>
#include <functional>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "deck/key.hpp"

namespace aleator::deck {

class SchemaBase {
 public:
  virtual ~SchemaBase() = default;
  const std::string& title() const { return title_; }
  const std::string& source() const { return source_; }
  const std::vector<KeyInfo>& keys() const { return infos_; }
  const KeyInfo* find(const std::string& key) const;
  /// The block's Params in an any.
  virtual std::any read(const Block& block, ReadContext& context) const = 0;
  /// Every key with its value as TOML (empty: not set).
  std::vector<std::pair<std::string, std::string>> write(const std::any& params) const;
  /// The files the block names, to be copied into the run folder.
  std::vector<std::pair<std::string, File>> files(const std::any& params) const;
  /// Names of blocks referred to: key, name.
  std::vector<std::pair<std::string, std::string>> references(const std::any& params) const;

 protected:
  /// From that of the Params to that of a member.
  using AddressOf = std::function<const void*(const void* params)>;

  SchemaBase(std::string title, std::string source) : title_(std::move(title)), source_(std::move(source)) {}
  /// InternalError for a key a deck could not use.
  void add(KeyInfo info, std::shared_ptr<const Key> key, AddressOf address);
  KeyInfo& last() { return infos_.back(); }
  /// False where there was a fault.
  bool read_keys(const Block& block, void* params, ReadContext& context) const;
  /// At the key's value, or at the head of the block when the key is not written there.
  static void report(const Block& block, const std::string& key, ReadContext& context, const std::string& message);

 private:
  struct Member {
    std::shared_ptr<const Key> key;
    AddressOf address;
  };
  /// The Params in an any.
  virtual const void* inside(const std::any& params) const = 0;
  void report_unknown_keys(const Block& block, ReadContext& context) const;
  std::string title_, source_;
  std::vector<KeyInfo> infos_;
  std::vector<Member> members_;  ///< one for each of them
};

template <typename Params>
class Schema : public SchemaBase {
 public:
  Schema(std::string title, std::string source) : SchemaBase(std::move(title), std::move(source)) {}

  /// The member may be one of a base of Params: keys that components share.
  template <typename T, typename Owner>
  Schema& key(std::string_view name, T Owner::*member, std::string_view unit, std::string_view help,
              NumberCheck check = {}) {
    const KeyInfo info = ValueKey<T>::describe(key_info(name, unit, help), defaults_.*member, check);
    return add_member(info, std::make_shared<const ValueKey<T>>(info, std::move(check)), member);
  }

  /// One of a few named values, read straight into an enum.
  template <typename E>
  struct Choice {
    const char* name;
    E value;
    const char* meaning;
  };
  template <typename E, typename Owner>
  Schema& choice(std::string_view name, E Owner::*member, std::string_view help,
                 std::initializer_list<Choice<std::common_type_t<E>>> choices) {
    KeyInfo info = key_info(name, "", help);
    std::vector<E> values;
    std::size_t default_choice = choices.size();
    for (const auto& choice : choices) {
      if (choice.value == defaults_.*member) default_choice = values.size();
      values.push_back(choice.value);
      info.choices.emplace_back(choice.name, choice.meaning);
    }
    info = ChoiceKey::describe(std::move(info), default_choice);
    return add_member(info, std::make_shared<const EnumKey<E>>(info, std::move(values)), member);
  }

  /// The name of another block, or a list of names.
  template <typename T, typename Owner>
  Schema& reference(std::string_view name, T Owner::*member, const std::string& kind, std::string_view help) {
    const KeyInfo info = ReferenceKey<T>::describe(key_info(name, "", help), defaults_.*member, kind);
    return add_member(info, std::make_shared<const ReferenceKey<T>>(info), member);
  }

  /// The key added last is in the example of the help page, with this value; needed only where the required keys alone
  /// make no sound block.
  Schema& example(const std::string& toml) {
    last().example_text = toml;
    last().is_in_example = true;
    return *this;
  }

  /// The key added last must be given.
  Schema& required() {
    last().is_required = true;
    last().is_in_example = true;
    last().default_text.clear();
    return *this;
  }

  /// A condition across keys: returns what is wrong, or empty; shown at `key`.
  Schema& check(const std::string& key, std::function<std::string(const Params&)> wrong) {
    checks_.emplace_back(key, std::move(wrong));
    return *this;
  }

  std::any read(const Block& block, ReadContext& context) const override {
    Params params{};
    if (read_keys(block, &params, context))
      for (const auto& [key, wrong] : checks_)
        if (const std::string message = wrong(params); !message.empty()) report(block, key, context, message);
    return params;
  }

 private:
  template <typename T, typename Owner>
  Schema& add_member(KeyInfo info, std::shared_ptr<const Key> key, T Owner::*member) {
    add(std::move(info), std::move(key),
        [member](const void* params) -> const void* { return &(static_cast<const Params*>(params)->*member); });
    return *this;
  }
  const void* inside(const std::any& params) const override { return std::any_cast<const Params>(&params); }

  Params defaults_{};
  std::vector<std::pair<std::string, std::function<std::string(const Params&)>>> checks_;
};

}  // namespace aleator::deck
