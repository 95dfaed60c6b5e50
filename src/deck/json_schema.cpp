#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "deck/describe.hpp"

namespace aleator::deck {
namespace {

using Json = nlohmann::ordered_json;

// The bounds of a key belong to its numbers, however deep in lists they are.
void add_bounds(Json& type, const Json& bounds) {
  if (type.contains("anyOf"))
    for (Json& one : type["anyOf"]) add_bounds(one, bounds);
  else if (type.contains("items"))
    add_bounds(type["items"], bounds);
  else if (type["type"] == "number" || type["type"] == "integer")
    type.update(bounds);
}

// Defaults are single values, texts or lists, whose TOML is JSON too; left out where it is not.
void add_default(Json& property, const std::string& toml) {
  const Json value = Json::parse(toml, nullptr, false);
  if (!value.is_discarded()) property["default"] = value;
}

Json property_of(const KeyInfo& key) {
  Json property = Json::parse(key.type_json);
  if (!key.condition_json.empty()) add_bounds(property, Json::parse("{" + key.condition_json + "}"));
  std::string description = key.help;
  if (!key.unit.empty() && key.unit != "1") description += " [" + key.unit + "]";
  if (!key.condition.empty()) description += " (" + key.condition + ")";
  if (!key.refers_to.empty()) description += "; " + key.type_words;
  for (const auto& [choice, meaning] : key.choices) description += "\n" + choice + ": " + meaning;
  property["description"] = description;
  if (!key.is_required && !key.default_text.empty()) add_default(property, key.default_text);
  return property;
}

Json table_of(const Component& component, bool has_type) {
  Json table = {{"type", "object"}, {"title", component.name}, {"description", component.schema->title()}};
  Json properties = Json::object(), required = Json::array();
  if (has_type) {
    properties["type"] = {{"const", component.name}, {"description", component.schema->title()}};
    required.push_back("type");
  }
  for (const KeyInfo& key : component.schema->keys()) {
    properties[key.name] = property_of(key);
    if (key.is_required) required.push_back(key.name);
  }
  table["properties"] = properties;
  if (!required.empty()) table["required"] = required;
  table["additionalProperties"] = false;
  return table;
}

}  // namespace

std::string json_schema(const Registry& registry) {
  Json kinds = Json::object();
  for (const std::string& kind : registry.kinds()) {
    if (const Component* const settings = registry.settings(kind)) {
      kinds[kind] = table_of(*settings, false);
      continue;
    }
    Json types = Json::array();
    for (const Component& component : registry.components())
      if (component.kind == kind) types.push_back(table_of(component, true));
    const Json any_type = {{"oneOf", types}};
    kinds[kind] = {{"type", "object"},
                   {"description", "blocks [" + kind + ".name]"},
                   {"patternProperties", {{"^[A-Za-z0-9_-]+$", any_type}}},
                   {"additionalProperties", false}};
  }
  const Json schema = {{"$schema", "http://json-schema.org/draft-07/schema#"},
                       {"title", "Aleator deck"},
                       {"type", "object"},
                       {"properties", kinds},
                       {"additionalProperties", false}};
  return schema.dump(2) + "\n";
}

}  // namespace aleator::deck
