#pragma once
/// What      What a component's block may contain, derived from its Params: each key is a member, written once.
/// Method    A list of keys, each with its type, default, unit, check and one line of help; deck reading, help,
///           reference pages, the JSON schema and resolved.toml all walk this list.
/// Parallel  local.
/// Cost      -
/// Fails     read() reports every fault to the Diagnostics; it never throws.
#include <any>
#include <cstddef>
#include <functional>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "deck/key.hpp"

namespace aleator::deck {

class SchemaBase {
 public:
  const std::string& title() const { return title_; }
  const std::string& source() const { return source_; }
  std::vector<KeyInfo> keys() const;
  const KeyInfo* find(const std::string& key) const;
  /// The block's Params in an any.
  std::any read(const Block& block, ReadContext& context) const;
  /// Every key that has an effect, with its value as TOML (empty: not set).
  std::vector<std::pair<std::string, std::string>> write(const std::any& params) const;
  /// The files the block names, to be copied into the run folder.
  std::vector<std::pair<std::string, File>> files(const std::any& params) const;
  /// The programs and scripts the block names, which are run where they lie.
  std::vector<std::string> programs(const std::any& params) const;
  /// Names of blocks referred to: key, name.
  std::vector<std::pair<std::string, std::string>> references(const std::any& params) const;

 protected:
  /// The address of the Params in an any, or null.
  using AddressOf = const void* (*)(const std::any& params);

  SchemaBase(std::string title, std::string source, std::any defaults, AddressOf address);
  const void* defaults() const { return address_(defaults_); }
  /// The key's value lies `offset` bytes into the Params. InternalError for a key a deck could not use.
  void add(std::unique_ptr<Key> key, std::ptrdiff_t offset);
  void add_check(const std::string& key, std::function<std::string(const void* params)> wrong);
  /// Of the key added last.
  void add_condition(const std::string& needs, std::function<bool(const void* params)> holds);
  Key& last() { return *members_.back().key; }

 private:
  struct Member {
    std::shared_ptr<Key> key;
    std::ptrdiff_t offset;
    std::function<bool(const void* params)> has_effect;  ///< empty: always
  };
  static bool is_idle(const Member& member, const void* params) {
    return member.has_effect && !member.has_effect(params);
  }
  const void* address(const std::any& params) const;
  static const void* address(const Member& member, const void* params);
  /// At the key's value, or at the head of the block when the key is not written there.
  static void report(const Block& block, const std::string& key, ReadContext& context, const std::string& message);
  void report_unknown_keys(const Block& block, ReadContext& context) const;
  std::string title_, source_;
  std::any defaults_;
  AddressOf address_;
  std::vector<Member> members_;
  std::vector<std::pair<std::string, std::function<std::string(const void*)>>> checks_;
};

/// What knows the type of the Params: it only adds keys, SchemaBase does the rest.
template <typename Params>
class Schema : public SchemaBase {
 public:
  Schema(std::string title, std::string source)
      : SchemaBase(std::move(title), std::move(source), Params{},
                   [](const std::any& params) -> const void* { return std::any_cast<const Params>(&params); }) {}

  /// The member may be one of a base of Params: keys that components share.
  template <typename T, typename Owner>
  Schema& key(std::string_view name, T Owner::*member, std::string_view unit, std::string_view help,
              const NumberCheck& check = {}) {
    return add_member(ValueKey<T>::make(name, unit, help, default_of(member), check), member);
  }

  /// One of a few named values, read straight into an enum.
  template <typename E, typename Owner>
  Schema& choice(std::string_view name, E Owner::*member, std::string_view help,
                 std::initializer_list<Choice<std::common_type_t<E>>> choices) {
    return add_member(std::make_unique<EnumKey<E>>(name, help, default_of(member), choices), member);
  }

  /// The name of another block, or a list of names.
  template <typename T, typename Owner>
  Schema& reference(std::string_view name, T Owner::*member, const std::string& kind, std::string_view help) {
    return add_member(ReferenceKey<T>::make(name, help, default_of(member), kind), member);
  }

  /// The key added last is in the example of the help page, with this value; needed only where the required keys alone
  /// make no sound block.
  Schema& example(const std::string& toml) {
    last().set_example(toml);
    return *this;
  }

  /// The key added last must be given.
  Schema& required() {
    last().set_required();
    return *this;
  }

  /// The key added last may have another value when a run is resumed, or its report drawn anew.
  Schema& may_change() {
    last().set_may_change();
    return *this;
  }

  /// The key added last means something only where this holds; `needs` says so in words, as `step = "fixed"`. A deck that
  /// gives the key elsewhere is told that it has no effect, and resolved.toml leaves it out.
  template <typename Holds>
  Schema& only_with(const std::string& needs, Holds holds) {
    add_condition(needs, [holds](const void* params) -> bool { return holds(*static_cast<const Params*>(params)); });
    return *this;
  }

  /// A condition across keys: returns what is wrong, or empty; shown at `key`.
  template <typename Wrong>
  Schema& check(const std::string& key, Wrong wrong) {
    add_check(key, [wrong](const void* params) -> std::string { return wrong(*static_cast<const Params*>(params)); });
    return *this;
  }

 private:
  template <typename T, typename Owner>
  const T& default_of(T Owner::*member) const {
    return static_cast<const Params*>(defaults())->*member;
  }
  template <typename T, typename Owner>
  Schema& add_member(std::unique_ptr<Key> key, T Owner::*member) {
    const void* const value = &default_of(member);
    add(std::move(key), static_cast<const char*>(value) - static_cast<const char*>(defaults()));
    return *this;
  }
};

}  // namespace aleator::deck
