#include "deck/key.hpp"

#include <fmt/format.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <type_traits>
#include <utility>

#include "core/error.hpp"
#include "deck/json_value.hpp"
#include "deck/variations.hpp"

namespace aleator::deck {

Key::Key(std::string_view name, std::string_view unit, std::string_view help) {
  info_.name = name, info_.unit = unit, info_.help = help;
}

Key::~Key() = default;

void Key::set_example(const std::string& toml) {
  info_.example_text = toml;
  info_.is_in_example = true;
}

void Key::set_required() {
  info_.is_required = true;
  info_.is_in_example = true;
  info_.default_text.clear();
}

void Key::set_needs(const std::string& needs) {
  info_.needs = needs;
  info_.help += ", with " + needs;
}

const File* Key::file(const void*) const { return nullptr; }

Key::Names Key::programs(const void*) const { return {}; }

Key::Names Key::references(const void*) const { return {}; }

void Key::report(const Block& block, const Node& at, ReadContext& context, const std::string& message,
                 const std::string& hint) const {
  context.diagnostics.error(at.at, block.label() + " " + message, hint.empty() ? info_.hint() : hint);
}

namespace {

/// An allowed value of this form (# = a number).
std::string example_of(const TypeName& type, const std::string& default_text, const NumberCheck& check) {
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

/// Reads the file that the path names; false where it cannot.
bool load_file(File& file, ReadContext& context) {
  if (!file.text.empty()) return true;  // numbers in the deck
  const std::filesystem::path path(file.path);
  if (path.is_relative() && !context.folder.empty())
    file.path = (std::filesystem::path(context.folder) / path).string();
  const std::optional<std::string> text = context.read_file(split_array_path(file.path).file);
  if (!text) return false;
  file.text = *text;
  return true;
}

void resolve_files(CommandLine& words, const ReadContext& context) {
  for (std::string& word : words) {
    const std::filesystem::path path = std::filesystem::path(context.folder) / word;
    std::error_code ignored;
    if (word.find('/') != std::string::npos && std::filesystem::is_regular_file(path, ignored))
      word = std::filesystem::absolute(path).lexically_normal().string();
  }
}

/// The numbers of a file in the place of a list of lists, or of a list: what is wrong, or empty.
std::string load_numbers(const std::string& path, Rows& rows, ReadContext& context) {
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

std::string load_numbers(const std::string& path, std::vector<double>& numbers, ReadContext& context) {
  Rows rows;
  if (const std::string fault = load_numbers(path, rows, context); !fault.empty()) return fault;
  for (const std::vector<double>& row : rows) numbers.insert(numbers.end(), row.begin(), row.end());
  return {};
}

}  // namespace

template <typename T>
std::unique_ptr<Key> ValueKey<T>::make(std::string_view name, std::string_view unit, std::string_view help,
                                       const T& default_value, const NumberCheck& check) {
  return std::make_unique<ValueKey<T>>(name, unit, help, default_value, check);
}

template <typename T>
ValueKey<T>::ValueKey(std::string_view name, std::string_view unit, std::string_view help, const T& default_value,
                      const NumberCheck& check)
    : Key(name, unit, help), check_(check) {
  const TypeName type = type_name(T{});
  info_.type_words = type.words, info_.type_json = type.json;
  info_.condition = check_.words, info_.condition_json = check_.json;
  info_.default_text = write_value(default_value);
  info_.example_text = example_of(type, info_.default_text, check_);
  info_.is_file = std::is_same_v<T, File>;
}

template <typename T>
void ValueKey<T>::read(const Node& node, const Block& block, void* to, ReadContext& context) const {
  const std::string& name = info_.name;
  Problem problem;
  T value{};
  bool is_from_file = false;
  if constexpr (std::is_same_v<T, Rows> || std::is_same_v<T, std::vector<double>>)
    if (is_from_file = node.kind == Node::Kind::text && context.read_rows; is_from_file)
      if (const std::string fault = load_numbers(node.text, value, context); !fault.empty())
        return report(block, node, context, name + ": " + fault);
  if (!is_from_file && !read_value(node, value, problem))
    return report(block, *problem.at, context, name + " " + problem.message);
  std::vector<double> numbers;
  numbers_in(value, numbers);
  for (std::size_t i = 0; i < numbers.size(); ++i)
    if (check_.holds && !check_.holds(numbers[i])) {
      const Node& wrong = is_from_file ? node : *single_values(node)[i];
      const std::string which = is_from_file ? write_value(numbers[i]) + " of its file" : shown(wrong);
      return report(block, wrong, context, name + " = " + which + " is not allowed (" + check_.words + ")");
    }
  if constexpr (std::is_same_v<T, File>) {
    if (!load_file(value, context))
      return report(block, node, context, name + ": the file '" + value.path + "' cannot be read",
                    "a relative name starts from the deck's folder");
  }
  if constexpr (std::is_same_v<T, CommandLine>) resolve_files(value, context);
  *static_cast<T*>(to) = std::move(value);
}

template <typename T>
std::string ValueKey<T>::write(const void* value) const {
  return write_value(*static_cast<const T*>(value));
}

template <typename T>
const File* ValueKey<T>::file(const void* value) const {
  if constexpr (std::is_same_v<T, File>) return static_cast<const File*>(value);
  return static_cast<void>(value), nullptr;
}

template <typename T>
Key::Names ValueKey<T>::programs(const void* value) const {
  Names paths;
  if constexpr (std::is_same_v<T, CommandLine>)
    for (const std::string& word : *static_cast<const T*>(value))
      if (std::error_code ignored; word.find('/') == 0 && std::filesystem::is_regular_file(word, ignored))
        paths.push_back(word);
  return static_cast<void>(value), paths;
}

template <typename T>
std::unique_ptr<Key> ReferenceKey<T>::make(std::string_view name, std::string_view help, const T& default_value,
                                           const std::string& kind) {
  return std::make_unique<ReferenceKey<T>>(name, help, default_value, kind);
}

template <typename T>
ReferenceKey<T>::ReferenceKey(std::string_view name, std::string_view help, const T& default_value,
                              const std::string& kind)
    : ValueKey<T>(name, "", help, default_value, {}) {
  constexpr bool is_one = std::is_same_v<T, std::string>;
  KeyInfo& info = this->info_;
  info.refers_to = kind;
  info.type_words = (is_one ? "name of a [" : "names of [") + kind + (is_one ? ".…] block" : ".…] blocks");
  info.example_text = is_one ? "\"my_" + kind + "\"" : "[\"my_" + kind + "\"]";
  if (is_one && default_value.empty()) info.default_text.clear();
}

template <typename T>
void ReferenceKey<T>::read(const Node& node, const Block& block, void* to, ReadContext& context) const {
  if (std::is_same_v<T, std::string> && node.kind == Node::Kind::text && node.text.empty())
    return this->report(block, node, context, this->info_.name + " is empty: it must name a block",
                        "leave the key out to name none");
  ValueKey<T>::read(node, block, to, context);
}

template <typename T>
std::string ReferenceKey<T>::write(const void* value) const {
  return std::is_same_v<T, std::string> && references(value).empty() ? std::string() : ValueKey<T>::write(value);
}

template <typename T>
Key::Names ReferenceKey<T>::references(const void* value) const {
  const T& names = *static_cast<const T*>(value);
  if constexpr (std::is_same_v<T, std::string>) return names.empty() ? Key::Names() : Key::Names{names};
  if constexpr (!std::is_same_v<T, std::string>) return names;
}

void ChoiceKey::add_choice(const char* name, const char* meaning) { info_.choices.emplace_back(name, meaning); }

void ChoiceKey::set_default(const void* value) {
  const std::size_t default_choice = choice(value);
  if (default_choice >= info_.choices.size())
    throw core::InternalError("the default of " + info_.name + " is none of its choices");
  info_.type_words = "choice";
  for (const auto& [name, meaning] : info_.choices)
    info_.type_json += (info_.type_json.empty() ? R"({"enum": [")" : R"(", ")") + name;
  info_.type_json += R"("]})";
  info_.default_text = info_.example_text = write_value(info_.choices[default_choice].first);
}

