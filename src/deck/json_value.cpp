#include "deck/json_value.hpp"

#include <cmath>
#include <nlohmann/json.hpp>

namespace aleator::deck {
namespace {

// False, with the problem set, for what JSON cannot carry.
bool to_json(const Node& node, nlohmann::json& out, Problem& problem) {
  switch (node.kind) {
    case Node::Kind::boolean:
      out = node.boolean;
      return true;
    case Node::Kind::integer:
      out = node.integer;
      return true;
    case Node::Kind::real:
      out = node.real;
      if (std::isfinite(node.real)) return true;
      problem = {"must hold finite numbers, not " + shown(node), &node};
      return false;
    case Node::Kind::text:
      out = node.text;
      return true;
    case Node::Kind::array:
      out = nlohmann::json::array();
      for (const Node& item : node.items)
        if (!to_json(item, out.emplace_back(), problem)) return false;
      return true;
    case Node::Kind::table:
      out = nlohmann::json::object();
      for (const Node::Entry& entry : node.entries)
        if (!to_json(entry.value, out[entry.key], problem)) return false;
      return true;
    case Node::Kind::other:
      break;
  }
  problem = {"must hold text, numbers, true or false, arrays and tables, not a date or time", &node};
  return false;
}

}  // namespace

bool read_value(const Node& node, JsonObject& value, Problem& problem) {
  nlohmann::json json;
  if (node.kind == Node::Kind::text) {
    json = nlohmann::json::parse(node.text, nullptr, false);
    if (!json.is_object()) {
      problem = {"must be a table or a text that holds a JSON object, not " + shown(node), &node};
      return false;
    }
  } else if (node.kind != Node::Kind::table) {
    problem = {"must be a table or a text that holds a JSON object, not " + shown(node), &node};
    return false;
  } else if (!to_json(node, json, problem)) {
    return false;
  }
  value.text = json.dump();
  return true;
}

std::string write_value(const JsonObject& value) { return write_value(value.text); }

}  // namespace aleator::deck
