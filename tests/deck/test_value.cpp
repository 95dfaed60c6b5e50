#include "deck/value.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>

namespace aleator::deck {
namespace {

template <typename T>
T read_back(const T& value) {
  T again{};
  Problem problem;
  const std::string toml = write_value(value);
  EXPECT_TRUE(read_value(parse_value(toml, "test"), again, problem)) << toml << ": " << problem.message;
  return again;
}

std::string complaint_about_integer(const std::string& toml) {
  int value = 0;
  Problem problem;
  return read_value(parse_value(toml, "test"), value, problem) ? "" : problem.message;
}

TEST(Value, DoublesSurviveWritingToTheLastBit) {
  // Hard for shortest output: 2/3, denormal, largest, smallest normal, -0, 17 digits, a whole number, 1e21.
  for (const double x : {2.0 / 3.0, 4.9e-324, std::numeric_limits<double>::max(), std::numeric_limits<double>::min(),
                         -0.0, 0.1 + 0.2, 3.0, 1e21, 1e22, -123456789012345678.0, std::nextafter(1.0, 2.0)}) {
    const double again = read_back(x);
    EXPECT_EQ(std::memcmp(&x, &again, sizeof x), 0) << write_value(x);
  }
}

TEST(Value, TextsSurviveWritingWhateverTheyHold) {
  for (const std::string& text :
       {std::string("plain"), std::string("quote \" and \\ backslash"), std::string("two\nlines\r\n\ttab"),
        std::string("bell \x07, null \0, delete \x7F", 23), std::string("Gauß ∇u"), std::string()})
    EXPECT_EQ(read_back(text), text);
}

TEST(Value, WholeNumbersSurviveAtTheEndsOfTheirRange) {
  EXPECT_EQ(read_back(std::numeric_limits<std::int64_t>::max()), std::numeric_limits<std::int64_t>::max());
  EXPECT_EQ(read_back(std::numeric_limits<std::int64_t>::min()), std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(read_back(std::numeric_limits<int>::min()), std::numeric_limits<int>::min());
}

TEST(Value, NumbersThatAreNotFiniteAreWrittenAsNotSet) {
  EXPECT_EQ(write_value(std::numeric_limits<double>::infinity()), "");
  EXPECT_EQ(write_value(std::vector<double>{1.0, std::nan("")}), "");
}

TEST(Value, AWholeNumberInExponentFormIsAnInteger) {
  EXPECT_EQ(complaint_about_integer("1e6"), "");
  EXPECT_THAT(complaint_about_integer("1.5"), testing::HasSubstr("a whole number, not 1.5"));
}

TEST(Value, IntegersOutOfRangeAreRefusedNotWrapped) {
  EXPECT_EQ(complaint_about_integer("2147483647"), "");
  EXPECT_THAT(complaint_about_integer("2147483648"), testing::HasSubstr("2147483647"));
  EXPECT_THAT(complaint_about_integer("4294967297"), testing::HasSubstr("2147483647"));  // wraps to 1 in 32 bits
  EXPECT_THAT(complaint_about_integer("1e300"), testing::HasSubstr("whole number"));
  EXPECT_THAT(complaint_about_integer("inf"), testing::HasSubstr("whole number, not inf"));
}

TEST(Value, ANumberMustBeFinite) {
  double value = 0.0;
  Problem problem;
  for (const char* const text : {"nan", "inf", "-inf"})
    EXPECT_FALSE(read_value(parse_value(text, "test"), value, problem)) << text;
  EXPECT_EQ(problem.message, "must be a finite number, not -inf");
}

TEST(Value, ABareValueStandsForAListOfOne) {
  std::vector<double> list;
  std::vector<std::vector<double>> matrix;
  Problem problem;
  ASSERT_TRUE(read_value(parse_value("3", "test"), list, problem));
  EXPECT_EQ(list, std::vector<double>{3.0});
  ASSERT_TRUE(read_value(parse_value("[[1, 2], [3, 4]]", "test"), matrix, problem));
  EXPECT_EQ(matrix, (std::vector<std::vector<double>>{{1.0, 2.0}, {3.0, 4.0}}));
}

TEST(Value, TheFaultyEntryOfAnArrayIsNamed) {
  std::vector<double> list;
  Problem problem;
  const Node node = parse_value("[1, 2, 'x']", "test");
  EXPECT_FALSE(read_value(node, list, problem));
  EXPECT_EQ(problem.at, &node.items[2]);
  EXPECT_EQ(problem.message, "must be a number, not \"x\" (entry 3 of the array)");
}

TEST(Value, EachCheckHoldsExactlyWhereItsWordsSay) {
  EXPECT_TRUE(at_least(2).holds(2) && !at_least(2).holds(1.999));
  EXPECT_TRUE(at_most(2).holds(2) && !at_most(2).holds(2.001));
  EXPECT_TRUE(positive().holds(1e-300) && !positive().holds(0));
  EXPECT_TRUE(between(1, 2).holds(1) && between(1, 2).holds(2) && !between(1, 2).holds(2.1) &&
              !between(1, 2).holds(0.9));
  EXPECT_TRUE(inside(1, 2).holds(1.5) && !inside(1, 2).holds(1) && !inside(1, 2).holds(2));
}

TEST(Value, PlainTextOfAnOverrideNeedsNoQuotes) {
  EXPECT_EQ(parse_value("sampler/pcn", "--set").text, "sampler/pcn");
  EXPECT_EQ(parse_value("'quoted'", "--set").text, "quoted");
  EXPECT_EQ(parse_value("", "--set").kind, Node::Kind::text);
  EXPECT_EQ(parse_value("1\nother = 2", "--set").kind, Node::Kind::text);  // one value, not a piece of a deck
  EXPECT_EQ(parse_value("[1, 2]", "--set").items[1].at.line, 0);
}

TEST(Value, TablesKeepTheOrderOfTheTextAndSurviveWriting) {
  Table<std::vector<double>> table;
  Problem problem;
  ASSERT_TRUE(read_value(parse_value("{zeta = [1.0, 2.0], \"a b\" = 3}", "test"), table, problem)) << problem.message;
  const std::string written = write_value(table);
  EXPECT_TRUE(written == "{zeta = [1.0, 2.0], \"a b\" = [3.0]}" || written == "{\"a b\" = [3.0], zeta = [1.0, 2.0]}")
      << written;  // values of --set have no line: toml++'s order
  const Table<std::vector<double>> again = read_back(table);
  ASSERT_EQ(again.size(), 2U);
  EXPECT_EQ(write_value(again), written);
}

TEST(Value, OptionsOfATableMayBeTextNumbersOrTruthValues) {
  Table<Word> table;
  Problem problem;
  ASSERT_TRUE(read_value(parse_value("{a = \"hypre\", b = 1e-8, c = 7, d = true}", "test"), table, problem));
  ASSERT_EQ(table.size(), 4U);
  EXPECT_EQ(table[0].value.text, "hypre");
  EXPECT_EQ(std::stod(table[1].value.text), 1e-8);
  EXPECT_EQ(table[2].value.text, "7");
  EXPECT_EQ(table[3].value.text, "true");
  EXPECT_FALSE(read_value(parse_value("{a = [1]}", "test"), table, problem));
  EXPECT_THAT(problem.message, testing::HasSubstr("must be text or a number, not an array (entry 'a' of the table)"));
  EXPECT_FALSE(read_value(parse_value("7", "test"), table, problem));
  EXPECT_THAT(problem.message, testing::HasSubstr("must be a table such as {name = …}, not 7"));
}

}  // namespace
}  // namespace aleator::deck
