// Uniformity of ranks: the recursion against every possible outcome, against simulation, and bias it must see.
#include <gtest/gtest.h>

#include <cmath>

#include "kernels/random.hpp"
#include "prob/rank_test.hpp"

namespace aleator::prob {
namespace {

std::vector<int> uniform_ranks(int simulations, int values, std::int64_t step) {
  const kernels::Rng rng(11);
  std::vector<int> ranks;
  for (int i = 0; i < simulations; ++i)
    ranks.push_back(std::min(values - 1, static_cast<int>(rng.uniform({kernels::Purpose::test, step}, i) * values)));
  return ranks;
}

TEST(RankTest, CoverageIsTheShareOfAllOutcomesInsideTheBand) {
  const int simulations = 5, values = 4, outcomes = 1024;  // 4^5 equally likely
  const RankTest test(simulations, values);
  for (const double gamma : {0.01, 0.08, 0.2, 0.5, 0.9}) {
    int inside = 0;
    for (int code = 0; code < outcomes; ++code) {
      std::vector<int> ranks;
      for (int i = 0, rest = code; i < simulations; ++i, rest /= values) ranks.push_back(rest % values);
      inside += test.gamma_of(ranks) > gamma;
    }
    EXPECT_NEAR(test.coverage(gamma), static_cast<double>(inside) / outcomes, 1e-12) << gamma;
  }
}

TEST(RankTest, TheBandHasTheCoverageAskedFor) {
  const RankTest test(200, 100);
  const double gamma = test.level_for(0.95);
  EXPECT_GE(test.coverage(gamma), 0.95);
  EXPECT_LT(test.coverage(gamma * 1.2), 0.95);
  int inside = 0;
  const int repeats = 2000;
  for (int i = 0; i < repeats; ++i) inside += test.gamma_of(uniform_ranks(200, 100, i)) > gamma;
  const double coverage = test.coverage(gamma);
  EXPECT_NEAR(static_cast<double>(inside) / repeats, coverage, 4.0 * std::sqrt(coverage * (1.0 - coverage) / repeats));
}

TEST(RankTest, PValuesOfUniformRanksAreUniform) {
  const RankTest test(100, 20);
  const int repeats = 1000;
  for (const double p : {0.05, 0.5}) {
    int ecdf = 0, chi_square = 0;
    for (int i = 0; i < repeats; ++i) {
      const std::vector<int> ranks = uniform_ranks(100, 20, 5000 + i);
      ecdf += test.ecdf_p(ranks) <= p, chi_square += test.chi_square_p(ranks) <= p;
    }
    const double sd = std::sqrt(p * (1.0 - p) / repeats);
    EXPECT_NEAR(static_cast<double>(ecdf) / repeats, p, 4.0 * sd + 0.005) << p;       // + discreteness
    EXPECT_NEAR(static_cast<double>(chi_square) / repeats, p, 4.0 * sd + 0.02) << p;  // + the chi-square limit
  }
}

TEST(RankTest, AShiftAndAWrongWidthAreSeen) {
  const RankTest test(200, 100);
  std::vector<int> shifted = uniform_ranks(200, 100, 1), narrow = shifted;
  for (int& rank : shifted) rank = static_cast<int>(100.0 * std::pow(rank / 100.0, 1.5));
  for (int& rank : narrow) {
    const double v = 2.0 * rank / 99.0 - 1.0;
    rank = static_cast<int>(49.5 * (1.0 + std::copysign(std::pow(std::abs(v), 0.5), v)));
  }
  EXPECT_LT(test.ecdf_p(shifted), 1e-4);
  EXPECT_LT(test.chi_square_p(narrow), 1e-4);
  EXPECT_LT(test.ecdf_p(narrow), 1e-3);
  EXPECT_EQ(test.bins(), 20);
}

}  // namespace
}  // namespace aleator::prob
