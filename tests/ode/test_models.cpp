// Each ODE model against exact solutions and invariants of its equations.
#include <gtest/gtest.h>

#include "ode/models.hpp"

namespace aleator::ode {
namespace {

// C = F dose ka / (V (ka - k)) (exp(-k t) - exp(-ka t)), k = CL / V.
double bateman(double ka, double CL, double V, double t) {
  const double k = CL / V;
  return 0.8 * 300.0 * ka / (V * (ka - k)) * (std::exp(-k * t) - std::exp(-ka * t));
}

Pharmacokinetics::Params one_dose(double dt) {
  Pharmacokinetics::Params p;
  p.bioavailability = 0.8, p.dose = 300.0;
  p.times = {0.7, 1.0, 3.14, 12.0};
  p.dt = dt;
  return p;
}

TEST(Pharmacokinetics, ConvergesWithOrderFourToBatemansFunction) {
  const auto error = [](double dt) {
    const std::vector<double> c = outputs_at(*Pharmacokinetics::make(one_dose(dt)), {1.3, 3.0, 30.0});
    return std::abs(c[3] - bateman(1.3, 3.0, 30.0, 12.0)) + std::abs(c[1] - bateman(1.3, 3.0, 30.0, 1.0));
  };
  // Steps that divide all four intervals nearly alike; errors from 1e-6 to 1e-9, far above rounding.
  for (const double dt : {0.1, 0.05}) EXPECT_NEAR(std::log2(error(dt) / error(dt / 2.0)), 4.0, 0.1) << dt;
}

TEST(Pharmacokinetics, LandsOnEveryObservationTime) {
  const std::vector<double> c = outputs_at(*Pharmacokinetics::make(one_dose(0.01)), {1.3, 3.0, 30.0});
  const std::vector<double> times = one_dose(0.01).times;
  for (std::size_t k = 0; k < times.size(); ++k)  // h^4 = 1e-8 times derivatives below 1
    EXPECT_NEAR(c[k], bateman(1.3, 3.0, 30.0, times[k]), 1e-8);
}

TEST(Pharmacokinetics, KeepsTheDrugThatIsNotCleared) {
  Pharmacokinetics::Params p = one_dose(0.1);
  p.unknown = {"exchange", "peripheral_volume"}, p.clearance = 0.0;
  p.observe = {"gut", "concentration", "peripheral"};
  const std::vector<double> y = outputs_at(*Pharmacokinetics::make(p), {4.0, 25.0});
  for (std::size_t k = 0; k < y.size(); k += 3)  // a linear invariant: kept up to rounding
    EXPECT_NEAR(y[k] + p.volume * y[k + 1] + 25.0 * y[k + 2], 240.0, 1e-11 * 240.0);
  EXPECT_GT(y[11], 1.0);
}

TEST(LotkaVolterra, KeepsItsInvariantToOrderFour) {
  const std::vector<double> q = {0.55, 0.028, 0.8, 0.024};
  const auto drift = [&](double dt) {
    LotkaVolterra::Params p;
    p.dt = dt, p.times = {0.0, 30.0};
    const std::vector<double> y = outputs_at(*LotkaVolterra::make(p), q);
    const auto invariant = [&](double prey, double predators) {
      return q[3] * prey - q[2] * std::log(prey) + q[1] * predators - q[0] * std::log(predators);
    };
    EXPECT_EQ(y[0], p.prey0);
    EXPECT_EQ(y[1], p.predators0);
    return std::abs(invariant(y[2], y[3]) - invariant(y[0], y[1]));
  };
  EXPECT_NEAR(std::log2(drift(0.025) / drift(0.0125)), 4.0, 0.1);  // drifts of 3e-9 and 2e-10
}

TEST(Sir, KeepsThePopulationAndKermacksRelation) {
  Sir::Params p;
  p.unknown = {"beta", "gamma", "infectious0"};
  p.observe = {"susceptible", "infectious", "recovered", "new_cases"};
  p.recovered0 = 100.0, p.dt = 0.05;
  p.end = 60.0, p.observations = 12;
  const std::vector<double> y = outputs_at(*Sir::make(p), {0.5, 0.1, 2.0});
  const double S0 = 898.0;
  double cases = 0.0;
  for (std::size_t k = 0; k < y.size(); k += 4) {
    EXPECT_NEAR(y[k] + y[k + 1] + y[k + 2], 1000.0, 1e-10);  // a linear invariant: kept up to rounding
    // dS/dR = -beta S / (gamma N), so ln(S / S0) = -beta (R - R0) / (gamma N); RK4 with h = 0.05: 1e-8.
    EXPECT_NEAR(std::log(y[k] / S0), -0.5 / (0.1 * 1000.0) * (y[k + 2] - 100.0), 1e-7);
    cases += y[k + 3];
    EXPECT_NEAR(cases, S0 - y[k], 1e-10);
  }
  EXPECT_LT(y[y.size() - 4], 100.0);  // the epidemic did take place
}

/// Determinant of the derivative of the last observations with respect to the initial values u, by tangents.
double volume_change(const model::ForwardModel& model, const std::vector<double>& u) {
  const int n = model.shape().inputs;
  const Batch rows("u", n, n), directions("v", n, n), y("y", n, n), dy("dy", n, n);
  for (int i = 0; i < n; ++i) {
    directions(i, i) = 1.0;
    for (int k = 0; k < n; ++k) rows(i, k) = u[static_cast<std::size_t>(k)];
  }
  EXPECT_TRUE(model.tangent()->evaluate_and_pushforward(rows, directions, y, dy).ok());
  double product = 1.0;  // elimination with pivots; only |det| is asked for
  for (int k = 0; k < n; ++k) {
    int pivot = k;
    for (int i = k; i < n; ++i)
      if (std::abs(dy(i, k)) > std::abs(dy(pivot, k))) pivot = i;
    for (int j = 0; j < n; ++j) std::swap(dy(k, j), dy(pivot, j));
    product *= dy(k, k);
    for (int i = k + 1; i < n; ++i)
      for (int j = n - 1; j >= k; --j) dy(i, j) -= dy(i, k) / dy(k, k) * dy(k, j);
  }
  return std::abs(product);
}

// Liouville: the volume shrinks by exp(integral of the divergence), and the divergence is constant.
TEST(Lorenz63, ShrinksVolumesAsItsDivergenceSays) {
  Lorenz63::Params p;
  p.unknown = {"x0", "y0", "z0"};
  p.dt = 0.001, p.times = {0.4};
  EXPECT_NEAR(volume_change(*Lorenz63::make(p), {1.0, 2.0, 20.0}) / std::exp(-0.4 * (10.0 + 1.0 + p.beta)), 1.0, 1e-7);
}

TEST(Lorenz63, RestsInItsEquilibriaAndDecaysOnTheAxis) {
  Lorenz63::Params p;
  p.unknown = {"x0", "y0", "z0"};
  p.times = {1.0};
  const double side = std::sqrt(p.beta * (p.rho - 1.0));
  const std::vector<double> rest = outputs_at(*Lorenz63::make(p), {-side, -side, p.rho - 1.0});
  EXPECT_NEAR(rest[0], -side, 1e-12);
  EXPECT_NEAR(rest[1], -side, 1e-12);
  EXPECT_NEAR(rest[2], p.rho - 1.0, 1e-12);
  EXPECT_NEAR(outputs_at(*Lorenz63::make(p), {0.0, 0.0, 5.0})[2], 5.0 * std::exp(-p.beta), 1e-7);
}

TEST(Lorenz96, ShrinksVolumesAsItsDivergenceSays) {
  Lorenz96::Params p;
  p.variables = 5, p.unknown = {"initial"};
  p.dt = 0.001, p.times = {0.4};
  EXPECT_NEAR(volume_change(*Lorenz96::make(p), {1.0, 2.0, 5.0, -3.0, 0.5}) / std::exp(-0.4 * 5.0), 1.0, 1e-7);
}

TEST(Lorenz96, KeepsEnergyButForDampingAndRestsAtTheForcing) {
  Lorenz96::Params p;
  p.variables = 7, p.forcing = 0.0, p.unknown = {"initial"};
  p.dt = 0.005, p.times = {0.0, 0.8};
  const std::vector<double> y = outputs_at(*Lorenz96::make(p), {1.0, 2.0, 5.0, -3.0, 0.5, 4.0, -1.0});
  double before = 0.0, after = 0.0;
  for (std::size_t i = 0; i < 7; ++i) before += y[i] * y[i], after += y[7 + i] * y[7 + i];
  EXPECT_NEAR(after / before, std::exp(-1.6), 1e-7);  // (sum x^2)' = -2 sum x^2 without forcing
  p.forcing = 3.0;
  const std::vector<double> rest = outputs_at(*Lorenz96::make(p), std::vector<double>(7, 3.0));
  for (const double x : rest) EXPECT_EQ(x, 3.0);
}

}  // namespace
}  // namespace aleator::ode
