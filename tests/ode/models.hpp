#pragma once
/// What      The ODE models with all their quantities unknown, and rows of them to try.
/// Method    quantities within 10 % of sensible values; horizons short enough for chaos to amplify little.
#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include "ode/expression.hpp"
#include "ode/lorenz63.hpp"
#include "ode/lorenz96.hpp"
#include "ode/lotka_volterra.hpp"
#include "ode/pharmacokinetics.hpp"
#include "ode/sir.hpp"
#include "support/models.hpp"

namespace aleator::ode {

using model::Batch;
using model::ConstBatch;
using model::RowStatus;
using model::Vector;
using test_models::number;
using test_models::outputs_at;
using test_models::random_batch;
using test_models::weights;

struct Case {
  std::string name;
  std::shared_ptr<model::ForwardModel> model;
  std::vector<double> centre;  ///< a value of each unknown
};

inline Case sir_case(const std::string& name, Transform transform, double dt) {
  Sir::Params p;
  p.unknown = {"beta", "gamma", "population", "infectious0", "recovered0"};
  p.observe = {"infectious", "new_cases", "recovered"};
  p.transform = transform, p.dt = dt;
  p.times = {3.0, 10.0, 11.5, 20.0, 30.0};
  return {name, Sir::make(p), {0.4, 0.1, 1000.0, 20.0, 50.0}};
}

inline Case lotka_volterra_case(const std::string& name, Transform transform, double dt) {
  LotkaVolterra::Params p;
  p.unknown = {"predators0", "alpha", "beta", "gamma", "delta", "prey0"};
  p.observe = {"predators", "prey"};
  p.transform = transform, p.dt = dt;
  p.start = 1.0, p.end = 6.0, p.observations = 7;
  return {name, LotkaVolterra::make(p), {4.0, 0.55, 0.028, 0.8, 0.024, 30.0}};
}

inline Case lorenz63_case() {
  Lorenz63::Params p;
  p.unknown = {"x0", "y0", "z0", "beta", "rho", "sigma"};
  p.times = {0.0, 0.3, 0.5};  // the first: the initial state itself
  return {"lorenz63", Lorenz63::make(p), {1.0, 2.0, 20.0, 2.6, 28.0, 10.0}};
}

inline Case lorenz96_case(const std::string& name, int variables, double dt) {
  Lorenz96::Params p;
  p.variables = variables, p.unknown = {"forcing", "initial"};
  p.observe = {"x_1", "x_0", "x_3"};
  p.dt = dt, p.end = 0.5, p.observations = 3;
  Case result{name, Lorenz96::make(p), {8.0}};
  for (int i = 0; i < variables; ++i) result.centre.push_back(3.0 + 4.0 * std::sin(1.0 + 2.0 * i));
  return result;
}

inline Case pharmacokinetics_case() {
  Pharmacokinetics::Params p;
  p.unknown = {"ka", "clearance", "volume", "exchange", "peripheral_volume", "dose", "bioavailability"};
  p.observe = {"concentration", "peripheral", "gut"};
  p.times = {0.25, 1.0, 4.0, 9.7};
  return {"pharmacokinetics", Pharmacokinetics::make(p), {1.0, 3.0, 30.0, 2.0, 40.0, 300.0, 0.9}};
}

inline Expression::Params lorenz63_as_formulas() {
  Expression::Params p;
  p.states = {"x", "y", "z"};
  p.rates = {"sigma * (y - x)", "x * (rho - z) - y", "x * y - beta * z"};
  p.initial = {"x0", "y0", "z0"};
  p.parameters = {{"x0", 1.0}, {"y0", 1.0}, {"z0", 1.0}, {"beta", 8.0 / 3.0}, {"rho", 28.0}, {"sigma", 10.0}};
  p.times = {0.0, 0.3, 0.5};
  return p;
}

/// Lorenz' ring; with more than 64 variables rows go through the formula one by one.
inline Expression::Params ring_as_formulas(int variables) {
  Expression::Params p;
  p.states = {"x[" + std::to_string(variables) + "]"};
  p.definitions = {
      "n = length(x)\nright = [x[1:], x[0]]\nleft = [x[n - 1], x[:n - 1]]\nsecond = [x[n - 2:], x[:n - 2]]"};
  p.rates = {"(right - second) * left - x + forcing"};
  p.initial = {"forcing + 2 * sin(phase + 2 * range(" + std::to_string(variables) + "))"};
  p.parameters = {{"forcing", 8.0}, {"phase", 1.0}};
  p.observe = {"x[1]", "change_x[0]"}, p.dt = 0.025, p.end = 0.5, p.observations = 3;
  p.layout = Expression::Layout::ring;
  return p;
}

/// Two species and a disease in discrete time.
inline Expression::Params map_as_formulas(double dt) {
  Expression::Params p;
  p.time = Expression::Time::discrete;
  p.states = {"n", "m[2]"};
  p.rates = {"n * exp(r * (1 - n) - m[0])", "[s * m[1], 0.3 * n * m[0] + c]"};
  p.initial = {"n0", "0.2"};
  p.parameters = {{"r", 1.2}, {"s", 0.5}, {"c", 0.1}, {"n0", 0.7}};
  p.dt = dt, p.times = {0.0, 2.0, 3.0, 7.0};
  return p;
}

/// The last two repeat steps in the adjoint: they have more states than it keeps.
inline std::vector<Case> all_cases() {
  return {sir_case("sir", Transform::none, 0.25),
          sir_case("sir_sqrt", Transform::sqrt, 0.25),
          lotka_volterra_case("lotka_volterra", Transform::none, 0.05),
          lotka_volterra_case("lotka_volterra_log", Transform::log, 0.05),
          lorenz63_case(),
          lorenz96_case("lorenz96", 6, 0.025),
          pharmacokinetics_case(),
          {"expression_lorenz63", Expression::make(lorenz63_as_formulas()), {1.0, 2.0, 20.0, 2.6, 28.0, 10.0}},
          {"expression_ring", Expression::make(ring_as_formulas(6)), {8.0, 1.0}},
          {"expression_long_ring", Expression::make(ring_as_formulas(70)), {8.0, 1.0}},
          {"expression_map", Expression::make(map_as_formulas(1.0)), {1.2, 0.5, 0.1, 0.7}},
          {"expression_map_repeated", Expression::make(map_as_formulas(1.0 / 3200)), {0.2, 0.5, 0.1, 0.7}},
          lotka_volterra_case("lotka_volterra_repeated", Transform::none, 1.2e-4),
          lorenz96_case("lorenz96_repeated", 40, 2.5e-4)};
}

inline Batch some_rows(const Case& c, int rows) { return test_models::rows_around(c.centre, rows); }

}  // namespace aleator::ode
