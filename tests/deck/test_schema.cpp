#include "deck/schema.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <sstream>

#include "deck/toy.hpp"

namespace aleator::deck {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using toy::Everything;
using toy::faults;
using toy::Files;
using toy::registry;

// A sound block, then one line more: line 3, its value at column 9 when the key has five letters.
std::string with(const std::string& line) { return "[shape.a]\ntype = \"shape/everything\"\n" + line + "\n"; }

TEST(Schema, AValueOfTheWrongTypeIsRefusedAtTheValue) {
  EXPECT_THAT(faults(with("draws = 'many'")),
              HasSubstr("in/deck.toml:3:9: error: [shape.a] draws must be a whole number, not \"many\"\n"));
  EXPECT_THAT(faults(with("draws = 2.5")), HasSubstr(":3:9: error: [shape.a] draws must be a whole number, not 2.5"));
  EXPECT_THAT(faults(with("scale = true")), HasSubstr(":3:9: error: [shape.a] scale must be a number, not true"));
  EXPECT_THAT(faults(with("scale = [1.0]")), HasSubstr(":3:9: error: [shape.a] scale must be a number, not an array"));
  EXPECT_THAT(faults(with("scale = {x = 1}")), HasSubstr(":3:9: error: [shape.a] scale must be a number, not a table"));
  EXPECT_THAT(faults(with("scale.x = 1")), HasSubstr("scale must be a number, not a table"));
  EXPECT_THAT(faults(with("adapt = 1")), HasSubstr(":3:9: error: [shape.a] adapt must be true or false, not 1"));
  EXPECT_THAT(faults(with("label = 2024-01-01")),
              HasSubstr(":3:9: error: [shape.a] label must be text in quotes, not a date"));
  EXPECT_THAT(faults(with("scale = nan")), HasSubstr(":3:9: error: [shape.a] scale must be a finite number, not nan"));
}

TEST(Schema, AValueOutOfRangeIsShownAsItWasWritten) {
  EXPECT_THAT(faults(with("draws = 1")), HasSubstr(":3:9: error: [shape.a] draws = 1 is not allowed (>= 2)\n"
                                                   "    3 | draws = 1\n"
                                                   "      |         ^ number of draws\n"));
  EXPECT_THAT(faults(with("scale = 0")), HasSubstr(":3:9: error: [shape.a] scale = 0 is not allowed (> 0)"));
  EXPECT_THAT(faults(with("limit = -1.5")), HasSubstr(":3:9: error: [shape.a] limit = -1.5 is not allowed (> 0)"));
}

TEST(Schema, OfAnArrayTheEntryAtFaultIsShown) {
  EXPECT_THAT(faults(with("start = [0.1, 0.2, 7]")),
              HasSubstr(":3:20: error: [shape.a] start = 7 is not allowed (between -1 and 1"));
  EXPECT_THAT(faults(with("start = [0.1,\n  'x']")),
              HasSubstr(":4:3: error: [shape.a] start must be a number, not \"x\" (entry 2"));
  EXPECT_THAT(faults(with("matrix = [[1, 2], [3, []]]")),
              HasSubstr("3:23: error: [shape.a] matrix must be a number, not an array"));
  EXPECT_THAT(faults(with("start = [[0.1]]")),
              HasSubstr("3:10: error: [shape.a] start must be a number, not an array (entry 1"));
}

TEST(Schema, AnUnknownKeyIsRefusedAtTheKeyWithTheNearestOne) {
  EXPECT_THAT(faults(with("drawz = 5")),
              AllOf(HasSubstr(":3:1: error: [shape.a] unknown key 'drawz'"), HasSubstr("did you mean 'draws'?"),
                    HasSubstr("all keys: aleator describe shape/everything")));
}

TEST(Schema, AWordWithoutQuotesIsAnsweredWithWhatIsMissing) {
  for (const char* const word : {"word", "yes", "fast"})
    EXPECT_THAT(faults(with(std::string("label = ") + word)), HasSubstr("text stands in quotes, \"word\"")) << word;
  EXPECT_THAT(faults(with("label = [1")), testing::Not(HasSubstr("quotes")));
}

TEST(Schema, WhereNoKeyIsNearAndThereAreFewAllAreListed) {
  EXPECT_THAT(faults("[shape.a]\ntype = \"shape/circle\"\nradius = 11.0\nqqqqqqqq = 5\n"),
              HasSubstr("keys: type, radius, corners   all keys: aleator"));
}

TEST(Schema, AWrongChoiceListsTheRightOnes) {
  EXPECT_THAT(faults(with("rule = \"fixd\"")),
              AllOf(HasSubstr(":3:8: error: [shape.a] rule = \"fixd\" must be one of \"fixed\", \"adaptive\""),
                    HasSubstr("did you mean 'fixed'?")));
  EXPECT_THAT(faults(with("rule = 1")), HasSubstr(":3:8: error: [shape.a] rule = 1 must be one of"));
}

TEST(Schema, AMissingRequiredKeyIsNamedAtTheHeadOfTheBlock) {
  EXPECT_THAT(faults("[shape.c]\ntype = \"shape/circle\"\n"),
              HasSubstr("in/deck.toml:1:8: error: [shape.c] the key 'radius' is missing (radius of the circle [m])"));
}

TEST(Schema, ConditionsAcrossKeysAreCheckedWhenEachKeyIsSound) {
  EXPECT_THAT(faults(with("high = -1")), HasSubstr(":3:8: error: [shape.a] high must be above low"));
  EXPECT_THAT(faults(with("low = 5")),
              HasSubstr(":1:8: error: [shape.a] high must be above low"));  // high is not written
  EXPECT_THAT(faults(with("high = -1\ndraws = 0")), testing::Not(HasSubstr("above low")));
}

TEST(Schema, AFileThatCannotBeReadIsRefusedAtItsName) {
  EXPECT_THAT(faults(with("data = \"none.txt\"")),
              HasSubstr(":3:8: error: [shape.a] data: the file 'in/none.txt' cannot be read"));
  EXPECT_EQ(faults(with("data = \"some.txt\""), {}, {{"in/some.txt", "1 2 3"}}), "");  // beside the deck
  EXPECT_EQ(faults(with("data = \"/some.txt\""), {}, {{"/some.txt", "1 2 3"}}), "");
  EXPECT_THAT(faults(with("data = \"\"")), HasSubstr("data must be a file name in quotes"));
}

TEST(Schema, AFileOfNumbersMayStandInTheDeck) {
  const auto text_of = [](const std::string& value) {
    const Registry menu = registry();
    return std::any_cast<Everything::Params>(
               toy::deck(menu, with("data = " + value), {}, {}).block("shape", "a").params)
        .data.text;
  };
  EXPECT_EQ(text_of("[0.1, -2, nan, 1e-300]"), "0.1 -2 nan 1e-300 \n");  // a list is a row
  EXPECT_EQ(text_of("[[1, 2.5], [3, 4]]"), "1 2.5 \n3 4 \n");
  EXPECT_EQ(text_of("7.25"), "7.25");
  EXPECT_THAT(faults(with("data = [1, \"x\"]")), HasSubstr(":3:12: error: [shape.a] data must be a number, not \"x\""));
  EXPECT_THAT(faults(with("data = [1, [2]]")),
              HasSubstr(":3:12: error: [shape.a] data must be a number, not an array"));
  EXPECT_THAT(faults(with("data = [[1, 2], [3]]")),
              HasSubstr(":3:17: error: [shape.a] data must be a list as long as the first"));
  EXPECT_THAT(faults(with("data = [[1, 2], 3]")),
              HasSubstr(":3:17: error: [shape.a] data must be a list as long as the first"));
  EXPECT_THAT(faults(with("data = [[[1]]]")), HasSubstr(":3:10: error: [shape.a] data must be a number, not an array"));
  EXPECT_THAT(faults(with("data = []")), HasSubstr("data must be a file name in quotes, or numbers"));
}

TEST(Schema, AllFaultsOfABlockAreReportedTogether) {
  const std::string text = faults(with("draws = 1\nscale = 'x'\ncolour = 3\nrule = \"no\"\nstart = [2]"));
  for (const char* const place : {":3:9:", ":4:9:", ":5:1:", ":6:8:", ":7:10:", "5 errors; nothing was run."})
    EXPECT_THAT(text, HasSubstr(place));
}

TEST(Schema, AnExampleOfARequiredKeyObeysItsCondition) {
  const Registry menu = toy::registry();
  EXPECT_EQ(menu.find("shape/circle")->schema->find("radius")->example_text,
            "10");  // from 10 to 20, the default 0 is outside
}

struct Twice {
  int value = 0;
};

TEST(Schema, KeysThatADeckCouldNotUseAreBugs) {
  Schema<Twice> schema("Twice", "");
  schema.key("value", &Twice::value, "1", "a value");
  EXPECT_THROW(schema.key("value", &Twice::value, "1", "again"), core::InternalError);
  EXPECT_THROW(schema.key("type", &Twice::value, "1", "taken"), core::InternalError);
  EXPECT_THROW(schema.key("two words", &Twice::value, "1", "not a key"), core::InternalError);
}

struct Choosy {
  bool is_loud = false;
  int volume = 3;
};

// Told, not refused: --set and campaigns change what a key goes with. What is resolved says nothing of it again.
TEST(Schema, AKeyWithoutEffectIsSaidAndNotResolved) {
  Schema<Choosy> schema("Choosy", "");
  schema.key("is_loud", &Choosy::is_loud, "", "loud")
      .key("volume", &Choosy::volume, "1", "how loud")
      .only_with("is_loud", [](const Choosy& c) { return c.is_loud; });
  EXPECT_EQ(schema.find("volume")->help, "how loud, with is_loud");
  Registry menu;
  menu.add<Choosy, Choosy>("shape", "shape/choosy", schema,
                           [](const Choosy& c, Builder&) { return std::make_unique<Choosy>(c); });
  const std::string block = "[shape.a]\ntype = \"shape/choosy\"\nvolume = 7\n";
  const Deck idle = toy::deck(menu, block), used = toy::deck(menu, block + "is_loud = true\n");
  ASSERT_EQ(idle.notes().size(), 1U);
  EXPECT_THAT(idle.notes()[0], HasSubstr(":3:1: [shape.a] volume has no effect here: it goes with is_loud"));
  EXPECT_THAT(idle.resolved("", "files"), testing::Not(HasSubstr("volume")));
  EXPECT_TRUE(used.notes().empty());
  EXPECT_THAT(used.resolved("", "files"), HasSubstr("volume = 7"));
}

// Numbers apart by blanks, a row a line; 'x' is none.
Rows rows_of(const std::string& text, const std::string& name) {
  Rows rows;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (line.find('x') != std::string::npos) throw core::UserError(name + ": 'x' is not a number");
    std::istringstream numbers(line);
    rows.emplace_back();
    for (std::string number; numbers >> number;) rows.back().push_back(std::strtod(number.c_str(), nullptr));
  }
  return rows;
}

