#include "deck/node.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "deck/diagnostics.hpp"

namespace aleator::deck {
namespace {

using testing::StartsWith;

std::string syntax_error(const std::string& text) {
  Diagnostics diagnostics;
  parse_toml(text, "deck", diagnostics);
  return diagnostics.text();
}

TEST(Node, KeysAndValuesKnowTheirLineAndColumn) {
  Diagnostics diagnostics;
  const Node root = parse_toml("[kind.name]\n\tkey = [1,\n  'two']\n", "deck", diagnostics);
  const Node::Entry& name = root.find("kind")->value.entries.front();
  EXPECT_EQ(name.key_at.line, 1);
  EXPECT_EQ(name.key_at.column, 7);
  const Node::Entry& key = *name.value.find("key");
  EXPECT_EQ(key.key_at.column, 2);
  EXPECT_EQ(key.value.at.column, 8);
  EXPECT_EQ(key.value.items[1].at.line, 3);
  EXPECT_EQ(key.value.items[1].at.column, 3);
}

TEST(Node, EntriesKeepTheOrderOfTheText) {
  Diagnostics diagnostics;
  const Node root = parse_toml("[z.b]\n[a.x]\n[z.a]\n", "deck", diagnostics);
  EXPECT_EQ(root.entries[0].key, "z");
  EXPECT_EQ(root.entries[0].value.entries[0].key, "b");
}

TEST(Node, ASyntaxErrorPointsAtTheTokenThatIsWrong) {
  EXPECT_THAT(syntax_error("a = 1\nb = 2 3\n"), StartsWith("deck:2:7: error: not valid TOML (key-value pair)"));
  EXPECT_THAT(syntax_error("a = tru\n"), StartsWith("deck:1:5: error: not valid TOML (boolean)"));
  EXPECT_THAT(syntax_error("a = 99999999999999999999\n"), StartsWith("deck:1:5: error: not valid TOML"));
  EXPECT_THAT(syntax_error("a = 1e999\n"), StartsWith("deck:1:5: error: not valid TOML"));
  EXPECT_THAT(syntax_error("a = 012\n"), StartsWith("deck:1:5: error: not valid TOML"));
  EXPECT_THAT(syntax_error("a = [1, 2\n"), StartsWith("deck:1:10: error: not valid TOML"));  // just behind the text
}

TEST(Node, AKeyWrittenTwicePointsAtTheSecond) {
  EXPECT_THAT(syntax_error("[b]\nkey = 1\n  key   = 2\n"), StartsWith("deck:3:3: error: not valid TOML"));
  EXPECT_THAT(syntax_error("[a.b]\n[a.c]\n[a.b]\n"), StartsWith("deck:3:1: error: not valid TOML"));
}

TEST(Node, MessagesHaveNoLineBreaks) { EXPECT_THAT(syntax_error("a = tru\n"), testing::HasSubstr("saw 'tru '\n")); }

TEST(Node, UnclosedThingsAtTheEndAreErrors) {
  for (const char* const text : {"a = [1,\n", "a = \"x\n", "[a\n", "a = {b = 1\n", "a = '''x\n"})
    EXPECT_NE(syntax_error(text), "") << text;
}

TEST(Node, ACharacterOfATextIsFoundBehindQuotesLinesAndEscapes) {
  struct Case {
    const char* toml;
    int byte, line, column;
  };
  for (const Case& c : {Case{"a = \"x + y\"\n", 4, 1, 10}, Case{"a = 'x + y'\n", 4, 1, 10},
                        Case{"a = \"\"\"\nx\n  y\n\"\"\"\n", 4, 3, 3}, Case{"a = \"\"\"x\ny\"\"\"\n", 2, 2, 1},
                        Case{"a = '''\nx'''\n", 0, 2, 1}, Case{"a = \"\\tx\"\n", 1, 1, 8},
                        Case{"a = \"\\u0041x\"\n", 1, 1, 12}, Case{"a = \"\"\"x\\\n   y\"\"\"\n", 1, 2, 4},
                        Case{"a = \"\xc3\xa9 x\"\n", 3, 1, 8}, Case{"\n[b]\n  a = \"x\"\n", 0, 3, 8}}) {
    Diagnostics diagnostics;
    const Node root = parse_toml(c.toml, "deck", diagnostics);
    const Node& table = root.find("a") != nullptr ? root : root.find("b")->value;
    const Location at = place_in_string(c.toml, table.find("a")->value.at, c.byte);
    EXPECT_EQ(at.line, c.line) << c.toml;
    EXPECT_EQ(at.column, c.column) << c.toml;
  }
}

TEST(Node, DeepNestingIsAnErrorNotACrash) { EXPECT_NE(syntax_error("a = " + std::string(100000, '[')), ""); }

}  // namespace
}  // namespace aleator::deck
