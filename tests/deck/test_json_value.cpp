#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "deck/diagnostics.hpp"
#include "deck/json_value.hpp"

namespace aleator::deck {
namespace {

// The value of `x` in this text, or the complaint.
std::string read(const std::string& toml) {
  Diagnostics diagnostics;
  const Node root = parse_toml(toml, "deck", diagnostics);
  JsonObject value;
  Problem problem;
  return read_value(root.find("x")->value, value, problem) ? value.text : problem.message;
}

TEST(JsonValue, TablesAndTextsBecomeTheSameObject) {
  const std::string json = R"({"flag":true,"inner":{"list":[1,2.5,"three"]},"level":2})";
  EXPECT_EQ(read("[x]\nlevel = 2\nflag = true\n[x.inner]\nlist = [1, 2.5, \"three\"]\n"), json);
  EXPECT_EQ(read("x = '" + json + "'"), json);
  EXPECT_EQ(read("x = {}"), "{}");
}

TEST(JsonValue, IsWrittenSoThatItReadsBack) {
  const std::string json = read("[x]\nname = \"a \\\"b\\\"\"\nsmall = 1e-300\n");
  EXPECT_EQ(read("x = " + write_value(JsonObject{json})), json);
}

TEST(JsonValue, RefusesWhatIsNoObject) {
  for (const char* const wrong : {"x = 3", "x = [1]", "x = \"[1]\"", "x = \"{level: 1}\"", "x = \"\""})
    EXPECT_THAT(read(wrong), testing::HasSubstr("must be a table or a text that holds a JSON object")) << wrong;
  EXPECT_THAT(read("x = { when = 2024-01-01 }"), testing::HasSubstr("not a date"));
  EXPECT_THAT(read("x = { far = inf }"), testing::HasSubstr("finite"));
}

}  // namespace
}  // namespace aleator::deck
