#pragma once
/// What      One key of a block: how its value is read from a deck, checked, and written back.
/// Method    A Key knows the type of its value and is handed its address; it knows nothing of the Params around it, so that the
///           code of a type of value is compiled once, in key.cpp, and not for every key of every component.
/// Parallel  local.
/// Cost      -
/// Fails     read() reports every fault to the Diagnostics; it never throws.
#include <cstddef>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "deck/diagnostics.hpp"
#include "deck/value.hpp"

namespace aleator::deck {

/// One `[kind.name]` table of a deck.
struct Block {
  std::string kind, name, type;
  Node node;
  Location at;
  std::string label() const { return name.empty() ? "[" + kind + "]" : "[" + kind + "." + name + "]"; }
};

struct KeyInfo {
  std::string name, unit, help;
  std::string type_words, type_json;
  std::string default_text;  ///< as TOML; empty: not set
  std::string condition;     ///< ">= 2"
  std::string condition_json;
  std::string example_text;                                  ///< an allowed value as TOML
  std::vector<std::pair<std::string, std::string>> choices;  ///< value, what it means
  std::string refers_to;                                     ///< kind of the block named
  std::string needs;                                         ///< with what alone it has an effect; empty: always
  bool is_required = false;
  bool is_in_example = false;
  bool is_file = false;
  bool may_change = false;  ///< when a run goes on: it decides nothing of what was computed
  /// The key in a line, with its unit.
  std::string hint() const { return unit.empty() || unit == "1" ? help : help + " [" + unit + "]"; }
};

/// What reading a block needs from outside.
struct ReadContext {
  Diagnostics& diagnostics;
  FileReader read_file;
  RowsReader read_rows;
  std::string folder;  ///< of the deck: file names are relative to it
};

class Key {
 public:
  using Names = std::vector<std::string>;

  Key(std::string_view name, std::string_view unit, std::string_view help);
  virtual ~Key();
  const KeyInfo& info() const { return info_; }
  /// In the example of the help page, with this value (as TOML).
  void set_example(const std::string& toml);
  void set_required();
  void set_may_change() { info_.may_change = true; }
  void set_needs(const std::string& needs);
  /// The value at `to`; untouched where the node is at fault.
  virtual void read(const Node& node, const Block& block, void* to, ReadContext& context) const = 0;
  /// As TOML; empty: not set.
  virtual std::string write(const void* value) const = 0;
  virtual const File* file(const void* value) const;
  /// The paths of the files that a command line names: programs and scripts.
  virtual Names programs(const void* value) const;
  /// Of the blocks the value names.
  virtual Names references(const void* value) const;

 protected:
  /// At a node; the hint is what the key means unless one is given.
  void report(const Block& block, const Node& at, ReadContext& context, const std::string& message,
              const std::string& hint = {}) const;
  KeyInfo info_;
};

/// A value of one of the types of value.hpp; the end of key.cpp lists those that are compiled.
template <typename T>
class ValueKey : public Key {
 public:
  static std::unique_ptr<Key> make(std::string_view name, std::string_view unit, std::string_view help,
                                   const T& default_value, const NumberCheck& check);
  ValueKey(std::string_view name, std::string_view unit, std::string_view help, const T& default_value,
           const NumberCheck& check);
  void read(const Node& node, const Block& block, void* to, ReadContext& context) const override;
  std::string write(const void* value) const override;
  const File* file(const void* value) const override;
  Key::Names programs(const void* value) const override;

 private:
  NumberCheck check_;
};

/// The name of another block, or a list of names.
template <typename T>
class ReferenceKey final : public ValueKey<T> {
 public:
  static std::unique_ptr<Key> make(std::string_view name, std::string_view help, const T& default_value,
                                   const std::string& kind);
  ReferenceKey(std::string_view name, std::string_view help, const T& default_value, const std::string& kind);
  void read(const Node& node, const Block& block, void* to, ReadContext& context) const override;
  std::string write(const void* value) const override;
  Key::Names references(const void* value) const override;
};

/// One of a few named values.
class ChoiceKey : public Key {
 public:
  ChoiceKey(std::string_view name, std::string_view help) : Key(name, "", help) {}
  void read(const Node& node, const Block& block, void* to, ReadContext& context) const override;
  std::string write(const void* value) const override;

 protected:
  void add_choice(const char* name, const char* meaning);
  /// Once all are there. InternalError where the default is none of them.
  void set_default(const void* value);

 private:
  virtual void set(void* value, std::size_t choice) const = 0;
  /// The number of choices for a value that is none of them.
  virtual std::size_t choice(const void* value) const = 0;
};

/// A named value of an enum.
template <typename E>
struct Choice {
  const char* name;
  E value;
  const char* meaning;
};

template <typename E>
class EnumKey final : public ChoiceKey {
 public:
  EnumKey(std::string_view name, std::string_view help, E default_value, std::initializer_list<Choice<E>> choices)
      : ChoiceKey(name, help) {
    for (const Choice<E>& choice : choices) {
      values_.push_back(choice.value);
      add_choice(choice.name, choice.meaning);
    }
    set_default(&default_value);
  }

 private:
  void set(void* value, std::size_t choice) const override { *static_cast<E*>(value) = values_[choice]; }
  std::size_t choice(const void* value) const override {
    std::size_t i = 0;
    while (i < values_.size() && values_[i] != *static_cast<const E*>(value)) ++i;
    return i;
  }
  std::vector<E> values_;
};

}  // namespace aleator::deck
