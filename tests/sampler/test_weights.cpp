#include "sampler/weights.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/error.hpp"

namespace aleator::sampler {
namespace {

using Row = std::vector<double>;
constexpr double inf = std::numeric_limits<double>::infinity();

Row scaled(Row values, double factor) {
  for (double& value : values) value *= factor;
  return values;
}

std::vector<std::int64_t> counts(const std::vector<std::int64_t>& source) {
  std::vector<std::int64_t> n(source.size(), 0);
  for (const std::int64_t i : source) ++n[static_cast<std::size_t>(i)];
  return n;
}

TEST(Weights, EffectiveShareByHand) {
  EXPECT_DOUBLE_EQ(effective_share(Row(7, -3.0)), 1.0);
  EXPECT_NEAR(effective_share({0.0, -inf, -inf, -inf}), 0.25, 1e-15);
  EXPECT_NEAR(effective_share({std::log(3.0), 0.0}), 16.0 / 10.0 / 2.0, 1e-15);  // weights 3, 1: (3 + 1)^2 / (9 + 1)
  EXPECT_NEAR(effective_share({std::log(3.0) + 5000.0, 5000.0}), 0.8, 1e-12);    // only differences count
  EXPECT_NEAR(effective_share({std::log(3.0) - 5000.0, -5000.0}), 0.8, 1e-12);
}

TEST(Weights, NoPositiveWeightIsAnError) {
  const Row none(4, -inf);
  EXPECT_THROW(effective_share(none), core::NumericsError);
  EXPECT_THROW(increment_for_share(none, 0.5, 1.0), core::NumericsError);
  EXPECT_THROW(systematic_resampling(none, 0.5), core::NumericsError);
}

TEST(Weights, IncrementReachesTheShareOrTheLimit) {
  Row log_likelihood;
  for (int i = 0; i < 500; ++i) log_likelihood.push_back(-50.0 * std::pow(std::sin(1.0 + 1.7 * i), 2) - 1e4);
  double last = 0.0;
  for (const double share : {0.95, 0.7, 0.5, 0.2}) {
    const double h = increment_for_share(log_likelihood, share, 1.0);
    EXPECT_GT(h, last) << "a smaller share allows a longer step";
    EXPECT_LT(h, 1.0);
    EXPECT_NEAR(effective_share(scaled(log_likelihood, h)), share, 1e-9);
    last = h;
  }
  EXPECT_EQ(increment_for_share(log_likelihood, 0.5, 1e-3), 1e-3);
  EXPECT_EQ(increment_for_share(Row(10, -3.0), 0.99, 0.25), 0.25);
}

TEST(Weights, OfVeryManyMembersTheIncrementIsTheSame) {
  // Newton from a few members; here few of them are like the rest: every 4096th of the first half has another likelihood.
  for (const double outlier : {0.0, -1e4, 300.0}) {
    Row log_likelihood;
    for (int i = 0; i < 65536; ++i)
      log_likelihood.push_back(i % 4096 == 0 ? outlier : -300.0 * std::pow(std::sin(1.0 + 1.7 * i), 2));
    for (const double share : {0.9, 0.5, 0.1}) {
      const double h = increment_for_share(log_likelihood, share, 1.0);
      EXPECT_NEAR(effective_share(scaled(log_likelihood, h)), share, 1e-9) << outlier;
    }
    EXPECT_EQ(increment_for_share(log_likelihood, 0.5, 1e-4), 1e-4) << outlier;
  }
}

// Of 16384 members five have a likelihood, none of them among every fourth.
TEST(Weights, OfVeryManyMembersFewHaveALikelihood) {
  Row log_likelihood(16384, -inf);
  for (int i = 0; i < 5; ++i) log_likelihood[static_cast<std::size_t>(4 * (100 * i) + 1)] = -static_cast<double>(i);
  EXPECT_LT(increment_for_share(log_likelihood, 0.5, 1.0), 1e-17);
  const double share = 3.0 / 16384.0;
  EXPECT_NEAR(effective_share(scaled(log_likelihood, increment_for_share(log_likelihood, share, 1.0))), share, 1e-12);
}

TEST(Weights, IncrementSpansEighteenDecades) {
  // Two groups with log-likelihoods 0 and -1e15: an increment near 1e-15.
  Row log_likelihood(100, -1e15);
  for (int i = 0; i < 30; ++i) log_likelihood[static_cast<std::size_t>(i)] = 0.0;
  const double h = increment_for_share(log_likelihood, 0.5, 1.0);
  EXPECT_NEAR(effective_share(scaled(log_likelihood, h)), 0.5, 1e-9);
  EXPECT_LT(h, 1e-14);
}

TEST(Weights, MembersThatFailedMakeTheIncrementTinyNotWrong) {
  Row log_likelihood(100, -inf);  // 30 of 100 are left: no increment keeps half of the members
  for (int i = 0; i < 30; ++i) log_likelihood[static_cast<std::size_t>(i)] = -static_cast<double>(i);
  const double h = increment_for_share(log_likelihood, 0.5, 1.0);
  EXPECT_GT(h, 0.0);
  EXPECT_LT(h, 1e-17);
  const std::vector<std::int64_t> n = counts(systematic_resampling(scaled(log_likelihood, h), 0.5));
  for (std::size_t i = 0; i < 100; ++i) EXPECT_EQ(n[i] > 0, i < 30);
}

TEST(Weights, SystematicResamplingCopiesFloorOrCeilOfTheExpectedNumber) {
  Row log_weights;
  for (int i = 0; i < 200; ++i) log_weights.push_back(3.0 * std::sin(1.0 + 2.9 * i) + (i % 17 == 0 ? -inf : 700.0));
  double total = 0.0;
  for (const double value : log_weights) total += std::exp(value - 703.0);
  for (const double u : {1e-9, 0.25, 0.5, 0.999, 1.0}) {
    const std::vector<std::int64_t> source = systematic_resampling(log_weights, u);
    ASSERT_EQ(source.size(), log_weights.size());
    EXPECT_TRUE(std::is_sorted(source.begin(), source.end()));
    const std::vector<std::int64_t> n = counts(source);
    for (std::size_t i = 0; i < n.size(); ++i) {
      const double expected = 200.0 * std::exp(log_weights[i] - 703.0) / total;
      EXPECT_GE(static_cast<double>(n[i]), std::floor(expected - 1e-9)) << u;
      EXPECT_LE(static_cast<double>(n[i]), std::ceil(expected + 1e-9)) << u;
    }
  }
}

TEST(Weights, SystematicResamplingIsUnbiased) {
  // Over a regular grid of u the mean number of copies is N w to 1 / grid.
  const Row weights = {0.05, 0.33, 0.0, 0.12, 0.5};
  Row log_weights;
  for (const double w : weights) log_weights.push_back(std::log(w));
  Row mean(5, 0.0);
  const int grid = 10000;
  for (int i = 1; i <= grid; ++i) {
    const std::vector<std::int64_t> n = counts(systematic_resampling(log_weights, static_cast<double>(i) / grid));
    for (std::size_t k = 0; k < 5; ++k) mean[k] += static_cast<double>(n[k]) / grid;
  }
  for (std::size_t k = 0; k < 5; ++k) EXPECT_NEAR(mean[k], 5.0 * weights[k], 2.0 / grid);
}

TEST(Weights, EqualWeightsKeepEveryMember) {
  for (const double u : {1e-6, 0.3, 0.999}) {
    const std::vector<std::int64_t> source = systematic_resampling(Row(1000, 4.2), u);
    for (std::int64_t i = 0; i < 1000; ++i) EXPECT_EQ(source[static_cast<std::size_t>(i)], i);
  }
}

}  // namespace
}  // namespace aleator::sampler
