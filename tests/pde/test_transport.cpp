// Transport in time against exact solutions and balances: Gaussians in the wind, steady layers, what leaves and what stays.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "pde/transport/transport.hpp"
#include "support/models.hpp"

namespace aleator::pde::transport {
namespace {

using test_models::outputs_at;

Params still(int nx, int ny, double dt, std::vector<double> times) {
  Params p;
  p.mesh = {nx, ny}, p.dt = dt, p.times = std::move(times), p.quantities = {"diffusivity"};
  return p;
}

// A Gaussian that drifts and spreads, far from the sides: c = s0^2 / (s0^2 + 2 k t) exp(-r^2 / (2 (s0^2 + 2 k t))).
TEST(Transport, GaussiansDriftAndSpreadWithOrderTwo) {
  const double kappa = 0.02, t = 0.4, s0 = 0.1, u = 0.5, v = 0.25, s = s0 * s0 + 2.0 * kappa * t;
  const auto error = [&](int n) {
    Params p = still(2 * n, 2 * n, 0.2 / n / n * 10.0, {t});
    p.lengths = {2.0}, p.wind = {u, v}, p.observe_every = 1;
    p.initial_state = {"exp(-((x - 0.8) ^ 2 + (y - 0.9) ^ 2) / 0.02)"};
    const std::vector<double> c = outputs_at(*make(p), {kappa});
    double most = 0.0;
    for (int k = 0; k < 4 * n * n; ++k) {
      const double x = (k % (2 * n) + 0.5) / n - 0.8 - u * t, y = (k / (2 * n) + 0.5) / n - 0.9 - v * t;
      most =
          std::max(most, std::abs(c[static_cast<std::size_t>(k)] - s0 * s0 / s * std::exp(-0.5 * (x * x + y * y) / s)));
    }
    return most;
  };
  const double coarse = error(32), fine = error(64);
  EXPECT_NEAR(std::log2(coarse / fine), 2.0, 0.1) << coarse << " " << fine;
  EXPECT_LT(fine, 5e-3);
}

// In the end c = (exp(v x / kappa) - 1) / (exp(v / kappa) - 1): exact at the centres, for the fluxes are.
TEST(Transport, SteadyLayersAreExact) {
  for (const double kappa : {1.0, 0.1, 0.02}) {
    Params p = still(10, 2, 0.001, {6.0});
    p.wind = {1.0, 0.0}, p.dirichlet = {{"left", 0.0}, {"right", 1.0}}, p.closed = {"bottom", "top"};
    p.observe_nodes = {0, 3, 7, 9};
    const std::vector<double> c = outputs_at(*make(p), {kappa});
    for (std::size_t k = 0; k < c.size(); ++k) {
      const double x = (p.observe_nodes[k] + 0.5) / 10.0;
      EXPECT_NEAR(c[k], std::expm1(x / kappa) / std::expm1(1.0 / kappa), 1e-9) << kappa << " " << x;
    }
  }
}

TEST(Transport, StaysBetweenTheValuesGivenAtAnyPecletNumber) {
  for (const double kappa : {1e-3, 1e-9}) {
    Params p = still(24, 24, 0.005, {0.1, 0.5, 3.0});
    p.wind = {1.0, 0.5}, p.stream = "0.1 * sin(pi * x) * sin(2 * pi * y)", p.observe_every = 1;
    p.dirichlet = {{"left", 1.0}}, p.initial_state = {"if(abs(x - 0.5) < 0.2 && y > 0.4, 1, 0)"};
    const std::vector<double> c = outputs_at(*make(p), {kappa});
    EXPECT_GE(*std::min_element(c.begin(), c.end()), -1e-12);
    EXPECT_LE(*std::max_element(c.begin(), c.end()), 1.0 + 1e-12);
  }
}

// Closed walls: all of the release and the source stays. Open ones: the wind sweeps the rectangle clean.
TEST(Transport, NothingIsLostBehindClosedSidesAndAllLeavesThroughOpenOnes) {
  Params p = still(20, 30, 0.001, {0.3});
  p.lengths = {1.0, 1.5}, p.wind = {0.7, -0.4}, p.stream = "0.2 * x * y * (1 - x) * (1.5 - y)", p.observe_every = 1;
  p.quantities = {"point_source"}, p.source_width = 0.1, p.closed = {"left", "right", "bottom", "top"};
  p.initial_state = {"exp(-10 * (x - 0.5) ^ 2)"}, p.diffusivity = 0.05;
  const auto mass = [](const std::vector<double>& c) {
    return std::accumulate(c.begin(), c.end(), 0.0) * 1.5 / static_cast<double>(c.size());
  };
  const double empty = mass(outputs_at(*make(p), {0.5, 0.75, 0.0})),
               full = mass(outputs_at(*make(p), {0.5, 0.75, 2.0}));
  double release = 0.0;
  for (int i = 0; i < 20; ++i) release += 1.5 / 20 * std::exp(-10.0 * std::pow((i + 0.5) / 20 - 0.5, 2));
  EXPECT_NEAR(empty, release, 1e-12);
  EXPECT_NEAR(full - empty, 2.0 * 0.3, 1e-4) << "strength times time";
  p.closed.clear(), p.times = {8.0};
  EXPECT_LT(mass(outputs_at(*make(p), {0.5, 0.75, 0.0})), 1e-6);
}

// Mass at the end = mass at the start + source - the integral of what left, whose rate is observed through every kind of side.
TEST(Transport, WhatLeavesIsWhatIsGone) {
  Params p = still(20, 30, 0.0005, {});
  for (int k = 1; k <= 401; ++k) p.times.push_back(0.001 * k);
  p.lengths = {1.0, 1.5}, p.wind = {0.7, -0.4}, p.stream = "0.2 * x * y * (1 - x)", p.source = "0.5";
  p.dirichlet = {{"left", 0.8}, {"top", 0.3}}, p.patches = {{0.0, 1.0, 0.0, 1.5}};
  p.outflow = {"top", "left", "bottom", "right"};
  p.initial_state = {"exp(-10 * (x - 0.5) ^ 2)"};
  const std::vector<double> y = outputs_at(*make(p), {0.05});
  const auto at = [&](int time, int output) { return y[static_cast<std::size_t>(5 * time + output)]; };
  for (int side = 1; side <= 4; ++side) EXPECT_GT(std::abs(at(400, side)), 1e-3) << side;
  double left = 0.0;  // by Simpson's rule, from the first time to the last
  for (int k = 0; k <= 400; ++k)
    for (int side = 1; side <= 4; ++side)
      left += at(k, side) * 0.001 / 3.0 * (k == 0 || k == 400 ? 1.0 : k % 2 == 1 ? 4.0 : 2.0);
  EXPECT_NEAR(1.5 * (at(400, 0) - at(0, 0)), 1.5 * 0.5 * 0.4 - left, 1e-8);
}

// Steady layers between given sides: the flux is that of the equation, v c - kappa c', to rounding.
TEST(Transport, TheFluxOfASteadyLayerIsExact) {
  const double kappa = 0.1;
  Params p = still(10, 4, 0.001, {12.0});
  p.wind = {1.0, 0.0}, p.dirichlet = {{"left", 0.0}, {"right", 1.0}}, p.closed = {"bottom", "top"};
  p.lengths = {1.0, 0.5}, p.outflow = {"right", "left"};
  const std::vector<double> y = outputs_at(*make(p), {kappa});
  const double flux = -1.0 / std::expm1(1.0 / kappa);
  EXPECT_NEAR(y[0], 0.5 * flux, 1e-12);
  EXPECT_NEAR(y[1], -0.5 * flux, 1e-12);
}

TEST(Transport, VelocitiesOfStreamFunctionsMakeNoConcentration) {
  Params p = still(16, 12, 0.002, {0.5});
  p.quantities = {"stream"}, p.stream_grid = {3, 2}, p.initial_state = {"2"}, p.observe_every = 1;
  p.dirichlet = {{"left", 2.0}, {"right", 2.0}, {"bottom", 2.0}, {"top", 2.0}};
  std::vector<double> psi;
  for (int k = 0; k < 12; ++k) psi.push_back(0.1 * std::sin(3.0 * k));
  for (const double c : outputs_at(*make(p), psi)) EXPECT_NEAR(c, 2.0, 1e-12);
}

TEST(Transport, StepsThatAreTooLongAreRefusedWithTheDeckWhereTheWindIsKnown) {
  Params p = still(32, 32, 0.1, {0.3});
  p.quantities = {"initial"}, p.wind = {1.0, 1.0}, p.point_grid = 2;
  try {
    make(p);
    FAIL();
  } catch (const deck::KeyError& error) {
    EXPECT_EQ(error.key(), "dt");
  }
  p.quantities = {"wind"};
  EXPECT_NO_THROW(make(p));
}

// Without wind behind closed sides the fastest mode decays with 8 kappa / h^2, and rk4 reaches to 2.785 on the real axis.
TEST(Transport, TheLongestStepIsThatOfTheFastestMode) {
  const double h = 1.0 / 16, longest = 2.7852935634 * h * h / (8.0 * 0.3);
  Params p = still(16, 16, 0.0, {10.0 * longest});
  p.quantities = {"initial"}, p.diffusivity = 0.3, p.closed = {"left", "right", "bottom", "top"}, p.point_grid = 2;
  p.dt = 1.0001 * longest;
  p.times = {10.0 * p.dt};
  EXPECT_THROW(make(p), deck::KeyError);
  p.dt = 0.9999 * longest;
  p.times = {10.0 * p.dt};
  EXPECT_NO_THROW(make(p));
}

TEST(Transport, ChecksOfTheDeckSayWhatDoesNotFit) {
  const auto refused = [](Params p, const std::string& words) {
    p.dt = 1e-3, p.times = {0.1}, p.point_grid = 2;
    try {
      make(p);
    } catch (const deck::KeyError& error) {
      return std::string(error.what()).find(words) != std::string::npos;
    }
    return false;
  };
  Params p;
  p.closed = {"lid"};
  EXPECT_TRUE(refused(p, "'lid' is no side"));
  p = {}, p.closed = {"left"}, p.dirichlet = {{"left", 1.0}};
  EXPECT_TRUE(refused(p, "is closed"));
  p = {}, p.outflow = {"lid"};
  EXPECT_TRUE(refused(p, "'lid' is no side"));
  p = {}, p.closed = {"left"}, p.outflow = {"left"};
  EXPECT_TRUE(refused(p, "is closed"));
  p = {}, p.outflow = {"left", "left"};
  EXPECT_TRUE(refused(p, "is given twice"));
  p = {}, p.stream = "z";
  EXPECT_TRUE(refused(p, "unknown name 'z'"));
  p = {}, p.source = "1 / (x - x)";
  EXPECT_TRUE(refused(p, "at ("));
}

}  // namespace
}  // namespace aleator::pde::transport
