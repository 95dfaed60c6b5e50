// Formulas: values against the same written in C++, gradients against central differences.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "formulas.hpp"

namespace aleator::math {
namespace {

// The dot-product test: J v of the forward mode is v . gradient of the reverse mode.
void expect_tangent(const Formula& f, const Values& u, const Values& gradient, const std::string& name) {
  Values v;
  double expected = 0.0, size = 0.0;
  for (std::size_t k = 0; k < u.size(); ++k) {
    v.push_back(std::cos(2.0 + 3.0 * static_cast<double>(k)));
    expected += v[k] * gradient[k], size += std::abs(v[k] * gradient[k]);
  }
  const Batch y("y", 1, f.outputs()), dy("dy", 1, f.outputs());
  f.evaluate_and_pushforward(rows_of({u}), rows_of({v}), y, dy);
  EXPECT_NEAR(dy(0, 0), expected, 1e-12 * (1.0 + size)) << name;
  EXPECT_EQ(y(0, 0), value_at(f, u)) << name;
}

void expect_gradient(const Formula& f, const Values& u, const std::string& name) {
  const Values g = gradient_at(f, u);
  expect_tangent(f, u, g, name);
  for (std::size_t k = 0; k < u.size(); ++k) {
    Values above = u, below = u;
    const double h = 1e-5 * (1.0 + std::abs(u[k]));
    above[k] += h, below[k] -= h;
    const double slope = (value_at(f, above) - value_at(f, below)) / (2.0 * h);
    EXPECT_NEAR(g[k], slope, 1e-7 * (1.0 + std::abs(slope))) << name << ", parameter " << k;
  }
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

TEST(Formula, TheTangentOfSeveralRowsAndOutputsIsTheJacobianTimesTheDirection) {
  const Formula f = formula("[a * b, exp(a), 3, if(a < 1, b, log(a - 1))]");
  const Batch y("y", 10, 4), dy("dy", 10, 4), u("u", 10, 2), v("v", 10, 2);
  for (int row = 0; row < 10; ++row)
    u(row, 0) = 0.05 + 0.2 * row, u(row, 1) = 3.0 - row, v(row, 0) = 1.0 + row, v(row, 1) = row == 3 ? 0.0 : -2.0;
  f.evaluate_and_pushforward(u, v, y, dy);
  for (int row = 0; row < 10; ++row) {
    const double a = u(row, 0), b = u(row, 1), da = v(row, 0), db = v(row, 1);
    EXPECT_NEAR(dy(row, 0), b * da + a * db, 1e-13);
    EXPECT_NEAR(dy(row, 1), std::exp(a) * da, 1e-13);
    EXPECT_EQ(dy(row, 2), 0.0);
    EXPECT_NEAR(dy(row, 3), a < 1 ? db : da / (a - 1), 1e-12 * std::abs(dy(row, 3)));
  }
}

TEST(Formula, ParametersWithoutInfluenceAreNamed) {
  EXPECT_EQ(formula("a + 0 * b").unused_parameters(), std::vector<std::string>{});
  EXPECT_EQ(formula("a + 1").unused_parameters(), std::vector<std::string>{"b"});
  EXPECT_EQ(formula("a", {"a", "b"}, {"c = b^2"}).unused_parameters(), std::vector<std::string>{"b"});
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
  constexpr int count = 67;
  for (const char* const text :
       {"exp(a) * sin(b) + log1p_exp(a * b)", "sum(rep(a, 100)^2 * exp(b))", "sum(a * exp(-b * [0.1, 0.4, 0.9, 1.3]))",
        "sum(recurrence(a, [b, a, 0.5], [1, a, b]))", "log_sum_exp([a, b, a * b])",
        "norm(mat_vec([a, 1, b, 2, a, b], [b, a]))", "norm(group_sum([a, b, a * b], [1, 0, 1], 2))"}) {
    const Formula f = formula(text);
    std::vector<Values> rows;
    for (int i = 0; i < count; ++i) rows.push_back({std::sin(3.0 * i), std::cos(2.0 * i)});
    const Batch y("y", count, 1), du("du", count, 2);
    f.evaluate_and_pullback(
        rows_of(rows), y,
        [](int, ConstBatch, Batch dy) {
          for (std::size_t i = 0; i < dy.extent(0); ++i) dy(i, 0) = 1.0;
        },
        du);
    for (int i = 0; i < count; ++i) {
      EXPECT_EQ(value_at(f, rows[i]), y(i, 0)) << text;
      EXPECT_EQ(gradient_at(f, rows[i]), (Values{du(i, 0), du(i, 1)})) << text;
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

TEST(Formula, GradientsOfDensitiesAndArrayFunctionsAreExact) {
  for (const char* const text :
       {"student_t_lpdf([a, 2, -1], b + 1, a, b)",
        "cauchy_lpdf(a, b, a) + laplace_lpdf(a, 0.1, b)",
        "logistic_lpdf(a, b, a) + gumbel_lpdf(b, a, b)",
        "skew_normal_lpdf(a, 0.1, b, a) + log_normal_lpdf(a, a, b)",
        "gamma_lpdf(a, b, a) + inverse_gamma_lpdf(b, a, b)",
        "weibull_lpdf(a, b, a) + pareto_lpdf(b, a / 2, b)",
        "beta_lpdf(a / 2, b, a) + exponential_lpdf(a, b)",
        "poisson_lpmf([2, 0], a) + poisson_log_lpmf(3, b)",
        "binomial_lpmf([0, 2, 5], 5, a) + binomial_logit_lpmf(2, 5, b)",
        "beta_binomial_lpmf(2, 5, a, b)",
        "neg_binomial_lpmf([0, 3], a, b) + neg_binomial_log_lpmf([0, 3], a, b)",
        "student_t_lpdf(a, 2e5 * b, 0, 1) + lbeta(2e4 * b, a) + neg_binomial_lpmf(3, a, 2e4 * b)",
        "geometric_lpmf(3, a / 2)",
        "bernoulli_lpmf([1, 0], a / 2) + bernoulli_logit_lpmf([1, 0], b)",
        "dirichlet_lpdf([a, b] / (a + b), [a, 2])",
        "log_mix(a / 2, normal_lpdf(1, a, 1), normal_lpdf(1, b, 2))",
        "log_sum_exp(a, b) + log_diff_exp(b, a)",
        "dot(softmax([a, b, 1]), [1, 2, 3]) + log_softmax([a, b])[0]",
        "sd([a, b, 2]) + hypot(a, b) + logit(a / 2)",
        "atan2(a, b) + normal_quantile(a / 2) + digamma(b) + lbeta(a, b)",
        "max([a, b, a * b]) * min([a, b, 2])",
        "sum(square(cumsum([a, b, a]))) + prod([a, b, 2])",
        "dot(recurrence(a, [b, a, 0.5], [1, a, b]), [1, 2, 3])",
        "dot(recurrence(a, b, [1, 2, 3]), [1, -1, 2])",
        "dot(mat_vec([a, 1, b, 2, a, b], [b, a]), [1, 2, 3])",
        "dot(mat_t_vec([a, 1, b, 2, a, b], [b, a]), [1, 2, 3])",
        "norm(group_sum([a, b, a * b], [1, 0, 1], 2))",
        "sum(interp([a, b, 5], [0, 1, 2], [a, b, 4]) * [1, 2, 3])",
        "interp(a, [0, 0.5, 2], [1, b, 4])",
        "multi_normal_lpdf([a, 1, b], [0, b, 1], [a + 1, 0.2, b / 9, 0.2, b, a / 9, b / 9, a / 9, 2])",
        "multi_normal_lpdf([a, b], a, [2, 0.3, 0.3, 1])",
        "dot(cholesky([a + 1, b / 9, b / 9, b]), [1, 2, 3, 4])",
        "norm(mat_vec(cholesky([a + 1, 0.2, b / 9, 0.2, b, a / 9, b / 9, a / 9, 2]), [b, a, -1]))",
        "cholesky([a + 2, 0 * a, b, 2])[2]",  // of what is not symmetric the lower triangle is read
        "multi_normal_lpdf([1, 2], [0, 0], [a + 2, 0 * a, b, 3])",
        "dirichlet_lpdf([0.2, 0.3, 0.5], a) * b"})
    expect_gradient(formula(text), {0.7, 1.3}, text);
  // Long arrays: one row at a time.
  for (const char* const text :
       {"norm(recurrence(a, rep(b / 2, 200), 1)) + sum(group_sum(rep(a, 300), rep(range(3), 100), 3)^2)",
        "norm(mat_vec(rep([a, b], 200), [b, a])) + norm(mat_t_vec(rep([a, b], 200), [b, a]))",
        "multi_normal_lpdf(rep(a, 12), b, exp(-square((each(range(12), 12) - rep(range(12), 12)) / b)) + identity(12))",
        "norm(mat_vec(cholesky(exp(-square((each(range(12), 12) - rep(range(12), 12)) / b)) + a * identity(12)), "
        "range(12)))"}) {
    EXPECT_EQ(formula(text).tape().width(), 1) << text;
    expect_gradient(formula(text), {0.7, 1.3}, text);
  }
}

// log N(r; 0, L L^T) by the factor and by the covariance, which shares only the elimination; L L^T is C again.
TEST(Formula, TheCholeskyFactorTimesItsTransposeIsTheMatrix) {
  const std::vector<std::string> definitions = {"C = [a + 1, 0.2, b / 9, 0.2, b, a / 9, b / 9, a / 9, 2]",
                                                "L = cholesky(C)"};
  for (int i = 0; i < 3; ++i)
    for (int j = 0; j < 3; ++j) {
      const std::string row = "row(L, " + std::to_string(i) + ", 3)", other = "row(L, " + std::to_string(j) + ", 3)";
      const std::string text = "dot(" + row + ", " + other + ") - C[" + std::to_string(3 * i + j) + "]";
      EXPECT_NEAR(value_at(formula(text, {"a", "b"}, definitions), {0.7, 1.3}), 0.0, 1e-15) << text;
      const std::string above = "L[" + std::to_string(3 * i + j) + "] + 0 * a";
      if (j > i) {
        EXPECT_EQ(value_at(formula(above, {"a", "b"}, definitions), {0.7, 1.3}), 0.0) << above;
      }
    }
  EXPECT_TRUE(std::isnan(value_at(formula("sum(cholesky([a, b, b, a]))"), {0.7, 1.3})));  // |b| > a
}

// A long array among many short ones does not make all of them go row by row: the eight rows of a tape still agree with one.
TEST(Formula, ManyShortArraysBesideALongOneGiveARowItsBitsInAnyCompany) {
  const Formula f =
      formula("sum(iterate(g, a, 99)) + sum(x * b)", {"a", "b"}, {"x = range(100)", "g(k, y) = y * 0.9 + x[k] * b"});
  const Batch together = rows_of({{0.7, 1.3}, {0.1, -2.0}, {0.4, 0.5}}), y("y", 3, 1);
  f.evaluate(together, y);
  EXPECT_EQ(f.tape().width(), math::Tape::lanes);
  EXPECT_EQ(formula("sum(x * b) + a", {"a", "b"}, {"x = range(1000)"}).tape().width(), 1);
  for (int row = 0; row < 3; ++row) EXPECT_EQ(value_at(f, {together(row, 0), together(row, 1)}), y(row, 0));
}

TEST(Formula, ArrayFunctionsGiveWhatTheirNamesSay) {
  const double a = 0.7, b = 1.3;
  const std::vector<std::pair<std::string, double>> cases = {
      {"sum(each([a, b], 2) * [1, 2, 3, 4]) - sum(rep([a, b], 2) * [1, 2, 3, 4])", a * (3 - 4) + b * (7 - 6)},
      {"dot(linspace(0, 1, 5), [0, 0, 0, 1, 0]) + variance([1, 2, 3, 6])", 0.75 + 14.0 / 3.0},
      {"dot(column([1, 2, 3, 4, 5, 6], 1, 3), [1, 10]) + dot(row([1, 2, 3, 4, 5, 6], 1, 3), [1, 10, 100])", 52 + 654},
      {"min([3, a, b]) + 10 * max([3, a, b, 2, 1]) + prod([a, b, 2])", a + 30 + 2 * a * b},
      {"dot(diff(cumsum([a, b, 5])), [1, 10])", b + 50},
      {"dot(mat_vec([1, 2, 3, 4, 5, 6], [a, b]), [1, 10, 100])", a + 2 * b + 30 * a + 40 * b + 500 * a + 600 * b},
      {"dot(mat_t_vec([1, 2, 3, 4, 5, 6], [a, b]), [1, 10, 100])", a + 4 * b + 20 * a + 50 * b + 300 * a + 600 * b},
      {"dot(group_sum([a, b, 5], [1, 0, 1], 2), [1, 10])", b + 10 * (a + 5)},
      {"sum([a, b, 5][where([0, 1, 1])])", b + 5},
      {"interp(0.25, [0, 1, 2], [10, 20, 0]) + interp(-3, [0, 1], [7, 8]) + interp(9, [0, 1], [7, 8])", 12.5 + 7 + 8},
      {"round(a) + floor(b) + ceil(b) + sign(-a) + log10(1000) + log2(8)", 1 + 1 + 2 - 1 + 3 + 3},
      {"sum(identity(3) * [1, 2, 3, 4, 5, 6, 7, 8, 9])", 15},
      {"normal_cdf(a) + normal_quantile(0.975)", 0.758036347776927 + 1.959963984540054},
      {"dirichlet_lpdf([0.2, 0.3, 0.5], 2) - dirichlet_lpdf([0.2, 0.3, 0.5], [2, 2, 2])", 0.0},
      {"geometric_lpmf(0, 1) + poisson_log_lpmf(0, -infinity)", 0.0},
      {"lchoose(5, 2) - lbeta(2, 3)", std::log(10.0) + std::log(12.0)}};
  for (const auto& [text, expected] : cases)
    EXPECT_NEAR(value_at(formula(text), {a, b}), expected, 1e-13 * (1 + std::abs(expected))) << text;
}

TEST(Formula, NamesMayBeGreekAndArgumentsStandBehindABar) {
  EXPECT_EQ(value_at(formula("μ + σ_2", {"μ", "σ_2"}), {1.0, 2.0}), 3.0);
  EXPECT_EQ(value_at(formula("normal_lpdf(a | 0, b)"), {1.0, 2.0}),
            value_at(formula("normal_lpdf(a, 0, b)"), {1.0, 2.0}));
  EXPECT_THROW(formula("normal_lpdf(a, 0 | b)"), FormulaError);
}

TEST(Formula, FunctionsMayBeDefined) {
  const std::string squares = "twice(x) = 2 * x\nq(x, y) = twice(x)^2 + c * y\nx = 3";
  const Formula f = formula("q(a, q(b, x))", {"a", "b"}, {"c = 10", squares});
  EXPECT_EQ(value_at(f, {1.0, 2.0}), 4.0 + 10.0 * (16.0 + 30.0));
  EXPECT_EQ(gradient_at(f, {1.0, 2.0}), (Values{8.0, 160.0}));
  const auto fault = [&](const std::string& definitions, const std::string& text) {
    try {
      formula(text, {"a", "b"}, {definitions});
    } catch (const FormulaError& error) {
      return std::string(error.what());
    }
    return std::string("no fault");
  };
  EXPECT_EQ(fault("f(x) = x + z", "f(a)"), "in f: unknown name 'z'");
  EXPECT_EQ(fault("f(x) = f(x)", "f(a)").substr(0, 6), "in f: ");
  EXPECT_EQ(fault("f(x, x) = x", "f(a, b)"), "the argument 'x' is named twice");
  EXPECT_EQ(fault("f(x) = x", "f(a, b)"), "f takes 1 argument, not 2");
  EXPECT_EQ(fault("g(x) = x + y\nf(y) = g(y)", "f(a)"), "in f: in g: unknown name 'y'");
  EXPECT_EQ(fault("f(k, y) = y + a", "sum(iterate(f, 0, 300000))"), "300000 steps are too many for a formula");
}

TEST(Formula, OdeConvergesWithOrderFourAndItsGradientIsExact) {
  // Logistic growth y' = a y (1 - y), y(0) = 0.1; exact: 1 / (1 + 9 exp(-a t)).
  double errors[2];
  for (const int steps : {4, 8}) {
    const Formula f = formula("ode(growth, 0.1, 0, [1, 2.5], " + std::to_string(steps) + ")[1] + 0 * b", {"a", "b"},
                              {"growth(t, y) = a * y * (1 - y)"});
    errors[steps / 8] = std::abs(value_at(f, {1.4, 1.0}) - 1.0 / (1.0 + 9.0 * std::exp(-1.4 * 2.5)));
    expect_gradient(f, {1.4, 1.0}, "logistic growth");
  }
  EXPECT_NEAR(std::log2(errors[0] / errors[1]), 4.0, 0.4);
  const Formula prey = formula("sum(ode(f, [a, b], 0, [0, 0.5, 1], 10) * [1, 2, 3, 4, 5, 6])", {"a", "b"},
                               {"f(t, y) = [y[0] * (1 - y[1]), y[1] * (y[0] - b) + cos(t)]"});
  expect_gradient(prey, {0.7, 1.3}, "predators");
  EXPECT_EQ(value_at(formula("sum(iterate(f, a, 3)) + 0 * b", {"a", "b"}, {"f(k, y) = y * k + 1"}), {1.0, 0.0}),
            2.0 + 5.0 + 16.0);
}

TEST(Formula, SomeOutputsAloneAreThoseOfTheWholeWithTheirGradients) {
  // Every kind of instruction, each result an array; entries 1 and the last of it, then all of them.
  for (const char* const text :
       {"a * exp([1, 2, 3] * b) + [a, 1, b]", "[a, b, 5, a * b][[2, 0, 3, 0]] * a", "[1, 2, 3]",
        "cumsum([a, b, a * b])", "mat_vec([a, 1, b, 2, a, b], [b, a])", "mat_t_vec([a, 1, b, 2, a, b], [b, a])",
        "group_sum([a, b, a * b, b], [1, 0, 2, 1], 3)", "group_sum([a, b, a * b], [0, 0, 2], 4)",
        "[sum([a, b] * 2), log_sum_exp(a, b), a]", "[multi_normal_lpdf([a, b], a, [2, 0.3, 0.3, 1]), b, a]",
        "cholesky([2, a, a, b])", "if([a, b, 1] < 1, [b, b, b], a * [1, 2, 3])",
        "recurrence(a, [b, a, 0.5], [1, a, b])", "rep(a, 70) * range(70) + b"}) {
    const Formula whole = formula(text);
    const int p = whole.outputs();
    std::vector<int> all(static_cast<std::size_t>(p));
    for (int i = 0; i < p; ++i) all[static_cast<std::size_t>(i)] = i;
    for (const std::vector<int>& places : {std::vector<int>{1, p - 1}, all}) {
      const Formula part = whole.only(places);
      ASSERT_EQ(part.outputs(), static_cast<int>(places.size())) << text;
      const Batch u = rows_of({{0.7, 1.3}, {0.4, 2.1}}), y("y", 2, p), y_part("y", 2, places.size()), du("du", 2, 2),
                  du_part("du", 2, 2);
      whole.evaluate_and_pullback(
          u, y,
          [&](int, ConstBatch, Batch dy) {
            for (std::size_t row = 0; row < dy.extent(0); ++row)
              for (int i = 0; i < p; ++i) dy(row, i) = std::count(places.begin(), places.end(), i) == 0 ? 0.0 : 1.0 + i;
          },
          du);
      part.evaluate_and_pullback(
          u, y_part,
          [&](int, ConstBatch, Batch dy) {
            for (std::size_t row = 0; row < dy.extent(0); ++row)
              for (std::size_t i = 0; i < places.size(); ++i) dy(row, i) = 1.0 + places[i];
          },
          du_part);
      for (int row = 0; row < 2; ++row) {
        for (std::size_t i = 0; i < places.size(); ++i)
          EXPECT_NEAR(y_part(row, i), y(row, places[i]), 1e-13 * (1.0 + std::abs(y(row, places[i])))) << text;
        for (int k = 0; k < 2; ++k)
          EXPECT_NEAR(du_part(row, k), du(row, k), 1e-12 * (1.0 + std::abs(du(row, k)))) << text;
      }
    }
  }
}

}  // namespace
}  // namespace aleator::math
