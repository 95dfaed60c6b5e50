// The no-U-turn sampler: exact posteriors, the trees themselves, and what it costs.
#include "sampler/mcmc/nuts.hpp"

#include <gtest/gtest.h>

#include "sampler/targets.hpp"

namespace aleator::sampler {
namespace {

using test::linear_gaussian;

constexpr double z_limit = 4.0;  // 14 moments: passed by a correct sampler with probability 0.999

Nuts nuts_of(Nuts::Metric metric) {
  Nuts::Params params;
  params.chains = 64, params.warmup = 200, params.draws = 500, params.metric = metric;
  return {params};
}

/// x_1 ~ N(0, 1), x_k ~ N(rho x_(k-1), 1 - rho^2): every coordinate N(0, 1). The log-likelihood is what is left of log pi
/// beside N(0, I).
class AutoRegressive : public Problem {
 public:
  AutoRegressive(int d, double rho) : d_(d), rho_(rho), variables_{{"x", d}} {}
  int dimension() const override { return d_; }
  int outputs() const override { return 0; }
  bool has_gradient() const override { return true; }
  bool may_stop() const override { return false; }
  const model::GaussianNoise* noise() const override { return nullptr; }
  const std::vector<prob::Variable>& variables() const override { return variables_; }
  void parameters(ConstBatch z, Batch u) const override { Kokkos::deep_copy(u, z); }
  std::vector<int> evaluate(ConstBatch z, model::Evaluation& result) const override {
    const double precision = 1.0 / (1.0 - rho_ * rho_);
    for (std::size_t row = 0; row < z.extent(0); ++row) {
      double log_density = -0.5 * z(row, 0) * z(row, 0), squares = z(row, 0) * z(row, 0);
      for (int k = 1; k < d_; ++k) {
        const double rest = z(row, k) - rho_ * z(row, k - 1);
        log_density -= 0.5 * precision * rest * rest;
        squares += z(row, k) * z(row, k);
      }
      result.log_likelihood(row) = log_density + 0.5 * squares;
      if (result.gradient.size() != 0) gradient(&z(row, 0), precision, &result.gradient(row, 0));
    }
    return {};
  }

  const model::ProblemFacts& facts() const override { return facts_; }
  model::RowStatus evaluate_parameters(ConstBatch u, model::Evaluation& result, Vector log_prior) const override {
    Kokkos::deep_copy(log_prior, 0.0);
    evaluate(u, result);
    return {};
  }

