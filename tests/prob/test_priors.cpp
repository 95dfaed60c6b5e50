#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <vector>

#include "kernels/random.hpp"
#include "math/dense.hpp"
#include "math/special.hpp"
#include "prob/prior/closed_laws.hpp"
#include "prob/prior/dirichlet.hpp"
#include "prob/prior/hierarchical.hpp"
#include "prob/prior/lkj.hpp"
#include "prob/prior/log_normal.hpp"
#include "prob/prior/normal.hpp"
#include "prob/prior/ordered.hpp"
#include "prob/prior/positive_laws.hpp"
#include "prob/prior/product.hpp"
#include "prob/prior/real_laws.hpp"
#include "prob/prior/uniform.hpp"

namespace aleator::prob {
namespace {

using Row = std::vector<double>;
constexpr double inf = std::numeric_limits<double>::infinity();
const std::vector<std::vector<double>> covariance = {{2.0, 0.6, -0.3}, {0.6, 1.5, 0.4}, {-0.3, 0.4, 0.8}};

Row to_parameters(const Prior& prior, const Row& z) {
  Row u(z.size());
  prior.to_parameters(z.data(), u.data());
  return u;
}

Row to_latent(const Prior& prior, const Row& u) {
  Row z(u.size());
  prior.to_latent(u.data(), z.data());
  return z;
}

std::shared_ptr<const Prior> correlated() {
  return std::make_shared<Normal>(Normal::Params{3, {1.0, -2.0, 0.5}, {1.0}, covariance});
}

struct Case {
  std::string name;
  std::shared_ptr<const Prior> prior;
};

std::vector<Case> cases() {
  const auto independent = std::make_shared<Normal>(Normal::Params{2, {1.0, -2.0}, {0.5, 3.0}, {}});
  const auto log_normal = std::make_shared<LogNormal>(LogNormal::Params{3, {0.3}, {0.2, 0.7, 1.1}, true});
  const auto uniform = std::make_shared<Uniform>(Uniform::Params{2, {-1.0, 2.0}, {3.0, 2.5}});
  const auto product =
      std::make_shared<Product>(std::vector<Product::Part>{{"a", log_normal}, {"b", correlated()}, {"c", uniform}});
  const std::vector<double> two = {0.6, 3.5};
  const auto gamma = std::make_shared<Gamma>(Gamma::Params{2, two, {2.0}});
  const std::vector<Product::Part> hyper{{"mu", independent},
                                         {"tau", std::make_shared<HalfNormal>(HalfNormal::Params{})}},
      local{hyper[0], hyper[1], {"lambda", std::make_shared<HalfCauchy>(HalfCauchy::Params{3, {1.0}})}};
  return {{"gamma", gamma},
          {"inverse gamma", std::make_shared<InverseGamma>(InverseGamma::Params{2, two, {2.0}})},
          {"exponential", std::make_shared<Exponential>(Exponential::Params{2, two})},
          {"half-normal", std::make_shared<HalfNormal>(HalfNormal::Params{2, two})},
          {"half-Cauchy", std::make_shared<HalfCauchy>(HalfCauchy::Params{2, two})},
          {"Student t", std::make_shared<StudentT>(StudentT::Params{2, {1.0, 4.0}, {-1.0}, {0.5}})},
          {"truncated normal", std::make_shared<TruncatedNormal>(
                                   TruncatedNormal::Params{3, {1.0}, {2.0}, {0.0, -inf, 4.0}, {3.0, 0.5, inf}})},
          {"beta", std::make_shared<Beta>(Beta::Params{2, two, {1.5}})},
          {"log-uniform", std::make_shared<LogUniform>(LogUniform::Params{2, {0.01, 2.0}, {30.0}})},
          {"triangular", std::make_shared<Triangular>(Triangular::Params{3, {-1.0}, {-1.0, 0.3, 2.0}, {2.0}})},
          {"Laplace", std::make_shared<Laplace>(Laplace::Params{2, {-1.0}, two})},
          {"logistic", std::make_shared<Logistic>(Logistic::Params{2, {-1.0}, two})},
          {"Gumbel", std::make_shared<Gumbel>(Gumbel::Params{2, {-1.0}, two})},
          {"Weibull", std::make_shared<Weibull>(Weibull::Params{2, two, {2.0}})},
          {"Pareto", std::make_shared<Pareto>(Pareto::Params{2, two, {1.5}})},
          {"hierarchical",
           std::make_shared<Hierarchical>(Hierarchical::Params{{}, 3, "theta", "", "tau", 0.5, 1.0}, hyper)},
          {"hierarchical with factors",
           std::make_shared<Hierarchical>(Hierarchical::Params{{}, 3, "theta", "", "tau", 0.5, 1.0, "lambda"}, local)},
          {"ordered normal",
           std::make_shared<Ordered>(Ordered::Params{}, std::make_shared<Normal>(Normal::Params{4, {0.0}, {1.0}, {}}))},
          {"ordered gamma",
           std::make_shared<Ordered>(Ordered::Params{}, std::make_shared<Gamma>(Gamma::Params{3, {2.0}, {1.5}}))},
          {"independent normal", independent},
          {"correlated normal", correlated()},
          {"log-normal", log_normal},
          {"uniform", uniform},
          {"product", product}};
}

std::vector<Row> latent_points(int d) {
  std::vector<Row> points;
  for (int n = 0; n < 6; ++n) {
    Row z;
    for (int k = 0; k < d; ++k) z.push_back(2.5 * std::sin(1.0 + 5.0 * n + 3.7 * k));
    points.push_back(z);
  }
  return points;
}

// du_i / dz_k by central differences: error h^2 + 1e-16 / h = 1e-10 with h = 1e-5.
math::Matrix jacobian(const Prior& prior, const Row& z) {
  const int d = prior.dimension();
  math::Matrix j(d, d);
  for (int k = 0; k < d; ++k) {
    Row above = z, below = z;
    above[k] += 1e-5, below[k] -= 1e-5;
    const Row u_above = to_parameters(prior, above), u_below = to_parameters(prior, below);
    for (int i = 0; i < d; ++i) j(i, k) = (u_above[i] - u_below[i]) / 2e-5;
  }
  return j;
}

double log_abs_det(const math::Matrix& j) {
  return 0.5 * math::log_det_cholesky(math::cholesky(math::multiply_transposed(j, j)));
}

TEST(Priors, LatentCoordinatesComeBack) {
  for (const Case& c : cases())
    for (const Row& z : latent_points(c.prior->dimension())) {
      const Row back = to_latent(*c.prior, to_parameters(*c.prior, z));
      for (std::size_t k = 0; k < z.size(); ++k) EXPECT_NEAR(back[k], z[k], 1e-12) << c.name;
    }
}

// A trajectory that runs away asks for any number; an exception would end the threads and the program.
TEST(Priors, EveryLatentCoordinateHasParametersOrNone) {
  std::vector<Case> all = cases();
  for (const double a : {0.1, 0.5, 1.01, 1.1, 1.3, 1.5, 2.0, 5.0, 100.0})
    for (const double b : {0.1, 0.9, 1.1, 2.0, 3.3, 4.0, 7.3, 30.0})
      all.push_back({"beta", std::make_shared<Beta>(Beta::Params{1, {a}, {b}})});
  for (const double shape : {0.5, 1.0, 1.5, 2.0, 4.0})
    all.push_back({"lkj", std::make_shared<Lkj>(Lkj::Params{3, shape, Lkj::Parameters::correlations})});
  all.push_back({"dirichlet", std::make_shared<Dirichlet>(Dirichlet::Params{{0.5, 2.0, 2.0}})});
  const double nan = std::numeric_limits<double>::quiet_NaN();
  for (const Case& one : all) {
    const auto d = static_cast<std::size_t>(one.prior->dimension());
    for (const double z : {nan, -inf, inf, -1e300, -300.0, 300.0, 1e300}) {
      Row u;
      ASSERT_NO_THROW(u = to_parameters(*one.prior, Row(d, z))) << one.name << " " << z;
      EXPECT_TRUE(!std::isnan(z) || std::isnan(u[0])) << one.name;
    }
    double last = -inf;
    for (double z = -37.0; z <= 37.0; z += 0.13) {
      Row u;
      ASSERT_NO_THROW(u = to_parameters(*one.prior, Row(d, z))) << one.name << " " << z;
      if (one.name != "beta") continue;
      EXPECT_GE(u[0], last) << one.name << " " << z;
      last = u[0];
    }
  }
}

TEST(Priors, DensityIsThatOfTheTransportedNormal) {
  // log p(u) + log |du/dz| = log N(z; 0, I)
  for (const Case& c : cases())
    for (const Row& z : latent_points(c.prior->dimension())) {
      const Row u = to_parameters(*c.prior, z);
      const double latent = -0.5 * math::dot(z, z) - 0.5 * static_cast<double>(z.size()) * std::log(2.0 * M_PI);
      EXPECT_NEAR(c.prior->log_density(u.data()) + log_abs_det(jacobian(*c.prior, z)), latent, 1e-7) << c.name;
    }
}

TEST(Priors, PullbackIsTheTransposedJacobian) {
  for (const Case& c : cases())
    for (const Row& z : latent_points(c.prior->dimension())) {
      Row g_u, g_z(z.size());
      for (std::size_t k = 0; k < z.size(); ++k) g_u.push_back(std::cos(2.0 + 3.0 * static_cast<double>(k)));
      c.prior->pullback(z.data(), g_u.data(), g_z.data());
      const Row expected = math::transposed_multiply(jacobian(*c.prior, z), g_u);
      for (std::size_t k = 0; k < z.size(); ++k)
        EXPECT_NEAR(g_z[k], expected[k], 1e-8 * (1.0 + std::abs(expected[k]))) << c.name;
    }
}

TEST(Priors, SlopeIsTheDerivativeOfTheDensity) {
  // Central differences with h = 1e-5 |u|: error h^2 + 1e-16 / h.
  for (const Case& c : cases()) {
    ASSERT_NE(c.prior->density_slope(), nullptr) << c.name;
    for (const Row& z : latent_points(c.prior->dimension())) {
      const Row u = to_parameters(*c.prior, z);
      Row g(u.size());
      c.prior->density_slope()->log_density_gradient(u.data(), g.data());
      for (std::size_t k = 0; k < u.size(); ++k) {
        Row above = u, below = u;
        const double h = 1e-5 * std::abs(u[k]);
        above[k] += h, below[k] -= h;
        const double p_above = c.prior->log_density(above.data()), p_below = c.prior->log_density(below.data());
        if (!std::isfinite(p_above) || !std::isfinite(p_below)) continue;  // at the edge of the support
        EXPECT_NEAR(g[k], (p_above - p_below) / (2.0 * h), 1e-6 * (1.0 + std::abs(g[k]))) << c.name << " " << k;
      }
    }
  }
}

TEST(QuantilePriors, KeepTheirRelativeAccuracyInBothTails) {
  // At z = -+9, p = Phi(-9) = 1.1285884059538405e-19. Exponential: u = -ln(1 - p) = p, and -ln p. Half-Cauchy: tan(pi p / 2)
  // and its inverse. Beta(1, 1/2): p = 1 - sqrt(1 - u), so that u = 2 p. Gamma(1) is the exponential. Student t with
  // nu = 2: p = t^-2 / 2 far out, u = -+1 / sqrt(2 p) (relative error 3 p).
  const double p = 1.1285884059538405e-19;
  const auto at = [](const Prior& prior, double z) { return to_parameters(prior, {z})[0]; };
  const Exponential exponential({1, {1.0}});
  const Gamma gamma({1, {1.0}, {1.0}});
  EXPECT_NEAR(at(exponential, -9.0) / p, 1.0, 1e-14);
  EXPECT_NEAR(at(exponential, 9.0), -std::log(p), 1e-12);
  EXPECT_NEAR(at(gamma, -9.0) / p, 1.0, 1e-13);
  EXPECT_NEAR(at(gamma, 9.0), -std::log(p), 1e-12);
  const HalfCauchy half_cauchy({1, {1.0}});
  EXPECT_NEAR(at(half_cauchy, -9.0) / (M_PI_2 * p), 1.0, 1e-14);
  EXPECT_NEAR(at(half_cauchy, 9.0) * (M_PI_2 * p), 1.0, 1e-14);
  EXPECT_NEAR(at(Beta({1, {1.0}, {0.5}}), -9.0) / (2.0 * p), 1.0, 1e-13);
  const StudentT student({1, {2.0}, {0.0}, {1.0}});
  EXPECT_NEAR(at(student, -9.0) * std::sqrt(2.0 * p), -1.0, 1e-12);
  EXPECT_NEAR(at(student, 9.0) * std::sqrt(2.0 * p), 1.0, 1e-12);
}

TEST(DirichletPrior, HasTheMeansOfTheLawAndItsMapIsInvertedAndDifferentiated) {
  // E u_k = a_k / sum a; 40000 draws of the stratified z (a 200 x 200 grid of quantiles): error 1 / 200^2.
  const Dirichlet prior({{2.0, 0.7, 1.3}});
  Row mean(3, 0.0);
  for (int i = 0; i < 200; ++i)
    for (int j = 0; j < 200; ++j) {
      Row z = {math::normal_quantile((i + 0.5) / 200), math::normal_quantile((j + 0.5) / 200)}, u(3);
      prior.to_parameters(z.data(), u.data());
      for (int k = 0; k < 3; ++k) mean[k] += u[k] / 40000.0;
    }
  EXPECT_NEAR(mean[0], 0.5, 1e-4);
  EXPECT_NEAR(mean[1], 0.175, 1e-4);
  EXPECT_NEAR(mean[2], 0.325, 1e-4);
  const Row z = {0.4, -1.1}, g_u = {0.3, -0.8, 1.9};
  Row u(3), back(2), g_z(2);
  prior.to_parameters(z.data(), u.data());
  EXPECT_NEAR(u[0] + u[1] + u[2], 1.0, 1e-15);
  prior.to_latent(u.data(), back.data());
  prior.pullback(z.data(), g_u.data(), g_z.data());
  math::Matrix j(2, 2);  // of (u_1, u_2), whose determinant the density needs
  for (int k = 0; k < 2; ++k) {
    EXPECT_NEAR(back[k], z[k], 1e-13);
    Row above = z, below = z, u_above(3), u_below(3);
    above[k] += 1e-5, below[k] -= 1e-5;
    prior.to_parameters(above.data(), u_above.data()), prior.to_parameters(below.data(), u_below.data());
    double slope = 0.0;
    for (int i = 0; i < 3; ++i) slope += g_u[i] * (u_above[i] - u_below[i]) / 2e-5;
    for (int i = 0; i < 2; ++i) j(i, k) = (u_above[i] - u_below[i]) / 2e-5;
    EXPECT_NEAR(g_z[k], slope, 1e-9);
  }
  EXPECT_NEAR(prior.log_density(u.data()) + log_abs_det(j), -0.5 * math::dot(z, z) - std::log(2.0 * M_PI), 1e-8);
}

TEST(HierarchicalPrior, RefusesAMeanThatIsNoSingleParameter) {
  const auto normal = std::make_shared<Normal>(Normal::Params{2, {0.0}, {1.0}, {}});
  const auto make = [&](const char* mean, const char* group) {
    return Hierarchical({{}, 3, group, mean, "", 0.0, 1.0}, {{"mu", normal}});
  };
  EXPECT_THROW(make("mu", "theta"), deck::KeyError);
  EXPECT_THROW(make("nu", "theta"), deck::KeyError);
  EXPECT_THROW(make("", "mu"), deck::KeyError);
}

// An interval of fifteen standard deviations to either side: both tails are those of the whole law, there and back.
TEST(TruncatedNormalPrior, KeepsBothTails) {
  const TruncatedNormal prior({1, {100.0}, {10.0}, {-50.0}, {250.0}});
  for (double z = -9.5; z <= 9.5; z += 0.5) {
    EXPECT_NEAR(to_parameters(prior, {z})[0], 100.0 + 10.0 * z, 1e-9) << z;
    EXPECT_NEAR(to_latent(prior, {100.0 + 10.0 * z})[0], z, 1e-9) << z;
  }
  const TruncatedNormal far({1, {0.0}, {1.0}, {30.0}, {inf}});  // P(U > u) = exp(-30 (u - 30)) nearly
  for (const double z : {-5.0, 0.0, 5.0})
    EXPECT_NEAR(to_parameters(far, {z})[0], 30.0 - std::log(math::normal_cdf(-z)) / 30.0, 8e-3) << z;
}

// A share so near 1 that it is 1 in floating point: the map moves it no more, and its slope is a number.
TEST(BetaPrior, HasASlopeWhereItRoundsOntoItsEnd) {
  const Beta prior({1, {0.05}, {0.05}});
  const Row z = {4.0}, g = {3.0};
  Row g_z = {-1.0};
  EXPECT_EQ(to_parameters(prior, z)[0], 1.0);
  prior.pullback(z.data(), g.data(), g_z.data());
  EXPECT_EQ(g_z[0], 0.0);
}

TEST(DirichletPrior, NoShareVanishesBesideOneThatIsNearlyOne) {
  const Dirichlet prior({{0.1, 0.1, 0.1, 0.1}});
  for (const double z : {2.0, 2.5, 3.0}) {
    const Row latent = {z, 0.0, 0.0};
    Row u(4);
    prior.to_parameters(latent.data(), u.data());
    EXPECT_GT(u[3], 0.0) << z;
    EXPECT_GT(prior.log_density(u.data()), -inf) << z;
    // d ln(u_4) / dz_1 by central differences
    const Row above = {z + 1e-4, 0.0, 0.0}, below = {z - 1e-4, 0.0, 0.0}, g_u = {0.0, 0.0, 0.0, 1.0 / u[3]};
    Row high(4), low(4), g_z(3);
    prior.to_parameters(above.data(), high.data()), prior.to_parameters(below.data(), low.data());
    prior.pullback(latent.data(), g_u.data(), g_z.data());
    EXPECT_NEAR(g_z[0] / (std::log(high[3] / low[3]) / 2e-4), 1.0, 1e-5) << z;
  }
}

TEST(TruncatedNormalPrior, RefusesIntervalsWithoutMass) {
  EXPECT_THROW(TruncatedNormal({1, {0.0}, {1.0}, {40.0}, {41.0}}), deck::KeyError);
  EXPECT_THROW(TruncatedNormal({1, {0.0}, {1.0}, {2.0}, {1.0}}), deck::KeyError);
}

TEST(NormalPrior, DensityIsTheClosedFormWithTheCovariance) {
  math::Matrix c(3, 3);
  for (int i = 0; i < 3; ++i)
    for (int j = 0; j < 3; ++j) c(i, j) = covariance[i][j];
  const math::Matrix factor = math::cholesky(c);
  const Row u = {0.2, -1.0, 1.7}, r = {u[0] - 1.0, u[1] + 2.0, u[2] - 0.5};
  const double expected = -0.5 * math::dot(r, math::solve_cholesky(factor, r)) - 0.5 * math::log_det_cholesky(factor) -
                          1.5 * std::log(2.0 * M_PI);
  EXPECT_NEAR(correlated()->log_density(u.data()), expected, 1e-13);
}

TEST(NormalPrior, ImpulsesAlongZGiveTheCovariance) {
  // u - m = L z, so that sum_k (u(e_k) - m)(u(e_k) - m)^T = L L^T = C.
  const auto prior = correlated();
  const Row m = to_parameters(*prior, {0, 0, 0});
  EXPECT_EQ(m, (Row{1.0, -2.0, 0.5}));
  for (int i = 0; i < 3; ++i)
    for (int j = 0; j < 3; ++j) {
      double sum = 0.0;
      for (int k = 0; k < 3; ++k) {
        Row e(3, 0.0);
        e[k] = 1.0;
        const Row u = to_parameters(*prior, e);
        sum += (u[i] - m[i]) * (u[j] - m[j]);
      }
      EXPECT_NEAR(sum, covariance[i][j], 1e-14);
    }
}

TEST(NormalPrior, RefusesCovariancesThatAreNone) {
  const auto make = [](std::vector<std::vector<double>> c) { return Normal({2, {0.0}, {1.0}, std::move(c)}); };
  EXPECT_THROW(make({{1.0, 0.5}}), deck::KeyError);
  EXPECT_THROW(make({{1.0, 0.5}, {0.5}}), deck::KeyError);
  EXPECT_THROW(make({{1.0, 0.5}, {0.4, 1.0}}), deck::KeyError);
  EXPECT_THROW(make({{1.0, 1.0}, {1.0, 1.0}}), deck::KeyError);
  EXPECT_THROW(make({{1.0, inf}, {inf, 1.0}}), deck::KeyError);
}

TEST(LogNormalPrior, ReproducesThePriorOfAristoffAndBangerth) {
  // exp(-(ln u)^2 / (2 2^2)) du is mean_log = 4, sd_log = 2: the Jacobian u shifts the mean of ln u by 2^2. Values of
  // their Table 1: u = 1, u = 10, u = (1, 2, ..., 64).
  const LogNormal prior({64, {4.0}, {2.0}, false});
  Row ones(64, 1.0), tens(64, 10.0), counting;
  for (int k = 1; k <= 64; ++k) counting.push_back(k);
  EXPECT_NEAR(prior.log_density(ones.data()), 0.0, 1e-12);
  EXPECT_NEAR(prior.log_density(tens.data()), -42.4151848838, 1e-10);
  EXPECT_NEAR(prior.log_density(counting.data()), -88.6599171951, 1e-10);
  const LogNormal one({1, {4.0}, {2.0}, false});
  for (const double u : {1e-3, 0.5, 2.0, 77.0, 1e5})
    EXPECT_NEAR(one.log_density(&u), -std::log(u) * std::log(u) / 8.0, 1e-12);
}

TEST(LogNormalPrior, UnnormalisedDensityIsZeroAtItsMode) {
  const LogNormal relative({1, {0.7}, {0.5}, false}), normalised({1, {0.7}, {0.5}, true});
  const double mode = std::exp(0.7 - 0.25);
  EXPECT_NEAR(relative.log_density(&mode), 0.0, 1e-15);
  for (const double u : {0.5 * mode, 0.99 * mode, 1.01 * mode, 3.0 * mode}) {
    EXPECT_LT(relative.log_density(&u), 0.0);
    EXPECT_NEAR(normalised.log_density(&u) - relative.log_density(&u), normalised.log_density(&mode), 1e-13);
  }
}

TEST(LogNormalPrior, KnowsThatParametersArePositive) {
  const LogNormal prior({2, {0.0}, {1.0}, true});
  for (const Row& u : {Row{1.0, 0.0}, Row{-1.0, 1.0}, Row{1.0, std::nan("")}})
    EXPECT_EQ(prior.log_density(u.data()), -inf);
  EXPECT_TRUE(std::isnan(to_latent(prior, {1.0, -2.0})[1]));
}

TEST(UniformPrior, KeepsItsTails) {
  // Phi(-8) = 6.22e-16, Phi(-30) = 4.9e-198 near the lower end at 0: relative accuracy eps z^2, and back.
  const Uniform prior({1, {0.0}, {1.0}});
  for (const double z : {-30.0, -8.0, -3.0}) {
    const Row u = to_parameters(prior, {z});
    EXPECT_NEAR(u[0] / (0.5 * std::erfc(-z / std::sqrt(2.0))), 1.0, 1e-15 * (1.0 + z * z));
    EXPECT_NEAR(to_latent(prior, u)[0], z, 1e-11);
  }
  // With the upper end at 0 the same holds there.
  const Uniform mirrored({1, {-1.0}, {0.0}});
  for (const double z : {30.0, 8.0, 3.0}) {
    const Row u = to_parameters(mirrored, {z});
    EXPECT_NEAR(u[0] / (-0.5 * std::erfc(z / std::sqrt(2.0))), 1.0, 1e-15 * (1.0 + z * z));
    EXPECT_NEAR(to_latent(mirrored, u)[0], z, 1e-11);
  }
}

TEST(UniformPrior, StaysInsideItsBoundsAndIsMonotone) {
  const Uniform prior({1, {-3.0}, {5.0}});
  double last = -3.0;
  for (double z = -40.0; z <= 40.0; z += 0.125) {
    const double u = to_parameters(prior, {z})[0];
    EXPECT_GE(u, last);
    EXPECT_LE(u, 5.0);
    last = u;
  }
  EXPECT_DOUBLE_EQ(to_parameters(prior, {0.0})[0], 1.0);
}

TEST(UniformPrior, HasNoDensityOutside) {
  const Uniform prior({2, {0.0}, {2.0, 4.0}});
  const Row inside = {1.0, 3.0}, outside = {1.0, 4.5}, nowhere = {std::nan(""), 1.0};
  EXPECT_NEAR(prior.log_density(inside.data()), -std::log(8.0), 1e-15);
  EXPECT_EQ(prior.log_density(outside.data()), -inf);
  EXPECT_EQ(prior.log_density(nowhere.data()), -inf);
  EXPECT_TRUE(std::isnan(to_latent(prior, outside)[1]));
}

TEST(UniformPrior, RefusesBoundsWithoutAnInterval) {
  EXPECT_THROW(Uniform({2, {0.0, 1.0}, {1.0}}), deck::KeyError);
  EXPECT_THROW(Uniform({1, {0.0}, {inf}}), deck::KeyError);
  EXPECT_THROW(Uniform({1, {-inf}, {0.0}}), deck::KeyError);
}

TEST(ProductPrior, NamesItsPartsAndRefusesToNameOneTwice) {
  const auto two = std::make_shared<Uniform>(Uniform::Params{2, {0.0}, {1.0}});
  const Product product({{"theta", two}, {"noise", correlated()}});
  const std::vector<Variable> variables = product.variables("all");
  ASSERT_EQ(variables.size(), 2u);
  EXPECT_EQ(variables[0].name, "theta");
  EXPECT_EQ(variables[0].size, 2);
  EXPECT_EQ(variables[1].name, "noise");
  EXPECT_EQ(variables[1].size, 3);
  EXPECT_THROW(Product({{"theta", two}, {"theta", two}}), deck::KeyError);
  EXPECT_THROW(Product({}), deck::KeyError);
}

TEST(Priors, OneValueStandsForAllAndOtherLengthsAreRefused) {
  EXPECT_EQ(spread({2.0}, 3, "sd"), (Row{2.0, 2.0, 2.0}));
  EXPECT_EQ(spread({1.0, 2.0}, 2, "sd"), (Row{1.0, 2.0}));
  EXPECT_THROW(spread({1.0, 2.0}, 3, "sd"), deck::KeyError);
  EXPECT_THROW(spread({}, 3, "sd"), deck::KeyError);
}

}  // namespace
}  // namespace aleator::prob
