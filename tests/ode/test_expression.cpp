// Models in time as formulas: the same numbers as the models in C++, maps against their own loop, and what is refused.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "model/state_space.hpp"
#include "ode/models.hpp"

namespace aleator::ode {
namespace {

// The same steps in another order of operations: rounding, amplified e-fold in 1.1 time units.
TEST(OdeExpression, GivesTheNumbersOfTheModelInCpp) {
  Lorenz63::Params p;
  p.unknown = {"x0", "y0", "z0", "beta", "rho", "sigma"};
  p.times = {0.0, 0.3, 0.5};
  const std::vector<double> u = {1.0, 2.0, 20.0, 2.6, 28.0, 10.0};
  const std::vector<double> y = outputs_at(*Expression::make(lorenz63_as_formulas()), u);
  const std::vector<double> expected = outputs_at(*Lorenz63::make(p), u);
  ASSERT_EQ(y.size(), expected.size());
  for (std::size_t k = 0; k < y.size(); ++k) EXPECT_NEAR(y[k], expected[k], 1e-11);
}

TEST(OdeExpression, ALongRingGivesTheNumbersOfTheModelInCpp) {
  Lorenz96::Params p;
  p.variables = 70, p.unknown = {"forcing"}, p.observe = {"x_1"};
  for (int i = 0; i < 70; ++i) p.initial.push_back(8.3 + 2.0 * std::sin(1.0 + 2.0 * i));
  p.dt = 0.025, p.end = 0.5, p.observations = 3;
  const std::vector<double> expected = outputs_at(*Lorenz96::make(p), {8.3});
  const std::vector<double> y = outputs_at(*Expression::make(ring_as_formulas(70)), {8.3, 1.0});
  for (std::size_t k = 0; k < 3; ++k) EXPECT_NEAR(y[2 * k], expected[k], 1e-11);
}

// And observes every state where `observe` is left out; a number begins all entries of an array.
TEST(OdeExpression, AMapIsIterated) {
  const double r = 1.2, s = 0.5, c = 0.1;
  const std::vector<double> y = outputs_at(*Expression::make(map_as_formulas(0.5)), {r, s, c, 0.7});
  double n = 0.7, m0 = 0.2, m1 = 0.2;
  int k = 0;
  for (int step = 0; step <= 14; ++step) {
    if (step == 0 || step == 4 || step == 6 || step == 14) {
      EXPECT_NEAR(y[3 * k], n, 1e-14);
      EXPECT_NEAR(y[3 * k + 1], m0, 1e-14);
      EXPECT_NEAR(y[3 * k + 2], m1, 1e-14);
      ++k;
    }
    const double next = n * std::exp(r * (1.0 - n) - m0), next1 = 0.3 * n * m0 + c;
    m0 = s * m1, m1 = next1, n = next;
  }
}

TEST(OdeExpression, ItsStatesCanBeFollowed) {
  const auto model = Expression::make(ring_as_formulas(6));
  const model::StateInfo& info = model->state_space()->info();
  EXPECT_EQ(info.names[5], "x[5]");
  EXPECT_EQ(info.coordinates[0].period, 6.0);
  EXPECT_THAT(info.objection, testing::HasSubstr("change_x[0]"));
  for (int i = 0; i < 6; ++i) EXPECT_NEAR(info.initial[i], 8.0 + 2.0 * std::sin(1.0 + 2.0 * i), 1e-14);
  Expression::Params ar;  // without unknowns
  ar.time = Expression::Time::discrete, ar.dt = 1.0;
  ar.states = {"x"}, ar.rates = {"0.9 * x"}, ar.initial = {"2"}, ar.times = {1.0, 3.0};
  const auto series = Expression::make(ar);
  const Batch x("x", 1, 1);
  x(0, 0) = 2.0;
  ASSERT_TRUE(series->state_space()->advance({1.0, 3.0}, {}, x).ok());
  EXPECT_NEAR(x(0, 0), 2.0 * 0.81, 1e-15);
}

// The pictures of a map lie at its steps: 14 of them, and every second of 402.
TEST(OdeExpression, TrajectoriesOfAMapLieAtItsSteps) {
  Expression::Params p = map_as_formulas(0.5);
  p.observe = {"n"};
  const std::vector<double> u = {1.2, 0.5, 0.1, 0.7};
  auto fields = Expression::make(p)->states()->states(u.data());
  ASSERT_EQ(fields.size(), 3u);
  ASSERT_EQ(fields[0].values.size(), 15u);
  p.times = {3.5};
  EXPECT_EQ(fields[0].values[7], outputs_at(*Expression::make(p), u)[0]);
  p.times = {201.0};
  fields = Expression::make(p)->states()->states(u.data());
  ASSERT_EQ(fields[0].values.size(), 135u);  // 402 steps, every third
  p.times = {150.0};
  EXPECT_EQ(fields[0].values[100], outputs_at(*Expression::make(p), u)[0]);
}

void expect_refused(const Expression::Params& p, const std::string& key, const std::string& words) {
  try {
    Expression::make(p);
    ADD_FAILURE() << "was not refused: " << words;
  } catch (const deck::KeyError& error) {
    EXPECT_EQ(error.key(), key);
    EXPECT_THAT(error.what(), testing::HasSubstr(words));
  }
}

TEST(OdeExpression, WhatDoesNotFitIsRefusedAtItsKey) {
  Expression::Params p = lorenz63_as_formulas();
  p.rates.pop_back();
  expect_refused(p, "rates", "2 formulas for 3 states");
  p = lorenz63_as_formulas(), p.initial = {"1", "1"};
  expect_refused(p, "initial", "2 formulas for 3 states");
  p = lorenz63_as_formulas(), p.initial[1] = "x + 1";
  expect_refused(p, "initial", "depends on the state 'x'");
  p = lorenz63_as_formulas(), p.rates[2] = "[x, y]";
  expect_refused(p, "rates", "2 numbers for state 'z', which has 1");
  p = lorenz63_as_formulas(), p.rates[0] = "sigme * x";
  expect_refused(p, "rates", "sigme");
  p = lorenz63_as_formulas(), p.observe = {"w"};
  expect_refused(p, "observe", "this model has no 'w'");
  p = map_as_formulas(1.0), p.times = {0.5};
  expect_refused(p, "times", "no whole number of steps");
}

}  // namespace
}  // namespace aleator::ode
