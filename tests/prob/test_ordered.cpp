#include "prob/prior/ordered.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "kernels/random.hpp"
#include "prob/prior/normal.hpp"
#include "prob/prior/uniform.hpp"

namespace aleator::prob {
namespace {

// Map, inverse, slope and density: with all other priors in test_priors.cpp.

TEST(OrderedPrior, HasTheLawOfSortedDraws) {
  // U_(k) of d uniforms is Beta(k, d + 1 - k): mean k / (d + 1), variance k (d + 1 - k) / ((d + 1)^2 (d + 2)).
  constexpr int d = 5, draws = 40000;
  const Ordered prior({}, std::make_shared<Uniform>(Uniform::Params{d, {0.0}, {1.0}}));
  const kernels::Batch z("z", draws, d);
  kernels::Rng(3).normals({kernels::Purpose::acceptance, 0}, 0, z);
  std::vector<double> u(d), sum(d, 0.0), squares(d, 0.0);
  for (int n = 0; n < draws; ++n) {
    prior.to_parameters(&z(n, 0), u.data());
    ASSERT_TRUE(std::is_sorted(u.begin(), u.end()));
    for (int k = 0; k < d; ++k) sum[k] += u[k], squares[k] += u[k] * u[k];
  }
  for (int k = 0; k < d; ++k) {
    const double mean = sum[k] / draws, expected = (k + 1.0) / (d + 1.0),
                 variance = (k + 1.0) * (d - k) / ((d + 1.0) * (d + 1.0) * (d + 2.0));
    EXPECT_NEAR(mean, expected, 4.0 * std::sqrt(variance / draws)) << k;
    EXPECT_NEAR(squares[k] / draws - mean * mean, variance, 0.05 * variance) << k;
  }
}

TEST(OrderedPrior, KeepsItsTails) {
  const Ordered prior({}, std::make_shared<Normal>(Normal::Params{3, {0.0}, {1.0}, {}}));
  for (const std::vector<double>& z : {std::vector<double>{9.0, 8.0, 9.5}, {-30.0, -20.0, -9.0}, {1.0, 4.0, -9.0}}) {
    std::vector<double> u(3), back(3), g(3);
    prior.to_parameters(z.data(), u.data());
    EXPECT_TRUE(std::is_sorted(u.begin(), u.end()));
    prior.to_latent(u.data(), back.data());
    for (int k = 0; k < 3; ++k) EXPECT_NEAR(back[k], z[k], 1e-6 * std::abs(z[k])) << k;
    const std::vector<double> ones(3, 1.0);
    prior.pullback(z.data(), ones.data(), g.data());
    for (const double slope : g) EXPECT_TRUE(std::isfinite(slope));
  }
}

TEST(OrderedPrior, HasNoDensityOutOfOrderAndRefusesSeveralLaws) {
  const Ordered prior({}, std::make_shared<Normal>(Normal::Params{2, {0.0}, {1.0}, {}}));
  const std::vector<double> falling = {1.0, 0.5}, rising = {0.5, 1.0};
  std::vector<double> z(2);
  prior.to_latent(falling.data(), z.data());
  EXPECT_TRUE(std::isnan(z[0]));
  EXPECT_EQ(prior.log_density(falling.data()), -INFINITY);
  EXPECT_NEAR(prior.log_density(rising.data()), std::log(2.0) - std::log(2.0 * M_PI) - 0.5 * 1.25, 1e-13);
  EXPECT_THROW(Ordered({"means"}, std::make_shared<Normal>(Normal::Params{2, {0.0, 1.0}, {1.0}, {}})), deck::KeyError);
}

}  // namespace
}  // namespace aleator::prob