TEST(Schema, ListsOfNumbersMayBeFiles) {
  Registry menu = registry();
  menu.read_rows_with(rows_of);
  const Files files = {{"in/points.txt", "0.25 0.5\n-0.75 0\n"}, {"in/bad.txt", "0.25 x\n"}, {"in/gap.txt", "0 nan\n"}};
  const auto read = [&](const std::string& keys) { return toy::deck(menu, with(keys), {}, files); };
  const auto params = std::any_cast<Everything::Params>(
      read("matrix = \"points.txt\"\nstart = \"points.txt\"").block("shape", "a").params);
  EXPECT_EQ(params.matrix, (Rows{{0.25, 0.5}, {-0.75, 0.0}}));
  EXPECT_EQ(params.start, (std::vector<double>{0.25, 0.5, -0.75, 0.0}));
  EXPECT_THAT(read("matrix = \"points.txt\"").resolved("", "files"), HasSubstr("matrix = [[0.25, 0.5], [-0.75, 0.0]]"));
  const auto fault = [&](const std::string& keys) -> std::string {
    try {
      read(keys);
    } catch (const core::UserError& error) {
      return error.what();
    }
    return "";
  };
  EXPECT_THAT(
      fault("matrix = \"none.txt\""),
      HasSubstr(
          ":3:10: error: [shape.a] matrix: must be numbers, or the name of a file of them, and 'in/none.txt' cannot"));
  EXPECT_THAT(fault("matrix = \"bad.txt\""), HasSubstr("matrix: in/bad.txt: 'x' is not a number"));
  EXPECT_THAT(fault("matrix = \"gap.txt\""), HasSubstr("row 1 of 'in/gap.txt' has a missing entry"));
  EXPECT_THAT(fault("draws = \"points.txt\""), HasSubstr("draws must be a"));
}

}  // namespace
}  // namespace aleator::deck
