// Samplers on the two-parameter elliptic problem of elliptic.hpp.
#include <gtest/gtest.h>

#include "sampler/elliptic.hpp"
#include "sampler/ensemble/eki.hpp"
#include "sampler/mcmc/hmc.hpp"
#include "sampler/mcmc/mala.hpp"
#include "sampler/mcmc/pcn.hpp"
#include "sampler/mcmc/random_walk.hpp"
#include "sampler/smc/smc.hpp"

namespace aleator::sampler {
namespace {

using test::elliptic_exact;
using test::elliptic_problem;

constexpr double z_limit = 4.0;  // 5 moments: passed by a correct sampler with probability 0.9997

template <typename Algorithm>
double z_of() {
  typename Algorithm::Params params;
  params.chains = 128, params.warmup = 600, params.draws = 800;
  return test::largest_chain_z(Algorithm{params}, *elliptic_problem(), elliptic_exact(), 3);
}

TEST(Elliptic, GradientOfTheTestModelAgreesWithDifferences) {
  const auto problem = elliptic_problem();
  const Batch z("z", 3, 2);
  z(0, 0) = -2.5, z(0, 1) = 4.0;
  for (int k = 0; k < 2; ++k)
    for (int side = 0; side < 2; ++side) {
      z(1 + side, 0) = z(0, 0), z(1 + side, 1) = z(0, 1);
      z(1 + side, k) += side == 0 ? -1e-5 : 1e-5;
      if (side == 0) continue;
      model::Evaluation result{Vector("log_likelihood", 3), Batch("gradient", 3, 2), {}};
      problem->evaluate(z, result);
      const double difference = (result.log_likelihood(2) - result.log_likelihood(1)) / 2e-5;
      EXPECT_NEAR(result.gradient(0, k), difference, 1e-6 * std::abs(difference));
    }
}

TEST(Elliptic, RandomWalkReachesThePosterior) { EXPECT_LT(z_of<RandomWalk>(), z_limit); }
TEST(Elliptic, PcnReachesThePosterior) { EXPECT_LT(z_of<Pcn>(), z_limit); }
TEST(Elliptic, MalaReachesThePosterior) { EXPECT_LT(z_of<Mala>(), z_limit); }
TEST(Elliptic, HmcReachesThePosterior) { EXPECT_LT(z_of<Hmc>(), z_limit); }

TEST(Elliptic, SmcReachesThePosteriorAndTheEvidence) {
  const auto problem = elliptic_problem();
  for (const Smc::Move move : {Smc::Move::random_walk, Smc::Move::mala}) {
    Smc::Params params;
    params.particles = 4000, params.move = move;
    const Smc::State s = test::run_to_end(Smc{params}, *problem, test::serial(9));
    EXPECT_LT(test::largest_particle_z(s, *problem, elliptic_exact()), z_limit) << static_cast<int>(move);
    EXPECT_LT(std::abs(s.log_evidence - elliptic_exact().log_evidence), 3.0 * s.log_evidence_standard_error);
    EXPECT_LT(s.log_evidence_standard_error, 0.1);
  }
}

TEST(Elliptic, EkiIsBiasedAsItsPlanSays) {
  // Outside the linear case ensemble Kalman methods do not sample the posterior: here the mean of u_1 is off by some 0.3 of
  // its posterior standard deviation. The mean of 4000 members is known to 1 / sqrt(4000) = 0.016 of it.
  Eki::Params params;
  params.members = 4000;
  const Eki eki{params};
  EXPECT_FALSE(eki.plan().is_exact);
  const auto problem = elliptic_problem();
  const Eki::State s = test::run_to_end(eki, *problem, test::serial(4));
  const test::Row u = test::parameters_of(*problem, s.ensemble.position);
  double mean = 0.0;
  for (std::size_t i = 0; i < u.size(); i += 2) mean += u[i] / 4000.0;
  const double bias = std::abs(mean - elliptic_exact().mean[0]) / std::sqrt(elliptic_exact().covariance(0, 0));
  RecordProperty("bias_in_standard_deviations", std::to_string(bias));
  EXPECT_GT(bias, 0.1);
  EXPECT_LT(bias, 0.5);
}

}  // namespace
}  // namespace aleator::sampler
