// Low-rank Hessians, the point of largest density, Laplace's approximation and likelihood-informed proposals.
#include <gtest/gtest.h>

#include "sampler/elliptic.hpp"
#include "sampler/evidence_targets.hpp"
#include "sampler/hessian/laplace.hpp"
#include "sampler/hessian_cases.hpp"
#include "sampler/mcmc/dili.hpp"
#include "sampler/mcmc/gpcn.hpp"
#include "sampler/mcmc/pcn.hpp"

namespace aleator::sampler {
namespace {

using test::elliptic_exact;
using test::elliptic_problem;
using test::exact_hessian;
using test::linear_gaussian;
using test::Row;
using test::WithoutFactor;

constexpr double z_limit = 4.0;

void expect_hessian(const Problem& problem, const math::Matrix& exact, double tolerance) {
  RunCount count;
  HessianSettings settings;
  settings.least = 1e-12;
  math::Matrix points(2, exact.rows, 0.3);
  const LowRankHessian h = mean_hessian(problem, test::serial(1), points, settings, count);
  ASSERT_EQ(h.rank(), exact.rows);
  for (int i = 0; i < exact.rows; ++i)
    for (int j = 0; j < exact.rows; ++j) {
      double sum = 0.0;
      for (int k = 0; k < h.rank(); ++k)
        sum += h.vectors(k, i) * h.values[static_cast<std::size_t>(k)] * h.vectors(k, j);
      EXPECT_NEAR(sum, exact(i, j), tolerance * exact(0, 0));
    }
  math::Matrix one_plus = exact;
  math::add_to_diagonal(one_plus, 1.0);
  EXPECT_NEAR(h.log_det(), math::log_det_cholesky(math::cholesky(one_plus)), 10.0 * tolerance);
  EXPECT_EQ(count.runs, 2 * exact.rows * price_of_product(problem).runs);
}

TEST(LowRankHessian, OfALinearProblemIsItsMatrix) {
  const auto problem = linear_gaussian().problem();
  const math::Matrix exact = exact_hessian(linear_gaussian());
  expect_hessian(*problem, exact, 1e-9);  // the prior's map is differenced
  expect_hessian(test::without_tangent(), exact, 1e-9);
  expect_hessian(WithoutFactor(*problem), exact, 1e-9);
}

// log L = -3 u above 0.5, where the density ends: its Hessian is 0, also where a difference would reach over the edge.
class Edge : public test::DensityProblem {
 public:
  Edge() : DensityProblem(1, {0.0, 0.0}, [](const double* u) { return u[0] > 0.5 ? -3.0 * u[0] : -INFINITY; }) {}
  bool has_gradient() const override { return true; }
  std::vector<int> evaluate(ConstBatch z, model::Evaluation& result) const override {
    for (std::size_t row = 0; row < z.extent(0); ++row) result.gradient(row, 0) = z(row, 0) > 0.5 ? -3.0 : 0.0;
    return DensityProblem::evaluate(z, result);
  }
};

TEST(LowRankHessian, HasNoCurvatureWhereADifferenceReachesOverAnEdge) {
  const Batch z("z", 2, 1), v("v", 2, 1), h("h", 2, 1);
  z(0, 0) = 0.50005, z(1, 0) = 0.7, v(0, 0) = v(1, 0) = 1.0;
  multiply_whole_hessian(Edge(), z, v, h);
  EXPECT_EQ(h(0, 0), 0.0);
  EXPECT_EQ(h(1, 0), 0.0);
}

TEST(LowRankHessian, KeepsWhatExceedsTheLeastEigenvalue) {
  const auto problem = linear_gaussian().problem();
  const math::SymmetricEigen exact = math::eigen_symmetric(exact_hessian(linear_gaussian()));
  HessianSettings settings;
  settings.least = std::sqrt(exact.values[1] * exact.values[2]);
  RunCount count;
  const LowRankHessian h = mean_hessian(*problem, test::serial(1), math::Matrix(1, 4), settings, count);
  ASSERT_EQ(h.rank(), 2);
  EXPECT_NEAR(h.values[0], exact.values[3], 1e-8 * exact.values[3]);
  EXPECT_NEAR(h.values[1], exact.values[2], 1e-8 * exact.values[3]);
}

TEST(LowRankHessianMpi, HasTheSameBitsOnAnyNumberOfRanks) {
  const auto problem = elliptic_problem();
  const auto hessian = [&](const parallel::Comm& comm) {
    const Context context{comm, kernels::Rng(3)};
    const Ensemble e = Ensemble::from_prior(37, false, *problem, context);
    RunCount count;
    return mean_hessian(*problem, context, some_members(e, 5, context), {}, count);
  };
  const LowRankHessian spread = hessian(parallel::Comm::world()), whole = hessian(parallel::Comm::self());
  EXPECT_EQ(spread.values, whole.values);
  EXPECT_EQ(spread.vectors.a, whole.vectors.a);
}

TEST(Newton, FindsThePointOfLargestDensity) {
  // Linear: the posterior mean, in one step of exact conjugate gradients or few of inexact ones. Elliptic: stationary.
  const Context context = test::serial(1);
  const auto linear = linear_gaussian().problem();
  RunCount count;
  Newton s = Newton::at(Row(4, 0.0), *linear, context, count);
  while (s.gradient_norm() > 1e-10 * s.first_norm && s.iterations < 20) s.step(*linear, context, count);
  EXPECT_LT(s.iterations, 10);
  const Batch z("z", 1, 4);
  std::copy(s.z.begin(), s.z.end(), z.data());
  const Row u = test::parameters_of(*linear, z);
  for (int k = 0; k < 4; ++k) EXPECT_NEAR(u[k], linear_gaussian().exact().mean[static_cast<std::size_t>(k)], 1e-7);
  const auto elliptic = elliptic_problem();
  s = Newton::at(Row(2, 0.0), *elliptic, context, count);
  while (s.gradient_norm() > 1e-9 * s.first_norm && !s.is_stuck && s.iterations < 60) s.step(*elliptic, context, count);
  EXPECT_LE(s.gradient_norm(), 1e-9 * s.first_norm);
  EXPECT_LT(s.iterations, 60);
}

TEST(Laplace, IsExactOnALinearGaussianProblem) {
  Laplace::Params params;
  params.members = 4000, params.tolerance = 1e-10;
  const auto problem = linear_gaussian().problem();
  const test::Exact exact = linear_gaussian().exact();
  const Laplace::State s = test::run_to_end(Laplace{params}, *problem, test::serial(4));
  EXPECT_NEAR(s.log_evidence, exact.log_evidence, 1e-7);
  EXPECT_LT(s.log_evidence_standard_error, 1e-7);
  const model::Batch at("z", 1, s.mode.size());
  std::copy(s.mode.begin(), s.mode.end(), at.data());
  const Row centre = test::parameters_of(*problem, at);
  for (std::size_t k = 0; k < 4; ++k) EXPECT_NEAR(centre[k], exact.mean[k], 1e-9);
  // Independent draws: the standard errors of the moments are those of 4000 of them.
  const Row u = test::parameters_of(*problem, s.ensemble.position);
  std::vector<Row> f;
  for (int i = 0; i < params.members; ++i)
    f.push_back(test::centred_moments(&u[static_cast<std::size_t>(i) * 4], exact));
  for (std::size_t m = 0; m < f[0].size(); ++m) {
    double mean = 0.0, squares = 0.0;
    for (const Row& values : f) mean += values[m] / params.members, squares += values[m] * values[m] / params.members;
    EXPECT_LT(std::abs(mean), z_limit * std::sqrt(squares / params.members)) << m;
  }
}

// The data know one direction 1e6 times as well as another: where the gradient has fallen by 1e-6 the other has not moved yet.
TEST(Laplace, GoesToTheModeAlongWeakDirectionsToo) {
  test::LinearGaussian p;
  p.a = math::Matrix(2, 2);
  p.a.a = {1e6, 1e6, 1.0, -1.0};
  p.prior_covariance = math::identity(2);
  p.prior_mean = {0.0, 0.0}, p.noise_sd = {0.1, 0.1}, p.data = {1e6, 3.0};
  Laplace::Params params;
  params.members = 10;
  const auto problem = p.problem();
  const Laplace::State s = test::run_to_end(Laplace{params}, *problem, test::serial(4));
  const model::Batch at("z", 1, 2);
  std::copy(s.mode.begin(), s.mode.end(), at.data());
  const Row centre = test::parameters_of(*problem, at);
  for (std::size_t k = 0; k < 2; ++k)
    EXPECT_NEAR(centre[k], p.exact().mean[k], 0.01 * std::sqrt(p.exact().covariance(1, 1)));
}

// A start at the mode leaves no gradient that could fall.
TEST(Laplace, IsDoneWhereItStartsAtTheMode) {
  class Cosh : public test::DensityProblem {
   public:
    Cosh() : DensityProblem(1, {0.0, 0.0}, [](const double* u) { return -std::log(std::cosh(u[0])); }) {}
    bool has_gradient() const override { return true; }
    std::vector<int> evaluate(ConstBatch z, model::Evaluation& result) const override {
      for (std::size_t row = 0; row < z.extent(0) && result.gradient.size() > 0; ++row)
        result.gradient(row, 0) = -std::tanh(z(row, 0));
      return DensityProblem::evaluate(z, result);
    }
  } problem;
  Laplace::Params params;
  params.members = 1;
  Laplace::State s = Laplace{params}.init(problem, test::serial(1));
  Kokkos::deep_copy(s.ensemble.position, 0.0);
  const StepInfo info = Laplace{params}.step(problem, test::serial(1), s);
  EXPECT_TRUE(info.is_finished);
}

// A diagonal normal density of d coordinates over N(0, I), by its precisions; -log-likelihood has the Hessian precision - 1.
class DiagonalNormal : public test::DensityProblem {
 public:
  DiagonalNormal(const Row& precision, const Row& mean)
      : DensityProblem(static_cast<int>(precision.size()), {0.0, 0.0},
                       [=](const double* u) {
                         double sum = 0.0;
                         for (std::size_t k = 0; k < precision.size(); ++k)
                           sum += 0.5 * (u[k] * u[k] - precision[k] * (u[k] - mean[k]) * (u[k] - mean[k]));
                         return sum;
                       }),
        precision_(precision),
        mean_(mean) {}
  bool has_gradient() const override { return true; }
  std::vector<int> evaluate(ConstBatch z, model::Evaluation& result) const override {
    for (std::size_t row = 0; row < z.extent(0) && result.gradient.size() > 0; ++row)
      for (std::size_t k = 0; k < z.extent(1); ++k)
        result.gradient(row, k) = z(row, k) - precision_[k] * (z(row, k) - mean_[k]);
    return DensityProblem::evaluate(z, result);
  }

