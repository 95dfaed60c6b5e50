// The densities of formulas: textbook values, supports, domains.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "formulas.hpp"

namespace aleator::math {
namespace {

// Expected values: SciPy 1.17.1, scipy.stats, at x = 0.7, 1.3 (or counts 2, 5); see the arguments.
TEST(Formula, DensitiesAreThoseOfTheTextbooks) {
  const std::vector<std::pair<std::string, double>> cases = {
      {"normal_lpdf([a, b], 0.1, 2)", -3.44917142752924},
      {"student_t_lpdf([a, b], 3, 0.1, 2)", -3.67384703546401},
      {"cauchy_lpdf([a, b], 0.1, 2)", -4.0694165288077},
      {"laplace_lpdf([a, b], 0.1, 2)", -3.67258872223978},
      {"logistic_lpdf([a, b], 0.1, 2)", -4.26998075102872},
      {"gumbel_lpdf([a, b], 0.1, 2)", -3.57592421789563},
      {"skew_normal_lpdf([a, b], 0.1, 2, -3)", -7.08154366934928},
      {"log_normal_lpdf([a, b], 0.1, 2)", -3.15922501790768},
      {"half_normal_lpdf([a, b], 2)", -2.11037706640935},
      {"half_cauchy_lpdf([a, b], 2)", -2.75743399935142},
      {"exponential_lpdf([a, b], 2)", -2.61370563888011},
      {"gamma_lpdf([a, b], 2.5, 3)", -1.21777031681215},
      {"inverse_gamma_lpdf([a, b], 2.5, 3)", -1.33962351286254},
      {"weibull_lpdf([a, b], 2.5, 3)", -3.95185563008753},
      {"pareto_lpdf([a, b], 0.5, 3)", -1.58441578813849},
      {"beta_lpdf([a, b / 2], 2.5, 3)", 0.271191185475697},
      {"uniform_lpdf([a, b], 0, 3)", -2.19722457733622},
      {"dirichlet_lpdf([0.2, 0.3, 0.5], [1.5, 2, 3])", 1.69521099526956},
      {"poisson_lpmf([2, 5], b)", -6.24408907206955},
      {"poisson_log_lpmf([2, 5], b)", -3.71923225858048},
      {"bernoulli_lpmf([1, 0], a)", -1.56064774826467},
      {"bernoulli_logit_lpmf([1, 0], a)", -1.50637209777092},
      {"binomial_lpmf([2, 5, 0], 5, a)", -9.82592194918457},
      {"binomial_logit_lpmf([2, 5], 7, a)", -4.45555980894956},
      {"beta_binomial_lpmf([2, 5], 7, a, b)", -4.41231612788509},
      {"neg_binomial_lpmf([2, 0], a, b)", -2.81755362399509},
      {"neg_binomial_log_lpmf([2, 0], a, b)", -3.02690066558719},
      {"geometric_lpmf([2, 5], a)", -9.14115951815902},
      {"multi_normal_lpdf([a, b], [0, 1], [2, 0.3, 0.3, 1])", -2.30383706440197},
      {"log_mix(0.3, normal_lpdf(a, 0, 1), normal_lpdf(a, 2, 1))", -1.54349009836261}};
  for (const auto& [text, expected] : cases)
    EXPECT_NEAR(value_at(formula(text), {0.7, 1.3}), expected, 1e-12 * (1.0 + std::abs(expected))) << text;
}

TEST(Formula, DensitiesLoseNothingWhereGammaFunctionsCancel) {
  const double a = 0.7, b = 1.3;
  const std::vector<std::pair<std::string, double>> cases = {
      {"neg_binomial_lpmf([2, 0, 7], b, 1e15)", value_at(formula("poisson_lpmf([2, 0, 7], b)"), {a, b})},
      {"neg_binomial_log_lpmf([2, 0, 7], b, 1e15)", value_at(formula("poisson_log_lpmf([2, 0, 7], b)"), {a, b})},
      {"student_t_lpdf([a, b], 1e15, 0.1, 2)", value_at(formula("normal_lpdf([a, b], 0.1, 2)"), {a, b})},
      {"lbeta(a, 1e15)", std::lgamma(a) - a * std::log(1e15)},
      {"lbeta(1e15, a)", std::lgamma(a) - a * std::log(1e15)},
      {"lgamma_rise(999.5, 3)", std::log(999.5) + std::log(1000.5) + std::log(1001.5)},
      {"lgamma_rise(10000.5, 3)", std::log(10000.5) + std::log(10001.5) + std::log(10002.5)}};
  for (const auto& [text, expected] : cases)
    EXPECT_NEAR(value_at(formula(text), {a, b}), expected, 1e-12 * (1.0 + std::abs(expected))) << text;
}

TEST(Formula, DensitiesAreZeroOutsideTheirSupport) {
  const double inf = std::numeric_limits<double>::infinity();
  for (const char* const text :
       {"log_normal_lpdf(-a, 0, 1)", "gamma_lpdf(-a, 2, 1)", "beta_lpdf(b, 2, 2)", "uniform_lpdf(b, 0, 1)",
        "exponential_lpdf([a, -a], 1)", "weibull_lpdf(-a, 2, 1)", "pareto_lpdf(a, 1, 2)", "half_normal_lpdf(-a, 1)",
        "binomial_lpmf(4, 3, 0.5)", "poisson_lpmf(-1, b)", "bernoulli_lpmf(2, 0.5)"}) {
    EXPECT_EQ(value_at(formula(text), {0.7, 1.3}), -inf) << text;
    for (const double slope : gradient_at(formula(text), {0.7, 1.3})) EXPECT_FALSE(std::isnan(slope)) << text;
  }
}

// lgamma of negative numbers and log1p(-p) of others than probabilities are finite: no law, and no density to be sampled.
TEST(Formula, ParametersThatNoLawHasAreNoNumber) {
  for (const char* const text : {"poisson_lpmf([0, 0], a)",
                                 "poisson_lpmf(3, a)",
                                 "binomial_lpmf(0, 5, a)",
                                 "binomial_lpmf(5, 5, 1 - a)",
                                 "bernoulli_lpmf(0, a)",
                                 "bernoulli_lpmf(1, 1 - a)",
                                 "neg_binomial_lpmf(0, 2, a)",
                                 "neg_binomial_lpmf(0, a, 3)",
                                 "neg_binomial_log_lpmf(0, 1, a)",
                                 "beta_binomial_lpmf(2, 5, a, 2)",
                                 "beta_binomial_lpmf(2, 5, 2, a)",
                                 "beta_lpdf(0.3, a, 2)",
                                 "beta_lpdf(0.3, 2, a)",
                                 "dirichlet_lpdf([0.3, 0.7], [a, 2])",
                                 "dirichlet_lpdf([0.3, 0.7 + a], 2)",
                                 "gamma_lpdf(2, a, 1)",
                                 "gamma_lpdf(2, 1, a)",
                                 "inverse_gamma_lpdf(2, a, 1)",
                                 "inverse_gamma_lpdf(2, 1, a)",
                                 "weibull_lpdf(2, a, 1)",
                                 "weibull_lpdf(2, a, a)",
                                 "pareto_lpdf(2, 1, a)",
                                 "uniform_lpdf(2, b, a)",
                                 "geometric_lpmf(0, a)",
                                 "geometric_lpmf(0, 1 - a)",
                                 "normal_lpdf(b, 0, a)",
                                 "student_t_lpdf(b, a, 0, 1)",
                                 "student_t_lpdf(b, 3, 0, a)",
                                 "cauchy_lpdf(b, 0, a)",
                                 "laplace_lpdf(b, 0, a)",
                                 "logistic_lpdf(b, 0, a)",
                                 "gumbel_lpdf(b, 0, a)",
                                 "log_normal_lpdf(b, 0, a)",
                                 "half_normal_lpdf(b, a)",
                                 "half_cauchy_lpdf(b, a)",
                                 "exponential_lpdf(b, a)"})
    EXPECT_TRUE(std::isnan(value_at(formula(text), {-1.5, 1.3}))) << text;
  EXPECT_NEAR(value_at(formula("dirichlet_lpdf([0, 0.5, 0.5], 1) + dirichlet_lpdf(softmax([800, -800, 0]), [1, 1, 1])"),
                       {0.0, 1.3}),
              2.0 * std::log(2.0), 1e-14);  // a share that underflows
  for (const char* const text : {"poisson_lpmf(0, a)", "bernoulli_lpmf(0, a)", "binomial_lpmf(0, 3, a)"})
    EXPECT_EQ(value_at(formula(text), {0.0, 1.3}), 0.0) << text;
}

}  // namespace
}  // namespace aleator::math
