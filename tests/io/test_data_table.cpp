// Tables with names of columns: what spreadsheets, R and pandas write.
#include "io/data_table.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "core/error.hpp"

namespace aleator::io {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::string fault_of(const std::string& text) {
  try {
    parse_data_table(text, "data.csv");
  } catch (const core::UserError& error) {
    return error.what();
  }
  return "";
}

TEST(DataTable, AnyCommonSeparatorAndQuotesAreRead) {
  for (const char* const text :
       {"x,y\n1,2\n3,4e1\n", "\"x\";\"y\"\n1;2\n3;40\n", "x\ty\r\n1\t2\r\n3\t40\r\n", "# x y\n1 2\n\n 3   40 # last\n",
        "\xEF\xBB\xBFx, y\n1, 2\n3, +40", "# two instruments\n\nx, y\n1, 2\n3, 40",
        "# on 3 June, by hand\n# x y\n1 2\n3 40 # last\n", "# x y\n# from run 3\n#\n1 2\n3 40\n",
        "# x y\n# all in the same units\n1, 2\n# a pause\n3, 40\n"}) {
    const std::vector<Column> columns = parse_data_table(text, "data.csv");
    ASSERT_EQ(columns.size(), 2u) << text;
    EXPECT_EQ(columns[0].name, "x");
    EXPECT_EQ(columns[1].name, "y");
    EXPECT_THAT(columns[0].values, ElementsAre(1, 3));
    EXPECT_THAT(columns[1].values, ElementsAre(2, 40));
  }
}

TEST(DataTable, TextBecomesPlacesInAlphabeticalOrderAndMissingEntriesNan) {
  const std::vector<Column> columns = parse_data_table(
      ",county,floor,log radon (pCi/L)\n0,AITKIN,true,\n1,\"ST LOUIS, N\",FALSE,1.5\n2,AITKIN,0,NA\n", "d");
  ASSERT_EQ(columns.size(), 4u);
  EXPECT_EQ(columns[0].name, "column_0");
  EXPECT_EQ(columns[3].name, "log_radon__pCi_L_");
  EXPECT_THAT(columns[1].values, ElementsAre(0, 1, 0));
  EXPECT_THAT(columns[1].levels, ElementsAre("AITKIN", "ST LOUIS, N"));
  EXPECT_THAT(columns[2].values, ElementsAre(1, 0, 0));
  EXPECT_TRUE(std::isnan(columns[3].values[0]) && std::isnan(columns[3].values[2]));
  EXPECT_EQ(columns[3].values[1], 1.5);
  EXPECT_EQ(&column_of(columns, "log radon (pCi/L)", "d"), &columns[3]);
  EXPECT_EQ(&column_of(columns, "floor", "d"), &columns[2]);
}

TEST(DataTable, ACommentNamesColumnsOfWordsToo) {
  const std::vector<Column> columns = parse_data_table("# site colour\nA red\nB blue\n", "d");
  ASSERT_EQ(columns.size(), 2u);
  EXPECT_EQ(columns[1].name, "colour");
  EXPECT_THAT(columns[0].levels, ElementsAre("A", "B"));
  EXPECT_THAT(columns[1].values, ElementsAre(1, 0));
}

TEST(DataTable, DecimalCommasAreReadBetweenSemicolons) {
  EXPECT_THAT(parse_data_table("x;y\n1,5;2\n", "d")[0].values, ElementsAre(1.5));
}

TEST(DataTable, FortransExponentsAreNumbers) {
  EXPECT_THAT(parse_data_table("x\n1.5D+03\n-2d0\n", "d")[0].values, ElementsAre(1500.0, -2.0));
  EXPECT_THAT(parse_data_table("x\n3D\n2D\n", "d")[0].levels, ElementsAre("2D", "3D"));
}

TEST(DataTable, NumbersInAnotherNotationAreNoGroups) {
  EXPECT_THAT(fault_of("x\ty\n1,5\t2\n2,5\t3\n"), HasSubstr("data.csv:2:1: error: '1,5' of column 'x' looks like"));
  EXPECT_THAT(fault_of("x,y\n1,$2.50\n2,$12.50\n"), HasSubstr("data.csv:2:3: error: '$2.50'"));
  EXPECT_THAT(fault_of("x,y\n1,12 %\n2,9 %\n"), HasSubstr("'12 %'"));
  EXPECT_THAT(parse_data_table("age\n10-20\n20-30\n", "d")[0].levels, ElementsAre("10-20", "20-30"));
  EXPECT_THAT(fault_of("g,x\na,\"1,5\"\nb,\"2,5\"\n"), HasSubstr("data.csv:2:3: error: '1,5'"));
}

TEST(DataTable, CommentsFollowNumbersNotTexts) {
  const std::vector<Column> columns =
      parse_data_table("x,plot\n# all of them\n1,\"plot #1\"\n2,\"plot #2\"\n3,plot #3\n", "d");
  EXPECT_THAT(columns[1].levels, ElementsAre("plot #1", "plot #2", "plot #3"));
  EXPECT_THAT(parse_data_table("x,y\n1,2 # a, b\n3,4\n", "d")[1].values, ElementsAre(2, 4));
  EXPECT_THAT(parse_data_table("x,g\n1,a # checked\n2,a\n", "d")[1].levels, ElementsAre("a"));
  EXPECT_THAT(parse_data_table("x y\n1 2#bad\n3 4\n", "d")[1].values, ElementsAre(2, 4));
}

// Columns that stand in another order, beside text and others that nobody asked for, between tabs with nothing in them.
TEST(DataTable, PointsAreReadByTheNamesOfTheirColumns) {
  const std::vector<std::string> names{"a", "b"};
  for (const char* text : {"empty\tb\ta\n\t1\t2\n\t3\t4\n", "b\tempty\ta\n1\t\t2\n3\t\t4\n",
                           "b,note,a\n1,\"x, y\",2\n3,z,4\n", "a,b\n\"2\",1\n4,3\n", "2 1\n4 3\n"}) {
    const Table table = read_rows(text, "points.csv", 2, names, "model");
    EXPECT_THAT(table.values, ElementsAre(2, 1, 4, 3)) << text;
    EXPECT_EQ(table.rows, 2u);
  }
  EXPECT_THAT(read_point("b,a\n1,2\n", "p", 2, names, "model"), ElementsAre(2, 1));
  // A column that the deck names, whatever another is called.
  EXPECT_THAT(read_rows("a,best\n1,2.5\n2,3\n", "p.csv:best", 1, {"a"}, "model").values, ElementsAre(2.5, 3));
  EXPECT_THAT(read_point("2\n1\n", "p", 2, names, "model"), ElementsAre(2, 1));
  const auto message = [&](const char* text) {
    try {
      read_point(text, "p.csv", 2, names, "model");
    } catch (const core::UserError& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  EXPECT_THAT(message("a,b\n1,2\n3,4\n"), HasSubstr("2 rows, but one point of the model is wanted"));
  EXPECT_THAT(message("a,b\n1,\n"), HasSubstr("'b' is missing"));
  EXPECT_THAT(message("a,c\n1,2\n"), HasSubstr("there is no column 'b'"));
  EXPECT_THAT(message("b,a\nx,2\n"), HasSubstr("column 'b' holds text"));
}

TEST(DataTable, PlacesAreInTheOrderOfTheAxes) {
  EXPECT_THAT(parse_places("y,rate,x\n1,2,3\n4,5,6\n", "wells.csv").values, ElementsAre(3, 1, 2, 6, 4, 5));
  EXPECT_THAT(parse_places("a,b\n1,2\n", "p.csv").values, ElementsAre(1, 2));
  EXPECT_THAT(parse_places("y0,y1,x0,x1\n1,2,3,4\n", "boxes.csv").values, ElementsAre(3, 4, 1, 2));
  EXPECT_THAT(parse_places("height,radius,x,y\n1,2,3,4\n", "spots.csv").values, ElementsAre(3, 4, 2, 1));
  EXPECT_THAT(parse_places("positions in metres  # y first\n2 1\n4 3\n", "p.txt").values, ElementsAre(2, 1, 4, 3));
  EXPECT_THAT(parse_places("2 1\n4 3\n", "p.txt").values, ElementsAre(2, 1, 4, 3));
}

TEST(DataTable, FaultsAreFoundAtTheirPlace) {
  EXPECT_EQ(fault_of("x,y\n1,2\n3\n"), "data.csv:3:1: error: this row has 1 entries, the first line 2 names");
  EXPECT_EQ(fault_of("x,y\n1,2\n3,four\n"), "data.csv:3:3: error: 'four' is not a number, as others of column 'y' are");
  EXPECT_THAT(fault_of("1,2\n3,4\n"), HasSubstr("data.csv:1:1: error: '1' is no name of a column"));
  EXPECT_THAT(fault_of("x,y\n"), HasSubstr("no rows below its first line"));
  try {
    column_of(parse_data_table("x,y\n1,2\n", "d"), "z", "data.csv");
    FAIL();
  } catch (const core::UserError& error) {
    EXPECT_STREQ(error.what(), "data.csv: there is no column 'z'; there are: x, y");
  }
}

}  // namespace
}  // namespace aleator::io