 private:
  void gradient(const double* z, double precision, double* g) const {
    for (int k = 0; k < d_; ++k) {
      const double before = k > 0 ? precision * (z[k] - rho_ * z[k - 1]) : z[k],
                   after = k + 1 < d_ ? precision * rho_ * (z[k + 1] - rho_ * z[k]) : 0.0;
      g[k] = z[k] - before + after;
    }
  }
  int d_;
  double rho_;
  std::vector<prob::Variable> variables_;
  model::ProblemFacts facts_;
};

TEST(Nuts, ReachesThePosteriorWithEachMetric) {
  for (const Nuts::Metric metric :
       {Nuts::Metric::unit, Nuts::Metric::diagonal, Nuts::Metric::dense, Nuts::Metric::hessian})
    EXPECT_LT(test::largest_chain_z(nuts_of(metric), *linear_gaussian().problem(), linear_gaussian().exact(), 17),
              z_limit)
        << static_cast<int>(metric);
}

// Goes to the last point of the trajectory instead of one drawn from it.
struct ToTheEnd : Nuts {
  StepInfo step(const Problem& problem, const Context& context, State& s) const {
    const Batch start("start", s.ensemble.rows(), problem.dimension());
    Kokkos::deep_copy(start, s.ensemble.position);
    const StepInfo info = Nuts::step(problem, context, s);
    if (s.iteration <= params.warmup) return info;
    for (int row = 0; row < s.ensemble.rows(); ++row)
      for (int k = 0; k < problem.dimension(); ++k)
        s.ensemble.position(row, k) = start(row, k) + s.trees[static_cast<std::size_t>(row)].position()[k];
    model::Evaluation present{s.ensemble.log_likelihood, s.ensemble.gradient, {}};
    evaluate(problem, s.ensemble.position, present, context);
    return info;
  }
};

TEST(Nuts, TheCheckRefusesTheEndOfTheTrajectory) {
  ToTheEnd wrong;
  wrong.params = nuts_of(Nuts::Metric::unit).params;
  EXPECT_GT(test::largest_chain_z(wrong, *linear_gaussian().problem(), linear_gaussian().exact(), 17), z_limit);
}

TEST(Nuts, ReachesThePosteriorOfACorrelatedSeries) {
  const int d = 20;
  const AutoRegressive problem(d, 0.9);
  test::Exact exact{test::Row(d, 0.0), math::Matrix(d, d), 0.0};
  for (int i = 0; i < d; ++i)
    for (int j = 0; j < d; ++j) exact.covariance(i, j) = std::pow(0.9, std::abs(i - j));
  Nuts nuts = nuts_of(Nuts::Metric::diagonal);
  nuts.params.draws = 200;
  // 230 moments: |z| > 4.5 has probability 230 x 7e-6 = 2e-3 for a correct sampler.
  EXPECT_LT(test::largest_chain_z(nuts, problem, exact, 11), 4.5);
}

// As a regression whose coefficients have prior sd 1000: the data know them to a millionth of it, and each differently well.
TEST(Nuts, AVaguePriorIsNoHindrance) {
  test::LinearGaussian p;
  p.a = math::Matrix(3, 3);
  p.a.a = {1.0, 0.0, 0.0, 3.0, 1.0, 0.0, -2.0, 0.5, 1.0};
  p.prior_covariance = math::identity(3);
  p.prior_mean = {0.0, 0.0, 0.0}, p.noise_sd = {1e-6, 1e-4, 1e-5}, p.data = {0.3, 0.2, -1.0};
  for (const Nuts::Metric metric : {Nuts::Metric::diagonal, Nuts::Metric::dense, Nuts::Metric::hessian}) {
    Nuts nuts = nuts_of(metric);
    nuts.params.warmup = 300, nuts.params.draws = 200;
    EXPECT_LT(test::largest_chain_z(nuts, *p.problem(), p.exact(), 5), z_limit) << static_cast<int>(metric);
  }
}

// Two sums of 40 coordinates known to a hundredth: variances do not show them, the Hessian's two eigenvectors do. In whitened
// coordinates a trajectory of 40 coordinates takes some 7 leapfrogs, and before some 2 / 0.01 = 200.
TEST(Nuts, TheHessianShortensTrajectoriesWhereDataTellFewDirections) {
  const int d = 40;
  test::LinearGaussian p;
  p.a = math::Matrix(2, d);
  for (int k = 0; k < d; ++k) p.a(0, k) = 1.0 / std::sqrt(d), p.a(1, k) = (k % 2 == 0 ? 1.0 : -1.0) / std::sqrt(d);
  p.prior_covariance = math::identity(d);
  p.prior_mean.assign(d, 0.0), p.noise_sd = {0.01, 0.01}, p.data = {0.7, -0.4};
  const auto problem = p.problem();
  const Context context = test::serial(9);
  std::int64_t runs[2];
  for (const Nuts::Metric metric : {Nuts::Metric::diagonal, Nuts::Metric::hessian}) {
    Nuts nuts = nuts_of(metric);
    nuts.params.chains = 8, nuts.params.warmup = 100, nuts.params.draws = 50;
    Nuts::State s = nuts.init(*problem, context);
    while (s.iteration < 100) nuts.step(*problem, context, s);
    const std::int64_t before = s.model_evaluations;
    while (s.iteration < 150) nuts.step(*problem, context, s);
    runs[metric == Nuts::Metric::hessian ? 1 : 0] = (s.model_evaluations - before) / (8 * 50);
  }
  EXPECT_LE(runs[1], 8);
  EXPECT_GE(runs[0], 60);
}

/// Two modes at +-6 e_1 of sd 0.5, the second with probability 0.3; the log-likelihood is what is left beside N(0, I).
class TwoModes : public AutoRegressive {
 public:
  TwoModes() : AutoRegressive(2, 0.0) {}
  std::vector<int> evaluate(ConstBatch z, model::Evaluation& result) const override {
    for (std::size_t row = 0; row < z.extent(0); ++row) {
      double log_density[2], largest, squares = 0.0;
      for (const int mode : {0, 1}) {
        const double centre = mode == 0 ? 6.0 : -6.0, x = z(row, 0) - centre, y = z(row, 1);
        log_density[mode] = std::log(mode == 0 ? 0.7 : 0.3) - 2.0 * (x * x + y * y);
      }
      for (int k = 0; k < 2; ++k) squares += z(row, k) * z(row, k);
      largest = std::max(log_density[0], log_density[1]);
      const double shares[] = {std::exp(log_density[0] - largest), std::exp(log_density[1] - largest)};
      result.log_likelihood(row) = largest + std::log(shares[0] + shares[1]) + 0.5 * squares;
      if (result.gradient.size() == 0) continue;
      const double centre = 6.0 * (shares[0] - shares[1]) / (shares[0] + shares[1]);
      result.gradient(row, 0) = -4.0 * (z(row, 0) - centre) + z(row, 0);
      result.gradient(row, 1) = -4.0 * z(row, 1) + z(row, 1);
    }
    return {};
  }
};

// Or else R-hat would be 1 with all chains in one mode.
TEST(Nuts, ChainsOfTheSmallerModeAreNotTakenForStragglers) {
  const TwoModes problem;
  const Nuts nuts = nuts_of(Nuts::Metric::diagonal);
  const Context context = test::serial(3);
  Nuts::State s = nuts.init(problem, context);
  while (!nuts.step(problem, context, s).is_draw) {
  }
  int above = 0;
  for (int row = 0; row < s.ensemble.rows(); ++row) above += s.ensemble.position(row, 0) > 0.0 ? 1 : 0;
  EXPECT_GT(above, 8);
  EXPECT_LT(above, 56);
}

TEST(Nuts, NothingAdaptsAfterTheWarmUpAndTheStepReachesItsTarget) {
  const auto problem = linear_gaussian().problem();
  const Context context = test::serial(3);
  const Nuts nuts = nuts_of(Nuts::Metric::diagonal);
  Nuts::State s = nuts.init(*problem, context);
  while (!nuts.step(*problem, context, s).is_draw) {
  }
  const double log_step = s.log_step;
  const std::vector<double> deviations = s.deviations;
  EXPECT_EQ(deviations.size(), 4u);
  double sum = 0.0, draws = 0.0;
  for (bool is_finished = false; !is_finished; draws += 1.0) {
    const StepInfo info = nuts.step(*problem, context, s);
    is_finished = info.is_finished;
    sum += info.numbers[0].second;
  }
  EXPECT_EQ(s.log_step, log_step);
  EXPECT_EQ(s.deviations, deviations);
  EXPECT_EQ(s.divergences, 0);
  EXPECT_NEAR(sum / draws, 0.8, 0.05);
}

// What a draw brings along for sample_stats, in the order of the plan.
TEST(Nuts, StatisticsOfDrawsAreThoseOfTheirTrajectories) {
  const auto problem = linear_gaussian().problem();
  const Context context = test::serial(3);
  const Nuts nuts = nuts_of(Nuts::Metric::diagonal);
  const std::vector<DrawStatistic> names = nuts.plan().statistics;
  ASSERT_EQ(names.size(), 4u);
  EXPECT_EQ(names[0].name + names[1].name + names[2].name + names[3].name, "divergingtree_depthn_stepsenergy");
  Nuts::State s = nuts.init(*problem, context);
  double kinetic = 0.0, draws = 0.0;
  for (bool is_finished = false; !is_finished;) {
    const std::int64_t before = s.gradient_evaluations;
    const StepInfo info = nuts.step(*problem, context, s);
    is_finished = info.is_finished;
    if (!info.is_draw) continue;
    double leapfrogs = 0.0;
    for (int row = 0; row < s.ensemble.rows(); ++row) {
      EXPECT_EQ(s.statistics(row, 0), 0.0);
      EXPECT_LT(s.statistics(row, 2), std::exp2(s.statistics(row, 1) + 1.0));
      leapfrogs += s.statistics(row, 2);
      const double density =
          s.ensemble.log_likelihood(row) + model::latent_log_prior(&s.ensemble.position(row, 0), problem->dimension());
      EXPECT_GT(s.statistics(row, 3) + density, -1e-9);
      kinetic += s.statistics(row, 3) + density, draws += 1.0;
    }
    EXPECT_EQ(leapfrogs, static_cast<double>(s.gradient_evaluations - before));
  }
  // |rho|^2 / 2 of d normal momenta: d / 2, known to sqrt(d / 2 / draws) by independent draws.
  const double d = problem->dimension();
  EXPECT_NEAR(kinetic / draws, 0.5 * d, 10.0 * std::sqrt(0.5 * d / draws));
}

TEST(Nuts, TreesStopAtTheirDepthAndAtDivergences) {
  // A free particle never turns: 2^depth - 1 leapfrogs. A wall ends the trajectory at once, as a divergence.
  const double momentum[] = {1.0, -0.5}, force[] = {0.0, 0.0}, zero[] = {0.0, 0.0};
  const kernels::Rng rng(3);
  for (const int depth : {1, 3, 6}) {
    NutsTree tree;
    tree.begin({2, depth, momentum, force, 0.0, &rng, 0, 0});
    do tree.advance(0.1);
    while (tree.add({tree.position(), zero, zero, 0.0, 0.0}, 0.1));
    EXPECT_EQ(tree.leapfrogs(), (1 << depth) - 1);
    EXPECT_TRUE(tree.has_moved());
    EXPECT_NEAR(tree.acceptance(), 1.0, 1e-12);  // the energy is conserved
  }
  NutsTree tree;
  tree.begin({2, 6, momentum, force, 0.0, &rng, 0, 0});
  tree.advance(0.1);
  EXPECT_FALSE(tree.add({tree.position(), zero, zero, -2000.0, -2000.0}, 0.1));
  EXPECT_TRUE(tree.is_divergent());
  EXPECT_FALSE(tree.has_moved());
  EXPECT_EQ(tree.leapfrogs(), 1);
  // The end of the support is none.
  const double nowhere = -std::numeric_limits<double>::infinity();
  tree.begin({2, 6, momentum, force, 0.0, &rng, 0, 0});
  tree.advance(0.1);
  EXPECT_FALSE(tree.add({tree.position(), zero, zero, nowhere, nowhere}, 0.1));
  EXPECT_FALSE(tree.is_divergent());
  EXPECT_TRUE(tree.has_left_support());
}

}  // namespace
}  // namespace aleator::sampler