void ChoiceKey::read(const Node& node, const Block& block, void* to, ReadContext& context) const {
  Names names;
  std::string allowed;
  for (std::size_t i = 0; i < info_.choices.size(); ++i) {
    names.push_back(info_.choices[i].first);
    if (node.kind == Node::Kind::text && node.text == names[i]) return set(to, i);
    allowed += (i == 0 ? "" : ", ") + write_value(names[i]);
  }
  report(block, node, context, info_.name + " = " + shown(node) + " must be one of " + allowed,
         node.kind == Node::Kind::text ? did_you_mean(node.text, names) : "");
}

std::string ChoiceKey::write(const void* value) const {
  const std::size_t which = choice(value);
  return which < info_.choices.size() ? write_value(info_.choices[which].first) : std::string();
}

// A key of another type needs its line here.
template class ValueKey<bool>;
template class ValueKey<int>;
template class ValueKey<std::int64_t>;
template class ValueKey<double>;
template class ValueKey<std::string>;
template class ValueKey<File>;
template class ValueKey<std::optional<int>>;
template class ValueKey<std::optional<double>>;
template class ValueKey<std::vector<int>>;
template class ValueKey<std::vector<double>>;
template class ValueKey<std::vector<std::string>>;
template class ValueKey<std::vector<std::vector<std::string>>>;
template class ValueKey<CommandLine>;
template class ValueKey<Rows>;
template class ValueKey<Table<double>>;
template class ValueKey<Table<std::vector<double>>>;
template class ValueKey<Table<Word>>;
template class ValueKey<JsonObject>;
template class ValueKey<Variations>;
template class ReferenceKey<std::string>;
template class ReferenceKey<std::vector<std::string>>;

}  // namespace aleator::deck
