#include "assimilation/ensemble.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "assimilation/scores.hpp"

namespace aleator::assimilation {
namespace {

// Gaspari, Cohn 1999, eq. 4.10: 1 at 0, 5/24 at the half-width c, 0 from 2 c on; its curvature at 0 is that of the Gaussian
// exp(-r^2 / (2 radius^2)), which is what c = sqrt(10/3) radius means: -10/3 / c^2 = -1 / radius^2.
TEST(Taper, HasTheValuesOfGaspariAndCohn) {
  const double c = std::sqrt(10.0 / 3.0) * 2.0, small = 1e-3;
  EXPECT_EQ(taper(0.0, 2.0), 1.0);
  EXPECT_NEAR(taper(c, 2.0), 5.0 / 24.0, 1e-14);
  EXPECT_NEAR(taper(c * (1.0 + 1e-12), 2.0), 5.0 / 24.0, 1e-10);
  EXPECT_NEAR(taper(1.5 * c, 2.0), 4.0 - 4.0 / 9.0 - 7.5 + 3.75 + 135.0 / 64.0 - 81.0 / 32.0 + 81.0 / 128.0, 1e-14);
  EXPECT_EQ(taper(2.0 * c, 2.0), 0.0);
  EXPECT_NEAR((taper(small, 2.0) - 1.0) / (small * small), -1.0 / 8.0, 1e-3);
}

TEST(Distance, GoesAroundTheRing) {
  model::StateInfo info;
  info.coordinates = {{{0.0, 1.0, 2.0, 3.0, 4.0}, 5.0}, {{0.0, 0.0, 0.0, 0.0, 3.0}, 0.0}};
  info.observed = {{"", {{0, 0.5}, {1, -2.0}}}};
  EXPECT_EQ(distance(info, 1, 0), 0.0);
  EXPECT_EQ(distance(info, 3, 0), 2.0);
  EXPECT_DOUBLE_EQ(distance(info, 4, 0), std::sqrt(4.0 + 9.0));
}

TEST(Rotation, IsOrthogonalAndKeepsTheMean) {
  for (const int n : {2, 3, 24}) {
    const math::Matrix q = random_rotation(n, kernels::Rng(3), 7), product = math::multiply_transposed(q, q);
    for (int i = 0; i < n; ++i) {
      double row = 0.0, column = 0.0;
      for (int j = 0; j < n; ++j) {
        EXPECT_NEAR(product(i, j), i == j ? 1.0 : 0.0, 1e-13);
        row += q(i, j), column += q(j, i);
      }
      EXPECT_NEAR(row, 1.0, 1e-13);
      EXPECT_NEAR(column, 1.0, 1e-13);
    }
  }
}

// Uniform on the rotations that keep the mean: E Q = (1 1^T) / n, so off that the entries average to nothing.
TEST(Rotation, HasNoPreferredDirection) {
  constexpr int n = 4, draws = 4000;
  math::Matrix sum(n, n);
  for (int k = 0; k < draws; ++k) math::add_scaled(sum, 1.0 / draws, random_rotation(n, kernels::Rng(3), k));
  for (const double value : sum.a) EXPECT_NEAR(value, 0.25, 4.0 * 0.5 / std::sqrt(draws));
}

TEST(Inflation, WidensAboutTheMean) {
  std::vector<double> x{1.0, 2.0, 3.0, 8.0, 5.0, 5.0};
  inflate({x.data(), 3, 2}, 2.0);
  EXPECT_EQ(x, (std::vector<double>{-1.0, -1.0, 3.0, 11.0, 7.0, 5.0}));
}

// delta^T delta = p + a tr: with that innovation the estimate stays at a, whatever the gain.
TEST(Inflation, FollowsTheInnovations) {
  std::vector<double> x{-1.0, 0.0, 1.0};
  const Members members{x.data(), 3, 1};
  EnsembleParams params;
  params.adaptation = 0.5;
  Observed seen;
  seen.index = {0}, seen.anomalies = math::Matrix(3, 1);
  const auto factor_after = [&](double innovation) {
    seen.anomalies.a = x = {-1.0, 0.0, 1.0};
    seen.innovation = {innovation};
    double factor = std::sqrt(2.0);
    adapt_inflation(params, factor, members, seen);
    EXPECT_DOUBLE_EQ(x[2], factor);
    EXPECT_DOUBLE_EQ(seen.anomalies.a[2], factor);
    return factor;
  };
  EXPECT_NEAR(factor_after(std::sqrt(3.0)), std::sqrt(2.0), 1e-12);  // tr = 1, a = 2
  EXPECT_NEAR(factor_after(std::sqrt(5.0)), std::sqrt(3.0), 1e-12);  // half-way from 2 to 4
}

TEST(Scores, AgreeWithTheirDefinitions) {
  std::vector<double> x{0.3, -1.2, 2.0, 0.9, 5.0, 1.0};  // three members of two states
  const std::vector<double> w{0.2, 0.5, 0.3}, truth{1.0, 0.95};
  std::vector<double> histogram(4);
  const Members members{x.data(), 3, 2};
  for (const double* weights : {static_cast<const double*>(nullptr), w.data()}) {
    double crps = 0.0;
    for (int i = 0; i < 2; ++i)
      for (int j = 0; j < 3; ++j) {
        const double wj = weights ? weights[j] : 1.0 / 3.0;
        crps += wj * std::abs(members[j][i] - truth[i]) / 2.0;
        for (int k = 0; k < 3; ++k)
          crps -= 0.5 * wj * (weights ? weights[k] : 1.0 / 3.0) * std::abs(members[j][i] - members[k][i]) / 2.0;
      }
    EXPECT_NEAR(crps_and_ranks(members, weights, truth.data(), histogram.data()), crps, 1e-14);
  }
  EXPECT_EQ(histogram[1] + histogram[2], 4.0 - histogram[0] - histogram[3]);
  const Moments m = moments_of(members, nullptr);
  EXPECT_NEAR(m.mean[0], 7.3 / 3.0, 1e-14);
  EXPECT_NEAR(
      m.variance[1],
      ((1.2 + 0.7 / 3) * (1.2 + 0.7 / 3) + (0.9 - 0.7 / 3) * (0.9 - 0.7 / 3) + (1 - 0.7 / 3) * (1 - 0.7 / 3)) / 2,
      1e-13);
}

TEST(Scores, CountTheMembersBelowTheTruth) {
  std::vector<double> x{0.0, 1.0, 2.0, 3.0};
  std::vector<double> histogram(5);
  for (const double truth : {-1.0, 0.5, 0.6, 3.5}) crps_and_ranks({x.data(), 4, 1}, nullptr, &truth, histogram.data());
  EXPECT_EQ(histogram, (std::vector<double>{1.0, 2.0, 0.0, 0.0, 1.0}));
}

}  // namespace
}  // namespace aleator::assimilation
