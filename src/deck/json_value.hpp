#pragma once
/// What      A deck value of any shape, handed on as JSON: the configuration of a model outside Aleator.
/// Method    A TOML table, or a text that holds a JSON object; kept as one line of JSON with sorted keys.
/// Parallel  local.
/// Cost      -
/// Fails     read_value returns false for what is no object, for dates, and for text that is not JSON.
#include <string>
#include <vector>

#include "deck/value.hpp"

namespace aleator::deck {

struct JsonObject {
  std::string text = "{}";
};

bool read_value(const Node& node, JsonObject& value, Problem& problem);
std::string write_value(const JsonObject& value);
inline TypeName type_name(const JsonObject&) {
  return {"table, or text with a JSON object", R"({"anyOf": [{"type": "object"}, {"type": "string"}]})",
          "{ level = 1 }"};
}
inline void numbers_in(const JsonObject&, std::vector<double>&) {}

}  // namespace aleator::deck
