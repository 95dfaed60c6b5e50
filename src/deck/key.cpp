#include "deck/key.hpp"

#include <fmt/format.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>

#include "core/error.hpp"

namespace aleator::deck {

KeyInfo key_info(std::string_view name, std::string_view unit, std::string_view help) {
  KeyInfo info;
  info.name = name, info.unit = unit, info.help = help;
  return info;
}

void Key::report(const Block& block, const Node& at, ReadContext& context, const std::string& message,
                 const std::string& hint) const {
  context.diagnostics.error(at.at, block.label() + " " + message, hint.empty() ? hint_ : hint);
}

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

template <typename T>
KeyInfo ReferenceKey<T>::describe(KeyInfo info, const T& default_value, const std::string& kind) {
  constexpr bool is_one = std::is_same_v<T, std::string>;
  info = ValueKey<T>::describe(std::move(info), default_value, {});
  info.refers_to = kind;
  info.type_words = (is_one ? "name of a [" : "names of [") + kind + (is_one ? ".…] block" : ".…] blocks");
  info.example_text = is_one ? "\"my_" + kind + "\"" : "[\"my_" + kind + "\"]";
  if (is_one && default_value.empty()) info.default_text.clear();
  return info;
}

template <typename T>
void ReferenceKey<T>::read(const Node& node, const Block& block, void* to, ReadContext& context) const {
  if (std::is_same_v<T, std::string> && node.kind == Node::Kind::text && node.text.empty())
    return this->report(block, node, context, this->name_ + " is empty: it must name a block",
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

KeyInfo ChoiceKey::describe(KeyInfo info, std::size_t default_choice) {
  if (default_choice >= info.choices.size())
    throw core::InternalError("the default of " + info.name + " is none of its choices");
  info.type_words = "choice";
  for (const auto& [name, meaning] : info.choices)
    info.type_json += (info.type_json.empty() ? R"({"enum": [")" : R"(", ")") + name;
  info.type_json += R"("]})";
  info.default_text = info.example_text = write_value(info.choices[default_choice].first);
  return info;
}

void ChoiceKey::read(const Node& node, const Block& block, void* to, ReadContext& context) const {
  Names names;
  std::string allowed;
  for (std::size_t i = 0; i < choices_.size(); ++i) {
    names.push_back(choices_[i].first);
    if (node.kind == Node::Kind::text && node.text == names[i]) return set(to, i);
    allowed += (i == 0 ? "" : ", ") + write_value(names[i]);
  }
  report(block, node, context, name_ + " = " + shown(node) + " must be one of " + allowed,
         node.kind == Node::Kind::text ? did_you_mean(node.text, names) : "");
}

std::string ChoiceKey::write(const void* value) const {
  const std::size_t which = choice(value);
  return which < choices_.size() ? write_value(choices_[which].first) : std::string();
}

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
template class ValueKey<Rows>;
template class ValueKey<Table<double>>;
template class ValueKey<Table<std::vector<double>>>;
template class ValueKey<Table<Word>>;
template class ReferenceKey<std::string>;
template class ReferenceKey<std::vector<std::string>>;

}  // namespace aleator::deck
