// Formulas: values against the same written in C++, gradients against central differences, faults at their characters.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "math/expression/formula.hpp"

namespace aleator::math {
namespace {

using kernels::Batch;
using kernels::ConstBatch;
using Values = std::vector<double>;

Batch rows_of(const std::vector<Values>& rows) {
  Batch u("u", rows.size(), rows[0].size());
  for (std::size_t i = 0; i < rows.size(); ++i)
    for (std::size_t k = 0; k < rows[i].size(); ++k) u(i, k) = rows[i][k];
  return u;
}

double value_at(const Formula& f, const Values& u) {
  const Batch y("y", 1, f.outputs());
  f.evaluate(rows_of({u}), y);
  return y(0, 0);
}

Values gradient_at(const Formula& f, const Values& u) {
  const Batch y("y", 1, f.outputs()), du("du", 1, u.size());
  f.evaluate_and_pullback(
      rows_of({u}), y, [](int, ConstBatch, Batch dy) { dy(0, 0) = 1.0; }, du);
  return Values(du.data(), du.data() + du.size());
}

void expect_gradient(const Formula& f, const Values& u, const std::string& name) {
  const Values g = gradient_at(f, u);
  for (std::size_t k = 0; k < u.size(); ++k) {
    Values above = u, below = u;
    const double h = 1e-5 * (1.0 + std::abs(u[k]));
    above[k] += h, below[k] -= h;
    const double slope = (value_at(f, above) - value_at(f, below)) / (2.0 * h);
    EXPECT_NEAR(g[k], slope, 1e-7 * (1.0 + std::abs(slope))) << name << ", parameter " << k;
  }
}

Formula formula(const std::string& text, std::vector<std::string> parameters = {"a", "b"},
                std::vector<std::string> definitions = {}) {
  return Formula({std::move(parameters), {}, std::move(definitions), {text}});
}

TEST(Formula, PrecedenceAndFunctionsAreThoseOfMathematics) {
  const double a = 0.7, b = 1.3, inf = std::numeric_limits<double>::infinity();
  const std::vector<std::pair<std::string, double>> cases = {
      {"a + b * 2", a + b * 2},
      {"-a^2", -a * a},
      {"2^3^2", 512.0},
      {"2^-1", 0.5},
      {"a - b - 1", a - b - 1},
      {"a / b / 2", a / b / 2},
      {"a ** b", std::pow(a, b)},
      {"(a + b) * 2", (a + b) * 2},
      {"a < b && b < 1", 0.0},
      {"a < b || b < 1", 1.0},
      {"!(a < b) + (a >= b) + (a != b) + (a == a)", 2.0},
      {"if(a < b, a, b)", a},
      {"min(a, b) + 2 * max(a, b)", a + 2 * b},
      {"log1p_exp(a) + inv_logit(b)", std::log(1 + std::exp(a)) + 1 / (1 + std::exp(-b))},
      {"lgamma(b) + erf(a)", std::lgamma(b) + std::erf(a)},
      {"log_normal_cdf(a)", std::log(0.5 * std::erfc(-a / std::sqrt(2.0)))},
      {"sum([a, b, 2])", a + b + 2},
      {"dot([a, b], [3, 4]) - norm([a, b])", 3 * a + 4 * b - std::hypot(a, b)},
      {"mean([a, b]) + length([a, b, a])", (a + b) / 2 + 3},
      {"log_sum_exp([a, b])", std::log(std::exp(a) + std::exp(b))},
      {"log_sum_exp([-infinity, -infinity])", -inf},
      {"sum(range(4)) + sum(rep(a, 3))", 6 + 3 * a},
      {"[a, b, 5][1:][0]", b},
      {"sum([a, b][[1, 1, 0]])", 2 * b + a},
      {"normal_lpdf([a, b], 0.5, 2)",
       -0.125 * ((a - 0.5) * (a - 0.5) + (b - 0.5) * (b - 0.5)) - 2 * std::log(2.0) - std::log(2 * M_PI)},
      {"1e-3 + .5 # a comment", 0.501}};
  for (const auto& [text, expected] : cases)
    if (std::isfinite(expected))
      EXPECT_NEAR(value_at(formula(text), {a, b}), expected, 1e-14 * (1 + std::abs(expected))) << text;
    else
      EXPECT_EQ(value_at(formula(text), {a, b}), expected) << text;
}

TEST(Formula, GradientsOfAllOperationsAreExact) {
  for (const char* const text :
       {"a * b + a / b - b", "exp(a) * log(b)", "sqrt(a) + b^3 + a^4 + a^b + 2^b", "sin(a) * cos(b) + tan(a)",
        "asin(a / 2) + acos(b / 2) + atan(b)", "sinh(a) + cosh(b) + tanh(a * b)", "abs(a - b) + log1p(a) + expm1(b)",
        "log1p_exp(a) + inv_logit(b) + lgamma(b) + erf(a) + log_normal_cdf(-a)", "min(a, b) * max(a, 2 * b)",
        "if(a < b, a * b, b)", "log_sum_exp([a, b, a * b])", "sum([a, b, a]^2 * [1, 2, 3]) + norm([a, b])",
        "normal_lpdf([a, b, 1], a, b)", "dot([a, b][[1, 0, 0]], rep(b, 3)) + mean([a, b])", "pow(square(a), b)"})
    expect_gradient(formula(text), {0.7, 1.3}, text);
}

TEST(Formula, GradientsOfLongArraysAreExactToo) {
  // Longer than 64 entries: one row at a time instead of eight.
  Values u;
  for (int i = 0; i < 100; ++i) u.push_back(std::sin(1.0 + i));
  const Formula f =
      formula("normal_lpdf(x[1:], rho * x[:99], sqrt(1 - rho^2)) + log_sum_exp(x)", {"x[100]"}, {"rho = 0.9"});
  double expected = 0.0, sum = 0.0;
  for (int i = 0; i < 100; ++i) sum += std::exp(u[i]);
  for (int i = 1; i < 100; ++i) {
    const double r = u[i] - 0.9 * u[i - 1];
    expected -= 0.5 * r * r / 0.19 + 0.5 * std::log(2 * M_PI * 0.19);
  }
  EXPECT_NEAR(value_at(f, u), expected + std::log(sum), 1e-11);
  expect_gradient(f, u, "AR(1)");
}

TEST(Formula, ReproducesTheBenchmarkDensities) {
  const Values x = {0.3, -1.2, 0.8};
  const auto normal = [](double v, double m, double s) {
    return -0.5 * (v - m) * (v - m) / (s * s) - std::log(s) - 0.5 * std::log(2 * M_PI);
  };
  EXPECT_NEAR(value_at(formula("normal_lpdf(a, 0, 3) + normal_lpdf(b, 0, exp(a / 2))"), {1.1, 0.4}),
              normal(1.1, 0, 3) + normal(0.4, 0, std::exp(0.55)), 1e-13);
  const Formula shells = formula("log_sum_exp(-((r - 2) / 0.1)^2 / 2) - log(2 * pi * 0.1^2) / 2", {"x[3]"},
                                 {"rest = sum(x^2) - x[0]^2\nr = sqrt([(x[0] - 3.5)^2, (x[0] + 3.5)^2] + rest)"});
  const auto shell = [&](double c) {
    const double r = std::sqrt((x[0] - c) * (x[0] - c) + x[1] * x[1] + x[2] * x[2]);
    return std::exp(-0.5 * (r - 2) * (r - 2) / 0.01) / std::sqrt(2 * M_PI * 0.01);
  };
  EXPECT_NEAR(value_at(shells, x), std::log(shell(3.5) + shell(-3.5)), 1e-9);
  EXPECT_NEAR(value_at(formula("(2 + cos(a / 2) * cos(b / 2))^5"), {1.0, 2.0}),
              std::pow(2 + std::cos(0.5) * std::cos(1.0), 5), 1e-11);
  EXPECT_NEAR(value_at(formula("sin(x[0]) + 7 * sin(x[1])^2 + 0.1 * x[2]^4 * sin(x[0])", {"x[3]"}), x),
              std::sin(0.3) + 7 * std::pow(std::sin(-1.2), 2) + 0.1 * std::pow(0.8, 4) * std::sin(0.3), 1e-14);
}

TEST(Formula, DataAreArraysAndPlacesMayBeData) {
  const Formula f({{"alpha[2]"}, {{"group", 3, {1, 0, 1}}, {"y", 3, {2.0, 3.0, 4.0}}}, {}, {"dot(y, alpha[group])"}});
  EXPECT_EQ(value_at(f, {10.0, 1.0}), 2.0 + 30.0 + 4.0);
  EXPECT_EQ(gradient_at(f, {10.0, 1.0}), (Values{3.0, 6.0}));
}

TEST(Formula, ARowsBitsDoNotDependOnItsCompany) {
  for (const char* const text : {"exp(a) * sin(b) + log1p_exp(a * b)", "sum(rep(a, 100)^2 * exp(b))"}) {
    const Formula f = formula(text);
    std::vector<Values> rows;
    for (int i = 0; i < 11; ++i) rows.push_back({std::sin(3.0 * i), std::cos(2.0 * i)});
    const Batch y("y", 11, 1), du("du", 11, 2);
    f.evaluate_and_pullback(
        rows_of(rows), y,
        [](int, ConstBatch, Batch dy) {
          for (std::size_t i = 0; i < dy.extent(0); ++i) dy(i, 0) = 1.0;
        },
        du);
    for (int i = 0; i < 11; ++i) {
      EXPECT_EQ(value_at(f, rows[i]), y(i, 0));
      EXPECT_EQ(gradient_at(f, rows[i]), (Values{du(i, 0), du(i, 1)}));
    }
  }
}

TEST(Formula, TheBranchNotTakenCannotSpoilTheGradient) {
  const Formula f = formula("if(a > 0, log(a), a) + 0 * b");
  EXPECT_EQ(gradient_at(f, {-1.0, 1.0})[0], 1.0);
  EXPECT_EQ(value_at(f, {-1.0, 1.0}), -1.0);
}

TEST(Formula, ConstantResultsAndUnusedParametersHaveGradientZero) {
  EXPECT_EQ(gradient_at(formula("3"), {1.0, 2.0}), (Values{0.0, 0.0}));
  EXPECT_EQ(gradient_at(formula("a"), {1.0, 2.0}), (Values{1.0, 0.0}));
}

TEST(Formula, FaultsAreFoundAtTheirCharacter) {
  struct Fault {
    const char* text;
    std::size_t at;
    const char* words;
  };
  for (const Fault& fault :
       {Fault{"a + * b", 4, "'*' stands where"}, Fault{"a + (b", 6, "the formula ends where ')'"},
        Fault{"a + c", 4, "unknown name 'c'"}, Fault{"a + expp(b)", 4, "unknown function 'expp'"},
        Fault{"a + $", 4, "the character '$'"}, Fault{"exp(a, b)", 0, "exp takes 1 argument, not 2"},
        Fault{"1 + [a, b] * [1, 2, 3]", 11, "arrays of 2 and 3 entries"}, Fault{"[a, b][2]", 7, "there is no entry 2"},
        Fault{"[a, b][a]", 7, "known beforehand"}, Fault{"[a, b][1:1]", 6, "holds no entries"},
        Fault{"exp", 0, "is a function"}, Fault{"a b", 2, "'b' stands where an operator"},
        Fault{"a(2)", 0, "'a' is no function"}, Fault{"", 0, "the formula ends"}})
    try {
      formula(fault.text);
      ADD_FAILURE() << fault.text;
    } catch (const FormulaError& error) {
      EXPECT_EQ(error.at, fault.at) << fault.text;
      EXPECT_NE(std::string(error.what()).find(fault.words), std::string::npos) << fault.text << ": " << error.what();
    }
}

TEST(Formula, UnknownNamesGetASuggestion) {
  try {
    formula("sgma + 1", {"sigma", "b"});
    FAIL();
  } catch (const FormulaError& error) {
    EXPECT_EQ(error.hint, "did you mean 'sigma'?");
  }
}

TEST(Formula, DefinitionsAreReadLineByLineAndTakenNamesRefused) {
  EXPECT_EQ(value_at(formula("d", {"a", "b"}, {"c = a + (b\n + 1)  # goes on\n\nd = c * 2"}), {1.0, 2.0}), 8.0);
  for (const char* const text : {"a = 1", "exp = 2", "c = 1\nc = 2", "c 1"})
    EXPECT_THROW(formula("a", {"a", "b"}, {text}), FormulaError) << text;
}

}  // namespace
}  // namespace aleator::math
