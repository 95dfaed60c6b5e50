// `aleator evaluate` on y = 2 u with prior N(0, 1), datum 1 and sd 1: log-likelihood and log-prior by hand.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <sstream>

#include "campaign/register_all.hpp"
#include "campaign/rows/evaluate.hpp"
#include "deck/deck.hpp"

namespace aleator::campaign {
namespace {

const std::string evaluate_deck = R"(
[model.line]
type = "model/linear"
matrix = "matrix.txt"
[prior.u]
type = "prior/normal"
dimension = 2
[likelihood.data]
type = "likelihood/gaussian"
data = "data.txt"
sd = 1.0
[problem.posterior]
type = "problem/bayes"
model = "line"
prior = "u"
likelihood = "data"
)";

std::shared_ptr<model::Problem> two_parameter_problem() {
  static const deck::Registry registry = register_all();
  const deck::FileReader read = [](const std::string& path) -> std::optional<std::string> {
    if (path == "deck.toml") return evaluate_deck;
    return path == "matrix.txt" ? "2 0\n0 1\n" : "1 0\n";
  };
  static const deck::Deck deck("deck.toml", registry, {}, read);
  deck::Builder builder(deck);
  return builder.get<model::Problem>("problem", "posterior");
}

std::vector<std::vector<std::string>> cells(const std::string& csv) {
  std::vector<std::vector<std::string>> table;
  std::istringstream lines(csv);
  for (std::string line; std::getline(lines, line);) {
    table.emplace_back();
    std::istringstream words(line);
    for (std::string word; std::getline(words, word, ',');) table.back().push_back(word);
  }
  return table;
}

std::string evaluated(const parallel::Comm& comm, const std::string& rows) {
  return evaluate_rows(comm, *two_parameter_problem(), {"rows.txt", rows});
}

TEST(EvaluateMpi, RowsHoldTheDensitiesComputedByHand) {
  const auto table = cells(evaluated(parallel::Comm::world(), "0.5 0\n1 0\n0 -2\n"));
  ASSERT_EQ(table.size(), 4U);
  EXPECT_EQ(table[0][1], "status");
  const double half_log_two_pi = 0.91893853320467274178;
  const double likelihood[] = {0.0, -0.5, -2.5}, prior[] = {-0.125, -0.5, -2.0}, first_output[] = {1.0, 2.0, 0.0};
  for (int row = 0; row < 3; ++row) {
    EXPECT_EQ(table[row + 1][0], std::to_string(row));
    EXPECT_EQ(table[row + 1][1], "ok");
    EXPECT_NEAR(std::stod(table[row + 1][2]), likelihood[row] - 2.0 * half_log_two_pi, 1e-14);
    EXPECT_NEAR(std::stod(table[row + 1][3]), prior[row] - 2.0 * half_log_two_pi, 1e-14);
    EXPECT_NEAR(std::stod(table[row + 1][4]), likelihood[row] + prior[row] - 4.0 * half_log_two_pi, 1e-14);
    EXPECT_EQ(std::stod(table[row + 1][5]), first_output[row]);
  }
}

TEST(EvaluateMpi, TheTextDoesNotDependOnTheRanks) {
  std::string rows;
  for (int row = 0; row < 11; ++row) rows += fmt::format("{} {}\n", 0.1 * row, 1.0 / (1.0 + row));
  EXPECT_EQ(evaluated(parallel::Comm::world(), rows), evaluated(parallel::Comm::self(), rows));
}

// The first row's reason names the parameter; the others are computed as if it were not there.
TEST(EvaluateMpi, RowsWithNanOrInfinityFailAndTheOthersDoNot) {
  const auto table = cells(evaluated(parallel::Comm::world(), "nan 0\n0.5 0\n0 -inf\n"));
  const auto sound = cells(evaluated(parallel::Comm::world(), "0.5 0\n"));
  ASSERT_EQ(table.size(), 4U);
  for (const int row : {1, 3}) {
    EXPECT_THAT(table[row][1], testing::HasSubstr("is not finite"));
    EXPECT_EQ(table[row][2], "nan");
  }
  EXPECT_EQ(table[2][1], "ok");
  EXPECT_TRUE(std::equal(table[2].begin() + 2, table[2].end(), sound[1].begin() + 2, sound[1].end()));
}

// 2e308 is no double: the model sees finite parameters, the outputs are not.
TEST(Evaluate, OutputsThatOverflowAreAFailedRow) {
  EXPECT_NE(cells(evaluated(parallel::Comm::self(), "1e308 0\n"))[1][1], "ok");
}

TEST(Evaluate, OneVectorMayStandInAColumn) {
  EXPECT_EQ(evaluated(parallel::Comm::self(), "0.5\n0.25\n"), evaluated(parallel::Comm::self(), "0.5 0.25\n"));
}

TEST(Evaluate, ATableOfAnotherWidthIsRefusedWithBothNumbers) {
  try {
    evaluated(parallel::Comm::self(), "1 2 3\n4 5 6\n");
    FAIL() << "three numbers were taken for two parameters";
  } catch (const core::UserError& error) {
    EXPECT_THAT(error.what(), testing::AllOf(testing::HasSubstr("rows.txt"), testing::HasSubstr("3 numbers a row"),
                                             testing::HasSubstr("2 parameters")));
  }
}

}  // namespace
}  // namespace aleator::campaign
