#include "deck/describe.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <sstream>

#include "deck/toy.hpp"

namespace aleator::deck {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using Json = nlohmann::json;

TEST(Describe, TheListHasEveryComponentUnderItsKind) {
  EXPECT_EQ(list_text(toy::registry()),
            "[run]\n  run               What holds for the whole run\n\n"
            "[shape.…]\n  shape/everything  Every type of key\n  shape/circle      A circle\n\n"
            "[colour.…]\n  colour/plain      A plain colour\n");
}

TEST(Describe, AComponentIsFoundByItsLastPartToo) {
  const Registry menu = toy::registry();
  EXPECT_EQ(component_or_throw(menu, "shape/circle").name, "shape/circle");
  EXPECT_EQ(component_or_throw(menu, "circle").name, "shape/circle");
  EXPECT_EQ(component_or_throw(menu, "[run]").name, "run");
}

TEST(Describe, AnUnknownComponentGetsTheNearestNameAndTheMenu) {
  const Registry menu = toy::registry();
  try {
    component_or_throw(menu, "shape/cirlce");
    FAIL() << "nothing thrown";
  } catch (const core::UserError& error) {
    EXPECT_THAT(error.what(), AllOf(HasSubstr("no component 'shape/cirlce'; did you mean 'shape/circle'?"),
                                    HasSubstr("  colour/plain")));
  }
}

TEST(Describe, ThePageShowsTitleSourceExampleAndKeys) {
  const Registry menu = toy::registry();
  EXPECT_EQ(describe_text(*menu.find("colour/plain")),
            "colour/plain: A plain colour\nmethod: Newton 1704\n\n"
            "  [colour.my_colour]\n  type = \"colour/plain\"\n  of = \"my_shape\"\n\n"
            "  key  type                       default   meaning\n"
            "  of   name of a [shape.…] block  required  the shape that has it\n");
}

TEST(Describe, EveryKeyChoiceUnitAndConditionIsOnThePage) {
  const Registry menu = toy::registry();
  for (const Component& component : menu.components()) {
    const std::string text = describe_text(component), page = reference_page(component);
    for (const KeyInfo& key : component.schema->keys()) {
      EXPECT_THAT(
          text, AllOf(HasSubstr(key.name), HasSubstr(key.help), HasSubstr(key.condition), HasSubstr(key.default_text)));
      EXPECT_THAT(page, AllOf(HasSubstr("| `" + key.name + "` |"), HasSubstr(key.help), HasSubstr(key.condition)));
      for (const auto& [choice, meaning] : key.choices) {
        EXPECT_THAT(text, AllOf(HasSubstr("\"" + choice + "\""), HasSubstr(meaning)));
        EXPECT_THAT(page, AllOf(HasSubstr("\"" + choice + "\""), HasSubstr(meaning)));
        EXPECT_THAT(key.type_json, HasSubstr("\"" + choice + "\""));
      }
    }
  }
  EXPECT_THAT(describe_text(*menu.find("shape/circle")),
              HasSubstr("  radius   real     required  m     from 10 to 20  radius of the circle\n"));
}

TEST(Describe, TheExampleHasTheRequiredKeysAndThoseTheSchemaMarks) {
  EXPECT_EQ(example_block(*toy::registry().find("shape/circle")),
            "[shape.my_shape]\ntype = \"shape/circle\"\nradius = 10\ncorners = -4\n");
}

TEST(Describe, TheExampleIsABlockThatTheSchemaAccepts) {
  const Registry menu = toy::registry();
  for (const Component& component : menu.components()) {
    const std::string shape = component.kind == "shape" ? "" : "[shape.my_shape]\ntype = \"shape/everything\"\n";
    EXPECT_EQ(toy::faults(example_block(component) + shape, {}, {{"in/data.txt", "1"}}), "") << component.name;
  }
}

TEST(Describe, EveryRowOfAMarkdownTableHasItsColumns) {
  std::istringstream page(reference_page(*toy::registry().find("shape/everything")));
  int rows = 0;
  for (std::string line; std::getline(page, line);) {
    if (line.rfind("|", 0) != 0) continue;
    ++rows;
    int bars = 0;
    for (std::size_t i = 0; i < line.size(); ++i) bars += line[i] == '|' && (i == 0 || line[i - 1] != '\\') ? 1 : 0;
    EXPECT_EQ(bars, 7) << line;  // six columns
  }
  EXPECT_EQ(rows, 2 + 16);  // heading, rule, keys
}

TEST(Describe, TheIndexLinksToEveryPage) {
  const auto pages = reference_pages(toy::registry());
  ASSERT_EQ(pages.size(), 5U);
  EXPECT_EQ(pages.front().first, "README.md");
  for (std::size_t i = 1; i < pages.size(); ++i)
    EXPECT_THAT(pages.front().second, HasSubstr("(" + pages[i].first + ")"));
}

TEST(JsonSchema, SaysWhatTheDeckMayHold) {
  const Json schema = Json::parse(json_schema(toy::registry()));
  EXPECT_EQ(schema["$schema"], "http://json-schema.org/draft-07/schema#");
  EXPECT_EQ(schema["additionalProperties"], false);
  const Json& run = schema["properties"]["run"];
  EXPECT_EQ(run["properties"]["seed"]["minimum"], 0);
  EXPECT_EQ(run["properties"]["seed"]["default"], 1);
  EXPECT_FALSE(run["properties"].contains("type"));
  const Json& types = schema["properties"]["shape"]["patternProperties"]["^[A-Za-z0-9_-]+$"]["oneOf"];
  ASSERT_EQ(types.size(), 2U);
  EXPECT_EQ(types[0]["properties"]["type"]["const"], "shape/everything");
  EXPECT_EQ(types[1]["required"], Json::parse(R"(["type", "radius"])"));
  EXPECT_EQ(types[1]["properties"]["radius"]["maximum"], 20);
  EXPECT_EQ(types[1]["additionalProperties"], false);
}

TEST(JsonSchema, BoundsOfAListBelongToItsNumbers) {
  const Json schema = Json::parse(json_schema(toy::registry()));
  const Json& start =
      schema["properties"]["shape"]["patternProperties"]["^[A-Za-z0-9_-]+$"]["oneOf"][0]["properties"]["start"];
  EXPECT_EQ(start["anyOf"][0]["exclusiveMinimum"], -1);
  EXPECT_EQ(start["anyOf"][1]["items"]["exclusiveMaximum"], 1);
  EXPECT_EQ(start["default"], Json::parse("[0.5]"));
}

}  // namespace
}  // namespace aleator::deck
