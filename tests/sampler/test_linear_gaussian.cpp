// Every sampler reaches the exact posterior and evidence of a linear-Gaussian problem, and the same check refuses kernels
// with a planted error.
#include <gtest/gtest.h>

#include "kernels/triangular.hpp"
#include "sampler/mcmc/hmc.hpp"
#include "sampler/mcmc/mala.hpp"
#include "sampler/mcmc/pcn.hpp"
#include "sampler/mcmc/random_walk.hpp"
#include "sampler/smc/nested.hpp"
#include "sampler/smc/smc.hpp"
#include "sampler/smc/tmcmc.hpp"
#include "sampler/targets.hpp"

namespace aleator::sampler {
namespace {

using test::Exact;
using test::largest_chain_z;
using test::largest_particle_z;
using test::linear_gaussian;
using test::Row;
using test::run_to_end;

// 14 moments: with exact standard errors |z| > 4 has probability 14 x 6e-5 = 1e-3 for a correct sampler.
constexpr double z_limit = 4.0;

template <typename Algorithm>
Algorithm chains_of() {
  typename Algorithm::Params params;
  params.chains = 128, params.warmup = 400, params.draws = 1500;
  return {params};
}

template <typename Algorithm>
double z_of() {
  return largest_chain_z(chains_of<Algorithm>(), *linear_gaussian().problem(), linear_gaussian().exact(), 17);
}

Smc smc_of(Smc::Move move, int particles) {
  Smc::Params params;
  params.particles = particles, params.move = move;
  return {params};
}

// Test-local kernels, each with one planted error and once without it.
enum class Fault { none, no_proposal_ratio, posterior_ratio, no_prior, accept_more };

template <Fault fault>
struct FaultyMala : Mala {
  StepInfo step(const Problem& problem, const Context& context, State& s) const {
    Ensemble& e = s.ensemble;
    const int rows = e.rows(), d = problem.dimension();
    const double epsilon = std::exp(s.log_scale);
    const Batch xi = proposal_normals(e, context, s.iteration), proposed("proposed", rows, d);
    for (int row = 0; row < rows; ++row)
      for (int k = 0; k < d; ++k)
        proposed(row, k) = e.position(row, k) + 0.5 * epsilon * epsilon * (e.gradient(row, k) - e.position(row, k)) +
                           epsilon * xi(row, k);
    const Candidates c = evaluate_candidates(problem, context, e, proposed);
    for (int row = 0; row < rows; ++row) {
      double difference = 0.0;
      for (int k = 0; k < d; ++k) {
        const double back = e.position(row, k) - proposed(row, k) -
                            0.5 * epsilon * epsilon * (c.evaluation.gradient(row, k) - proposed(row, k));
        difference += 0.5 * (xi(row, k) * xi(row, k) - back * back / (epsilon * epsilon));
      }
      c.log_ratio(row) =
          log_prior_ratio(proposed, e.position, row) + (fault == Fault::no_proposal_ratio ? 0.0 : difference);
    }
    const std::vector<double> identity = math::identity(d).a;
    const Vector acceptance = accept(c, {1.0, epsilon, identity, s.iteration}, context, e);
    return end_step(params, params.target_acceptance, {acceptance, 1, 0}, problem, context, s);
  }
};

template <Fault fault>
struct FaultyPcn : Pcn {
  StepInfo step(const Problem& problem, const Context& context, State& s) const {
    const double beta = std::tanh(std::exp(s.log_scale));
    const Batch proposed = proposal_normals(s.ensemble, context, s.iteration);
    for (int row = 0; row < s.ensemble.rows(); ++row)
      for (int k = 0; k < problem.dimension(); ++k)
        proposed(row, k) = std::sqrt(1.0 - beta * beta) * s.ensemble.position(row, k) + beta * proposed(row, k);
    const Candidates c = evaluate_candidates(problem, context, s.ensemble, proposed);
    for (int row = 0; row < s.ensemble.rows(); ++row)
      c.log_ratio(row) = fault == Fault::posterior_ratio ? log_prior_ratio(proposed, s.ensemble.position, row) : 0.0;
    const Vector acceptance = accept(c, {1.0, 1.0, s.lower, s.iteration}, context, s.ensemble);
    return end_step(params, params.target_acceptance, {acceptance, 1, 0}, problem, context, s);
  }
};

template <Fault fault>
struct FaultyRandomWalk : RandomWalk {
  StepInfo step(const Problem& problem, const Context& context, State& s) const {
    const Batch proposed = proposal_normals(s.ensemble, context, s.iteration);
    kernels::multiply_lower(s.lower.data(), proposed, proposed);
    for (int row = 0; row < s.ensemble.rows(); ++row)
      for (int k = 0; k < problem.dimension(); ++k)
        proposed(row, k) = s.ensemble.position(row, k) + std::exp(s.log_scale) * proposed(row, k);
    const Candidates c = evaluate_candidates(problem, context, s.ensemble, proposed);
    for (int row = 0; row < s.ensemble.rows(); ++row)
      c.log_ratio(row) = (fault == Fault::no_prior ? 0.0 : log_prior_ratio(proposed, s.ensemble.position, row)) +
                         (fault == Fault::accept_more ? 0.1 : 0.0);
    const Vector acceptance = accept(c, {1.0, 1.0, s.lower, s.iteration}, context, s.ensemble);
    return end_step(params, params.target_acceptance, {acceptance, 1, 0}, problem, context, s);
  }
};

TEST(LinearGaussian, RandomWalkReachesThePosterior) { EXPECT_LT(z_of<RandomWalk>(), z_limit); }
TEST(LinearGaussian, PcnReachesThePosterior) { EXPECT_LT(z_of<Pcn>(), z_limit); }
TEST(LinearGaussian, MalaReachesThePosterior) { EXPECT_LT(z_of<Mala>(), z_limit); }

TEST(LinearGaussian, HmcReachesThePosterior) { EXPECT_LT(z_of<Hmc>(), z_limit); }

TEST(LinearGaussian, TheCheckAcceptsTheTestLocalKernelsWithoutAFault) {
  EXPECT_LT(z_of<FaultyMala<Fault::none>>(), z_limit);
  EXPECT_LT(z_of<FaultyPcn<Fault::none>>(), z_limit);
  EXPECT_LT(z_of<FaultyRandomWalk<Fault::none>>(), z_limit);
}

TEST(LinearGaussian, TheCheckRefusesWrongKernels) {
  EXPECT_GT(z_of<FaultyMala<Fault::no_proposal_ratio>>(), z_limit);
  EXPECT_GT(z_of<FaultyPcn<Fault::posterior_ratio>>(), z_limit);
  EXPECT_GT(z_of<FaultyRandomWalk<Fault::no_prior>>(), z_limit);
  EXPECT_GT(z_of<FaultyRandomWalk<Fault::accept_more>>(), z_limit);
}

// Scale and shape of the proposals at the first and at the last draw.
template <typename Algorithm>
void expect_no_adaptation_after_warmup() {
  const Algorithm algorithm = chains_of<Algorithm>();
  const auto problem = linear_gaussian().problem();
  const Context context = test::serial(3);
  auto s = algorithm.init(*problem, context);
  const double first_scale = s.log_scale;
  while (!algorithm.step(*problem, context, s).is_draw) {
  }
  const double scale = s.log_scale;
  const Row shape = s.lower;
  EXPECT_NE(scale, first_scale);
  EXPECT_NE(shape, math::identity(4).a);
  for (int i = 0; i < 100; ++i) algorithm.step(*problem, context, s);
  EXPECT_EQ(s.log_scale, scale);
  EXPECT_EQ(s.lower, shape);
}

TEST(LinearGaussian, NothingAdaptsAfterTheWarmUp) {
  expect_no_adaptation_after_warmup<RandomWalk>();
  expect_no_adaptation_after_warmup<Pcn>();
  expect_no_adaptation_after_warmup<Mala>();
  expect_no_adaptation_after_warmup<Hmc>();
}

TEST(LinearGaussian, TheWarmUpReachesTheTargetAcceptance) {
  // Mean over the draws against the target; the scale settles only up to the noise of its last steps.
  const auto problem = linear_gaussian().problem();
  const auto acceptance = [&](const auto& algorithm) {
    const Context context = test::serial(3);
    auto s = algorithm.init(*problem, context);
    double sum = 0.0;
    for (bool is_finished = false; !is_finished;) {
      const StepInfo info = algorithm.step(*problem, context, s);
      is_finished = info.is_finished;
      if (info.is_draw) sum += info.numbers[0].second / algorithm.params.draws;
    }
    return sum;
  };
  EXPECT_NEAR(acceptance(chains_of<RandomWalk>()), 0.234, 0.05);
  EXPECT_NEAR(acceptance(chains_of<Pcn>()), 0.234, 0.05);
  EXPECT_NEAR(acceptance(chains_of<Mala>()), 0.574, 0.05);
  EXPECT_NEAR(acceptance(chains_of<Hmc>()), 0.8, 0.05);
}

TEST(LinearGaussian, HmcReachesThePosteriorWithVariancesAlone) {
  Hmc hmc = chains_of<Hmc>();
  hmc.params.covariance = Covariance::diagonal;
  EXPECT_LT(largest_chain_z(hmc, *linear_gaussian().problem(), linear_gaussian().exact(), 17), z_limit);
  const Hmc::State s = test::run_to_end(hmc, *linear_gaussian().problem(), test::serial(3));
  const std::size_t d = s.centre.size();
  ASSERT_EQ(s.lower.size(), d * d);
  for (std::size_t i = 0; i < d; ++i)
    for (std::size_t k = 0; k < d; ++k) EXPECT_EQ(s.lower[i * d + k] != 0.0, i == k);
}

// Redraws from the prior's tail leave the posterior alone, wherever the threshold lies.
TEST(LinearGaussian, HmcWithTailMovesReachesThePosterior) {
  for (const Tail tail : {Tail::upper, Tail::lower}) {
    Hmc hmc = chains_of<Hmc>();
    hmc.params.draws = 500, hmc.params.leapfrogs = 3, hmc.params.tail = tail, hmc.params.tail_threshold = {-0.3, 0.8},
    hmc.params.tail_share = {0.5, 1.0};
    EXPECT_LT(largest_chain_z(hmc, *linear_gaussian().problem(), linear_gaussian().exact(), 17), z_limit);
  }
}

TEST(LinearGaussian, SmcReachesThePosteriorWithEachMove) {
  const auto problem = linear_gaussian().problem();
  for (const int chain_length : {1, 8})
    for (const Smc::Move move : {Smc::Move::random_walk, Smc::Move::pcn, Smc::Move::mala, Smc::Move::hmc}) {
      Smc smc = smc_of(move, 8000);
      smc.params.chain_length = chain_length;
      const Smc::State s = run_to_end(smc, *problem, test::serial(5));
      EXPECT_LT(largest_particle_z(s, *problem, linear_gaussian().exact()), z_limit) << static_cast<int>(move);
      EXPECT_LT(std::abs(s.log_evidence - linear_gaussian().exact().log_evidence), 3.0 * s.log_evidence_standard_error);
      EXPECT_DOUBLE_EQ(s.temper, 1.0);
    }
}

TEST(LinearGaussian, NestedSamplingReachesThePosteriorWithEachMove) {
  const auto problem = linear_gaussian().problem();
  constexpr int runs = 8;
  for (const Nested::Move move : {Nested::Move::random_walk, Nested::Move::pcn}) {
    Nested::Params params;
    params.points = 500, params.move = move;
    if (move == Nested::Move::pcn) params.moves = 90;  // the prior's shape suits a narrow posterior less
    double error = 0.0, reported = 0.0;
    for (int n = 0; n < runs; ++n) {
      const Nested::State s = run_to_end(Nested{params}, *problem, test::serial(50 + static_cast<std::uint64_t>(n)));
      if (n == 0) {
        EXPECT_LT(largest_particle_z(s, *problem, linear_gaussian().exact()), z_limit) << static_cast<int>(move);
      }
      error += (s.log_evidence - linear_gaussian().exact().log_evidence) / runs;
      reported += s.log_evidence_standard_error / runs;
    }
    EXPECT_LT(std::abs(error), 3.0 * reported / std::sqrt(runs));
    EXPECT_LT(reported, 0.15);
  }
}

TEST(LinearGaussian, TmcmcReachesThePosterior) {
  const auto problem = linear_gaussian().problem();
  for (const bool adapt : {true, false})
    for (const double variation : {0.5, 1.0}) {
      Tmcmc::Params params;
      params.particles = 8000, params.adapt = adapt, params.variation = variation;
      const Tmcmc::State s = run_to_end(Tmcmc{params}, *problem, test::serial(5));
      EXPECT_LT(largest_particle_z(s, *problem, linear_gaussian().exact()), z_limit) << adapt << variation;
      EXPECT_LT(std::abs(s.log_evidence - linear_gaussian().exact().log_evidence), 3.0 * s.log_evidence_standard_error);
      EXPECT_DOUBLE_EQ(s.temper, 1.0);
    }
}

// The exponent is the one at which the weights vary by `variation`, here on the first level.
TEST(LinearGaussian, TmcmcChoosesTheExponentByTheVariationOfTheWeights) {
  const auto problem = linear_gaussian().problem();
  Tmcmc::Params params;
  params.variation = 0.7;
  const Tmcmc tmcmc{params};
  Tmcmc::State s = tmcmc.init(*problem, test::serial(5));
  const std::vector<double> log_likelihood = s.ensemble.all_log_likelihoods(test::serial(5));
  tmcmc.step(*problem, test::serial(5), s);
  double sum = 0.0, squares = 0.0, top = -1e300;
  for (const double l : log_likelihood) top = std::max(top, l);
  for (const double l : log_likelihood) {
    const double w = std::exp(s.temper * (l - top));
    sum += w, squares += w * w;
  }
  const double n = params.particles, mean = sum / n;
  EXPECT_NEAR(std::sqrt(squares / n - mean * mean) / mean, 0.7, 1e-8);
}

// A chain of n states takes all but its first from a particle that was drawn n times, and of the others none: such moves leave no
// target alone. Over 100 runs the moments of chains of one state lie within four standard errors of the exact ones.
TEST(LinearGaussian, TmcmcWithChainsOfOneStateHasNoBias) {
  Tmcmc::Params params;
  params.particles = 4000, params.adapt = false, params.beta = 0.5, params.max_burn_in = 0;
  const auto problem = linear_gaussian().problem();
  EXPECT_LT(test::largest_ensemble_z(Tmcmc{params}, *problem, linear_gaussian().exact(), 100), z_limit);
  params.burn_in = 2;
  EXPECT_LT(test::largest_ensemble_z(Tmcmc{params}, *problem, linear_gaussian().exact(), 100), z_limit);
  params.burn_in = 0, params.chain_length = 1000;
  EXPECT_GT(test::largest_ensemble_z(Tmcmc{params}, *problem, linear_gaussian().exact(), 100), 2.0 * z_limit);
}

TEST(LinearGaussian, TmcmcMovesUntilParticlesHaveForgotten) {
  const auto problem = linear_gaussian().problem();
  Tmcmc::Params params;
  params.particles = 1000, params.burn_in = 2;
  const Tmcmc::State forgetful = run_to_end(Tmcmc{params}, *problem, test::serial(1));
  params.max_burn_in = 2;
  const Tmcmc::State hasty = run_to_end(Tmcmc{params}, *problem, test::serial(1));
  EXPECT_GT(hasty.remembered, 0.5);
  EXPECT_LT(forgetful.remembered, 0.5 * hasty.remembered);
  EXPECT_GT(forgetful.model_evaluations, 2 * hasty.model_evaluations);
}

TEST(LinearGaussian, SmcEvidenceLiesWithinThreeStandardErrors) {
  const auto problem = linear_gaussian().problem();
  for (const Smc::Move move : {Smc::Move::random_walk, Smc::Move::pcn, Smc::Move::mala})
    for (const std::uint64_t seed : {1, 2, 3, 4}) {
      const Smc::State s = run_to_end(smc_of(move, 2000), *problem, test::serial(seed));
      EXPECT_LT(std::abs(s.log_evidence - linear_gaussian().exact().log_evidence), 3.0 * s.log_evidence_standard_error);
      EXPECT_LT(s.log_evidence_standard_error, 0.2);
    }
}

// Empirical standard deviation of log Z over runs / mean of the reported standard errors: known to 5 % from 200 runs and
// to 9 % from 60, so that 0.75 and 1.35 are three errors away; the rest allows for the estimator's own bias.
template <typename Algorithm>
double calibration(const test::LinearGaussian& target, const Algorithm& smc, int runs) {
  const auto problem = target.problem();
  double sum = 0.0, squares = 0.0, reported = 0.0;
  for (int n = 0; n < runs; ++n) {
    const auto s = run_to_end(smc, *problem, test::serial(1000 + static_cast<std::uint64_t>(n)));
    const double error = s.log_evidence - target.exact().log_evidence;
    sum += error, squares += error * error, reported += s.log_evidence_standard_error;
  }
  return std::sqrt((squares - sum * sum / runs) / (runs - 1)) / (reported / runs);
}

TEST(LinearGaussian, TheStandardErrorOfTheEvidenceIsCalibrated) {
  const double ratio = calibration(linear_gaussian(), smc_of(Smc::Move::random_walk, 256), 200);
  EXPECT_GT(ratio, 0.75);
  EXPECT_LT(ratio, 1.35);
}

TEST(LinearGaussian, TheStandardErrorOfTmcmcIsCalibrated) {
  Tmcmc::Params params;
  params.particles = 512;
  const double ratio = calibration(linear_gaussian(), Tmcmc{params}, 200);
  EXPECT_GT(ratio, 0.75);
  EXPECT_LT(ratio, 1.35);
}

TEST(LinearGaussian, TheStandardErrorIsCalibratedWhenTheDataSayLittle) {
  test::LinearGaussian weak = linear_gaussian();  // one temperature: no part of the error comes from resampling
  for (double& sd : weak.noise_sd) sd *= 12.0;
  const double ratio = calibration(weak, smc_of(Smc::Move::random_walk, 256), 200);
  EXPECT_GT(ratio, 0.75);
  EXPECT_LT(ratio, 1.35);
}

TEST(LinearGaussian, TheStandardErrorIsCalibratedOverManyTemperatures) {
  test::LinearGaussian strong = linear_gaussian();
  for (double& sd : strong.noise_sd) sd /= 20.0;  // 11 temperatures
  const double ratio = calibration(strong, smc_of(Smc::Move::random_walk, 256), 60);
  EXPECT_GT(ratio, 0.75);
  EXPECT_LT(ratio, 1.35);
}

TEST(LinearGaussian, TheStandardErrorKnowsThatParticlesHardlyMove) {
  Smc smc = smc_of(Smc::Move::random_walk, 256);
  smc.params.min_moves = smc.params.max_moves = 2;
  const double ratio = calibration(linear_gaussian(), smc, 200);
  EXPECT_GT(ratio, 0.75);
  EXPECT_LT(ratio, 1.35);
}

}  // namespace
}  // namespace aleator::sampler
