// Stein thinning: the kernel against differences and Stein's identity, the choice against a search through all draws.
#include <gtest/gtest.h>

#include "core/log.hpp"
#include "prob/discrepancy.hpp"
#include "sampler/ensemble/eki.hpp"
#include "sampler/langevin/sgld.hpp"
#include "sampler/mcmc/random_walk.hpp"
#include "sampler/stein/stein_thinning.hpp"
#include "sampler/targets.hpp"

namespace aleator::sampler {
namespace {

using test::Row;

double multiquadric(const Row& x, const Row& y) {
  double squares = 1.0;
  for (std::size_t k = 0; k < x.size(); ++k) squares += (x[k] - y[k]) * (x[k] - y[k]);
  return 1.0 / std::sqrt(squares);
}

TEST(SteinKernel, IsSteinsOperatorTwiceOnTheMultiquadric) {
  // k_0 = sum_k (d/dx_k + s_x,k) (d/dy_k + s_y,k) (1 + |x - y|^2)^-1/2 by central differences of step 1e-3: error 1e-5.
  const Row x = {0.3, -0.7, 1.1}, y = {-0.2, 0.4, 0.9}, sx = {0.5, 1.2, -0.3}, sy = {-0.8, 0.1, 0.6};
  const double h = 1e-3;
  double expected = 0.0;
  const auto at = [&](std::size_t k, double dx, double dy) {
    Row a = x, b = y;
    a[k] += dx, b[k] += dy;
    return multiquadric(a, b);
  };
  for (std::size_t k = 0; k < 3; ++k)
    expected += (at(k, h, h) - at(k, h, -h) - at(k, -h, h) + at(k, -h, -h)) / (4 * h * h) +
                sx[k] * (at(k, 0, h) - at(k, 0, -h)) / (2 * h) + sy[k] * (at(k, h, 0) - at(k, -h, 0)) / (2 * h) +
                sx[k] * sy[k] * at(k, 0, 0);
  EXPECT_NEAR(prob::stein_kernel(x.data(), sx.data(), y.data(), sy.data(), 3), expected, 1e-5);
}

TEST(SteinKernel, HasMeanZeroUnderTheTarget) {
  // Stein's identity for N(0, 1), score -x, by the trapezoidal rule on [-10, 10], which is exact to rounding here.
  const double y = 0.7, sy = -0.7;
  double mean = 0.0;
  for (int i = -4000; i <= 4000; ++i) {
    const double x = i / 400.0, sx = -x;
    mean += prob::stein_kernel(&x, &sx, &y, &sy, 1) * std::exp(-0.5 * x * x) / std::sqrt(2.0 * M_PI) / 400.0;
  }
  EXPECT_NEAR(mean, 0.0, 1e-12);
}

struct Thinned {
  StepInfo info;
  BaseState state;
};

Thinned thin(std::shared_ptr<Sampler> first, const Problem& problem, int members) {
  core::set_log_level(core::LogLevel::error);
  SteinThinning thinning({"first", members}, std::move(first));
  const Context context = test::serial(3);
  EXPECT_EQ(thinning.objection(problem), "");
  thinning.init(problem, context);
  Thinned t;
  while (!(t.info = thinning.step(problem, context)).is_finished) EXPECT_FALSE(t.info.is_draw);
  core::set_log_level(core::LogLevel::info);
  t.state = thinning.state();
  return t;
}

std::shared_ptr<Sampler> some_chains() {
  RandomWalk::Params params;
  params.chains = 4, params.warmup = 200, params.draws = 50;
  return std::make_shared<Erased<RandomWalk>>(params);
}

// Chains of a stochastic gradient know no score of their draws: each is computed, once.
TEST(SteinThinning, TakesNoGradientOfSomeDataForTheScore) {
  const auto problem = test::linear_gaussian().problem();
  Sgld::Params params;
  params.chains = 8, params.warmup = 50, params.draws = 20;
  const auto gradients_of = [&](Sampler& sampler) {
    const Context context = test::serial(3);
    sampler.init(*problem, context);
    while (!sampler.step(*problem, context).is_finished) {
    }
    return sampler.state().gradient_evaluations;
  };
  Erased<Sgld> chains(params);
  SteinThinning thinning({"first", 4}, std::make_shared<Erased<Sgld>>(params));
  EXPECT_EQ(gradients_of(thinning) - gradients_of(chains), 8 * 20);
}

TEST(SteinThinning, ChoosesWhatASearchThroughAllDrawsChooses) {
  // The same chains again, their draws kept one after the other; then Riabiz et al. 2022, algorithm 1, as it is written.
  const auto problem = test::linear_gaussian().problem();
  const Context context = test::serial(3);
  const auto chains = some_chains();
  chains->init(*problem, context);
  std::vector<Row> z, x, s;
  PooledMoments moments;
  moments.reset(4);
  for (bool is_finished = false; !is_finished;) {
    const StepInfo info = chains->step(*problem, context);
    is_finished = info.is_finished;
    if (!info.is_draw) continue;
    const Ensemble& e = chains->state().ensemble;
    moments.observe(e, context);
    const Batch gradient("gradient", 4, 4);
    model::Evaluation evaluation{Vector("l", 4), gradient, {}};
    problem->evaluate(e.position, evaluation);
    for (int j = 0; j < 4; ++j) {
      z.emplace_back(), s.emplace_back();
      for (int k = 0; k < 4; ++k)
        z.back().push_back(e.position(j, k)), s.back().push_back(gradient(j, k) - e.position(j, k));
    }
  }
  math::Matrix lower(4, 4);
  lower.a = moments.factor();
  ASSERT_FALSE(lower.a.empty());
  for (std::size_t i = 0; i < z.size(); ++i)
    x.push_back(math::solve_lower(lower, z[i])), s[i] = math::transposed_multiply(lower, s[i]);
  const auto k = [&](std::size_t i, std::size_t j) {
    return prob::stein_kernel(x[i].data(), s[i].data(), x[j].data(), s[j].data(), 4);
  };
  std::vector<std::size_t> chosen;
  for (int m = 0; m < 12; ++m) {
    std::size_t best = 0;
    double least = INFINITY;
    for (std::size_t i = 0; i < x.size(); ++i) {
      double value = 0.5 * k(i, i);
      for (const std::size_t c : chosen) value += k(c, i);
      if (value < least) least = value, best = i;
    }
    chosen.push_back(best);
  }
  double sum = 0.0;
  for (const std::size_t i : chosen)
    for (const std::size_t j : chosen) sum += k(i, j);

  const Thinned t = thin(some_chains(), *problem, 12);
  for (std::size_t m = 0; m < 12; ++m)
    for (std::size_t c = 0; c < 4; ++c) EXPECT_EQ(t.state.ensemble.position(m, c), z[chosen[m]][c]);
  EXPECT_NEAR(t.info.numbers[0].second, std::sqrt(sum) / 12, 1e-12);
  EXPECT_EQ(t.info.numbers[0].first, "discrepancy");
  EXPECT_LT(t.info.numbers[0].second, t.info.numbers[1].second);  // less than without a choice
  EXPECT_EQ(t.state.gradient_evaluations, 200);                   // of each draw once: a random walk has no gradients
}

TEST(SteinThinning, CorrectsABiasedEnsemble) {
  // Inversion stopped at time 0.2 has a wrong mean and spread. Forty of its members, chosen, have the posterior's mean four
  // times as nearly in root mean square, and its standard deviations.
  Eki::Params params;
  params.members = 2000, params.step = Eki::StepRule::fixed, params.fixed_step = 0.2, params.max_iterations = 1;
  const auto problem = test::linear_gaussian().problem();
  const test::Exact exact = test::linear_gaussian().exact();
  const auto error = [&](const BaseState& state) {
    const Row u = test::parameters_of(*problem, state.ensemble.position);
    double squares = 0.0;
    for (std::size_t k = 0; k < 4; ++k) {
      double mean = 0.0;
      for (std::size_t j = 0; j < u.size() / 4; ++j) mean += u[4 * j + k] / static_cast<double>(u.size() / 4);
      squares +=
          (mean - exact.mean[k]) * (mean - exact.mean[k]) / exact.covariance(static_cast<int>(k), static_cast<int>(k));
    }
    return std::sqrt(squares / 4.0);
  };
  core::set_log_level(core::LogLevel::error);
  const auto whole = test::run_to_end(Eki{params}, *problem, test::serial(3));
  const Thinned t = thin(std::make_shared<Erased<Eki>>(params), *problem, 40);
  EXPECT_GT(error(whole), 0.1);
  EXPECT_LT(error(t.state), 0.25 * error(whole)) << error(t.state) << " " << error(whole);
}

TEST(SteinThinning, ObjectsToMoreMembersThanDraws) {
  const auto problem = test::linear_gaussian().problem();
  EXPECT_EQ(SteinThinning({"first", 200}, some_chains()).objection(*problem), "");
  EXPECT_NE(SteinThinning({"first", 201}, some_chains()).objection(*problem), "");
}

}  // namespace
}  // namespace aleator::sampler
