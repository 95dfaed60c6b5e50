#include "deck/value.hpp"

#include <fmt/format.h>

#include <cmath>
#include <limits>

#include "core/utf8.hpp"

namespace aleator::deck {
namespace {

bool expected(const char* what, const Node& node, Problem& problem) {
  problem = {fmt::format("must be {}, not {}", what, shown(node)), &node};
  return false;
}

std::string cut(const std::string& text) { return core::beginning_of(text, 60); }

// A number as the files write it; "NA" is a missing one.
bool write_number(const Node& node, std::string& text, Problem& problem) {
  if (node.kind == Node::Kind::text && node.text == "NA") {
    text += node.text;
    return true;
  }
  const bool is_number = node.kind == Node::Kind::integer || node.kind == Node::Kind::real;
  if (!is_number) return expected("a number", node, problem);
  text += node.kind == Node::Kind::integer ? fmt::format("{}", node.integer) : fmt::format("{}", node.real);
  return true;
}

// Numbers in the deck as the text of the file they stand for: a list is a row, a list of lists has one for each.
bool write_rows(const Node& node, std::string& text, Problem& problem) {
  if (node.kind != Node::Kind::array) return write_number(node, text, problem);
  const bool has_rows = node.items.front().kind == Node::Kind::array;
  for (const Node& item : node.items) {
    if (has_rows && (item.kind != Node::Kind::array || item.items.size() != node.items.front().items.size()))
      return expected("a list as long as the first one", item, problem);
    const Node* const numbers = has_rows ? item.items.data() : &item;
    for (std::size_t k = 0; k < (has_rows ? item.items.size() : 1); ++k) {
      if (!write_number(numbers[k], text, problem)) return false;
      text += ' ';
    }
    if (has_rows) text += '\n';
  }
  if (!has_rows) text += '\n';
  return true;
}

}  // namespace

std::string shown(const Node& node) {
  switch (node.kind) {
    case Node::Kind::boolean:
      return write_value(node.boolean);
    case Node::Kind::integer:
      return write_value(node.integer);
    case Node::Kind::real:
      return fmt::format("{}", node.real);
    case Node::Kind::text:
      return write_value(cut(node.text));
    case Node::Kind::array:
    case Node::Kind::table:
    case Node::Kind::other:
      break;
  }
  return kind_name(node.kind);
}

std::vector<const Node*> single_values(const Node& node) {
  if (node.kind != Node::Kind::array && node.kind != Node::Kind::table) return {&node};
  std::vector<const Node*> values;
  for (const Node::Entry& entry : node.entries)
    for (const Node* const value : single_values(entry.value)) values.push_back(value);
  for (const Node& item : node.items)
    for (const Node* const value : single_values(item)) values.push_back(value);
  return values;
}

NumberCheck at_least(double bound) {
  return {fmt::format(">= {}", bound), [=](double x) { return x >= bound; }, fmt::format(R"("minimum": {})", bound)};
}
NumberCheck at_most(double bound) {
  return {fmt::format("<= {}", bound), [=](double x) { return x <= bound; }, fmt::format(R"("maximum": {})", bound)};
}
NumberCheck positive() {
  return {"> 0", [](double x) { return x > 0.0; }, R"("exclusiveMinimum": 0)"};
}
NumberCheck between(double low, double high) {
  return {fmt::format("from {} to {}", low, high), [=](double x) { return x >= low && x <= high; },
          fmt::format(R"("minimum": {}, "maximum": {})", low, high)};
}
NumberCheck inside(double low, double high) {
  return {fmt::format("between {} and {}, both excluded", low, high), [=](double x) { return x > low && x < high; },
          fmt::format(R"("exclusiveMinimum": {}, "exclusiveMaximum": {})", low, high)};
}

bool read_value(const Node& node, bool& value, Problem& problem) {
  if (node.kind != Node::Kind::boolean) return expected("true or false", node, problem);
  value = node.boolean;
  return true;
}

bool read_value(const Node& node, std::int64_t& value, Problem& problem) {
  if (node.kind == Node::Kind::integer) {
    value = node.integer;
    return true;
  }
  // 1e6 is a whole number, though TOML calls it a real.
  if (node.kind == Node::Kind::real && std::floor(node.real) == node.real && std::abs(node.real) < 9.0e15) {
    value = static_cast<std::int64_t>(node.real);
    return true;
  }
  return expected("a whole number", node, problem);
}

bool read_value(const Node& node, int& value, Problem& problem) {
  std::int64_t wide = 0;
  if (!read_value(node, wide, problem)) return false;
  if (wide > std::numeric_limits<int>::max() || wide < std::numeric_limits<int>::min()) {
    problem = {fmt::format("must lie within -2147483648 and 2147483647, not {}", wide), &node};
    return false;
  }
  value = static_cast<int>(wide);
  return true;
}

bool read_value(const Node& node, double& value, Problem& problem) {
  if (node.kind == Node::Kind::integer) {
    value = static_cast<double>(node.integer);
    return true;
  }
  if (node.kind != Node::Kind::real) return expected("a number", node, problem);
  if (!std::isfinite(node.real)) return expected("a finite number", node, problem);
  value = node.real;
  return true;
}

bool read_value(const Node& node, std::string& value, Problem& problem) {
  if (node.kind != Node::Kind::text) return expected("text in quotes", node, problem);
  value = node.text;
  return true;
}

bool read_value(const Node& node, File& value, Problem& problem) {
  const bool is_list = node.kind == Node::Kind::array && !node.items.empty();
  if (is_list || node.kind == Node::Kind::integer || node.kind == Node::Kind::real) {
    value = {list_in_the_deck, {}};
    return write_rows(node, value.text, problem);
  }
  if (node.kind != Node::Kind::text || node.text.empty())
    return expected("a file name in quotes, or numbers [1.0, 2.0]", node, problem);
  value.path = node.text;
  return true;
}

bool read_value(const Node& node, Word& value, Problem& problem) {
  switch (node.kind) {
    case Node::Kind::text:
      value.text = node.text;
      return true;
    case Node::Kind::boolean:
    case Node::Kind::integer:
    case Node::Kind::real:
      value.text = shown(node);
      return true;
    case Node::Kind::array:
    case Node::Kind::table:
    case Node::Kind::other:
      break;
  }
  return expected("text or a number", node, problem);
}

bool is_table(const Node& node, Problem& problem) {
  return node.kind == Node::Kind::table || expected("a table such as {name = …}", node, problem);
}

std::string write_key(const std::string& key) {
  const char* const bare = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
  return key.empty() || key.find_first_not_of(bare) != std::string::npos ? write_value(key) : key;
}

std::string write_value(bool value) { return value ? "true" : "false"; }
std::string write_value(int value) { return std::to_string(value); }
std::string write_value(std::int64_t value) { return std::to_string(value); }

std::string write_value(double value) {
  if (!std::isfinite(value)) return {};
  std::string text = fmt::format("{}", value);
  return text.find_first_of(".e") == std::string::npos ? text + ".0" : text;
}

std::string write_value(const std::string& value) {
  std::string text = "\"";
  for (const char c : value) {
    const int code = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') text += '\\';
    if (c == '\n')
      text += "\\n";
    else if (c == '\t')
      text += "\\t";
    else if (code < 0x20 || code == 0x7F)
      text += fmt::format("\\u{:04X}", code);
    else
      text += c;
  }
  return text + "\"";
}

ArrayPath split_array_path(const std::string& path) {
  const std::size_t colon = path.rfind(':');
  if (colon != std::string::npos)
    for (const std::string ending : {".h5", ".hdf5", ".hdf", ".nc", ".csv", ".tsv"})
      if (colon > ending.size() && path.compare(colon - ending.size(), ending.size(), ending) == 0)
        return {path.substr(0, colon), path.substr(colon + 1)};
  return {path, ""};
}

std::string write_value(const File& value) { return value.path.empty() ? std::string() : write_value(value.path); }

}  // namespace aleator::deck
