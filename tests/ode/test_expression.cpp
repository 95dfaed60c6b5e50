// Models in time as formulas: the same numbers as the models in C++, maps against their own loop, and what is refused.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "model/state_space.hpp"
#include "ode/models.hpp"

namespace aleator::ode {
namespace {

void expect_refused(const Expression::Params& p, const std::string& key, const std::string& words) {
  try {
    Expression::make(p);
    ADD_FAILURE() << "was not refused: " << words;
  } catch (const deck::KeyError& error) {
    EXPECT_EQ(error.key(), key);
    EXPECT_THAT(error.what(), testing::HasSubstr(words));
  }
}

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

// x' = -x + sin t, x(0) = c: x = (c + 1/2) e^-t + (sin t - cos t) / 2. Half the step, a sixteenth of the error.
TEST(OdeExpression, TimeInTheRatesKeepsTheOrderFour) {
  Expression::Params p;
  p.states = {"x"}, p.rates = {"sin(t) - x"}, p.initial = {"c"}, p.parameters = {{"c", 2.0}}, p.times = {3.0};
  double errors[2];
  for (int k = 0; k < 2; ++k) {
    p.dt = k == 0 ? 0.2 : 0.1;
    errors[k] =
        outputs_at(*Expression::make(p), {2.0})[0] - (2.5 * std::exp(-3.0) + 0.5 * (std::sin(3.0) - std::cos(3.0)));
  }
  EXPECT_NEAR(std::log2(errors[0] / errors[1]), 4.0, 0.15);
  EXPECT_LT(std::abs(errors[1]), 1e-5);
}

// The same equation, and a stiff one: x' = -1e6 (x - cos t) - sin t, x = cos t.
TEST(OdeExpression, ImplicitStepsAreOfOrderThreeAndStable) {
  Expression::Params p;
  p.states = {"x"}, p.rates = {"sin(t) - x^2"}, p.initial = {"c"}, p.parameters = {{"c", 2.0}}, p.times = {3.0};
  p.dt = 1e-3;
  const double exact = outputs_at(*Expression::make(p), {2.0})[0];  // explicit, of order 4
  p.method = Expression::Method::implicit_steps;
  double errors[2];
  for (int k = 0; k < 2; ++k) {
    p.dt = k == 0 ? 0.05 : 0.025;
    errors[k] = outputs_at(*Expression::make(p), {2.0})[0] - exact;
  }
  EXPECT_NEAR(std::log2(errors[0] / errors[1]), 3.0, 0.15);
  EXPECT_LT(std::abs(errors[1]), 1e-5);
  p.rates = {"-1e6 * (x - cos(t)) - sin(t)"}, p.dt = 0.1;
  EXPECT_NEAR(outputs_at(*Expression::make(p), {2.0})[0], std::cos(3.0), 1e-5);  // whatever the start
}

// 1 - h g df/dx = 0 in the first row: elimination must take another one first, as it does when the states stand the other way.
TEST(OdeExpression, ImplicitStepsEliminateWithPivots) {
  Expression::Params p;
  p.states = {"x", "y"}, p.rates = {"c * x - y", "x"}, p.initial = {"1", "2"}, p.parameters = {{"c", 1.0}};
  p.dt = 0.1, p.times = {0.1}, p.method = Expression::Method::implicit_steps;
  const double c = 1.0 / (0.1 * 0.43586652150845899942);
  const std::vector<double> one = outputs_at(*Expression::make(p), {c});
  p.states = {"y", "x"}, p.rates = {"x", "c * x - y"}, p.initial = {"2", "1"};
  const std::vector<double> other = outputs_at(*Expression::make(p), {c});
  for (int i = 0; i < 2; ++i) EXPECT_NEAR(one[i], other[1 - i], 1e-10 * std::abs(one[i])) << i;
}

// Hairer, Wanner, Solving ODEs II, and Radau5 of SciPy with tolerance 1e-12: a, b, c at t = 40.
TEST(OdeExpression, RobertsonsReactionsAreSolvedByImplicitSteps) {
  Expression::Params p = robertson_as_formulas();
  p.least_steps = 100;
  const std::vector<double> y = outputs_at(*Expression::make(p), {0.04, 3e7, 1e4});
  EXPECT_NEAR(y[8], 0.7158270687, 1e-6);
  EXPECT_NEAR(y[9], 0.09185534765, 1e-7);
  EXPECT_NEAR(y[10], 0.2841637457, 1e-6);
  p.method = Expression::Method::explicit_steps, p.dt = 0.01;
  const Batch u("u", 1, 3), out("y", 1, 12);
  u(0, 0) = 0.04, u(0, 1) = 3e7, u(0, 2) = 1e4;
  const RowStatus status = Expression::make(p)->evaluate(u, out);
  ASSERT_EQ(status.failed.size(), 1u);
  EXPECT_THAT(status.failed[0].reason, testing::HasSubstr("method = \"implicit\" if the system is stiff"));
}

// The time as a state of rate 1 gives the same stages, but for the 1e-9 of a step by which they lie inside it.
TEST(OdeExpression, TheTimeIsThatOfAStateOfRateOne) {
  Expression::Params p = seasons_as_formulas(0.05), q = p;
  q.states.emplace_back("t"), q.rates.emplace_back("1"), q.initial.emplace_back("1");
  const std::vector<double> u = {0.9, 0.3, 0.4, 20.0}, y = outputs_at(*Expression::make(p), u);
  const std::vector<double> z = outputs_at(*Expression::make(q), u);
  ASSERT_EQ(y.size(), z.size());
  // The jump is seen from another side by single stages of one step: 0.4 of the rate, h / 6 of the time.
  for (std::size_t k = 0; k < y.size() / 2; ++k) EXPECT_NEAR(y[k], z[k], 1e-8 * (1.0 + std::abs(z[k])));
}

// A dose between two times: exact with breaks, wrong by a share of the step without.
TEST(OdeExpression, StepsEndAtBreaks) {
  Expression::Params p;
  p.states = {"x"}, p.rates = {"c * if(t >= 0.333 && t < 1.777, 1, 0)"}, p.initial = {"0"};
  p.parameters = {{"c", 2.0}}, p.times = {1.0, 3.0}, p.dt = 0.1;
  EXPECT_GT(std::abs(outputs_at(*Expression::make(p), {2.0})[1] - 2.888), 1e-4);
  p.breaks = {0.333, 1.777};
  const auto model = Expression::make(p);
  EXPECT_NEAR(outputs_at(*model, {2.0})[0], 2.0 * (1.0 - 0.333), 1e-13);
  EXPECT_NEAR(outputs_at(*model, {2.0})[1], 2.888, 1e-13);
  const Batch x("x", 1, 1);  // a filter's steps end there too
  ASSERT_TRUE(model->state_space()->advance({0.2, 2.0}, {}, x).ok());
  EXPECT_NEAR(x(0, 0), 2.888, 1e-13);
}

TEST(OdeExpression, ParametersMayBeArrays) {
  Expression::Params p;
  p.states = {"x[2]"}, p.rates = {"-k * x + c"}, p.initial = {"x0"}, p.times = {0.5, 1.0}, p.dt = 0.02;
  p.parameters = {{"k[2]", 0.5}, {"c", 0.3}, {"x0[2]", 1.0}}, p.unknown = {"x0", "k[1]"};
  p.observe = {"x", "k[0]", "k[1]", "c", "t"};
  const auto model = Expression::make(p);
  EXPECT_EQ(model->shape().input_names, (std::vector<std::string>{"x0[0]", "x0[1]", "k[1]"}));
  const std::vector<double> y = outputs_at(*model, {2.0, -1.0, 0.8});
  const auto exact = [](double x0, double k, double t) { return (x0 - 0.3 / k) * std::exp(-k * t) + 0.3 / k; };
  ASSERT_EQ(y.size(), 12u);
  EXPECT_NEAR(y[6], exact(2.0, 0.5, 1.0), 1e-8);
  EXPECT_NEAR(y[7], exact(-1.0, 0.8, 1.0), 1e-8);
  EXPECT_EQ((std::vector<double>(y.begin() + 8, y.end())), (std::vector<double>{0.5, 0.8, 0.3, 1.0}));
  const Batch u("u", 1, 3), out("y", 1, 12), du("du", 1, 3);
  u(0, 0) = 2.0, u(0, 1) = -1.0, u(0, 2) = 0.8;
  const auto last = [](int, ConstBatch, Batch dy) {  // of x[0] and x[1] at the end
    Kokkos::deep_copy(dy, 0.0);
    dy(0, 6) = 1.0, dy(0, 7) = 2.0;
  };
  ASSERT_TRUE(model->adjoint()->evaluate_and_pullback(u, out, last, du).ok());
  EXPECT_NEAR(du(0, 0), std::exp(-0.5), 1e-7);
  EXPECT_NEAR(du(0, 1), 2.0 * std::exp(-0.8), 1e-7);
  EXPECT_NEAR(du(0, 2), (exact(-1.0, 0.8 + 1e-5, 1.0) - exact(-1.0, 0.8 - 1e-5, 1.0)) / 1e-5, 1e-6);
  p.unknown = {}, p.observe = {"k", "x"};
  EXPECT_EQ(Expression::make(p)->shape().inputs, 5);
  EXPECT_EQ(Expression::make(p)->shape().output_names.front(), "k[0](0.5)");
}

// beta S I and logarithms by hand, from the states that the same run gives.
TEST(OdeExpression, ObservesFormulasOfStatesParametersAndTime) {
  Expression::Params p = seasons_as_formulas(0.05);
  const std::vector<double> u = {0.9, 0.3, 0.4, 20.0};
  const auto model = Expression::make(p);
  const std::vector<double> y = outputs_at(*model, u);
  p.observe = {"S", "I", "C"};
  const std::vector<double> x = outputs_at(*Expression::make(p), u);
  EXPECT_THAT(model->shape().output_names, testing::IsSupersetOf({"change_C(3)", "log(I * gamma)(3)", "seen[0](3)",
                                                                  "seen[1](3)", "new(3)", "change_rate(3)", "S(3)"}));
  const auto rate = [&](double t) {
    return u[0] * (1.0 + u[2] * std::sin(2.0 * M_PI * t / 9.0)) * (t < 7.5 ? 1.0 : 0.6);
  };
  double before = 1.0;
  for (std::size_t k = 0; k < 4; ++k) {
    const double t = p.times[k], S = x[3 * k], I = x[3 * k + 1], C = x[3 * k + 2];
    const std::vector<double> expected = {C - (k == 0 ? 0.0 : x[3 * k - 1]),
                                          std::log(I * u[1]),
                                          std::sqrt(S),
                                          t * u[0],
                                          rate(t) * S * I / 1000.0,
                                          rate(t) - rate(before),
                                          S};
    for (std::size_t i = 0; i < 7; ++i) EXPECT_NEAR(y[7 * k + i], expected[i], 1e-12 * (1.0 + std::abs(expected[i])));
    before = t;
  }
  EXPECT_THAT(model->state_space()->info().objection, testing::HasSubstr("observes the formula"));
  EXPECT_EQ(model->states()->states(u.data()).size(), 3u);  // the pictures are those of the states
}

TEST(OdeExpression, SumsOfStatesWrittenAsFormulasAreLinearObservables) {
  Expression::Params p = ring_as_formulas(6);
  p.unknown.clear();
  p.observe = {"both = 0.5*x[1] + x[2]", "sum(x)", "-x[4]"};
  const auto model = Expression::make(p);
  const model::StateInfo& info = model->state_space()->info();
  EXPECT_EQ(info.objection, "");
  using Weights = std::vector<std::pair<int, double>>;
  EXPECT_EQ(info.observed[0].weights, (Weights{{1, 0.5}, {2, 1.0}}));
  EXPECT_EQ(info.observed[1].weights, (Weights{{0, 1.0}, {1, 1.0}, {2, 1.0}, {3, 1.0}, {4, 1.0}, {5, 1.0}}));
  EXPECT_EQ(info.observed[2].weights, (Weights{{4, -1.0}}));
  const std::vector<double> y = outputs_at(*model, {});
  p.observe = {"x"};
  const std::vector<double> x = outputs_at(*Expression::make(p), {});
  EXPECT_NEAR(y[0], 0.5 * x[1] + x[2], 1e-13);
  EXPECT_NEAR(y[2], -x[4], 1e-13);
  for (const char* const other : {"x[0] * x[1]", "abs(x[0])", "min(x[0], 1e4)", "if(t < 30, 1, 0.5) * x[0]", "x[0] + 1",
                                  "x[0] + t", "x[0] + 0 * log(x[1])", "if(x[0] > 500, 2 * x[0], x[0])"}) {
    p.observe = {other};
    EXPECT_THAT(Expression::make(p)->state_space()->info().objection, testing::HasSubstr("observes the formula"))
        << other;
  }
}

TEST(OdeExpression, AFormulaWithoutAValueFailsTheRow) {
  Expression::Params p = seasons_as_formulas(0.05);
  p.observe = {"S", "logs = log(C)"};
  const auto model = Expression::make(p);
  const Batch u("u", 1, 4), y("y", 1, 8);
  for (int k = 0; k < 4; ++k) u(0, k) = std::vector<double>{0.9, 0.3, 0.4, 20.0}[static_cast<std::size_t>(k)];
  const RowStatus status = model->evaluate(u, y);
  ASSERT_EQ(status.failed.size(), 1u);
  EXPECT_THAT(status.failed[0].reason, testing::HasSubstr("logs(1) is -inf"));
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

// Months as twelfths of years, tenths, a step of few digits: as many steps as lie between, counted from the start.
TEST(OdeExpression, AMapTakesTheStepsThatLieBetweenItsTimes) {
  Expression::Params p;
  p.time = Expression::Time::discrete, p.states = {"x"}, p.rates = {"x + 1"}, p.initial = {"x0"};
  p.parameters = {{"x0", 0.0}};
  const auto expect_counts = [&p](int stride) {
    const auto model = Expression::make(p);
    const std::vector<double> y = outputs_at(*model, {0.0});
    for (std::size_t k = 0; k < y.size(); ++k) ASSERT_EQ(y[k], stride * static_cast<double>(k + 1)) << p.start;
    const model::StateSpace& space = *model->state_space();
    const Batch u("u", 1, 1), x("x", 1, 1);
    double from = p.start;
    for (std::size_t k = 0; k < space.info().times.size(); ++k) {
      ASSERT_TRUE(space.advance({from, space.info().times[k]}, u, x).ok());
      ASSERT_EQ(x(0, 0), y[k]) << k;
      from = space.info().times[k];
    }
  };
  p.start = 1990.0, p.dt = 1.0 / 12, p.end = 2000.0, p.observations = 120;
  expect_counts(1);
  p.start = 2000.0, p.dt = 0.1, p.end = 2003.0, p.observations = 30;
  expect_counts(1);
  p.start = 0.0, p.dt = 0.1, p.end = 1200.0, p.observations = 12000;
  expect_counts(1);
  p.dt = 0.3333333, p.end = 1.0, p.observations = 1;
  expect_counts(3);
}

// x' = 1 from half a day after the start on: 0.5 after a day, whatever the calendar counts from.
TEST(OdeExpression, BreaksAreMetAtLateTimesToo) {
  for (const Expression::Method method : {Expression::Method::explicit_steps, Expression::Method::implicit_steps})
    for (const double start : {0.0, 2460000.0, 1.7e9}) {
      Expression::Params p;
      p.states = {"x"}, p.rates = {"rate * if(t < start + 0.5, 0, 1)"}, p.initial = {"0"}, p.method = method;
      p.parameters = {{"rate", 1.0}, {"start", start}}, p.unknown = {"rate"};
      p.start = start, p.breaks = {start + 0.5}, p.times = {start + 1.0}, p.dt = 0.1;
      EXPECT_NEAR(outputs_at(*Expression::make(p), {1.0})[0], 0.5, start == 1.7e9 ? 1e-6 : 1e-8) << start;
    }
  Expression::Params p;
  p.states = {"x"}, p.rates = {"rate"}, p.initial = {"0"}, p.parameters = {{"rate", 1.0}};
  p.start = 1.7e9, p.times = {1.7e9 + 1.0}, p.dt = 1e-5;
  expect_refused(p, "dt", "lost in the rounding of times");
}

// Times are start + k / 10, of which one is the break but for its last bit, as may be a time of the pictures.
TEST(OdeExpression, ABreakThatIsATimeButForRoundingIsMetThere) {
  Expression::Params p;
  p.states = {"x"}, p.rates = {"rate * if(t < 0.3, 0, 1)"}, p.initial = {"0"}, p.parameters = {{"rate", 1.0}};
  p.start = 0.1, p.end = 1.1, p.observations = 10, p.breaks = {0.3}, p.dt = 0.01;
  const std::vector<double> y = outputs_at(*Expression::make(p), {1.0});
  for (std::size_t k = 0; k < y.size(); ++k) EXPECT_NEAR(y[k], std::max(0.0, 0.1 * static_cast<double>(k) - 0.1), 1e-8);
  p.end.reset(), p.observations.reset(), p.times = {10.1, 20.1};
  EXPECT_NO_THROW(Expression::make(p)->states()->states(std::vector<double>{1.0}.data()));
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
  p = lorenz63_as_formulas(), p.parameters.push_back({"k[0]", 1.0});
  expect_refused(p, "parameters", "'k[0]' is no name, nor one with a size");
  p = lorenz63_as_formulas(), p.parameters.push_back({"k", 1.0}), p.parameters.push_back({"k[2]", 1.0});
  expect_refused(p, "parameters", "'k' stands there twice");
  p = lorenz63_as_formulas(), p.observe = {"w"};
  expect_refused(p, "observe", "this model has no 'w'");
  p = lorenz63_as_formulas(), p.observe = {"x", "log(w)"};
  expect_refused(p, "observe", "w");
  p = lorenz63_as_formulas(), p.observe = {"x = x^2"};
  expect_refused(p, "observe", "'x' is the name of a state already");
  p = lorenz63_as_formulas(), p.observe = {"x^2", "x^2"};
  expect_refused(p, "observe", "stands there twice");
  p = lorenz63_as_formulas(), p.breaks = {0.2, 0.1};
  expect_refused(p, "breaks", "do not increase");
  p = map_as_formulas(1.0), p.breaks = {2.0};
  expect_refused(p, "breaks", "a map in discrete time");
  p = map_as_formulas(1.0), p.method = Expression::Method::implicit_steps;
  expect_refused(p, "method", "a map in discrete time");
  p = map_as_formulas(1.0), p.least_steps = 3;
  expect_refused(p, "least_steps", "a map in discrete time");
  p = lorenz63_as_formulas(), p.data = {"forcing.csv", "t,force\n0,1\n1,2\n"};
  expect_refused(p, "data", "has a column 't'");
  p = lorenz63_as_formulas(), p.definitions = {"half = beta / 2", "t = 2 * half"};
  expect_refused(p, "definitions", "'t' is the time, and reserved");
  p.definitions = {"t(a) = 2 * a"};
  expect_refused(p, "definitions", "'t' is the time, and reserved");
  p.definitions = {"rho = 2"};
  expect_refused(p, "definitions", "'rho' is a parameter already");
  p.definitions = {"half = 1", "half = 2"};
  expect_refused(p, "definitions", "'half' is defined already");
  p = lorenz63_as_formulas(), p.states = {"t[3]"}, p.rates = {"-t"}, p.initial = {"1"};  // then there is no time
  EXPECT_EQ(Expression::make(p)->shape().outputs, 9);
  p = map_as_formulas(1.0), p.times = {0.5};
  expect_refused(p, "times", "no whole number of steps");
}

}  // namespace
}  // namespace aleator::ode
