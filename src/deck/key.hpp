#pragma once
/// What      One key of a block: how its value is read from a deck, checked, and written back.
/// Method    A Key knows the type of its value and is handed its address; it knows nothing of the Params around it, so that the
///           code of a type of value is compiled once and not for every key of every component.
/// Parallel  local.
/// Cost      -
/// Fails     read() reports every fault to the Diagnostics; it never throws.
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
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
  bool is_required = false;
  bool is_in_example = false;
  bool is_file = false;
  /// The key in a line, with its unit.
  std::string hint() const { return unit.empty() || unit == "1" ? help : help + " [" + unit + "]"; }
};

KeyInfo key_info(std::string_view name, std::string_view unit, std::string_view help);

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

  explicit Key(const KeyInfo& info) : name_(info.name), hint_(info.hint()) {}
  virtual ~Key() = default;
  /// The value at `to`; untouched where the node is at fault.
  virtual void read(const Node& node, const Block& block, void* to, ReadContext& context) const = 0;
  /// As TOML; empty: not set.
  virtual std::string write(const void* value) const = 0;
  virtual const File* file(const void*) const { return nullptr; }
  /// Of the blocks the value names.
  virtual Names references(const void*) const { return {}; }

 protected:
  /// At a node; the hint is what the key means unless one is given.
  void report(const Block& block, const Node& at, ReadContext& context, const std::string& message,
              const std::string& hint = {}) const;
  std::string name_, hint_;
};

/// A value of one of the types of value.hpp.
template <typename T>
class ValueKey : public Key {
 public:
  static KeyInfo describe(KeyInfo info, const T& default_value, const NumberCheck& check);
  ValueKey(const KeyInfo& info, NumberCheck check) : Key(info), check_(std::move(check)) {}
  void read(const Node& node, const Block& block, void* to, ReadContext& context) const override;
  std::string write(const void* value) const override { return write_value(*static_cast<const T*>(value)); }
  const File* file(const void* value) const override;

 private:
  NumberCheck check_;
};

/// The name of another block, or a list of names.
template <typename T>
class ReferenceKey final : public ValueKey<T> {
 public:
  static KeyInfo describe(KeyInfo info, const T& default_value, const std::string& kind);
  explicit ReferenceKey(const KeyInfo& info) : ValueKey<T>(info, {}) {}
  void read(const Node& node, const Block& block, void* to, ReadContext& context) const override;
  std::string write(const void* value) const override;
  Key::Names references(const void* value) const override;
};

/// One of a few named values.
class ChoiceKey : public Key {
 public:
  static KeyInfo describe(KeyInfo info, std::size_t default_choice);
  explicit ChoiceKey(const KeyInfo& info) : Key(info), choices_(info.choices) {}
  void read(const Node& node, const Block& block, void* to, ReadContext& context) const override;
  std::string write(const void* value) const override;

 private:
  virtual void set(void* value, std::size_t choice) const = 0;
  /// The number of choices for a value that is none of them.
  virtual std::size_t choice(const void* value) const = 0;
  std::vector<std::pair<std::string, std::string>> choices_;
};

template <typename E>
class EnumKey final : public ChoiceKey {
 public:
  EnumKey(const KeyInfo& info, std::vector<E> values) : ChoiceKey(info), values_(std::move(values)) {}

 private:
  void set(void* value, std::size_t choice) const override { *static_cast<E*>(value) = values_[choice]; }
  std::size_t choice(const void* value) const override {
    std::size_t i = 0;
    while (i < values_.size() && values_[i] != *static_cast<const E*>(value)) ++i;
    return i;
  }
  std::vector<E> values_;
};

/// An allowed value of this form (# = a number).
std::string example_of(const TypeName& type, const std::string& default_text, const NumberCheck& check);
/// Reads the file that the path names; false where it cannot.
bool load_file(File& file, ReadContext& context);
/// The numbers of a file in the place of a list of them, or of a list of lists: what is wrong, or empty.
std::string load_numbers(const std::string& path, Rows& rows, ReadContext& context);
std::string load_numbers(const std::string& path, std::vector<double>& numbers, ReadContext& context);

template <typename T>
KeyInfo ValueKey<T>::describe(KeyInfo info, const T& default_value, const NumberCheck& check) {
  const TypeName type = type_name(T{});
  info.type_words = type.words, info.type_json = type.json;
  info.condition = check.words, info.condition_json = check.json;
  info.default_text = write_value(default_value);
  info.example_text = example_of(type, info.default_text, check);
  info.is_file = std::is_same_v<T, File>;
  return info;
}

template <typename T>
void ValueKey<T>::read(const Node& node, const Block& block, void* to, ReadContext& context) const {
  Problem problem;
  T value{};
  bool is_from_file = false;
  if constexpr (std::is_same_v<T, Rows> || std::is_same_v<T, std::vector<double>>)
    if (is_from_file = node.kind == Node::Kind::text && context.read_rows; is_from_file)
      if (const std::string fault = load_numbers(node.text, value, context); !fault.empty())
        return report(block, node, context, name_ + ": " + fault);
  if (!is_from_file && !read_value(node, value, problem))
    return report(block, *problem.at, context, name_ + " " + problem.message);
  std::vector<double> numbers;
  numbers_in(value, numbers);
  for (std::size_t i = 0; i < numbers.size(); ++i)
    if (check_.holds && !check_.holds(numbers[i])) {
      const Node& wrong = is_from_file ? node : *single_values(node)[i];
      const std::string which = is_from_file ? write_value(numbers[i]) + " of its file" : shown(wrong);
      return report(block, wrong, context, name_ + " = " + which + " is not allowed (" + check_.words + ")");
    }
  if constexpr (std::is_same_v<T, File>) {
    if (!load_file(value, context))
      return report(block, node, context, name_ + ": the file '" + value.path + "' cannot be read",
                    "a relative name starts from the deck's folder");
  }
  *static_cast<T*>(to) = std::move(value);
}

template <typename T>
const File* ValueKey<T>::file(const void* value) const {
  if constexpr (std::is_same_v<T, File>) return static_cast<const File*>(value);
  return static_cast<void>(value), nullptr;
}

// The types that most keys have: key.cpp holds their code.
extern template class ValueKey<bool>;
extern template class ValueKey<int>;
extern template class ValueKey<std::int64_t>;
extern template class ValueKey<double>;
extern template class ValueKey<std::string>;
extern template class ValueKey<File>;
extern template class ValueKey<std::optional<int>>;
extern template class ValueKey<std::optional<double>>;
extern template class ValueKey<std::vector<int>>;
extern template class ValueKey<std::vector<double>>;
extern template class ValueKey<std::vector<std::string>>;
extern template class ValueKey<Rows>;
extern template class ValueKey<Table<double>>;
extern template class ValueKey<Table<std::vector<double>>>;
extern template class ValueKey<Table<Word>>;
extern template class ReferenceKey<std::string>;
extern template class ReferenceKey<std::vector<std::string>>;

}  // namespace aleator::deck
