// The iterative diffusion model against the direct one, which test_diffusion.cpp ties to published values, and against itself.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <vector>

#include "core/error.hpp"
#include "pde/diffusion/component.hpp"
#include "pde/diffusion/diffusion.hpp"
#include "pde/diffusion/field_diffusion.hpp"

namespace {

using aleator::kernels::Batch;
using aleator::kernels::ConstBatch;
using aleator::pde::diffusion::Diffusion;
using aleator::pde::diffusion::FieldDiffusion;

struct Pair {
  aleator::pde::diffusion::Setup setup;
  FieldDiffusion iterative;
  Diffusion direct;
  explicit Pair(int mesh, int coefficients, double tolerance = 1e-12)
      : setup(setup_of(mesh, coefficients)), iterative(setup, {tolerance, 100}), direct(setup) {}
  static aleator::pde::diffusion::Setup setup_of(int mesh, int coefficients) {
    aleator::pde::diffusion::Setup s;
    s.mesh = mesh, s.coefficients = coefficients, s.source = 3.0;
    s.sensors = aleator::pde::diffusion::sensor_grid(3);
    s.sensors.push_back({1.0, 1.0});
    s.sensors.push_back({0.123, 0.875});
    return s;
  }
};

Batch coefficients_of_rows(int rows, int columns) {
  Batch u("theta", rows, columns);
  for (int i = 0; i < rows; ++i)
    for (int k = 0; k < columns; ++k) u(i, k) = std::exp(2.0 * std::sin(1.3 * i + 0.7 * k * k + 0.11 * k));
  return u;
}

void some_cotangent(int, ConstBatch y, Batch dy) {
  for (std::size_t i = 0; i < y.extent(0); ++i)
    for (std::size_t k = 0; k < y.extent(1); ++k) dy(i, k) = y(i, k) - 0.01 * static_cast<double>(k);
}

class FieldDiffusionSizes : public testing::TestWithParam<std::pair<int, int>> {};

TEST_P(FieldDiffusionSizes, ValueAndGradientAreThoseOfTheDirectSolver) {
  const auto [mesh, coefficients] = GetParam();
  const Pair pair(mesh, coefficients);
  const int d = coefficients * coefficients, p = pair.direct.shape().outputs;
  const Batch u = coefficients_of_rows(2, d), y("y", 2, p), exact_y("exact y", 2, p), du("du", 2, d),
              exact_du("exact", 2, d);
  EXPECT_TRUE(pair.iterative.adjoint()->evaluate_and_pullback(u, y, some_cotangent, du).ok());
  EXPECT_TRUE(pair.direct.adjoint()->evaluate_and_pullback(u, exact_y, some_cotangent, exact_du).ok());
  for (int row = 0; row < 2; ++row) {
    double largest = 0.0;
    for (int k = 0; k < d; ++k) largest = std::max(largest, std::fabs(exact_du(row, k)));
    for (int k = 0; k < p; ++k) EXPECT_NEAR(y(row, k), exact_y(row, k), 1e-10 * std::fabs(exact_y(row, k)) + 1e-14);
    for (int k = 0; k < d; ++k) EXPECT_NEAR(du(row, k), exact_du(row, k), 1e-9 * largest);  // adjoint solved to 1e-11
  }
}

TEST_P(FieldDiffusionSizes, AdjointAndTangentPassTheDotProductTest) {
  const auto [mesh, coefficients] = GetParam();
  const Pair pair(mesh, coefficients);
  const int d = coefficients * coefficients, p = pair.direct.shape().outputs;
  const Batch u = coefficients_of_rows(1, d), y("y", 1, p), du("du", 1, d), v("v", 1, d), jv("J v", 1, p);
  for (int k = 0; k < d; ++k) v(0, k) = std::cos(3.0 * k);
  const auto weights = [](int, ConstBatch, Batch dy) {
    for (std::size_t k = 0; k < dy.extent(1); ++k) dy(0, k) = std::sin(1.0 + 2.0 * static_cast<double>(k));
  };
  EXPECT_TRUE(pair.iterative.adjoint()->evaluate_and_pullback(u, y, weights, du).ok());
  EXPECT_TRUE(pair.iterative.tangent()->evaluate_and_pushforward(u, v, y, jv).ok());
  double left = 0.0, right = 0.0, size = 0.0;
  for (int k = 0; k < d; ++k) left += du(0, k) * v(0, k), size += std::fabs(du(0, k) * v(0, k));
  for (int k = 0; k < p; ++k) right += jv(0, k) * std::sin(1.0 + 2.0 * k);
  EXPECT_NEAR(left, right, 1e-10 * size);
}

INSTANTIATE_TEST_SUITE_P(Meshes, FieldDiffusionSizes,
                         testing::Values(std::pair(4, 2), std::pair(15, 5), std::pair(32, 8), std::pair(48, 48)));

TEST(FieldDiffusion, BitsOfARowDoNotDependOnTheOthers) {
  const Pair pair(24, 6, 1e-9);
  const int p = pair.direct.shape().outputs;
  const Batch u = coefficients_of_rows(3, 36), all("all", 3, p), alone("alone", 1, p);
  EXPECT_TRUE(pair.iterative.evaluate(u, all).ok());
  EXPECT_TRUE(pair.iterative.evaluate(Kokkos::subview(u, Kokkos::make_pair(2, 3), Kokkos::ALL), alone).ok());
  EXPECT_EQ(std::memcmp(&all(2, 0), &alone(0, 0), p * sizeof(double)), 0);
}

TEST(FieldDiffusion, ConvergesWithSecondOrderInTheMeshWidth) {
  // a = 1: u at the middle of the square for f = 1 is 0.0736713532... (Timoshenko, Goodier: the torsion series), times 3.
  constexpr double exact = 3 * 0.07367135328;
  double error[2];
  for (int level = 0; level < 2; ++level) {
    const int mesh = level == 0 ? 64 : 128;
    const FieldDiffusion model(Pair::setup_of(mesh, 1), {1e-12, 100});
    const Batch u = coefficients_of_rows(1, 1), y("y", 1, model.shape().outputs);
    u(0, 0) = 1.0;
    EXPECT_TRUE(model.evaluate(u, y).ok());
    error[level] = std::fabs(y(0, 4) - exact);
  }
  EXPECT_NEAR(std::log2(error[0] / error[1]), 2.0, 0.1);
}

// u = 0 on the boundary, a = 1, f in a box F: the integral of u over F is a double series in the sines' integrals over F.
double exact_integral(double source, double begin, double end) {
  const double pi = std::acos(-1.0);
  const auto s = [&](int m) { return (std::cos(m * pi * begin) - std::cos(m * pi * end)) / (m * pi); };
  double sum = 0.0;
  for (int m = 1; m < 2000; ++m)
    for (int k = 1; k < 2000; ++k) sum += 4 * std::pow(s(m) * s(k), 2) / (pi * pi * (m * m + k * k));
  return source * sum;
}

aleator::pde::diffusion::Params cookies() {
  aleator::pde::diffusion::Params params;
  params.mesh = 60, params.source = 100, params.tolerance = 1e-12;
  params.source_box = {0.4, 0.6, 0.4, 0.6};
  params.patches = {params.source_box, {0.11, 0.37, 0.2, 0.9}};
  for (const double x : {0.2, 0.5, 0.8})
    for (const double y : {0.2, 0.5, 0.8})
      if (x != 0.5 || y != 0.5) params.inclusions.push_back({x, y, 0.13});
  return params;
}

TEST(FieldDiffusion, SourceInABoxGivesTheSeriesSolution) {
  double error[2];
  for (int level = 0; level < 2; ++level) {
    aleator::pde::diffusion::Params params = cookies();
    params.mesh = level == 0 ? 40 : 80;
    const auto model = aleator::pde::diffusion::make(params);
    const Batch u("u", 1, 8), y("y", 1, 2);  // no increments: a = 1
    EXPECT_TRUE(model->evaluate(u, y).ok());
    error[level] = std::fabs(y(0, 0) - exact_integral(100, 0.4, 0.6));
  }
  EXPECT_LT(error[1], 2e-3 * exact_integral(100, 0.4, 0.6));  // of the order of the squared mesh width over that of F
  EXPECT_NEAR(std::log2(error[0] / error[1]), 2.0, 0.1);
}

TEST(FieldDiffusion, GradientOfInclusionsAgreesWithCentralDifferences) {
  const auto model = aleator::pde::diffusion::make(cookies());
  const Batch u("u", 1, 8), y("y", 1, 2), du("du", 1, 8);
  for (int k = 0; k < 8; ++k) u(0, k) = -0.2 - 0.09 * k;
  const auto second = [](int, ConstBatch, Batch dy) { dy(0, 0) = 0.3, dy(0, 1) = 1.0; };
  EXPECT_TRUE(model->adjoint()->evaluate_and_pullback(u, y, second, du).ok());
  for (int k = 0; k < 8; ++k) {
    constexpr double h = 1e-4;
    double difference = 0.0;
    const double at = u(0, k);
    for (const double sign : {1.0, -1.0}) {
      u(0, k) = at + sign * h;
      EXPECT_TRUE(model->evaluate(u, y).ok());
      difference += sign * (0.3 * y(0, 0) + y(0, 1)) / (2 * h);
    }
    u(0, k) = at;
    EXPECT_NEAR(du(0, k), difference, 1e-6 * std::fabs(difference));
  }
}

TEST(FieldDiffusion, InclusionsThatTouchAreRefused) {
  aleator::pde::diffusion::Params params = cookies();
  params.inclusions.push_back({0.5, 0.35, 0.1});
  EXPECT_THROW(aleator::pde::diffusion::make(params), aleator::core::UserError);
}

TEST(FieldDiffusion, FailedRowsSayWhyAndLeaveTheOthersAlone) {
  const aleator::pde::diffusion::Setup setup = Pair::setup_of(16, 4);
  const FieldDiffusion hasty(setup, {1e-12, 2}), good(setup, {1e-9, 100});
  const int p = good.shape().outputs;
  const Batch u = coefficients_of_rows(3, 16), y("y", 3, p);
  u(1, 7) = -1.0;
  const auto status = good.evaluate(u, y);
  ASSERT_EQ(status.failed.size(), 1U);
  EXPECT_EQ(status.failed[0].row, 1);
  EXPECT_THAT(status.failed[0].reason, testing::HasSubstr("theta_7 = -1 is not positive"));
  EXPECT_TRUE(std::isnan(y(1, 0)));
  EXPECT_TRUE(std::isfinite(y(0, 0)) && std::isfinite(y(2, 0)));
  const auto unfinished = hasty.evaluate(u, y);
  ASSERT_EQ(unfinished.failed.size(), 3U);
  EXPECT_THAT(unfinished.failed[0].reason, testing::HasSubstr("after 2 iterations"));
}

TEST(FieldDiffusion, LargeMeshesTakeTheIterativeSolverUnlessToldOtherwise) {
  using aleator::pde::diffusion::Solver;
  aleator::pde::diffusion::Params params;
  params.sensor_grid = 3;
  const auto is_iterative = [&] {
    return dynamic_cast<const FieldDiffusion*>(aleator::pde::diffusion::make(params).get()) != nullptr;
  };
  EXPECT_FALSE(is_iterative());
  params.solver = Solver::multigrid;
  EXPECT_TRUE(is_iterative());
  params.solver = Solver::automatic, params.mesh = 256;
  EXPECT_TRUE(is_iterative());
  params.mesh = 32;
  const auto grid = std::make_shared<aleator::parallel::ProcessGrid>(2);
  EXPECT_NE(dynamic_cast<const FieldDiffusion*>(aleator::pde::diffusion::make(params, grid).get()), nullptr);
  EXPECT_EQ(grid->models().size(), 1U);  // may be dealt out
}

// A mesh whose rows are dealt to the ranks, and one that every rank keeps whole.
TEST(FieldDiffusionMpi, OnAGroupTheAnswersAreThoseOfOneRank) {
  using aleator::parallel::Comm;
  using aleator::parallel::ProcessGrid;
  const Comm world = Comm::world();
  for (const bool has_discs : {false, true})
    for (const int mesh : {160, 24}) {
      aleator::pde::diffusion::Setup setup = Pair::setup_of(mesh, 8);
      setup.patches = {{0.1, 0.35, 0.3, 0.9}};
      if (has_discs) setup.inclusions = {{0.3, 0.4, 0.2}, {0.7, 0.75, 0.15}}, setup.source_box = {0.2, 0.9, 0.1, 0.6};
      const FieldDiffusion alone(setup, {1e-12, 100}),
          group(setup, {1e-12, 100}, std::make_shared<ProcessGrid>(world, world.size()));
      const int d = alone.shape().inputs, p = alone.shape().outputs;
      const Batch u = coefficients_of_rows(1, d), y("y", 1, p), z("z", 1, p), du("du", 1, d), dv("dv", 1, d),
                  direction("direction", 1, d), dy("dy", 1, p), dz("dz", 1, p);
      for (int k = 0; k < d; ++k) direction(0, k) = std::sin(1.0 + k);
      ASSERT_TRUE(alone.adjoint()->evaluate_and_pullback(u, y, some_cotangent, du).ok());
      ASSERT_TRUE(group.adjoint()->evaluate_and_pullback(u, z, some_cotangent, dv).ok());
      ASSERT_TRUE(alone.tangent()->evaluate_and_pushforward(u, direction, y, dy).ok());
      ASSERT_TRUE(group.tangent()->evaluate_and_pushforward(u, direction, z, dz).ok());
      double largest = 0.0;
      for (int k = 0; k < d; ++k) largest = std::max(largest, std::fabs(du(0, k)));
      for (int k = 0; k < p; ++k) {
        EXPECT_NEAR(y(0, k), z(0, k), 1e-14);
        EXPECT_NEAR(dy(0, k), dz(0, k), 1e-10 * std::fabs(dy(0, k)) + 1e-13);
        EXPECT_EQ(world.max(z(0, k)), world.min(z(0, k)));
      }
      for (int k = 0; k < d; ++k) {
        EXPECT_NEAR(du(0, k), dv(0, k), 1e-9 * largest);  // the adjoint's right side hangs on rounding
        EXPECT_EQ(world.max(dv(0, k)), world.min(dv(0, k)));
      }
      const auto one = alone.states()->states(&u(0, 0)), all = group.states()->states(&u(0, 0));
      for (const int f : {0, 1}) EXPECT_EQ(one[f].values, all[f].values);  // to the bit, on every rank
    }
}

}  // namespace
