// Ensembles that interact, and Langevin dynamics without a Metropolis test: where theory says what they converge to.
#include <gtest/gtest.h>

#include "core/error.hpp"
#include "core/log.hpp"
#include "sampler/ensemble/eki.hpp"
#include "sampler/ensemble/eks.hpp"
#include "sampler/ensemble/forecast.hpp"
#include "sampler/ensemble/panels.hpp"
#include "sampler/ensemble/uki.hpp"
#include "sampler/langevin/aldi.hpp"
#include "sampler/langevin/cbs.hpp"
#include "sampler/langevin/ula.hpp"
#include "sampler/langevin/underdamped.hpp"
#include "sampler/stein/svgd.hpp"
#include "sampler/targets.hpp"

namespace aleator::sampler {
namespace {

using test::Exact;
using test::largest_ensemble_z;
using test::linear_gaussian;

constexpr double z_limit = 4.0;

Exact scaled(Exact exact, double factor) {
  for (double& value : exact.covariance.a) value *= factor;
  return exact;
}

Eki eki_of(Eki::Update update, Eki::StepRule rule, int max_iterations = 100) {
  Eki::Params p;
  p.members = 4000, p.update = update, p.step = rule, p.fixed_step = 0.2, p.max_iterations = max_iterations;
  return {p};
}

TEST(Eki, ReachesTheLinearGaussianPosterior) {
  // The bias, O(p / J) = 0.15 % of a variance, is below a third of the standard errors.
  for (const auto update : {Eki::Update::stochastic, Eki::Update::square_root})
    for (const auto rule : {Eki::StepRule::fixed, Eki::StepRule::misfit_controlled})
      EXPECT_LT(largest_ensemble_z(eki_of(update, rule), *linear_gaussian().problem(), linear_gaussian().exact(), 16),
                z_limit);
}

TEST(Eki, ThatStopsEarlyIsRefused) {
  const Eki eki = eki_of(Eki::Update::stochastic, Eki::StepRule::fixed, 3);
  EXPECT_GT(largest_ensemble_z(eki, *linear_gaussian().problem(), linear_gaussian().exact(), 16), z_limit);
}

/// Sample mean and covariance (divisor n - 1) of positions.
Exact moments_of(const Batch& z) {
  const int n = static_cast<int>(z.extent(0)), d = static_cast<int>(z.extent(1));
  Exact m{test::Row(static_cast<std::size_t>(d), 0.0), math::Matrix(d, d), 0.0};
  for (int j = 0; j < n; ++j)
    for (int k = 0; k < d; ++k) m.mean[static_cast<std::size_t>(k)] += z(j, k) / n;
  for (int j = 0; j < n; ++j)
    for (int k = 0; k < d; ++k)
      for (int i = 0; i < d; ++i)
        m.covariance(k, i) += (z(j, k) - m.mean[static_cast<std::size_t>(k)]) *
                              (z(j, i) - m.mean[static_cast<std::size_t>(i)]) / (n - 1.0);
  return m;
}

class SquareRoot : public testing::TestWithParam<int> {};

TEST_P(SquareRoot, IsKalmansFormulaForTheSampleMoments) {
  // One step h = 1 with u = z: mean and covariance of the members after it are Kalman's, with those before it as prior. With 3
  // members the Gram matrix of members is the smaller one, with 30 that of data.
  test::LinearGaussian p = linear_gaussian();
  p.prior_covariance = math::identity(4);
  p.prior_mean.assign(4, 0.0);
  Eki::Params params;
  params.members = GetParam(), params.update = Eki::Update::square_root;
  params.step = Eki::StepRule::fixed, params.fixed_step = 1.0;
  const Eki eki{params};
  const auto problem = p.problem();
  const Context context = test::serial(3);
  Eki::State s = eki.init(*problem, context);
  const Exact before = moments_of(s.ensemble.position);
  p.prior_mean = before.mean, p.prior_covariance = before.covariance;
  EXPECT_TRUE(eki.step(*problem, context, s).is_finished);
  const Exact after = moments_of(s.ensemble.position), exact = p.exact();
  for (std::size_t k = 0; k < 4; ++k) EXPECT_NEAR(after.mean[k], exact.mean[k], 1e-10);
  for (std::size_t i = 0; i < 16; ++i) EXPECT_NEAR(after.covariance.a[i], exact.covariance.a[i], 1e-10);
}
INSTANTIATE_TEST_SUITE_P(Eki, SquareRoot, testing::Values(3, 30));

/// The linear-Gaussian problem with noise that is correlated over places: by its form, or by the table of its covariance.
std::shared_ptr<inverse::BayesProblem> correlated_problem(bool by_table) {
  const test::LinearGaussian p = linear_gaussian();
  inverse::GaussianLikelihood::Params noise{{"data.txt", test::table(p.data, 1)}, p.noise_sd, {}};
  noise.correlation = inverse::GaussianLikelihood::Correlation::exponential, noise.correlation_length = {2.0};
  if (by_table) {
    test::Row r;
    for (int i = 0; i < 6; ++i)
      for (int j = 0; j < 6; ++j) r.push_back(p.noise_sd[i] * p.noise_sd[j] * std::exp(-std::abs(i - j) / 2.0));
    noise = {noise.data, {}, {"covariance.txt", test::table(r, 6)}};
  }
  return std::make_shared<inverse::BayesProblem>(
      inverse::BayesProblem::Params{},
      inverse::BayesProblem::Parts{std::make_shared<inverse::LinearModel>(p.a.a, p.a.rows, p.a.cols),
                                   std::make_shared<prob::Normal>(prob::Normal::Params{4, {0.0}, {1.0}, {}}),
                                   std::make_shared<inverse::GaussianLikelihood>(noise)});
}

template <typename Algorithm>
void expect_same_steps_with_correlated_noise(const Algorithm& algorithm) {
  Batch found[2];
  for (const bool by_table : {false, true}) {
    const auto problem = correlated_problem(by_table);
    const Context context = test::serial(3);
    auto s = algorithm.init(*problem, context);
    for (int i = 0; i < 3; ++i) algorithm.step(*problem, context, s);
    found[by_table ? 1 : 0] = s.ensemble.position;
  }
  for (std::size_t i = 0; i < found[0].size(); ++i) EXPECT_NEAR(found[0].data()[i], found[1].data()[i], 1e-10);
}

TEST(EnsembleMethods, TakeNoiseWithACorrelationAsThatWithItsCovariance) {
  for (const auto update : {Eki::Update::stochastic, Eki::Update::square_root})
    expect_same_steps_with_correlated_noise(eki_of(update, Eki::StepRule::fixed));
  expect_same_steps_with_correlated_noise(Eks{});
  expect_same_steps_with_correlated_noise(Uki{});
  Aldi::Params params;
  params.chains = 12, params.gradient = Aldi::Gradient::ensemble;
  expect_same_steps_with_correlated_noise(Aldi{params});
}

TEST(Eki, MinimumWithTikhonovsTermIsThePosteriorMode) {
  // Data that no parameters fit to their noise: the discrepancy principle never stops the run.
  core::set_log_level(core::LogLevel::error);
  test::LinearGaussian p = linear_gaussian();
  for (double& sd : p.noise_sd) sd *= 0.2;
  p.prior_covariance = math::identity(4);  // Tikhonov's |z|^2 is the prior's term, and u - mean = z
  Eki::Params params;
  params.goal = Eki::Goal::minimum, params.regularisation = 1.0, params.members = 40, params.max_iterations = 60;
  params.step = Eki::StepRule::fixed, params.fixed_step = 10.0;
  const auto s = test::run_to_end(Eki{params}, *p.problem(), test::serial(8));
  core::set_log_level(core::LogLevel::info);
  const Exact found = moments_of(s.ensemble.position), exact = p.exact();
  for (std::size_t k = 0; k < 4; ++k) EXPECT_NEAR(found.mean[k] + p.prior_mean[k], exact.mean[k], 2e-3);
}

// The controlled step divides by the members' spread, which is none at the minimum: there the run ends, and does not blow up.
TEST(Eki, MinimumOfDataThatCannotBeFittedIsFoundByControlledSteps) {
  core::set_log_level(core::LogLevel::error);
  test::LinearGaussian p = linear_gaussian();
  for (double& sd : p.noise_sd) sd *= 0.05;
  p.prior_covariance = math::identity(4);
  for (const double regularisation : {0.0, 1.0})
    for (const int members : {3, 40, 200}) {
      Eki::Params params;
      params.goal = Eki::Goal::minimum, params.members = members, params.regularisation = regularisation;
      const auto s = test::run_to_end(Eki{params}, *p.problem(), test::serial(8));
      EXPECT_LT(s.iteration, params.max_iterations);
      const Exact found = moments_of(s.ensemble.position), exact = p.exact();
      for (std::size_t k = 0; k < 4; ++k) {
        EXPECT_LT(std::abs(found.mean[k]), 100.0);
        if (members > 4) {
          EXPECT_NEAR(found.mean[k] + p.prior_mean[k], exact.mean[k], 0.02) << members;
        }
      }
    }
  core::set_log_level(core::LogLevel::info);
}

TEST(Eki, MinimumStopsAtTheNoiseLevel) {
  Eki::Params params;
  params.goal = Eki::Goal::minimum, params.members = 40;
  const Eki eki{params};
  const auto problem = linear_gaussian().problem();
  const Context context = test::serial(8);
  Eki::State s = eki.init(*problem, context);
  StepInfo info;
  while (!(info = eki.step(*problem, context, s)).is_finished) EXPECT_GT(info.numbers[3].second, 1.0);
  EXPECT_EQ(info.numbers[3].first, "noise_level");
  EXPECT_LE(info.numbers[3].second, 1.0);
  EXPECT_LT(s.iteration, 15);
}

/// Four unknowns that are measured one by one: u_k = data_k with noise of standard deviation 0.1.
test::LinearGaussian separate(const test::Row& data) {
  test::LinearGaussian p;
  p.a = p.prior_covariance = math::identity(4);
  p.prior_mean.assign(4, 0.0), p.noise_sd.assign(4, 0.1), p.data = data;
  return p;
}

Eki::State minimised(const Eki::Params& given, const test::LinearGaussian& p) {
  core::set_log_level(core::LogLevel::error);
  Eki::Params params = given;
  params.goal = Eki::Goal::minimum, params.members = 40, params.max_iterations = 400;
  Eki::State s = test::run_to_end(Eki{params}, *p.problem(), test::serial(8));
  core::set_log_level(core::LogLevel::info);
  return s;
}

TEST(Eki, ExponentOneIsTheLasso) {
  // |z - data|^2 / (2 s^2) + lambda / 2 sum |z_k| has its minimum at sign(data) max(|data| - lambda s^2 / 2, 0), here with
  // lambda s^2 / 2 = 0.15. Its misfit is above the noise, so that the discrepancy principle does not stop the run. The members
  // come as near to it as 1 / iterations: 6e-3 after 80.
  Eki::Params params;
  params.regularisation = 30.0, params.exponent = 1.0;
  const Exact found = moments_of(minimised(params, separate({1.0, -0.6, 0.12, -0.1})).ensemble.position);
  const test::Row expected = {0.85, -0.45, 0.0, 0.0};
  for (std::size_t k = 0; k < 4; ++k) EXPECT_NEAR(found.mean[k], expected[k], 3e-3);
}

TEST(Eki, LocalisationRemovesChanceCorrelationsAndKeepsTrueOnes) {
  // 60 coordinates of which the data see only the first: the others must keep the prior's variance 1. With 20 members the
  // plain update shrinks them by chance, by about p / J = 5 % a step.
  test::LinearGaussian p;
  const int d = 60;
  p.a = math::Matrix(1, d);
  p.a(0, 0) = 1.0;
  p.prior_covariance = math::identity(d), p.prior_mean.assign(d, 0.0);
  p.noise_sd = {0.1}, p.data = {1.0};
  const auto unseen_variance = [&](Eki::Localisation localisation, double& seen) {
    double variance = 0.0;
    seen = 0.0;
    constexpr int ensembles = 40;
    for (int n = 0; n < ensembles; ++n) {
      Eki::Params params;
      params.members = 20, params.localisation = localisation, params.update = Eki::Update::square_root;
      const auto s = test::run_to_end(Eki{params}, *p.problem(), test::serial(static_cast<std::uint64_t>(n)));
      const Exact m = moments_of(s.ensemble.position);
      for (int k = 1; k < d; ++k) variance += m.covariance(k, k) / (d - 1) / ensembles;
      seen += m.mean[0] / ensembles;
    }
    return variance;
  };
  double seen_plain, seen_localised;
  const double plain = unseen_variance(Eki::Localisation::none, seen_plain),
               localised = unseen_variance(Eki::Localisation::correlation, seen_localised);
  // 1 - 1 / 19 = 0.947 expected; the mean of 40 x 59 variances, each with sd sqrt(2 / 19), is known to 0.0067.
  EXPECT_LT(plain, 0.947 + 4 * 0.0067) << plain;
  EXPECT_LT(1.0 - localised, 0.6 * (1.0 - plain)) << localised;
  EXPECT_NEAR(seen_localised, 1.0 / 1.01, 0.03);
}

TEST(Eks, IsTheLinearGaussianPosteriorUpToTheStepsBias) {
  // The step's bias, O(h), lies below the noise of 300 members.
  Eks::Params params;
  params.members = 300, params.max_iterations = 500, params.end_time = 6.0;
  const auto problem = linear_gaussian().problem();
  const Exact exact = linear_gaussian().exact();
  for (const double inflation : {1.0, 1.5}) {
    params.inflation = inflation, params.step = inflation > 1.0 ? 0.1 : 0.4;
    const test::Row u =
        test::parameters_of(*problem, test::run_to_end(Eks{params}, *problem, test::serial(4)).ensemble.position);
    const Exact found = moments_of(Batch(const_cast<double*>(u.data()), 300, 4));
    for (int k = 0; k < 4; ++k) {
      const double sd = inflation * std::sqrt(exact.covariance(k, k));
      EXPECT_NEAR(found.mean[static_cast<std::size_t>(k)], exact.mean[static_cast<std::size_t>(k)],
                  4.0 * sd / std::sqrt(300.0));
      EXPECT_NEAR(found.covariance(k, k) / (sd * sd), 1.0, 4.0 * std::sqrt(2.0 / 300.0));
    }
  }
}

TEST(Cbs, IsTheLinearGaussianPosterior) {
  Cbs::Params params;
  params.members = 400, params.iterations = 30;
  EXPECT_LT(largest_ensemble_z(Cbs{params}, *linear_gaussian().problem(), linear_gaussian().exact(), 16), z_limit);
}

TEST(Cbs, GoesToTheMode) {
  Cbs::Params params;
  params.members = 200, params.goal = Cbs::Goal::mode, params.iterations = 100;
  const auto problem = linear_gaussian().problem();
  const auto s = test::run_to_end(Cbs{params}, *problem, test::serial(4));
  const test::Row u = test::parameters_of(*problem, s.ensemble.position);
  const Exact exact = linear_gaussian().exact();
  for (int k = 0; k < 4; ++k)
    EXPECT_NEAR(u[static_cast<std::size_t>(k)], exact.mean[static_cast<std::size_t>(k)], 1e-3);
}

/// Data that say nothing: the posterior is the prior N(0, I) in latent coordinates.
test::LinearGaussian prior_only() {
  test::LinearGaussian p;
  p.a = math::Matrix(1, 2);
  p.prior_covariance = math::identity(2), p.prior_mean = {0.0, 0.0};
  p.noise_sd = {1.0}, p.data = {0.0};
  return p;
}

Ula ula_of(double step) {
  Ula::Params params;
  params.chains = 200, params.warmup = 100, params.draws = 400, params.thin = 5, params.step = step;
  params.covariance = Covariance::prior;
  return {params};
}

TEST(Ula, HasTheStationaryVarianceOfTheory) {
  for (const double h : {0.2, 1.0}) {
    const auto problem = prior_only().problem();
    const Exact exact = prior_only().exact();
    EXPECT_LT(test::largest_chain_z(ula_of(h), *problem, scaled(exact, 1.0 / (1.0 - 0.5 * h)), 5), z_limit) << h;
    EXPECT_GT(test::largest_chain_z(ula_of(h), *problem, exact, 5), z_limit) << "without the bias of h = " << h;
  }
}

Underdamped baoab_of(double step) {
  Underdamped::Params params;
  params.chains = 200, params.warmup = 200, params.draws = 400, params.thin = 5, params.step = step;
  return {params};
}

TEST(Underdamped, HasNoBiasForGaussianPosteriors) {
  for (const double h : {0.3, 1.0})
    EXPECT_LT(test::largest_chain_z(baoab_of(h), *linear_gaussian().problem(), linear_gaussian().exact(), 5), z_limit)
        << h;
}

Aldi aldi_of(int chains, bool has_correction, Aldi::Gradient gradient) {
  Aldi::Params params;
  params.chains = chains, params.warmup = 400, params.draws = 1000, params.thin = 5, params.step = 0.02;
  params.finite_ensemble_correction = has_correction, params.gradient = gradient;
  return {params};
}

TEST(Aldi, IsTheLinearGaussianPosteriorForFewMembersToo) {
  // d = 4: with 10 members the ensemble without its correction is too narrow. The step's bias is near h / 2 = 1 %, below the
  // standard error of 3 %.
  for (const auto gradient : {Aldi::Gradient::exact, Aldi::Gradient::ensemble}) {
    const auto problem = linear_gaussian().problem();
    const Exact exact = linear_gaussian().exact();
    EXPECT_LT(test::largest_chain_z(aldi_of(10, true, gradient), *problem, exact, 5), z_limit);
    EXPECT_GT(test::largest_chain_z(aldi_of(10, false, gradient), *problem, exact, 5), z_limit);
  }
}

// Nor after a warm-up that is far too short for a posterior of a thousandth of the prior's width.
TEST(Aldi, DoesNotRunAwayAfterAShortWarmUp) {
  test::LinearGaussian p = linear_gaussian();
  for (double& sd : p.noise_sd) sd *= 1e-3;
  Aldi aldi = aldi_of(40, true, Aldi::Gradient::exact);
  aldi.params.warmup = 5, aldi.params.step = 0.2;
  const auto [context, problem] = std::pair(test::serial(1), p.problem());
  Aldi::State s = aldi.init(*problem, context);
  for (StepInfo info; !info.is_finished;) info = aldi.step(*problem, context, s);
  for (std::size_t k = 0; k < s.ensemble.position.size(); ++k)
    ASSERT_LT(std::abs(s.ensemble.position.data()[k]), 100.0);
}

TEST(Aldi, ObjectsToTooFewMembers) {
  EXPECT_NE(aldi_of(5, true, Aldi::Gradient::exact).objection(*linear_gaussian().problem()), "");
  EXPECT_EQ(aldi_of(6, true, Aldi::Gradient::exact).objection(*linear_gaussian().problem()), "");
}

TEST(Svgd, MatchesTheLinearGaussianPosterior) {
  // The fixed point has the exact mean up to the kernel's width and a spread that is too small by O(d / J).
  for (const auto metric : {Svgd::Metric::identity, Svgd::Metric::covariance})
    for (const auto precision : {Svgd::Precision::double_precision, Svgd::Precision::single_precision}) {
      Svgd::Params params;
      params.members = 250, params.iterations = 400, params.metric = metric, params.precision = precision;
      const auto problem = linear_gaussian().problem();
      const Exact exact = linear_gaussian().exact();
      const test::Row u =
          test::parameters_of(*problem, test::run_to_end(Svgd{params}, *problem, test::serial(4)).ensemble.position);
      const Exact found = moments_of(Batch(const_cast<double*>(u.data()), 250, 4));
      for (int k = 0; k < 4; ++k) {
        const double sd = std::sqrt(exact.covariance(k, k));
        EXPECT_NEAR(found.mean[static_cast<std::size_t>(k)], exact.mean[static_cast<std::size_t>(k)], 0.05 * sd);
        EXPECT_NEAR(std::sqrt(found.covariance(k, k)) / sd, 1.0, 0.1);
      }
    }
}

// V Lambda V^T of the residuals' covariance and B = R' V, by the definition; from the Gram matrix of the data where these are the
// fewer, else of the members, one of which has failed.
TEST(KalmanBasis, IsTheDefinitionFromEitherGramMatrix) {
  const int members = 6;
  for (const int p : {3, 17}) {
    Forecast f;
    f.usable = members - 1, f.residual = math::Matrix(members, p);
    f.weights.assign(members, 1.0 / f.usable), f.weights[2] = 0.0;
    for (int j = 0; j < members; ++j)
      for (int i = 0; i < p; ++i) f.residual(j, i) = j == 2 ? 0.0 : std::sin(1.0 + 3.0 * j + 1.7 * i * (j + 1));
    math::Matrix r = f.residual;  // R'
    for (int i = 0; i < p; ++i) {
      double mean = 0.0;
      for (int j = 0; j < members; ++j) mean += f.residual(j, i) / f.usable;
      for (int j = 0; j < members; ++j) r(j, i) = j == 2 ? 0.0 : r(j, i) - mean;
    }
    const KalmanBasis basis = kalman_basis(f);
    const math::Matrix& v = basis.directions;
    EXPECT_EQ(v.cols, std::min(p, f.usable - 1));
    for (int i = 0; i < p; ++i)
      for (int k = 0; k < p; ++k) {
        double found = 0.0, expected = 0.0;
        for (int a = 0; a < v.cols; ++a) found += v(i, a) * basis.lambda[a] * v(k, a);
        for (int j = 0; j < members; ++j) expected += r(j, i) * r(j, k) / (f.usable - 1.0);
        EXPECT_NEAR(found, expected, 1e-13) << p;
      }
    for (int a = 0; a < v.cols; ++a)
      for (int b = 0; b < v.cols; ++b) {
        double product = 0.0;
        for (int i = 0; i < p; ++i) product += v(i, a) * v(i, b);
        EXPECT_NEAR(product, a == b ? 1.0 : 0.0, 1e-13) << p;
      }
    for (int j = 0; j < members; ++j)
      for (int a = 0; a < v.cols; ++a) {
        double expected = 0.0;
        for (int i = 0; i < p; ++i) expected += r(j, i) * v(i, a);
        EXPECT_NEAR(basis.coordinates(j, a), expected, 1e-13) << p;
      }
  }
}

TEST(PanelsMpi, CombinationsAreThoseOfTheDefinition) {
  // 3 panels, the last of them narrow; members spread over the ranks.
  const int members = 21, d = 2 * panel_columns + 37;
  const Context context{parallel::Comm::world(), kernels::Rng(2)};
  Ensemble e;
  e.layout = parallel::RowLayout(members, context.comm);
  e.position = Batch("position", e.rows(), d);
  context.rng.normals({kernels::Purpose::test}, e.layout.first(), e.position);
  Batch all("all", members, d), coefficients("coefficients", 2 * members, 3);
  context.rng.normals({kernels::Purpose::test}, 0, all);
  context.rng.normals({kernels::Purpose::test, 1}, 0, coefficients);
  math::Matrix left(members, 3), right(3, members);
  for (int j = 0; j < members; ++j)
    for (int i = 0; i < 3; ++i) left(j, i) = coefficients(j, i), right(i, j) = coefficients(members + j, i);
  const std::vector<double> weights(static_cast<std::size_t>(members), 1.0 / members);
  const math::Matrix h = centred_products(context, e, weights);
  for (int i = 0; i < members; ++i)
    for (int j = 0; j < members; ++j) {
      double expected = 0.0;
      for (int k = 0; k < d; ++k) {
        double mean = 0.0;
        for (int m = 0; m < members; ++m) mean += all(m, k) / members;
        expected += (all(i, k) - mean) * all(j, k);
      }
      EXPECT_NEAR(h(i, j), expected, 1e-11 * d);
    }
  add_combination(context, e, left, right);
  for (int row = 0; row < e.rows(); ++row)
    for (int k = 0; k < d; ++k) {
      const int j = static_cast<int>(e.layout.first()) + row;
      double expected = all(j, k);
      for (int i = 0; i < 3; ++i)
        for (int m = 0; m < members; ++m) expected += left(j, i) * right(i, m) * all(m, k);
      EXPECT_NEAR(e.position(row, k), expected, 1e-12);
    }
}

}  // namespace
}  // namespace aleator::sampler
