#pragma once
/// What      A deck's text as a tree of values, each knowing the line and column it was written at.
/// Method    toml++ parses; its tree is copied so that no other file sees the library.
/// Parallel  local.
/// Cost      that of parsing: a millisecond for a thousand lines.
/// Fails     parse_toml: reports a syntax error to the Diagnostics and returns an empty table.
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace aleator::deck {

class Diagnostics;

/// Where something was written: a file (or "--set …") with line and column from 1; line 0 when there is none.
struct Location {
  std::string origin;
  int line = 0;
  int column = 0;
};

struct Node {
  enum class Kind { boolean, integer, real, text, array, table, other };
  struct Entry;
  Kind kind = Kind::table;
  Location at;
  bool boolean = false;
  std::int64_t integer = 0;
  double real = 0.0;
  std::string text;
  std::vector<Node> items;     ///< of an array
  std::vector<Entry> entries;  ///< of a table, in the order of the text

  const Entry* find(const std::string& key) const;
  Entry* find(const std::string& key);
};

struct Node::Entry {
  std::string key;
  Location key_at;
  Node value;
};

/// "a whole number", "text", "an array", …: for messages.
std::string kind_name(Node::Kind kind);

Node parse_toml(const std::string& text, const std::string& origin, Diagnostics& diagnostics);
/// Where byte `byte` of the value of a TOML string stands in `text`, given where the string begins there: behind its quotes, over
/// line breaks and escapes. The string's own place where it begins at no quote.
Location place_in_string(const std::string& text, const Location& string_at, int byte);
/// The value of `--set key=value`: TOML where it is, else plain text. It knows its origin, but no line.
Node parse_value(const std::string& text, const std::string& origin);

}  // namespace aleator::deck
