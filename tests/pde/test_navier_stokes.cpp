// Vorticity on the periodic square: against exact flows and conserved quantities, and derivatives against themselves.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

#include "pde/navier_stokes/component.hpp"
#include "support_spectral.hpp"

namespace {

using aleator::pde::navier_stokes::Observed;
using aleator::pde::navier_stokes::Params;
using aleator::pde::spectral::Unknown;
using namespace test_spectral;
namespace navier_stokes = aleator::pde::navier_stokes;

const double pi = std::acos(-1.0);

Params turbulent() {
  Params p;
  p.mesh = 24, p.cells = 12, p.length = 2 * pi, p.dt = 0.05, p.times = {0.0, 0.23, 1.0};
  p.sensor_points = {{0.1, 0.2}, {4.33, 0.77}, {1.99, 5.0}};
  p.viscosity = 0.01, p.forcing = 0.5, p.forcing_waves = 3;
  return p;
}

TEST(NavierStokes, TaylorGreenVorticesDecayExactly) {
  Params p = turbulent();
  p.forcing = 0.0, p.cells = 0, p.mesh = 16, p.dt = 0.2, p.viscosity = 0.1;
  for (const Observed observed : {Observed::vorticity, Observed::velocity}) {
    p.observe = observed;
    const auto model = navier_stokes::make(p);
    const Batch u = field(16, 2 * pi, [](double x, double y) { return 2 * std::cos(x) * std::cos(y); }),
                y("y", 1, model->shape().outputs);
    ASSERT_TRUE(model->evaluate(u, y).ok());
    int k = 0;
    for (const double t : p.times)
      for (const auto& at : p.sensor_points) {
        const double decay = std::exp(-2 * 0.1 * t);
        if (observed == Observed::vorticity) {
          EXPECT_NEAR(y(0, k++), 2 * decay * std::cos(at[0]) * std::cos(at[1]), 1e-14);
        } else {  // psi = cos x cos y, u = psi_y, v = - psi_x
          EXPECT_NEAR(y(0, k++), -decay * std::cos(at[0]) * std::sin(at[1]), 1e-14);
          EXPECT_NEAR(y(0, k++), decay * std::sin(at[0]) * std::cos(at[1]), 1e-14);
        }
      }
  }
}

// w = cos x + cos 2y: psi = cos x + cos(2y) / 4, u = - sin(2y) / 2, v = sin x. The slope of w at the start, by a short step.
TEST(NavierStokes, TwoWavesMakeTheThirdOfTheClosedForm) {
  Params p = turbulent();
  p.forcing = 0.0, p.viscosity = 0.0, p.cells = 0, p.mesh = 16, p.dt = 1e-3, p.times = {1e-3};
  const auto model = navier_stokes::make(p);
  const auto w = [](double x, double y) { return std::cos(x) + std::cos(2 * y); };
  const Batch u = field(16, 2 * pi, w), y("y", 1, 3);
  ASSERT_TRUE(model->evaluate(u, y).ok());
  for (int s = 0; s < 3; ++s) {
    const double px = p.sensor_points[s][0], py = p.sensor_points[s][1];
    const double flow_u = -0.5 * std::sin(2 * py), flow_v = std::sin(px);
    const double slope = flow_u * std::sin(px) + flow_v * 2 * std::sin(2 * py);  // - u w_x - v w_y
    EXPECT_NEAR((y(0, s) - w(px, py)) / 1e-3, slope, 2e-3);                      // w_tt dt / 2
  }
}

// cos(3 y) forced from rest: w = F cos(3 y) (1 - exp(-9 nu t)) / (9 nu), by the key and by the unknown source.
TEST(NavierStokes, KolmogorovForcingDrivesItsOwnWave) {
  Params p = turbulent();
  p.cells = 0, p.dt = 0.01;
  const Batch zero("u", 1, 24 * 24),
      wave = field(24, 2 * pi, [](double, double y) { return 0.5 * std::cos(3 * y) + 7.0; });
  for (const Unknown unknown : {Unknown::initial, Unknown::source}) {
    p.unknown = unknown, p.forcing = unknown == Unknown::initial ? 0.5 : 0.0;
    const auto model = navier_stokes::make(p);
    const Batch y("y", 1, 9);
    ASSERT_TRUE(model->evaluate(unknown == Unknown::initial ? zero : wave, y).ok());
    for (int s = 0; s < 3; ++s)
      EXPECT_NEAR(y(0, 6 + s), 0.5 * std::cos(3 * p.sensor_points[s][1]) * (1 - std::exp(-0.09)) / 0.09, 1e-11);
  }
}

TEST(NavierStokes, StepsAreOfOrderFour) {
  double value[3];
  for (int level = 0; level < 3; ++level) {
    Params p = turbulent();
    p.times = {1.0}, p.dt = 0.02 / (1 << level);
    const auto model = navier_stokes::make(p);
    const Batch u = rows_of(*model, 1), y("y", 1, 3);
    ASSERT_TRUE(model->evaluate(u, y).ok());
    value[level] = y(0, 0);
  }
  EXPECT_NEAR(std::log2(std::fabs((value[0] - value[1]) / (value[1] - value[2]))), 4.0, 0.1);
}

// Energy = sum of |w_k|^2 / |k|^2 through the velocity at all points: u of the 24 x 24 sensors.
TEST(NavierStokes, WithoutViscosityEnergyAndEnstrophyStay) {
  Params p = turbulent();
  p.viscosity = 0.0, p.forcing = 0.0, p.dt = 0.01, p.times = {0.0, 1.0};
  p.sensor_points.clear(), p.sensor_grid = 24;
  for (const Observed observed : {Observed::vorticity, Observed::velocity}) {
    p.observe = observed;
    const auto model = navier_stokes::make(p);
    const int half = model->shape().outputs / 2;
    const Batch u = rows_of(*model, 1), y("y", 1, 2 * half);
    ASSERT_TRUE(model->evaluate(u, y).ok());
    const double before = sum_of_squares({y.data(), y.data() + half}),
                 after = sum_of_squares({y.data() + half, y.data() + 2 * half});
    EXPECT_NEAR(after, before, 1e-7 * before);  // of order dt^5
    double change = 0.0;
    for (int k = 0; k < half; ++k) change += std::pow(y(0, k) - y(0, half + k), 2);
    EXPECT_GT(change, 0.1 * before);  // the flow is another all the same
  }
}

class NavierStokesKinds : public testing::TestWithParam<std::pair<Unknown, Observed>> {
 protected:
  static std::unique_ptr<aleator::model::ForwardModel> model() {
    Params p = turbulent();
    p.unknown = GetParam().first, p.observe = GetParam().second;
    if (p.unknown == Unknown::source) p.forcing = 0.0;
    return navier_stokes::make(p);
  }
};

TEST_P(NavierStokesKinds, AdjointAndTangentPassTheDotProductTest) { expect_dot_products(*model()); }

TEST_P(NavierStokesKinds, GradientAgreesWithCentralDifferences) { expect_gradient(*model()); }

TEST_P(NavierStokesKinds, BitsOfARowDoNotDependOnTheOthers) { expect_same_bits(*model()); }

INSTANTIATE_TEST_SUITE_P(All, NavierStokesKinds,
                         testing::Values(std::pair(Unknown::initial, Observed::vorticity),
                                         std::pair(Unknown::initial, Observed::velocity),
                                         std::pair(Unknown::source, Observed::vorticity),
                                         std::pair(Unknown::source, Observed::velocity)));

TEST(NavierStokes, StepsComputedTwiceGiveTheSameGradient) {
  Params p = turbulent();
  p.dt = 0.001;  // 1000 states of 1920 bytes
  Batch gradients[2];
  for (const int memory : {1, 256}) {
    p.memory = memory;
    const auto model = navier_stokes::make(p);
    const Batch u = rows_of(*model, 2), y("y", 2, 9), du("du", 2, 144);
    ASSERT_TRUE(model->adjoint()->evaluate_and_pullback(u, y, weights, du).ok());
    gradients[memory == 1 ? 0 : 1] = du;
  }
  EXPECT_EQ(std::memcmp(gradients[0].data(), gradients[1].data(), 2 * 144 * sizeof(double)), 0);
}

TEST(NavierStokes, FlowTooFastForTheStepFailsAndNamesTheStep) {
  Params p = turbulent();
  const auto model = navier_stokes::make(p);
  const Batch u = rows_of(*model, 3), y("y", 3, 9);
  for (int k = 0; k < 144; ++k) u(1, k) *= 1000.0;
  u(2, 3) = std::nan("");
  const auto status = model->evaluate(u, y);
  ASSERT_EQ(status.failed.size(), 2U);
  EXPECT_THAT(status.failed[0].reason, testing::HasSubstr("is too fast for dt = 0.05: set dt below "));
  EXPECT_THAT(status.failed[1].reason, testing::HasSubstr("initial_3 = nan is not finite"));
  EXPECT_TRUE(std::isnan(y(1, 0)) && std::isnan(y(2, 0)) && std::isfinite(y(0, 0)));
}

// A flow too fast for dt, but not for dt / 4: the retry has the bits of a model with that dt.
TEST(NavierStokes, RetryTakesStepsAQuarterAsLong) {
  Params p = turbulent();
  const auto coarse = navier_stokes::make(p);
  p.dt /= 4;
  const auto fine = navier_stokes::make(p);
  const Batch u = rows_of(*coarse, 1), y("y", 1, 9), z("z", 1, 9), du("du", 1, 144), dv("dv", 1, 144);
  for (int k = 0; k < 144; ++k) u(0, k) *= 12.0;
  EXPECT_FALSE(coarse->evaluate_again(u, y, 0).ok());
  EXPECT_FALSE(coarse->adjoint()->evaluate_and_pullback_again(u, y, weights, du, 0).ok());
  ASSERT_TRUE(coarse->evaluate_again(u, y, 1).ok());
  ASSERT_TRUE(fine->evaluate(u, z).ok());
  EXPECT_EQ(std::memcmp(y.data(), z.data(), 9 * sizeof(double)), 0);
  ASSERT_TRUE(coarse->adjoint()->evaluate_and_pullback_again(u, y, weights, du, 1).ok());
  ASSERT_TRUE(fine->adjoint()->evaluate_and_pullback(u, z, weights, dv).ok());
  EXPECT_EQ(std::memcmp(du.data(), dv.data(), 144 * sizeof(double)), 0);
}

}  // namespace
