#include "math/special.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace aleator::math {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

void expect_relative(double value, double expected, double tolerance) {
  EXPECT_NEAR(value, expected, tolerance * std::abs(expected));
}

TEST(Special, NormalCdfIsAccurateInBothTails) {
  // Abramowitz and Stegun table 26.1 and 26.2, and the first term of the asymptotic series checks the far tail below.
  EXPECT_DOUBLE_EQ(normal_cdf(0.0), 0.5);
  expect_relative(normal_cdf(1.0), 0.841344746068543, 1e-14);
  expect_relative(normal_cdf(-5.0), 2.866515718791939e-7, 1e-13);
  EXPECT_EQ(normal_cdf(-kInfinity), 0.0);
  EXPECT_EQ(normal_cdf(kInfinity), 1.0);
}

TEST(Special, NormalQuantileInvertsTheCdf) {
  expect_relative(normal_quantile(0.975), 1.959963984540054, 1e-14);
  EXPECT_EQ(normal_quantile(0.5), 0.0);
  for (const double p : {1e-300, 1e-20, 1e-5, 0.1, 0.3, 0.7, 0.99}) {
    // d log Phi / dx ~ |x|: an error of 1 ulp in x is x^2 eps in p.
    const double x = normal_quantile(p);
    expect_relative(normal_cdf(x), p, 4e-16 * (2 + x * x));
  }
  EXPECT_EQ(normal_quantile(0.0), -kInfinity);
  EXPECT_EQ(normal_quantile(1.0), kInfinity);
  for (const double p : {-0.1, 1.1, kNaN}) EXPECT_TRUE(std::isnan(normal_quantile(p)));
}

TEST(Special, LogNormalCdfJoinsItsThreeForms) {
  for (const double x : {-20.0 - 1e-9, -20.0 + 1e-9, -3.0, 0.5, 4.0}) {
    EXPECT_NEAR(log_normal_cdf(x), std::log(normal_cdf(x)), 1e-13 * (1 + x * x / 2)) << x;
  }
  // Mills' ratio: x / (1 + x^2) phi(x) < Phi(-x) < phi(x) / x.
  const double x = 1000, log_phi = -0.5 * x * x - 0.5 * std::log(2 * std::acos(-1.0));
  EXPECT_LE(log_normal_cdf(-x), log_phi - std::log(x));
  EXPECT_GE(log_normal_cdf(-x), log_phi + std::log(x / (1 + x * x)) - 1e-9);
  expect_relative(log_normal_cdf(10.0), -7.619853024160527e-24, 1e-12);  // -Phi(-10)
  EXPECT_EQ(log_normal_cdf(-kInfinity), -kInfinity);
  EXPECT_EQ(log_normal_cdf(kInfinity), 0.0);
  EXPECT_TRUE(std::isnan(log_normal_cdf(kNaN)));
}

TEST(Special, LogSumExpNeitherOverflowsNorUnderflows) {
  EXPECT_DOUBLE_EQ(log_sum_exp({std::log(1.0), std::log(2.0), std::log(5.0)}), std::log(8.0));
  EXPECT_DOUBLE_EQ(log_sum_exp({1e5, 1e5}), 1e5 + std::log(2.0));
  EXPECT_DOUBLE_EQ(log_sum_exp({-1e5, -1e5, -kInfinity}), -1e5 + std::log(2.0));
  EXPECT_EQ(log_sum_exp({}), -kInfinity);
  EXPECT_EQ(log_sum_exp({-kInfinity, -kInfinity}), -kInfinity);
  EXPECT_EQ(log_sum_exp({3.0, kInfinity}), kInfinity);
  EXPECT_TRUE(std::isnan(log_sum_exp({1.0, kNaN})));
}

// Against sums of ln(1 + j / x) and of 1 / (x + j), on both sides of where Stirling's series takes over.
TEST(Special, DifferencesOfLogGammaAreExactAtEveryArgument) {
  for (const double x : {1e-3, 0.7, 5.0, 19.99, 20.0, 300.0, 1e6, 1e15, 1e200})
    for (const int k : {0, 1, 7, 400}) {
      long double ratio = 0.0, difference = 0.0;
      for (int j = 0; j < k; ++j) ratio += std::log1p(j / static_cast<long double>(x)), difference += 1.0L / (x + j);
      EXPECT_NEAR(log_rising_ratio(x, k), static_cast<double>(ratio), 1e-12 * (1.0 + static_cast<double>(ratio)));
      EXPECT_NEAR(digamma_difference(x, k), static_cast<double>(difference),
                  2e-14 * static_cast<double>(difference) + 1e-300)
          << x << " " << k;
    }
  EXPECT_EQ(digamma_difference(std::numeric_limits<double>::denorm_min(), 1.0),
            std::numeric_limits<double>::infinity());
}

}  // namespace
}  // namespace aleator::math
