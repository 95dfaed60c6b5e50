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

/// An epidemic with seasons and a rule that takes effect at t = 7.5, seen through formulas.
inline Expression::Params seasons_as_formulas(double dt) {
  Expression::Params p;
  p.states = {"S", "I", "C"};
  p.definitions = {"rate = beta * (1 + depth * sin(2 * pi * t / 9)) * if(t < 7.5, 1, 0.6)\nnew = rate * S * I / 1000"};
  p.rates = {"-new", "new - gamma * I", "new"};
  p.initial = {"1000 - I0", "I0", "0"};
  p.parameters = {{"beta", 0.9}, {"gamma", 0.3}, {"depth", 0.4}, {"I0", 20.0}};
  p.observe = {"change_C", "log(I * gamma)", "seen = [sqrt(S), t * beta]", "new", "change_rate", "S"};
  p.dt = dt, p.start = 1.0, p.times = {1.0, 3.0, 8.0, 12.5}, p.breaks = {0.5, 7.5, 8.0, 40.0};
  return p;
}

/// A map that knows the time.
inline Expression::Params waves_as_map() {
  Expression::Params p;
  p.time = Expression::Time::discrete;
  p.states = {"x", "y"};
  p.rates = {"0.5 * x + a * cos(w * t)", "0.9 * y + b * x^2"};
  p.initial = {"a + t", "1"};
  p.parameters = {{"a", 1.0}, {"b", 0.2}, {"w", 0.7}};
  p.observe = {"x * y", "change_x"};
  p.dt = 0.5, p.start = 2.0, p.times = {3.0, 6.5};
  return p;
}

/// Robertson's reactions, stiff: rates from 0.04 to 3e7.
inline Expression::Params robertson_as_formulas() {
  Expression::Params p;
  p.states = {"a", "b", "c"};
  p.rates = {"-k1 * a + k3 * b * c", "k1 * a - k3 * b * c - k2 * b^2", "k2 * b^2"};
  p.initial = {"1", "0", "0"};
  p.parameters = {{"k1", 0.04}, {"k2", 3e7}, {"k3", 1e4}};
  p.observe = {"a", "1e4 * b", "c", "change_a"};
  p.method = Expression::Method::implicit_steps, p.dt = 1e9, p.least_steps = 12, p.times = {0.4, 4.0, 40.0};
  return p;
}

inline Expression::Params implicit_seasons() {
  Expression::Params p = seasons_as_formulas(0.25);
  p.method = Expression::Method::implicit_steps;
  return p;
}

/// The last ones repeat steps in the adjoint: they have more states than it keeps.
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
          {"expression_seasons", Expression::make(seasons_as_formulas(0.05)), {0.9, 0.3, 0.4, 20.0}},
          {"expression_seasons_repeated", Expression::make(seasons_as_formulas(4e-4)), {0.9, 0.3, 0.4, 20.0}},
          {"expression_implicit", Expression::make(implicit_seasons()), {0.9, 0.3, 0.4, 20.0}},
          {"expression_robertson", Expression::make(robertson_as_formulas()), {0.04, 3e7, 1e4}},
          {"expression_waves", Expression::make(waves_as_map()), {1.0, 0.2, 0.7}},
          lotka_volterra_case("lotka_volterra_repeated", Transform::none, 1.2e-4),
          lorenz96_case("lorenz96_repeated", 40, 2.5e-4)};
}

inline Batch some_rows(const Case& c, int rows) { return test_models::rows_around(c.centre, rows); }

}  // namespace aleator::ode
