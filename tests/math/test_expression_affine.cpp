// Formulas that are sums of their inputs with fixed weights; numbers that are none.
#include <gtest/gtest.h>

#include <cmath>
#include <tuple>

#include "formulas.hpp"

namespace aleator::math {
namespace {

TEST(Formula, WhatIsNoNumberStaysSoInMinimaAndMaxima) {
  for (const char* const text : {"max(0, log(-a))", "max(log(-a), 0)", "min(1, log(-a))", "min(log(-a), 1)",
                                 "max([0, log(-a), 1])", "log_sum_exp([log(0 * a), log(-a)])"})
    EXPECT_TRUE(std::isnan(value_at(formula(text), {0.7, 1.3}))) << text;
}

// What a sum of inputs with fixed weights is, is told by the instructions, not by values.
TEST(Formula, AffineResultsAreKnownFromTheInstructions) {
  const auto form_of = [](const std::string& text) { return formula(text).tape().affine_results()[0]; };
  using Weights = std::vector<std::pair<int, double>>;
  const std::vector<std::tuple<const char*, double, Weights>> cases = {
      {"2 * a - b / 4 + 1", 1.0, {{0, 2.0}, {1, -0.25}}},
      {"sum([a, b, a])", 0.0, {{0, 2.0}, {1, 1.0}}},
      {"mean([a, b, 3, 4])", 1.75, {{0, 0.25}, {1, 0.25}}},
      {"dot([1, -2], [a, b]) - a + 0 * b", 0.0, {{1, -2.0}}},
      {"mat_vec([1, 2, 3, 4], [a, b])[1]", 0.0, {{0, 3.0}, {1, 4.0}}},
      {"mat_t_vec([1, 2, 3, 4], [a, b])[1]", 0.0, {{0, 2.0}, {1, 4.0}}},
      {"group_sum([a, b, a], [1, 0, 1], 2)[1]", 0.0, {{0, 2.0}}},
      {"-(a + b) * 3", 0.0, {{0, -3.0}, {1, -3.0}}}};
  for (const auto& [text, offset, weights] : cases) {
    const auto form = form_of(text);
    ASSERT_TRUE(form) << text;
    EXPECT_DOUBLE_EQ(form->offset, offset) << text;
    EXPECT_EQ(form->weights, weights) << text;
  }
  for (const char* const text : {"a * b", "min(a, 1e4)", "if(b < 30, 1, 0.5) * a", "abs(a)", "a / b", "exp(a)"})
    EXPECT_FALSE(form_of(text)) << text;
}

}  // namespace
}  // namespace aleator::math