 private:
  Row precision_, mean_;
};

// A density without data may be wider than the prior that its coordinates come from.
TEST(Laplace, KnowsDirectionsWiderThanThePrior) {
  const DiagonalNormal problem({1.0 / 9.0, 25.0, 1.0}, {0.0, 0.0, 0.0});
  Laplace::Params params;
  params.members = 2000;
  const Laplace::State s = test::run_to_end(Laplace{params}, problem, test::serial(4));
  ASSERT_EQ(s.hessian.rank(), 2);
  EXPECT_EQ(s.curvatures, s.hessian.values);
  EXPECT_NEAR(s.hessian.variance(0), 0.04, 1e-6);
  EXPECT_NEAR(s.hessian.variance(1), 9.0, 1e-5);
  EXPECT_NEAR(s.log_evidence, std::log(3.0 * 0.2), 1e-5);  // of densities without their factors
}

TEST(LowRankHessian, KeepsTheLargestByMagnitude) {
  Row precision(60, 1.0);
  precision[3] = 0.1, precision[7] = 1.5, precision[9] = 1.4;
  for (int k = 20; k < 60; ++k) precision[static_cast<std::size_t>(k)] = 1.2;
  const DiagonalNormal problem(precision, Row(60, 0.0));
  HessianSettings settings;
  settings.most = 3, settings.tolerance = 1e-8, settings.most_steps = 60, settings.both_signs = true;
  RunCount count;
  const LowRankHessian h = mean_hessian(problem, test::serial(1), math::Matrix(1, 60), settings, count);
  ASSERT_EQ(h.rank(), 3);
  EXPECT_NEAR(h.values[0], 0.5, 1e-5);
  EXPECT_NEAR(h.values[1], 0.4, 1e-5);
  EXPECT_NEAR(h.values[2], -0.9, 1e-5);
  EXPECT_EQ(h.without_variance, 0);
  precision[5] = -1.0;
  EXPECT_EQ(mean_hessian(DiagonalNormal(precision, Row(60, 0.0)), test::serial(1), math::Matrix(1, 60), settings, count)
                .without_variance,
            1);
}

// Beside a direction that the data know a million times as well the gradient along a wide one is nothing.
TEST(Laplace, GoesToTheModeAlongDirectionsWiderThanThePrior) {
  const DiagonalNormal problem({1e6, 1e-4}, {0.3, 150.0});
  Laplace::Params params;
  params.members = 500;
  const Laplace::State s = test::run_to_end(Laplace{params}, problem, test::serial(4));
  EXPECT_NEAR(s.mode[0], 0.3, 1e-5);
  EXPECT_NEAR(s.mode[1], 150.0, 2.0);  // of 100
}

TEST(Laplace, GivesTheEvidenceOfACurvedPosteriorWithItsError) {
  Laplace::Params params;
  params.members = 4000;
  const Laplace::State s = test::run_to_end(Laplace{params}, *elliptic_problem(), test::serial(5));
  EXPECT_LT(std::abs(s.log_evidence - elliptic_exact().log_evidence), 3.0 * s.log_evidence_standard_error);
  EXPECT_LT(s.log_evidence_standard_error, 0.05);
}

Dili dili_of(Dili::Drift drift) {
  Dili::Params params;
  params.chains = 128, params.warmup = 400, params.draws = 800, params.drift = drift;
  return {params};
}

TEST(Dili, ReachesThePosteriorWithEachDrift) {
  for (const Dili::Drift drift : {Dili::Drift::gradient, Dili::Drift::mean}) {
    EXPECT_LT(test::largest_chain_z(dili_of(drift), *linear_gaussian().problem(), linear_gaussian().exact(), 17),
              z_limit);
    EXPECT_LT(test::largest_chain_z(dili_of(drift), *elliptic_problem(), elliptic_exact(), 3), z_limit);
  }
}

TEST(Dili, ReachesThePosteriorWhereOnlyPartOfTheDirectionsAreInformed) {
  Dili dili = dili_of(Dili::Drift::gradient);
  dili.params.rank = 2;
  EXPECT_LT(test::largest_chain_z(dili, *linear_gaussian().problem(), linear_gaussian().exact(), 17), z_limit);
}

// Mean acceptance of the sampling, and autocorrelation of z_0 at lag 1 over all chains.
template <typename Algorithm>
std::pair<double, double> acceptance_and_correlation(const Algorithm& algorithm, const Problem& problem) {
  const Context context = test::serial(8);
  auto s = algorithm.init(problem, context);
  double acceptance = 0.0, products = 0.0, squares = 0.0, sum = 0.0;
  std::int64_t count = 0;
  Row before;
  for (bool is_finished = false; !is_finished;) {
    const StepInfo info = algorithm.step(problem, context, s);
    is_finished = info.is_finished;
    if (!info.is_draw) continue;
    acceptance += info.numbers[0].second / algorithm.params.draws;
    Row now;
    for (int row = 0; row < s.ensemble.rows(); ++row) now.push_back(s.ensemble.position(row, 0));
    for (std::size_t i = 0; i < before.size(); ++i)
      products += now[i] * before[i], squares += now[i] * now[i], sum += now[i], ++count;
    before = now;
  }
  const double mean = sum / static_cast<double>(count);
  return {acceptance,
          (products / static_cast<double>(count) - mean * mean) / (squares / static_cast<double>(count) - mean * mean)};
}

// d coordinates of which six data see sums with weights 1 / k: the finer the field, the more coordinates.
std::shared_ptr<inverse::BayesProblem> smooth_problem(int d) {
  test::LinearGaussian p;
  p.a = math::Matrix(6, d);
  for (int i = 0; i < 6; ++i)
    for (int k = 0; k < d; ++k) p.a(i, k) = std::cos(0.5 * (i + 1) * (k + 1)) / (k + 1);
  p.prior_covariance = math::identity(d);
  p.prior_mean.assign(static_cast<std::size_t>(d), 0.0);
  p.noise_sd.assign(6, 0.02);
  p.data = {0.5, -0.3, 0.2, 0.4, -0.6, 0.1};
  return p.problem();
}

TEST(Dili, ProposesANormalPosteriorInAnyDimensionWherePcnCrawls) {
  // With the exact Hessian and mean proposals are draws of the posterior, accepted always; directions below 0.1 are not in
  // the subspace.
  for (const int d : {8, 64}) {
    const auto problem = smooth_problem(d);
    for (const Dili::Drift drift : {Dili::Drift::gradient, Dili::Drift::mean}) {
      Dili dili = dili_of(drift);
      dili.params.chains = 64, dili.params.warmup = 300, dili.params.draws = 30;
      const auto [acceptance, correlation] = acceptance_and_correlation(dili, *problem);
      EXPECT_GT(acceptance, 0.85) << d << ", drift " << static_cast<int>(drift);
      EXPECT_LT(correlation, 0.3) << d << ", drift " << static_cast<int>(drift);
    }
    Pcn::Params params;
    params.chains = 64, params.warmup = 400, params.draws = 30;
    EXPECT_GT(acceptance_and_correlation(Pcn{params}, *problem).second, 0.9) << d;
  }
}

TEST(Dili, IsPcnWhereTheDataSayNothing) {
  test::LinearGaussian mute = linear_gaussian();
  for (double& sd : mute.noise_sd) sd = 1e3;
  Dili dili = dili_of(Dili::Drift::gradient);
  dili.params.warmup = 60, dili.params.draws = 20;
  const auto s = test::run_to_end(dili, *mute.problem(), test::serial(2));
  EXPECT_EQ(s.subspace.rank(), 0);
  EXPECT_LT(test::largest_chain_z(dili, *mute.problem(), mute.exact(), 5), z_limit);
}

Gpcn gpcn_of() {
  Gpcn::Params params;
  params.chains = 128, params.warmup = 400, params.draws = 1600;
  return {params};
}

TEST(Gpcn, ProposesWhatIsReversibleWithRespectToThePriorWithTheStepsOfTheHessian) {
  // z' = A z + B xi: reversible with respect to N(0, I) where A is symmetric and A A^T + B B^T = I; B B^T = beta^2 (I + H)^-1.
  constexpr int d = 4;
  constexpr double beta = 0.6;
  RunCount count;
  HessianSettings settings;
  settings.most = 3;
  const LowRankHessian h =
      mean_hessian(*linear_gaussian().problem(), test::serial(1), math::Matrix(1, d), settings, count);
  ASSERT_EQ(h.rank(), 3);
  math::Matrix precision = math::identity(d);
  for (int k = 0; k < h.rank(); ++k)
    for (int i = 0; i < d; ++i)
      for (int j = 0; j < d; ++j)
        precision(i, j) += h.values[static_cast<std::size_t>(k)] * h.vectors(k, i) * h.vectors(k, j);
  const Batch unit("unit", d, d), none("none", d, d);
  for (int k = 0; k < d; ++k) unit(k, k) = 1.0;
  const Batch a = gpcn_proposal(h, beta, unit, none), b = gpcn_proposal(h, beta, none, unit);  // row k: column k
  for (int i = 0; i < d; ++i)
    for (int j = 0; j < d; ++j) {
      EXPECT_NEAR(a(i, j), a(j, i), 1e-14);
      double whole = 0.0, steps = 0.0;
      for (int k = 0; k < d; ++k) {
        whole += a(k, i) * a(k, j) + b(k, i) * b(k, j);
        for (int l = 0; l < d; ++l) steps += precision(i, l) * b(k, l) * b(k, j);
      }
      EXPECT_NEAR(whole, i == j ? 1.0 : 0.0, 1e-13);
      EXPECT_NEAR(steps, i == j ? beta * beta : 0.0, 1e-9);  // lambda up to 1e5
    }
}

TEST(Gpcn, ReachesThePosterior) {
  EXPECT_LT(test::largest_chain_z(gpcn_of(), *linear_gaussian().problem(), linear_gaussian().exact(), 17), z_limit);
  EXPECT_LT(test::largest_chain_z(gpcn_of(), *elliptic_problem(), elliptic_exact(), 3), z_limit);
  Gpcn two = gpcn_of();
  two.params.rank = 2;
  EXPECT_LT(test::largest_chain_z(two, *linear_gaussian().problem(), linear_gaussian().exact(), 17), z_limit);
}

TEST(Gpcn, MixesWherePcnCrawlsInAnyDimension) {
  // Six directions known to a percent of the prior's width: pCN takes steps of that length everywhere, gpCN only there.
  for (const int d : {8, 64}) {
    const auto problem = smooth_problem(d);
    Gpcn gpcn = gpcn_of();
    gpcn.params.chains = 64, gpcn.params.draws = 100;
    Pcn::Params params;
    params.chains = 64, params.warmup = 400, params.draws = 100;
    const double left = 1.0 - acceptance_and_correlation(gpcn, *problem).second,
                 left_by_pcn = 1.0 - acceptance_and_correlation(Pcn{params}, *problem).second;
    EXPECT_GT(left, 5.0 * left_by_pcn) << d;
  }
}

}  // namespace
}  // namespace aleator::sampler
