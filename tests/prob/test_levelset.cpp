#include "prob/field/levelset.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <memory>
#include <vector>

#include "field_helpers.hpp"
#include "prob/field/matern_spde.hpp"

namespace aleator::prob {
namespace {

std::shared_ptr<const Prior> field() {
  MaternSpde::Params p;
  p.cells = {6, 5}, p.range = {0.6};
  return std::make_shared<MaternSpde>(p);
}

TEST(Levelset, SharpStepsTakeTheValueOfTheInterval) {
  const Levelset prior({"x", {-0.5, 0.4}, {3.0, -1.0, 7.0}, 0.0}, field());
  const Row z = wave(30), x = to_parameters(*field(), z), u = to_parameters(prior, z);
  int seen[3] = {};
  for (int i = 0; i < 30; ++i) {
    const int interval = x[i] < -0.5 ? 0 : x[i] < 0.4 ? 1 : 2;
    EXPECT_EQ(u[i], (Row{3.0, -1.0, 7.0})[interval]);
    ++seen[interval];
  }
  EXPECT_TRUE(seen[0] > 0 && seen[1] > 0 && seen[2] > 0);
  EXPECT_EQ(pullback(prior, z, Row(30, 1.0)), Row(30, 0.0));
  EXPECT_EQ(to_parameters(prior, to_latent(prior, u)), u);
  EXPECT_TRUE(std::isnan(prior.log_density(u.data())));
  EXPECT_EQ(prior.grid(), (std::vector<int>{6, 5}));
  EXPECT_FALSE(prior.is_continuous());
  EXPECT_TRUE(Levelset({"x", {-0.5, 0.4}, {3.0, -1.0, 7.0}, 0.1}, field()).is_continuous());
}

TEST(Levelset, SmoothStepsHaveDerivativesAndTendToTheSharpOnes) {
  const Row z = wave(30), g_u = wave(30, 3.0);
  const Levelset smooth({"x", {-0.5, 0.4}, {3.0, -1.0, 7.0}, 0.3}, field());
  const Row g_z = pullback(smooth, z, g_u), expected = math::transposed_multiply(jacobian(smooth, z), g_u);
  for (int k = 0; k < 30; ++k) EXPECT_NEAR(g_z[k], expected[k], 1e-7);
  const Row nearly = to_parameters(Levelset({"x", {-0.5, 0.4}, {3.0, -1.0, 7.0}, 1e-6}, field()), z);
  const Row sharp = to_parameters(Levelset({"x", {-0.5, 0.4}, {3.0, -1.0, 7.0}, 0.0}, field()), z);
  for (int i = 0; i < 30; ++i) EXPECT_NEAR(nearly[i], sharp[i], 1e-12);
}

TEST(Levelset, RefusesThresholdsThatDoNotRiseAndNumbersThatDoNotFit) {
  EXPECT_THROW(Levelset({"x", {0.4, 0.4}, {1, 2, 3}, 0.0}, field()), deck::KeyError);
  EXPECT_THROW(Levelset({"x", {}, {1}, 0.0}, field()), deck::KeyError);
  EXPECT_THROW(Levelset({"x", {0.4}, {1, 2, 3}, 0.0}, field()), deck::KeyError);
}

}  // namespace
}  // namespace aleator::prob
