// Parallel tempering: the posterior, the evidence, the ladder and the traffic on it against theory. Evidence of targets with
// several modes: test_evidence.cpp.
#include "sampler/mcmc/parallel_tempering.hpp"

#include <gtest/gtest.h>

#include "sampler/evidence_targets.hpp"
#include "sampler/mcmc/ladder.hpp"
#include "sampler/targets.hpp"

namespace aleator::sampler {
namespace {

using test::linear_gaussian;
using test::Row;

ParallelTempering tempering_of(InnerMove move, int draws) {
  ParallelTempering::Params params;
  params.move = move, params.chains = 64, params.warmup = 400, params.draws = draws;
  return {params};
}

TEST(ParallelTempering, ReachesTheLinearGaussianPosteriorAndEvidenceWithEachMove) {
  // 14 moments: |z| > 4 has probability 1e-3. The evidence's error is judged by the scatter of 64 chains.
  const auto problem = linear_gaussian().problem();
  for (const InnerMove move : {InnerMove::random_walk, InnerMove::pcn, InnerMove::mala, InnerMove::hmc}) {
    ParallelTempering sampler = tempering_of(move, 400);
    if (move == InnerMove::hmc) sampler.params.leapfrogs = 3;
    EXPECT_LT(test::largest_chain_z(sampler, *problem, linear_gaussian().exact(), 17), 4.0) << static_cast<int>(move);
    const auto s = test::run_to_end(sampler, *problem, test::serial(18));
    EXPECT_LT(std::abs(s.log_evidence - linear_gaussian().exact().log_evidence), 3.5 * s.log_evidence_standard_error);
    EXPECT_LT(s.log_evidence_standard_error, 0.03);
  }
}

// Lambda of a normal target is linear in log beta: the ladder of equal steps has equal ratios.
TEST(ParallelTempering, TheLadderTakesEqualStepsOfTheBarrier) {
  const std::vector<double> temper{0.0, 0.01, 0.02, 0.05, 0.5, 1.0};
  std::vector<double> rejection{0.2};
  for (std::size_t k = 1; k + 1 < temper.size(); ++k) rejection.push_back(0.2 * std::log(temper[k + 1] / temper[k]));
  const std::vector<double> barrier = communication_barrier(rejection);
  EXPECT_DOUBLE_EQ(barrier.back(), 0.2 + 0.2 * std::log(100.0));
  const std::vector<double> ladder = equal_ladder(temper, barrier, 12);
  const double step = barrier.back() / 11.0;
  EXPECT_NEAR(ladder[1], 0.01 * step / 0.2, 1e-15);  // within the first interval: linear in beta
  for (std::size_t k = 2; k < ladder.size(); ++k) {
    const double expected = std::exp((static_cast<double>(k) * step - barrier.back()) / 0.2);
    EXPECT_NEAR(ladder[k], expected, 1e-12) << k;
  }
  EXPECT_EQ(ladder.back(), 1.0);
  EXPECT_EQ(equal_ladder(temper, communication_barrier({0, 0, 0, 0, 0}), 6).back(), 1.0);
  EXPECT_EQ(temperatures_for(2.3), 6);
  const std::vector<double> even = geometric_ladder(0.001, 4);
  for (const std::size_t k : {1, 2, 3})
    EXPECT_NEAR(even[k], std::pow(0.001, (3.0 - static_cast<double>(k)) / 2), 1e-15);
  EXPECT_EQ(geometric_ladder(0.9, 2), (std::vector<double>{0.0, 1.0}));
}

// The mean of each pair's rejections after the warm-up; swaps of a pair happen every other iteration.
Row rates_of(const ParallelTempering::State& s) {
  Row rates(static_cast<std::size_t>(s.pairs()), 0.0);
  for (int row = 0; row < s.ensemble.rows(); ++row)
    for (int k = 0; k < s.pairs(); ++k) rates[k] += s.rejected(row, k) / (0.5 * s.swaps * s.ensemble.rows());
  return rates;
}

TEST(ParallelTempering, NeighboursSwapEquallyOftenAndChainsTravelAsTheorySays) {
  // Round trips an iteration: 1 / (2 + 2 sum r / (1 - r)) (Syed and others 2022), for moves that forget where they
  // began: 12 of them here, which falls short by some per cent, as does the first way up. With random turns it would be less
  // than half.
  ParallelTempering sampler = tempering_of(InnerMove::random_walk, 1000);
  sampler.params.moves = 12;
  const auto problem = linear_gaussian().problem();
  const auto s = test::run_to_end(sampler, *problem, test::serial(5));
  double inefficiency = 0.0;
  for (const double rate : rates_of(s)) {
    inefficiency += rate / (1.0 - rate);
    EXPECT_NEAR(rate, s.barrier / s.pairs(), 0.06);
  }
  EXPECT_EQ(s.pairs() + 1, temperatures_for(s.barrier));
  EXPECT_NEAR(s.mean_round_trips / 1000.0 * (2.0 + 2.0 * inefficiency), 1.0, 0.1);
}

TEST(ParallelTempering, NothingAdaptsAfterTheWarmUp) {
  const ParallelTempering sampler = tempering_of(InnerMove::random_walk, 100);
  const auto problem = linear_gaussian().problem();
  const Context context = test::serial(3);
  auto s = sampler.init(*problem, context);
  while (!sampler.step(*problem, context, s).is_draw) {
  }
  const auto facts = [&s] {
    Row all = s.temper;
    for (int k = 1; k <= s.pairs(); ++k) {
      all.push_back(s.level(k).log_scale);
      all.insert(all.end(), s.level(k).lower.begin(), s.level(k).lower.end());
    }
    return all;
  };
  const Row before = facts();
  while (!sampler.step(*problem, context, s).is_finished) {
  }
  EXPECT_EQ(facts(), before);
}

TEST(ParallelTempering, CrossesBetweenModesThatARandomWalkCannotLeave) {
  // Two thin shells in ten dimensions; each holds half of the mass. The share of a chain's draws in one of them, at default
  // settings, has mean 1/2 over the chains.
  const test::Evidence target = test::shells(10);
  const ParallelTempering sampler;
  const Context context = test::serial(8);
  auto s = sampler.init(target.problem, context);
  Row share(static_cast<std::size_t>(sampler.params.chains), 0.0);
  for (bool is_finished = false; !is_finished;) {
    const StepInfo info = sampler.step(target.problem, context, s);
    is_finished = info.is_finished;
    if (!info.is_draw) continue;
    for (int row = 0; row < s.ensemble.rows(); ++row)
      share[row] += (s.ensemble.position(row, 0) > 0.0 ? 1.0 : 0.0) / sampler.params.draws;
  }
  double mean = 0.0, squares = 0.0;
  const double n = static_cast<double>(share.size());
  for (const double x : share) {
    EXPECT_GT(x, 0.0);
    EXPECT_LT(x, 1.0);
    mean += x / n, squares += x * x / n;
  }
  EXPECT_LT(std::abs(mean - 0.5), 4.0 * std::sqrt((squares - mean * mean) / n));
  EXPECT_GT(s.mean_round_trips, 10.0);
  EXPECT_LT(std::abs(s.log_evidence - target.log_evidence), 3.5 * s.log_evidence_standard_error);
  EXPECT_LT(s.log_evidence_standard_error, 0.1);
}

}  // namespace
}  // namespace aleator::sampler
