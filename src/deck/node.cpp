#include "deck/node.hpp"

#include <toml++/toml.h>

#include <algorithm>

#include "deck/diagnostics.hpp"

namespace aleator::deck {
namespace {

Location location_of(const toml::source_region& source, const std::string& origin) {
  return {origin, static_cast<int>(source.begin.line), static_cast<int>(source.begin.column)};
}

bool is_before(const Location& a, const Location& b) {
  return a.line != b.line ? a.line < b.line : a.column < b.column;
}

Node copy_node(const toml::node& from, const std::string& origin) {
  Node node;
  node.at = location_of(from.source(), origin);
  if (const auto* table = from.as_table()) {
    node.kind = Node::Kind::table;
    for (const auto& [key, value] : *table)
      node.entries.push_back({std::string(key.str()), location_of(key.source(), origin), copy_node(value, origin)});
    std::stable_sort(node.entries.begin(), node.entries.end(),
                     [](const Node::Entry& a, const Node::Entry& b) { return is_before(a.key_at, b.key_at); });
  } else if (const auto* array = from.as_array()) {
    node.kind = Node::Kind::array;
    for (const toml::node& item : *array) node.items.push_back(copy_node(item, origin));
  } else if (const auto* boolean = from.as_boolean()) {
    node.kind = Node::Kind::boolean;
    node.boolean = boolean->get();
  } else if (const auto* integer = from.as_integer()) {
    node.kind = Node::Kind::integer;
    node.integer = integer->get();
  } else if (const auto* real = from.as_floating_point()) {
    node.kind = Node::Kind::real;
    node.real = real->get();
  } else if (const auto* text = from.as_string()) {
    node.kind = Node::Kind::text;
    node.text = text->get();
  } else {
    node.kind = Node::Kind::other;
  }
  return node;
}

// toml++ stops behind a faulty number or word, and at the value of a key written twice: step back to the token's first
// character, where a user looks.
Location start_of_token(Location at, const std::string& text, const std::string& description) {
  std::size_t line_begin = 0;
  for (int line = 1; line < at.line && line_begin != std::string::npos; ++line) {
    line_begin = text.find('\n', line_begin);
    if (line_begin != std::string::npos) ++line_begin;
  }
  if (line_begin == std::string::npos) return at;
  const std::string line = text.substr(line_begin, text.find_first_of("\r\n", line_begin) - line_begin);
  const bool is_ascii =
      std::all_of(line.begin(), line.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
  if (!is_ascii) return at;  // columns count characters, not bytes
  std::size_t column = std::min(static_cast<std::size_t>(std::max(at.column, 1)) - 1, line.size());
  const auto says = [&](const char* words) { return description.find(words) != std::string::npos; };
  if (says("key-value pair: cannot redefine")) {
    column = line.rfind('=', column == 0 ? 0 : column - 1);
    while (column != std::string::npos && column > 0 && (line[column - 1] == ' ' || line[column - 1] == '\t')) --column;
    while (column != std::string::npos && column > 0 &&
           std::string("{, \t").find(line[column - 1]) == std::string::npos)
      --column;
  } else if (says("not representable") || says("could not be interpreted") || says("leading zero") || says("boolean")) {
    while (column > 0 && std::string("=,[{ \t").find(line[column - 1]) == std::string::npos) --column;
  }
  if (column != std::string::npos) at.column = static_cast<int>(column) + 1;
  return at;
}

// "Error while parsing boolean: expected 'true', saw 'tru'" -> "not valid TOML (boolean): expected 'true', saw 'tru'"
std::string in_our_words(std::string description) {
  const std::string opening = "Error while parsing ";
  const std::size_t colon = description.find(": ");
  if (description.rfind(opening, 0) == 0 && colon != std::string::npos)
    description = "(" + description.substr(opening.size(), colon - opening.size()) + ")" + description.substr(colon);
  for (char& c : description)
    if (static_cast<unsigned char>(c) < 0x20) c = ' ';
  return "not valid TOML " + description;
}

// Text without quotes or with one, a flag that is none.
std::string hint_for(const std::string& description) {
  const bool is_bare_word = description.find("could not determine value type") != std::string::npos ||
                            description.find("parsing boolean") != std::string::npos;
  // A line break within a text of one line is met where its closing quote should be.
  if (description.find("string:") != std::string::npos &&
      (description.find("control characters") != std::string::npos ||
       description.find("end-of-file") != std::string::npos))
    return "the closing quote is missing";
  return is_bare_word ? "text stands in quotes, \"word\"; flags are true and false" : "";
}

void forget_lines(Node& node, const std::string& origin) {
  node.at = {origin, 0, 0};
  for (Node& item : node.items) forget_lines(item, origin);
  for (Node::Entry& entry : node.entries) {
    entry.key_at = {origin, 0, 0};
    forget_lines(entry.value, origin);
  }
}

Node text_node(const std::string& text) {
  Node node;
  node.kind = Node::Kind::text;
  node.text = text;
  return node;
}

}  // namespace

const Node::Entry* Node::find(const std::string& key) const {
  for (const Entry& entry : entries)
    if (entry.key == key) return &entry;
  return nullptr;
}

Node::Entry* Node::find(const std::string& key) {
  return const_cast<Entry*>(static_cast<const Node*>(this)->find(key));
}

std::string kind_name(Node::Kind kind) {
  switch (kind) {
    case Node::Kind::boolean:
      return "true or false";
    case Node::Kind::integer:
      return "a whole number";
    case Node::Kind::real:
      return "a number";
    case Node::Kind::text:
      return "text";
    case Node::Kind::array:
      return "an array";
    case Node::Kind::table:
      return "a table";
    case Node::Kind::other:
      return "a date or time";
  }
  return "a value";
}

Node parse_toml(const std::string& text, const std::string& origin, Diagnostics& diagnostics) {
  try {
    return copy_node(toml::parse(text, origin), origin);
  } catch (const toml::parse_error& error) {
    const std::string description(error.description());
    diagnostics.error(start_of_token(location_of(error.source(), origin), text, description), in_our_words(description),
                      hint_for(description));
    return {};
  }
}

Location place_in_string(const std::string& text, const Location& string_at, int byte) {
  Location at = string_at;
  std::size_t i = 0;
  for (int line = 1; line < at.line && i < text.size(); ++line) i = std::min(text.find('\n', i), text.size()) + 1;
  const auto is_inside_character = [&](std::size_t k) { return (static_cast<unsigned char>(text[k]) & 0xC0) == 0x80; };
  for (int column = 1; column < at.column && i < text.size(); ++column)
    for (++i; i < text.size() && is_inside_character(i);) ++i;
  if (at.line == 0 || byte < 0 || i >= text.size() || (text[i] != '"' && text[i] != '\'')) return string_at;
  const char quote = text[i];
  const auto advance = [&](std::size_t count) {  // columns count characters, not bytes
    for (; count > 0 && i < text.size(); --count, ++i) {
      if (text[i] == '\n')
        ++at.line, at.column = 1;
      else if (i + 1 >= text.size() || !is_inside_character(i + 1))
        ++at.column;
    }
  };
  const bool is_long = text.compare(i, 3, std::string(3, quote)) == 0;
  advance(is_long ? 3 : 1);
  if (is_long && text[i] == '\r') advance(1);
  if (is_long && text[i] == '\n') advance(1);
  // A backslash at the end of a line: the blanks before the rest are no part of the value.
  const auto skip_continuation = [&] {
    while (quote == '"' && text.compare(i, 2, "\\\n") == 0)
      advance(std::min(text.find_first_not_of(" \t\r\n", i + 1), text.size()) - i);
  };
  skip_continuation();
  for (int passed = 0; passed < byte && i < text.size(); ++passed) {
    const bool is_escape = quote == '"' && text[i] == '\\' && i + 1 < text.size();
    advance(!is_escape ? 1 : text[i + 1] == 'u' ? 6 : text[i + 1] == 'U' ? 10 : 2);
    skip_continuation();
  }
  return at;
}

Node parse_value(const std::string& text, const std::string& origin) {
  Node node = text_node(text);
  try {
    const toml::table parsed = toml::parse("value = " + text);
    if (parsed.size() == 1) node = copy_node(*parsed.get("value"), origin);
  } catch (const toml::parse_error&) {
    // Not TOML: plain text, as a shell's user writes it.
  }
  forget_lines(node, origin);
  return node;
}

}  // namespace aleator::deck
