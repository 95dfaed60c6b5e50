#include "sampler/running_means.hpp"

#include <gtest/gtest.h>

#include "sampler/mcmc/random_walk.hpp"
#include "sampler/targets.hpp"

namespace aleator::sampler {
namespace {

TEST(RunningMeansMpi, AreTheMeansOfAllStatesWithTheScatterOfTheChains) {
  const auto problem = test::linear_gaussian().problem();
  const Context world{parallel::Comm::world(), kernels::Rng(5)};
  RandomWalk::Params params;
  params.chains = 37, params.warmup = 10, params.draws = 20, params.thin = 3;
  const RandomWalk walk{params};
  RandomWalk::State s = walk.init(*problem, world), alone = walk.init(*problem, test::serial(5));
  while (!walk.step(*problem, world, s).is_finished) {
  }
  std::vector<test::Row> chain_means(37, test::Row(4, 0.0));  // over all 60 states, thinned ones too
  for (bool is_finished = false; !is_finished;) {
    is_finished = walk.step(*problem, test::serial(5), alone).is_finished;
    if (alone.iteration <= params.warmup) continue;
    const test::Row u = test::parameters_of(*problem, alone.ensemble.position);
    for (std::size_t i = 0; i < u.size(); ++i) chain_means[i / 4][i % 4] += u[i] / 60.0;
  }
  EXPECT_EQ(s.means.count, 60.0);
  const MeanEstimate estimate = estimate_means(world, s.ensemble.layout, s.means);
  for (std::size_t k = 0; k < 4; ++k) {
    double mean = 0.0, variance = 0.0;
    for (const test::Row& row : chain_means) mean += row[k] / 37.0;
    for (const test::Row& row : chain_means) variance += (row[k] - mean) * (row[k] - mean) / 36.0;
    EXPECT_NEAR(estimate.mean[k], mean, 1e-13);
    EXPECT_NEAR(estimate.standard_error[k], std::sqrt(variance / 37.0), 1e-13);
  }
}

}  // namespace
}  // namespace aleator::sampler
