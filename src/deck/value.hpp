#pragma once
/// What      The types a deck key may have: how each is read from a node, written back as TOML, and named to the user.
/// Method    One overload set per type; Schema<Params> calls them for its members.
/// Parallel  local.
/// Cost      -
/// Fails     read_value returns false and says in `problem` what is wrong and where.
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

#include "deck/node.hpp"

namespace aleator::deck {

/// The value of a key that names a file. The deck reads the text (rank 0, then broadcast): components never open files.
/// Numbers that stand in the deck are the text of a file called list_in_the_deck, which the run folder then holds.
struct File {
  std::string path;  ///< as found: relative to the deck's folder, made absolute; or list_in_the_deck
  std::string text;
  bool empty() const { return path.empty(); }
};

/// A program and its arguments. Words with a '/' that name a file, seen from the deck's folder, become its absolute path:
/// the program may run anywhere, and a resolved deck lie elsewhere.
struct CommandLine : std::vector<std::string> {
  using std::vector<std::string>::vector;
};

inline constexpr const char* list_in_the_deck = "list_in_the_deck.txt";

/// "run.h5:posterior/theta" is an array inside an HDF5 file, "data.csv:time" a column of a table with names: the file's path, and
/// what stands after the colon (or nothing). Only behind .h5, .hdf5, .hdf, .nc, .csv and .tsv is a colon read so.
struct ArrayPath {
  std::string file, array;
};
ArrayPath split_array_path(const std::string& path);

/// Contents of a file, or nothing when it cannot be read.
using FileReader = std::function<std::optional<std::string>(const std::string& path)>;

using Rows = std::vector<std::vector<double>>;
/// Rows of numbers from the text (or bytes) of a file; UserError that names the place of what is none. `name` as split_array_path
/// takes it.
using RowsReader = std::function<Rows(const std::string& text, const std::string& name)>;

/// A condition on a number, or on every number of an array.
struct NumberCheck {
  std::string words;  ///< ">= 2"
  std::function<bool(double)> holds;
  std::string json;  ///< the same for a JSON schema: "minimum": 2
};
NumberCheck at_least(double bound);
NumberCheck at_most(double bound);
NumberCheck positive();
NumberCheck between(double low, double high);
/// Strictly between.
NumberCheck inside(double low, double high);

/// "must be a number, not text", and the node that is at fault: the value itself or one entry of an array.
struct Problem {
  std::string message;
  const Node* at = nullptr;
};

bool read_value(const Node& node, bool& value, Problem& problem);
bool read_value(const Node& node, int& value, Problem& problem);
bool read_value(const Node& node, std::int64_t& value, Problem& problem);
bool read_value(const Node& node, double& value, Problem& problem);
bool read_value(const Node& node, std::string& value, Problem& problem);
bool read_value(const Node& node, File& value, Problem& problem);  ///< the path only, or numbers

template <typename T>
bool read_value(const Node& node, std::optional<T>& value, Problem& problem) {
  return read_value(node, value.emplace(), problem);
}

/// Arrays; one bare value stands for an array of length one.
template <typename T>
bool read_value(const Node& node, std::vector<T>& value, Problem& problem) {
  value.clear();
  if (node.kind != Node::Kind::array) return read_value(node, value.emplace_back(), problem);
  for (std::size_t i = 0; i < node.items.size(); ++i) {
    T item{};
    if (!read_value(node.items[i], item, problem)) {
      problem.message += " (entry " + std::to_string(i + 1) + " of the array)";
      return false;
    }
    value.push_back(std::move(item));
  }
  return true;
}

/// One entry of a table such as `{left = 0.0, right = 1.0}`; a key with many of them is a Table, in the order of the text.
template <typename T>
struct Named {
  std::string name;
  T value{};
};
template <typename T>
using Table = std::vector<Named<T>>;

/// Text, a number or a truth value, kept as the text another program reads: options of a solver.
struct Word {
  std::string text;
};
bool read_value(const Node& node, Word& value, Problem& problem);

/// "must be a table such as {name = …}".
bool is_table(const Node& node, Problem& problem);

template <typename T>
bool read_value(const Node& node, Table<T>& value, Problem& problem) {
  value.clear();
  if (!is_table(node, problem)) return false;
  for (const Node::Entry& entry : node.entries) {
    Named<T> item{entry.key, {}};
    if (!read_value(entry.value, item.value, problem)) {
      problem.message += " (entry '" + entry.key + "' of the table)";
      return false;
    }
    value.push_back(std::move(item));
  }
  return true;
}

/// Single values of an array or a table, in order; of a bare value, itself.
std::vector<const Node*> single_values(const Node& node);
/// A value as messages show it: `2`, `"text"`, `an array`.
std::string shown(const Node& node);

/// As TOML that read_value turns into the same value to the last bit; empty when not set (a number without bound is
/// so).
std::string write_value(bool value);
std::string write_value(int value);
std::string write_value(std::int64_t value);
std::string write_value(double value);
std::string write_value(const std::string& value);
std::string write_value(const File& value);
inline std::string write_value(const Word& value) { return write_value(value.text); }
/// A key of a table: in quotes where it must be.
std::string write_key(const std::string& key);
template <typename T>
std::string write_value(const std::optional<T>& value) {
  return value ? write_value(*value) : std::string();
}
template <typename T>
std::string write_value(const std::vector<T>& value) {
  std::string text = "[";
  for (std::size_t i = 0; i < value.size(); ++i) {
    const std::string item = write_value(static_cast<const T&>(value[i]));
    if (item.empty()) return {};
    text += (i == 0 ? "" : ", ") + item;
  }
  return text + "]";
}

template <typename T>
std::string write_value(const Table<T>& value) {
  std::string text = "{";
  for (std::size_t i = 0; i < value.size(); ++i) {
    const std::string item = write_value(value[i].value);
    if (item.empty()) return {};
    text += (i == 0 ? "" : ", ") + write_key(value[i].name) + " = " + item;
  }
  return text + "}";
}

/// For help pages ("real", "real or list of reals"), the JSON schema ({"type": "number"}) and examples (# = some number).
struct TypeName {
  std::string words, json, example;
};
inline TypeName type_name(const bool&) { return {"true or false", R"({"type": "boolean"})", "true"}; }
inline TypeName type_name(const int&) { return {"integer", R"({"type": "integer"})", "#"}; }
inline TypeName type_name(const std::int64_t&) { return {"integer", R"({"type": "integer"})", "#"}; }
inline TypeName type_name(const double&) { return {"real", R"({"type": "number"})", "#"}; }
inline TypeName type_name(const std::string&) { return {"text", R"({"type": "string"})", "\"text\""}; }
inline TypeName type_name(const Word&) {
  return {"text or number", R"({"type": ["string", "number", "boolean"]})", "\"text\""};
}
inline TypeName type_name(const File&) {
  return {"file", R"({"type": ["string", "array", "number"]})", "\"data.txt\""};
}
template <typename T>
TypeName type_name(const std::optional<T>&) {
  return type_name(T{});
}
template <typename T>
TypeName type_name(const std::vector<T>&) {
  const TypeName item = type_name(T{});  // "real" -> "real or list of reals" -> "list of lists of reals"
  const std::string inner = item.words.substr(0, item.words.find(", or a file"));
  const std::size_t list_at = inner.find("list of ");
  const std::string words = list_at == std::string::npos ? inner + " or list of " + inner + "s"
                                                         : "list of lists of " + inner.substr(list_at + 8);
  const bool may_be_file = std::is_same_v<T, double> || std::is_same_v<T, std::vector<double>>;  // see ValueKey::read
  return {words + (may_be_file ? ", or a file" : ""),
          R"({"anyOf": [)" + item.json + R"(, {"type": "array", "items": )" + item.json + "}" +
              (may_be_file ? R"(, {"type": "string"})" : "") + "]}",
          "[" + item.example + "]"};
}

template <typename T>
TypeName type_name(const Table<T>&) {
  const TypeName item = type_name(T{});
  return {"table: name = " + item.words, R"({"type": "object", "additionalProperties": )" + item.json + "}",
          "{name = " + item.example + "}"};
}

/// The numbers in a value, for a NumberCheck; in the order of single_values().
inline void numbers_in(double value, std::vector<double>& out) { out.push_back(value); }
inline void numbers_in(int value, std::vector<double>& out) { out.push_back(value); }
inline void numbers_in(std::int64_t value, std::vector<double>& out) { out.push_back(static_cast<double>(value)); }
inline void numbers_in(const bool&, std::vector<double>&) {}
inline void numbers_in(const std::string&, std::vector<double>&) {}
inline void numbers_in(const File&, std::vector<double>&) {}
inline void numbers_in(const Word&, std::vector<double>&) {}
template <typename T>
void numbers_in(const Named<T>& value, std::vector<double>& out);
template <typename T>
void numbers_in(const std::vector<T>& value, std::vector<double>& out) {
  for (const auto& item : value) numbers_in(static_cast<const T&>(item), out);
}
template <typename T>
void numbers_in(const Named<T>& value, std::vector<double>& out) {
  numbers_in(value.value, out);
}
template <typename T>
void numbers_in(const std::optional<T>& value, std::vector<double>& out) {
  if (value) numbers_in(*value, out);
}

}  // namespace aleator::deck
