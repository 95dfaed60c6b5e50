#include "prob/weighted_draws.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "math/special.hpp"
#include "prob/diagnostics.hpp"

namespace aleator::prob {
namespace {

TEST(WeightedDraws, EqualWeightsGiveThePlainSummary) {
  const std::vector<double> x{0.3, -1.2, 2.5, 0.9, 0.1, 7.0, -3.0};
  const std::vector<double> w(7, 0.37);
  const ScalarSummary plain = summarise(Draws{x.data(), 1, 7, 7, 1});
  for (const double* weight : {static_cast<const double*>(nullptr), w.data()}) {
    const WeightedSummary s = summarise(WeightedDraws{x.data(), 7, 1, weight});
    EXPECT_NEAR(s.mean, plain.mean, 1e-14);
    EXPECT_NEAR(s.sd, plain.sd, 1e-13);
    EXPECT_NEAR(s.ess, 7.0, 1e-13);
    EXPECT_NEAR(s.mcse, plain.sd * std::sqrt(6.0 / 7.0) / std::sqrt(7.0), 1e-13);  // divisor n inside, n - 1 in sd
    EXPECT_NEAR(s.q05, plain.q05, 1e-12);
    EXPECT_NEAR(s.q50, plain.q50, 1e-12);
    EXPECT_NEAR(s.q95, plain.q95, 1e-12);
  }
}

TEST(WeightedDraws, WeightsByHand) {
  // Values 0, 1 with weights 3/4, 1/4: mean 1/4, sum w d^2 = 3/16, sum w^2 = 10/16, so sd^2 = (3/16) / (6/16) = 1/2,
  // ess = 1.6, mcse^2 = (9/16)(1/16) + (1/16)(9/16) = 18/256.
  // Median: n = 1.6, h = 1.3, F(3/4) = 1.2 - 0.3 = 0.9, so Q = 0.1.
  const std::vector<double> x{0, 1}, w{6, 2};
  const WeightedSummary s = summarise(WeightedDraws{x.data(), 2, 1, w.data()});
  EXPECT_DOUBLE_EQ(s.mean, 0.25);
  EXPECT_DOUBLE_EQ(s.sd, std::sqrt(0.5));
  EXPECT_DOUBLE_EQ(s.ess, 1.6);
  EXPECT_DOUBLE_EQ(s.mcse, std::sqrt(18.0 / 256.0));
  EXPECT_NEAR(s.q50, 0.1, 1e-15);
  EXPECT_DOUBLE_EQ(weight_ess(w), 1.6);
}

TEST(WeightedDraws, ParticlesOfWeightZeroAreNotSeen) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const std::vector<double> x{1, nan, 2, 3, 100}, w{1, 0, 1, 1, 0};
  const WeightedSummary s = summarise(WeightedDraws{x.data(), 5, 1, w.data()});
  EXPECT_DOUBLE_EQ(s.mean, 2.0);
  EXPECT_NEAR(s.sd, 1.0, 1e-15);
  EXPECT_NEAR(s.q95, 2.9, 1e-14);
}

TEST(WeightedDraws, ScaleOfTheWeightsDoesNotMatter) {
  const std::vector<double> x{1, 5, 2, 3}, w{0.5, 1.0, 0.125, 1.0};  // sum above 2: times 2^1023 it overflows
  std::vector<double> tiny(w), huge(w);
  for (double& v : tiny) v = std::ldexp(v, -1000);
  for (double& v : huge) v = std::ldexp(v, 1023);
  const WeightedSummary a = summarise(WeightedDraws{x.data(), 4, 1, w.data()});
  for (const auto* other : {&tiny, &huge}) {
    const WeightedSummary b = summarise(WeightedDraws{x.data(), 4, 1, other->data()});
    EXPECT_EQ(a.mean, b.mean);
    EXPECT_EQ(a.ess, b.ess);
    EXPECT_EQ(a.q05, b.q05);
  }
}

TEST(WeightedDraws, ImportanceWeightsReachTheTarget) {
  // Proposal: N(0, 2^2) by equally spaced probabilities (so no sampling noise); target N(0.5, 1). w = target /
  // proposal.
  const int n = 200001;
  std::vector<double> x(n), w(n);
  for (int i = 0; i < n; ++i) {
    x[i] = 2.0 * math::normal_quantile((i + 0.5) / n);
    w[i] = std::exp(-0.5 * (x[i] - 0.5) * (x[i] - 0.5) + x[i] * x[i] / 8.0);
  }
  const WeightedSummary s = summarise(WeightedDraws{x.data(), n, 1, w.data()});
  EXPECT_NEAR(s.mean, 0.5, 1e-4);  // O(1/n) quadrature, a decade to spare
  EXPECT_NEAR(s.sd, 1.0, 1e-4);
  EXPECT_NEAR(s.q05, 0.5 - 1.6448536269514722, 2e-4);
  EXPECT_NEAR(s.q50, 0.5, 2e-4);
  // E_q[w^2] = int target^2 / proposal = s^2 / sqrt(2 s^2 - 1) exp(m^2 / (2 s^2 - 1)) with s = 2, m = 1/2.
  EXPECT_NEAR(s.ess / n, std::sqrt(7.0) / 4.0 * std::exp(-0.25 / 7.0), 1e-4);
}

TEST(WeightedDraws, UnusableSetsGiveNaN) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const std::vector<double> x{1, 2, nan};
  for (const std::vector<double>& w : std::vector<std::vector<double>>{{0, 0, 0}, {1, -1, 0}, {1, nan, 0}, {1, 1, 1}}) {
    EXPECT_TRUE(std::isnan(summarise(WeightedDraws{x.data(), 3, 1, w.data()}).mean));
    EXPECT_TRUE(std::isnan(quantiles(WeightedDraws{x.data(), 3, 1, w.data()}, {0.5})[0]));
  }
  EXPECT_TRUE(std::isnan(weight_ess({})));
  const std::vector<double> one{0, 5, 0};
  const WeightedSummary s = summarise(WeightedDraws{x.data(), 3, 1, one.data()});
  EXPECT_EQ(s.mean, 2.0);
  EXPECT_EQ(s.q50, 2.0);
  EXPECT_EQ(s.ess, 1.0);
  EXPECT_TRUE(std::isnan(s.sd));  // one particle says nothing about the spread
}

}  // namespace
}  // namespace aleator::prob
