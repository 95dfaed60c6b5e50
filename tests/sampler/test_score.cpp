// Samplers by scores that are estimated: reverse diffusion without gradients; what consensus leaves when it loses the density.
#include <gtest/gtest.h>

#include "core/error.hpp"
#include "inverse/expression/target.hpp"
#include "inverse/problem/target.hpp"
#include "prob/score_matching.hpp"
#include "sampler/evidence_targets.hpp"
#include "sampler/langevin/cbs.hpp"
#include "sampler/langevin/data_langevin.hpp"
#include "sampler/langevin/score_diffusion.hpp"
#include "sampler/mcmc/pcn.hpp"
#include "sampler/targets.hpp"

namespace aleator::sampler {
namespace {

using test::DensityProblem;
using test::Exact;
using test::linear_gaussian;
using test::Row;

constexpr DensityProblem::Box normal_prior = {0.0, 0.0};

/// Means and variances of each coordinate of z.
struct Moments {
  Row mean, variance;
};

void add_moments(const Batch& z, double share, Moments& m) {
  const std::size_t n = z.extent(0), d = z.extent(1);
  m.mean.resize(d, 0.0), m.variance.resize(d, 0.0);
  for (std::size_t k = 0; k < d; ++k) {
    double mean = 0.0, squares = 0.0;
    for (std::size_t j = 0; j < n; ++j) mean += z(j, k) / static_cast<double>(n);
    for (std::size_t j = 0; j < n; ++j) squares += std::pow(z(j, k) - mean, 2) / static_cast<double>(n - 1);
    m.mean[k] += share * mean, m.variance[k] += share * squares;
  }
}

ScoreDiffusion diffusion_of(int members, int pairs) {
  ScoreDiffusion::Params params;
  params.members = members, params.pairs = pairs;
  return {params};
}

constexpr int runs = 4;

Moments moments_of(const ScoreDiffusion& algorithm, const Problem& problem) {
  Moments m;
  for (std::uint64_t run = 0; run < runs; ++run)
    add_moments(test::run_to_end(algorithm, problem, test::serial(run)).ensemble.position, 1.0 / runs, m);
  return m;
}

TEST(ScoreDiffusion, IsTheLinearGaussianPosterior) {
  // A standard error of 4 x 512 members is 0.022 sd and 3.1 % of a variance.
  const auto problem = linear_gaussian().problem();
  const Exact exact = linear_gaussian().exact();
  Moments m;
  std::int64_t spent = 0;
  for (std::uint64_t run = 0; run < runs; ++run) {
    const auto s = test::run_to_end(diffusion_of(512, 2), *problem, test::serial(run));
    const Row u = test::parameters_of(*problem, s.ensemble.position);
    add_moments(Batch(const_cast<double*>(u.data()), 512, 4), 1.0 / runs, m);
    spent = s.model_evaluations;
  }
  EXPECT_EQ(spent, 512 * 20 * 4);
  for (int k = 0; k < 4; ++k) {
    const double variance = exact.covariance(k, k), mean = exact.mean[static_cast<std::size_t>(k)];
    EXPECT_NEAR(m.mean[static_cast<std::size_t>(k)], mean, 0.08 * std::sqrt(variance)) << k;
    EXPECT_NEAR(m.variance[static_cast<std::size_t>(k)] / variance, 1.0, 0.1) << k;
  }
}

TEST(ScoreDiffusion, FindsTheWeightsOfTwoModes) {
  // 0.3 N((-1.5, 0), 1/16) + 0.7 N((1.5, 0.5), 1/16), no walk between them; no gradients.
  const DensityProblem problem(2, normal_prior, [](const double* u) {
    const double a = -8.0 * (std::pow(u[0] + 1.5, 2) + u[1] * u[1]),
                 b = -8.0 * (std::pow(u[0] - 1.5, 2) + std::pow(u[1] - 0.5, 2)), top = std::max(a, b);
    return top + std::log(0.3 * std::exp(a - top) + 0.7 * std::exp(b - top)) + 0.5 * (u[0] * u[0] + u[1] * u[1]);
  });
  double left = 0.0, squares = 0.0;
  for (std::uint64_t run = 0; run < runs; ++run) {
    const auto s = test::run_to_end(diffusion_of(512, 2), problem, test::serial(run));
    for (int row = 0; row < 512; ++row) {
      const bool is_left = s.ensemble.position(row, 0) < 0.0;
      left += is_left / (512.0 * runs);
      if (!is_left) squares += std::pow(s.ensemble.position(row, 0) - 1.5, 2) / (512.0 * runs);
    }
  }
  EXPECT_NEAR(left, 0.3, 0.05 * 0.7);  // 5 %; one standard error is 0.010
  EXPECT_NEAR(squares / (1.0 - left), 0.0625, 0.1 * 0.0625);
}

/// -(k p')' = 8 on (0, 1), p = 0 at both ends, log k = sum_k z_k cos(k pi x) / k: p by two integrals, seen at 7 places.
double darcy_log_likelihood(const double* z) {
  constexpr int cells = 64, coefficients = 4;
  double inverse[cells], flux = 0.0, total = 0.0;
  for (int i = 0; i < cells; ++i) {
    const double x = (i + 0.5) / cells;
    double log_k = 0.0;
    for (int k = 1; k <= coefficients; ++k) log_k += z[k - 1] * std::cos(k * M_PI * x) / k;
    inverse[i] = std::exp(-log_k);
    flux += 8.0 * x * inverse[i], total += inverse[i];
  }
  static const double data[] = {0.25, 0.42, 0.66, 0.88, 1.02, 1.10, 0.80};
  double p = 0.0, misfit = 0.0;
  for (int i = 0; i < cells; ++i) {
    p += (flux / total - 8.0 * (i + 0.5) / cells) * inverse[i] / cells;
    if ((i + 1) % 8 == 0 && i + 1 < cells) misfit += std::pow((p - data[(i + 1) / 8 - 1]) / 0.1, 2);
  }
  return -0.5 * misfit;
}

TEST(ScoreDiffusion, AgreesWithLongChainsOnASmallDarcyInversion) {
  const DensityProblem problem(4, normal_prior, darcy_log_likelihood);
  Pcn::Params chain;
  chain.chains = 128, chain.warmup = 500, chain.draws = 2000;
  Moments exact;
  const Pcn pcn{chain};
  const Context context = test::serial(1);
  Pcn::State s = pcn.init(problem, context);
  Row sums(8, 0.0);
  for (StepInfo info; !info.is_finished;) {
    info = pcn.step(problem, context, s);
    for (int row = 0; info.is_draw && row < 128; ++row)
      for (std::size_t k = 0; k < 4; ++k) {
        const double z = s.ensemble.position(row, static_cast<int>(k));
        sums[k] += z / (128.0 * 2000.0), sums[4 + k] += z * z / (128.0 * 2000.0);
      }
  }
  const Moments found = moments_of(diffusion_of(512, 2), problem);
  for (std::size_t k = 0; k < 4; ++k) {
    const double variance = sums[4 + k] - sums[k] * sums[k];
    EXPECT_NEAR(found.mean[k], sums[k], 0.1 * std::sqrt(variance)) << k;
    EXPECT_NEAR(found.variance[k] / variance, 1.0, 0.1) << k;
  }
}

/// A posterior with the prior N(0, I) and this formula of u as log-likelihood.
std::shared_ptr<inverse::TargetProblem> target_problem(const std::string& log_density) {
  inverse::ExpressionTarget::Params target;
  target.parameters = {"u[2]"}, target.log_density = log_density;
  return std::make_shared<inverse::TargetProblem>(
      inverse::TargetProblem::Params{}, std::make_shared<prob::Normal>(prob::Normal::Params{2, {0.0}, {1.0}, {}}),
      std::make_shared<inverse::ExpressionTarget>(target));
}

/// Draws of a law of two independent coordinates: the first by inversion of its distribution function on a grid, the second
/// N(mean, sd^2). The share of the first that lies left of 0.
struct Points {
  Batch z;
  double left = 0.0;
  std::string table() const { return test::table(Row(z.data(), z.data() + z.size()), 2); }
};

Points draws_of(const std::function<double(double)>& density, double mean, double sd, int count) {
  constexpr int cells = 4000;
  Row below(cells + 1, 0.0);
  const auto place = [](double i) { return -5.0 + 10.0 * i / cells; };
  for (int i = 0; i < cells; ++i) below[i + 1] = below[i] + density(place(i + 0.5));
  Points p{Batch("points", count, 2), below[cells / 2] / below[cells]};
  kernels::Rng(5).normals({kernels::Purpose::test}, 0, p.z);
  for (int row = 0; row < count; ++row) {
    const double level = kernels::Rng(6).uniform({kernels::Purpose::test}, row) * below[cells];
    const auto cell = std::upper_bound(below.begin(), below.end(), level) - below.begin() - 1;
    p.z(row, 0) = place(static_cast<double>(cell) + 0.5), p.z(row, 1) = mean + sd * p.z(row, 1);
  }
  return p;
}

TEST(LearnedScore, IsThatOfTheNormalLawOfThePoints) {
  // N((2, -1), diag(0.25, 4)): score -(z - m) / variance, within 17 % (root mean square).
  const Batch points("points", 2000, 2);
  kernels::Rng(3).normals({kernels::Purpose::test}, 0, points);
  for (int i = 0; i < 2000; ++i) points(i, 0) = 2.0 + 0.5 * points(i, 0), points(i, 1) = -1.0 + 2.0 * points(i, 1);
  const prob::LearnedScore score = prob::learn_score(points, 100);
  double error = 0.0, size = 0.0;
  for (int i = 0; i < 2000; ++i) {
    double s[2];
    score.evaluate(&points(i, 0), s);
    const double exact[] = {-(points(i, 0) - 2.0) / 0.25, -(points(i, 1) + 1.0) / 4.0}, scale[] = {0.5, 2.0};
    for (int k = 0; k < 2; ++k)
      error += std::pow(scale[k] * (s[k] - exact[k]), 2), size += std::pow(scale[k] * exact[k], 2);
  }
  EXPECT_LT(error, 0.03 * size) << error / size;
  EXPECT_NEAR(score.fisher[0], 4.0, 0.4);
  EXPECT_NEAR(score.loss, -1.0, 0.1);  // -1/2 d, half the Fisher information
}

TEST(LearnedScore, IsThatOfAMixtureWhereThePointsAre) {
  const auto density = [](double x) {
    return 0.3 * std::exp(-8.0 * (x + 2.0) * (x + 2.0)) + 0.7 * std::exp(-8.0 * (x - 2.0) * (x - 2.0));
  };
  const Points p = draws_of(density, 0.0, 1.0, 2000);
  const prob::LearnedScore score = prob::learn_score(p.z, 200);
  double error = 0.0, size = 0.0;
  for (int i = 0; i < 2000; ++i) {
    double s[2];
    score.evaluate(&p.z(i, 0), s);
    const double exact = -16.0 * (p.z(i, 0) - (p.z(i, 0) < 0.0 ? -2.0 : 2.0));
    error += std::pow(s[0] - exact, 2), size += exact * exact;
  }
  EXPECT_LT(error, 0.1 * size) << error / size;
}

TEST(LearnedScore, RefusesPointsThatSayTooLittle) {
  EXPECT_THROW(prob::learn_score(Batch("few", 19, 1), 10), core::UserError);
  EXPECT_THROW(prob::learn_score(Batch("same", 30, 1), 10), core::UserError);
}

/// Share of the members left of 0.
double left_of(const Problem& problem, const Points& p, DataLangevin::Start start) {
  DataLangevin::Params params;
  params.data = {"points.txt", p.table()}, params.members = 2000, params.start = start;
  const auto s = test::run_to_end(DataLangevin{params}, problem, test::serial(2));
  EXPECT_EQ(s.model_evaluations, 4000);
  double left = 0.0;
  for (int row = 0; row < 2000; ++row) left += (s.ensemble.position(row, 0) < 0.0) / 2000.0;
  return left;
}

TEST(DataLangevin, KeepsTheWeightsOfModesWhenStartedAtThePoints) {
  // Two modes without a way between them: a mixture, and the posterior of u_0 from a measurement of (u_0 + 0.15)^2. Weights of
  // 2000 points are known to 0.01.
  const auto mixture = [](double x) {
    return 0.3 * std::exp(-8.0 * (x + 2.0) * (x + 2.0)) + 0.7 * std::exp(-8.0 * (x - 2.0) * (x - 2.0));
  };
  const auto square = [](double x) {
    return std::exp(-0.5 * x * x - 0.5 * std::pow(((x + 0.15) * (x + 0.15) - 3.0) / 0.5, 2));
  };
  const Points of_mixture = draws_of(mixture, 0.0, 1.0, 2000), of_square = draws_of(square, 0.4, std::sqrt(0.2), 2000);
  const auto any = target_problem("0 * u[0]"),
             inverse_problem = target_problem("-((u[0] + 0.15)^2 - 3)^2 / 0.5 - (u[1] - 0.5)^2 / 0.5");
  EXPECT_NEAR(left_of(*any, of_mixture, DataLangevin::Start::data), 0.3, 0.03);
  EXPECT_GT(std::abs(left_of(*any, of_mixture, DataLangevin::Start::prior) - 0.3), 0.1);
  EXPECT_NEAR(left_of(*inverse_problem, of_square, DataLangevin::Start::data), of_square.left, 0.03);
  EXPECT_GT(std::abs(left_of(*inverse_problem, of_square, DataLangevin::Start::prior) - of_square.left), 0.06)
      << of_square.left;
}

TEST(DataLangevin, MakesNewSamplesOfTheLawOfFewPoints) {
  // 200 points become 4000 samples, no two alike, with the points' moments up to the step's bias and the noise of 200 points.
  const Points p = draws_of([](double x) { return std::exp(-2.0 * (x - 1.0) * (x - 1.0)); }, 0.5, 0.5, 200);
  DataLangevin::Params params;
  params.data = {"points.txt", p.table()}, params.members = 4000;
  const auto s = test::run_to_end(DataLangevin{params}, *target_problem("0 * u[0]"), test::serial(2));
  Moments m;
  add_moments(s.ensemble.position, 1.0, m);
  for (std::size_t k = 0; k < 2; ++k) {
    EXPECT_NEAR(m.mean[k], k == 0 ? 1.0 : 0.5, 0.5 * 4.0 / std::sqrt(200.0));
    EXPECT_NEAR(m.variance[k], 0.25, 0.25 * 4.0 * std::sqrt(2.0 / 200.0));
  }
  Row first(s.ensemble.position.data(), s.ensemble.position.data() + 8000);
  std::sort(first.begin(), first.end());
  EXPECT_EQ(std::adjacent_find(first.begin(), first.end()), first.end());
}

TEST(DataLangevin, ObjectsToPointsThatDoNotFit) {
  DataLangevin::Params params;
  params.data = {"points.txt", "1 2 3\n"};
  EXPECT_NE(DataLangevin{params}.objection(*target_problem("0 * u[0]")).find("3 numbers a row, but the problem has"),
            std::string::npos);
}

// The model answers for the first two ensembles alone: the step to the third leaves the second.
TEST(Cbs, AStepThatLosesTheDensityLeavesTheLastGoodEnsemble) {
  constexpr int members = 20;
  int asked = 0;
  const test::DensityProblem problem(2, {0.0, 0.0}, [&](const double* u) {
    return asked++ < 2 * members ? -u[0] * u[0] : -std::numeric_limits<double>::infinity();
  });
  Cbs::Params params;
  params.members = members;
  const Context context = test::serial(3);
  Cbs::State s = Cbs{params}.init(problem, context);
  Cbs{params}.step(problem, context, s);
  const Ensemble good = s.ensemble.copy();
  EXPECT_THROW(Cbs{params}.step(problem, context, s), core::NumericsError);
  EXPECT_EQ(s.iteration, 1);
  EXPECT_EQ(s.model_evaluations, 2 * members);
  for (int row = 0; row < members; ++row) {
    EXPECT_EQ(s.ensemble.position(row, 1), good.position(row, 1));
    EXPECT_EQ(s.ensemble.log_likelihood(row), good.log_likelihood(row));
  }
  EXPECT_TRUE(Cbs{params}.plan().fails_before_it_moves);
}

}  // namespace
}  // namespace aleator::sampler
