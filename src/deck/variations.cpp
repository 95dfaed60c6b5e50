#include "deck/variations.hpp"

namespace aleator::deck {
namespace {

// A value as TOML; empty where it is none that a key could take.
std::string toml_of(const Node& node) {
  switch (node.kind) {
    case Node::Kind::boolean:
      return write_value(node.boolean);
    case Node::Kind::integer:
      return write_value(node.integer);
    case Node::Kind::real:
      return write_value(node.real);
    case Node::Kind::text:
      return write_value(node.text);
    case Node::Kind::array: {
      std::string text;
      for (const Node& item : node.items) text += (text.empty() ? "" : ", ") + toml_of(item);
      return "[" + text + "]";
    }
    case Node::Kind::table: {
      std::string text;
      for (const Node::Entry& entry : node.entries)
        text += (text.empty() ? "" : ", ") + write_key(entry.key) + " = " + toml_of(entry.value);
      return "{" + text + "}";
    }
    case Node::Kind::other:
      break;
  }
  return {};
}

// Adds the entries of a table, and of the tables in it, whose keys begin with `before`.
bool collect(const Node& table, const std::string& before, Variations& out, Problem& problem) {
  for (const Node::Entry& entry : table.entries) {
    const std::string key = before + entry.key;
    if (entry.value.kind == Node::Kind::table) {
      if (!collect(entry.value, key + ".", out, problem)) return false;
      continue;
    }
    const std::string where = " (entry '" + key + "' of the table)";
    if (entry.value.kind != Node::Kind::array || entry.value.items.empty()) {
      problem = {
          "must give each key a list of the values to take, such as [1, 2, 3], not " + shown(entry.value) + where,
          &entry.value};
      return false;
    }
    Variation variation{key, {}};
    for (const Node& item : entry.value.items) {
      variation.values.push_back(toml_of(item));
      if (!variation.values.back().empty()) continue;
      problem = {"has " + shown(item) + ", which no key can take" + where, &item};
      return false;
    }
    out.keys.push_back(std::move(variation));
  }
  return true;
}

}  // namespace

bool read_value(const Node& node, Variations& value, Problem& problem) {
  value.keys.clear();
  return is_table(node, problem) && collect(node, "", value, problem);
}

std::string write_value(const Variations& value) {
  std::string text;
  for (const Variation& variation : value.keys) {
    std::string values;
    for (const std::string& one : variation.values) values += (values.empty() ? "" : ", ") + one;
    text += (text.empty() ? "" : ", ") + write_key(variation.key) + " = [" + values + "]";
  }
  return "{" + text + "}";
}

}  // namespace aleator::deck
