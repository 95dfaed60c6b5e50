#include "prob/field/piecewise_constant.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <set>
#include <vector>

#include "field_helpers.hpp"
#include "prob/prior/normal.hpp"

namespace aleator::prob {
namespace {

using Params = PiecewiseConstant::Params;
using Patches = PiecewiseConstant::Patches;

Params rooms() {
  Params p;
  p.cells = {6, 4}, p.lengths = {3.0, 2.0};
  p.patches = Patches::boxes, p.boxes = {{0.0, 1.0, 0.0, 2.0}, {0.5, 2.0, 1.0, 2.0}};
  p.mean = {0.5, -1.0, 2.0}, p.sd = {0.3, 1.0, 2.0};
  return p;
}

TEST(PiecewiseConstant, BlocksAreCountedAlongXFirst) {
  Params p;
  p.cells = {6, 4}, p.blocks = {3, 2};
  const PiecewiseConstant prior(p);
  EXPECT_EQ(prior.latent_dimension(), 6);
  EXPECT_EQ(prior.grid(), (std::vector<int>{6, 4}));
  for (int j = 0; j < 4; ++j)
    for (int i = 0; i < 6; ++i) EXPECT_EQ(prior.patches()[i + 6 * j], i / 2 + 3 * (j / 2));
  p.cells = {4, 4, 2}, p.blocks = {2, 1, 2};
  EXPECT_EQ(PiecewiseConstant(p).patches()[3 + 4 * (2 + 4 * 1)], 1 + 2 * 1);
}

TEST(PiecewiseConstant, LaterBoxesLieOnEarlierOnesAndOnTheBackground) {
  const std::vector<int> expected = {1, 1, 0, 0, 0, 0,   // y = 0.25; cells of 0.5 x 0.5
                                     1, 1, 0, 0, 0, 0,   // y = 0.75
                                     1, 2, 2, 2, 0, 0,   // y = 1.25
                                     1, 2, 2, 2, 0, 0};  // y = 1.75
  EXPECT_EQ(PiecewiseConstant(rooms()).patches(), expected);
}

TEST(PiecewiseConstant, EveryCellBelongsToTheNearestCentre) {
  Params p;
  p.cells = {7, 5}, p.lengths = {1.4, 1.0};
  p.patches = Patches::centres, p.centres = {{0.2, 0.3}, {1.2, 0.1}, {0.7, 0.9}};
  const std::vector<int> patches = PiecewiseConstant(p).patches();
  for (int j = 0; j < 5; ++j)
    for (int i = 0; i < 7; ++i) {
      const auto distance = [&](int k) {
        return std::hypot(0.2 * i + 0.1 - p.centres[k][0], 0.2 * j + 0.1 - p.centres[k][1]);
      };
      for (int k = 0; k < 3; ++k) EXPECT_LE(distance(patches[i + 7 * j]), distance(k));
    }
}

TEST(PiecewiseConstant, RandomCentresHangOnTheirSeedAlone) {
  Params p;
  p.cells = {32, 32}, p.patches = Patches::random_centres, p.random_centres = 5;
  const PiecewiseConstant prior(p);
  EXPECT_EQ(std::set<int>(prior.patches().begin(), prior.patches().end()).size(), 5U);
  EXPECT_EQ(prior.patches(), PiecewiseConstant(p).patches());
  p.centre_seed = 2;
  EXPECT_NE(prior.patches(), PiecewiseConstant(p).patches());
}

class PatchTransforms : public testing::TestWithParam<Transform> {
 protected:
  static Params params() {
    Params p = rooms();
    p.transform = GetParam();
    return p;
  }
  const PiecewiseConstant prior_{params()};
};

TEST_P(PatchTransforms, ValuesAreThoseOfAnIndependentNormal) {
  const Row z = {0.3, -1.2, 0.7}, u = to_parameters(prior_, z);
  for (int i = 0; i < 24; ++i) {
    const int k = prior_.patches()[i];
    const double x = params().mean[k] + params().sd[k] * z[k];
    EXPECT_EQ(u[i], GetParam() == Transform::exp ? std::exp(x) : x);
  }
  const Row back = to_latent(prior_, u);
  for (int k = 0; k < 3; ++k) EXPECT_NEAR(back[k], z[k], 1e-14);
}

TEST_P(PatchTransforms, PullbackIsTheTransposedJacobian) {
  const Row z = {0.3, -1.2, 0.4}, g_u = wave(24);
  const Row g_z = pullback(prior_, z, g_u), expected = math::transposed_multiply(jacobian(prior_, z), g_u);
  for (int k = 0; k < 3; ++k) EXPECT_NEAR(g_z[k], expected[k], 1e-7);
}

// Against prior/normal on the logarithms, with the Jacobian of the exponential.
TEST_P(PatchTransforms, LogDensityIsThatOfThePatches) {
  const Normal normal({3, params().mean, params().sd, {}});
  const Row z = {0.3, -1.2, 0.4};
  Row u = to_parameters(prior_, z), v = to_parameters(normal, z);
  const double jacobian = GetParam() == Transform::exp ? v[0] + v[1] + v[2] : 0.0;
  EXPECT_NEAR(prior_.log_density(u.data()), normal.log_density(v.data()) - jacobian, 1e-13);
  u[7] += 0.1;
  EXPECT_EQ(prior_.log_density(u.data()), -std::numeric_limits<double>::infinity());
}

INSTANTIATE_TEST_SUITE_P(All, PatchTransforms, testing::Values(Transform::none, Transform::exp));

TEST(PiecewiseConstant, WhatIsOutsideTheSupportHasNoLatentPoint) {
  Params p = rooms();
  p.transform = Transform::exp;
  const PiecewiseConstant prior(p);
  Row u(24, 1.0);
  u[0] = -1.0;
  EXPECT_TRUE(std::isnan(to_latent(prior, u)[1]));
  EXPECT_EQ(prior.log_density(Row(24, -1.0).data()), -std::numeric_limits<double>::infinity());
}

TEST(PiecewiseConstant, RefusesPatchesThatAreNone) {
  Params p = rooms();
  p.boxes.push_back({0.3, 0.4, 0.0, 2.0});  // between centres of cells
  EXPECT_THROW(PiecewiseConstant{p}, deck::KeyError);
  p = rooms(), p.boxes[1][1] = 3.5;
  EXPECT_THROW(PiecewiseConstant{p}, deck::KeyError);
  p = rooms(), p.boxes[0].pop_back();
  EXPECT_THROW(PiecewiseConstant{p}, deck::KeyError);
  p = rooms(), p.sd = {1.0, 2.0};
  EXPECT_THROW(PiecewiseConstant{p}, deck::KeyError);
  p = rooms(), p.patches = Patches::centres;
  EXPECT_THROW(PiecewiseConstant{p}, deck::KeyError);
  p.centres = {{0.1}};
  EXPECT_THROW(PiecewiseConstant{p}, deck::KeyError);
  p = rooms(), p.patches = Patches::blocks, p.blocks = {4, 2};
  EXPECT_THROW(PiecewiseConstant{p}, deck::KeyError);
  p.blocks = {3};
  EXPECT_THROW(PiecewiseConstant{p}, deck::KeyError);
}

}  // namespace
}  // namespace aleator::prob
