// Coordinate moves: they cross between a narrow mode and a plateau in the right proportion, and take only the coordinates named.
#include <gtest/gtest.h>

#include <cmath>

#include "sampler/evidence_targets.hpp"
#include "sampler/mcmc/coordinate_move.hpp"
#include "sampler/mcmc/hmc.hpp"
#include "sampler/targets.hpp"

namespace aleator::sampler {
namespace {

constexpr double centre = -2.0, width = 0.05, height = 40.0;

/// Prior N(0, I); the data bind u_1 to a narrow mode, or say nothing of it.
test::DensityProblem narrow_mode_and_plateau() {
  return {3, {0.0, 0.0}, [](const double* u) {
            const double x = (u[1] - centre) / width;
            return std::log1p(height * std::exp(-0.5 * x * x));
          }};
}

/// Mass of the mode's bump in units of the plateau's: height E exp(-(u - centre)^2 / (2 width^2)) under N(0, 1).
double mass_of_bump() {
  const double variance = 1.0 + width * width;
  return height * width / std::sqrt(variance) * std::exp(-0.5 * centre * centre / variance);
}

/// Share of members whose u_1 lies within four widths of the mode.
double share_in_mode(const Ensemble& e) {
  int inside = 0;
  for (int row = 0; row < e.rows(); ++row) inside += std::abs(e.position(row, 1) - centre) < 4.0 * width ? 1 : 0;
  return static_cast<double>(inside) / e.rows();
}

double normal(double x) { return 0.5 * std::erfc(-x / std::sqrt(2.0)); }

TEST(CoordinateMove, CrossesBetweenModeAndPlateauInTheRightProportion) {
  const double bump = mass_of_bump(),
               exact = (bump + normal(centre + 4.0 * width) - normal(centre - 4.0 * width)) / (1.0 + bump);
  const std::vector<double> mean = {0.0, centre, 0.0}, nothing;
  const std::vector<int> all;
  const auto problem = narrow_mode_and_plateau();
  const Context context = test::serial(5);
  Ensemble e = Ensemble::from_prior(10000, false, problem, context);
  const double tolerance = 4.0 * std::sqrt(exact * (1.0 - exact) / e.rows());
  const Marginals learned{mean, {1.0, 1.5 * width, 1.0}}, none{nothing, {}};
  int step = 0;
  for (; step < 60; ++step) coordinate_move(problem, context, {all, learned, step}, e);
  EXPECT_NEAR(share_in_mode(e), exact, tolerance);
  for (; step < 80; ++step) coordinate_move(problem, context, {all, none, step}, e);  // no way to cross, but to stay
  EXPECT_NEAR(share_in_mode(e), exact, tolerance);
}

TEST(CoordinateMove, DrawsTheCoordinatesThatAreNamed) {
  const auto problem = narrow_mode_and_plateau();
  const Context context = test::serial(6);
  const std::vector<double> nothing;
  const std::vector<int> named = {0, 2};
  Ensemble e = Ensemble::from_prior(100, false, problem, context);
  const Batch before("before", 100, 3);
  Kokkos::deep_copy(before, e.position);
  coordinate_move(problem, context, {named, {nothing, {}}, 0}, e);
  int moved[3] = {};
  for (int row = 0; row < 100; ++row)
    for (int k = 0; k < 3; ++k) moved[k] += e.position(row, k) != before(row, k) ? 1 : 0;
  EXPECT_EQ(moved[0] + moved[2], 100);  // the likelihood does not depend on them: all are accepted
  EXPECT_GT(moved[0], 20);
  EXPECT_GT(moved[2], 20);
  EXPECT_EQ(moved[1], 0);
}

TEST(CoordinateMove, HmcWithThemReachesThePosteriorOfALinearModel) {
  Hmc hmc;
  hmc.params.chains = 32, hmc.params.warmup = 200, hmc.params.draws = 300, hmc.params.leapfrogs = 3;
  hmc.params.coordinate_moves = 2;
  const auto linear = test::linear_gaussian();
  EXPECT_LT(test::largest_chain_z(hmc, *linear.problem(), linear.exact(), 18), 4.0);
}

TEST(CoordinateMove, HmcObjectsToACoordinateThatIsNone) {
  Hmc hmc;
  hmc.params.coordinate_moves = 1, hmc.params.coordinates = {0, 4};
  EXPECT_NE(hmc.objection(*test::linear_gaussian().problem()).find("names coordinate 4"), std::string::npos);
  hmc.params.coordinates = {0, 3};
  EXPECT_EQ(hmc.objection(*test::linear_gaussian().problem()), "");
}

}  // namespace
}  // namespace aleator::sampler
