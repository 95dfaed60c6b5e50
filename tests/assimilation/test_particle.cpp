// The particle filter against Kalman's likelihood and mean.
#include "assimilation/particle/particle.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "assimilation/support.hpp"
#include "core/error.hpp"

namespace aleator::assimilation {
namespace {

class EveryProposal : public testing::TestWithParam<Particle::Proposal> {};

struct Estimate {
  double mean = 0.0, standard_error = 0.0;
};

// Of exp(log-likelihood - Kalman's), over 2000 replicates: 1 for an estimate without bias.
Estimate relative_likelihood(const Particle& filter) {
  const LinearModel model = three_states();
  constexpr int replicates = 2000;
  const Statistics statistics = statistics_of(model, replicates, 0.4);
  const Experiment experiment(model, statistics, parallel::Comm::self());
  Particle::State s = filter.init(experiment);
  Kalman kalman = prior_of(statistics);
  std::vector<double> sum(replicates);
  for (const auto& y : some_data()) {
    one_step(filter, experiment, y, s);
    kalman.step(model, statistics, y);
    for (int r = 0; r < replicates; ++r) sum[r] += s.log_likelihood[r];
  }
  Estimate e;
  double squares = 0.0;
  for (const double one : sum) {
    const double ratio = std::exp(one - kalman.log_likelihood);
    e.mean += ratio / replicates, squares += ratio * ratio / replicates;
  }
  e.standard_error = std::sqrt((squares - e.mean * e.mean) / replicates);
  return e;
}

TEST_P(EveryProposal, EstimatesTheLikelihoodWithoutBias) {
  for (const double resample_below : {0.5, 1.0}) {
    Particle filter;
    filter.params.members = 60, filter.params.proposal = GetParam(), filter.params.resample_below = resample_below;
    const Estimate e = relative_likelihood(filter);
    EXPECT_LT(e.standard_error, 0.03);
    EXPECT_NEAR(e.mean, 1.0, 4.0 * e.standard_error);
  }
}

TEST_P(EveryProposal, HasKalmansMeanAndVariance) {
  const LinearModel model = three_states();
  const Statistics statistics = statistics_of(model, 4, 0.4);
  const Experiment experiment(model, statistics, parallel::Comm::self());
  Particle filter;
  filter.params.members = 5000, filter.params.proposal = GetParam();  // enough for several threads
  Particle::State s = filter.init(experiment);
  Kalman kalman = prior_of(statistics);
  for (const auto& y : some_data()) one_step(filter, experiment, y, s), kalman.step(model, statistics, y);
  for (int i = 0; i < 3; ++i) {
    double mean = 0.0, second = 0.0;
    for (int r = 0; r < 4; ++r)
      for (int j = 0; j < 5000; ++j) {
        const double x = s.of(experiment, r)[j][i], w = s.weights[r * 5000 + j] / 4.0;
        mean += w * x, second += w * x * x;
      }
    const double sd = std::sqrt(kalman.covariance(i, i));
    EXPECT_NEAR(mean, kalman.mean[i], 0.09 * sd);  // 20000 particles, of which a tenth count: 4 x 0.022 sd
    EXPECT_NEAR(second - mean * mean, sd * sd, 0.13 * sd * sd);
  }
}

INSTANTIATE_TEST_SUITE_P(Particle, EveryProposal,
                         testing::Values(Particle::Proposal::bootstrap, Particle::Proposal::auxiliary,
                                         Particle::Proposal::hamiltonian, Particle::Proposal::optimal));

// Guided particles see the data: the estimate scatters less.
TEST(Particle, OptimalProposalScattersLess) {
  Particle plain, guided, moved;
  plain.params.members = guided.params.members = moved.params.members = 60;
  guided.params.proposal = Particle::Proposal::optimal, moved.params.proposal = Particle::Proposal::hamiltonian;
  const double scatter = relative_likelihood(plain).standard_error, best = relative_likelihood(guided).standard_error;
  EXPECT_LT(best, 0.8 * scatter);
  EXPECT_LT(relative_likelihood(moved).standard_error, 0.5 * (best + scatter));
  moved.params.stages = 24;  // the more there are, the nearer to the exact conditional
  EXPECT_NEAR(relative_likelihood(moved).standard_error, best, 0.15 * best);
}

TEST(Particle, BuriesThoseThatDiverge) {
  LinearModel model = three_states();
  const Experiment experiment(model, statistics_of(model, 1, 0.4), parallel::Comm::self());
  Particle filter;
  filter.params.members = 20;
  Particle::State s = filter.init(experiment);
  model.fails = {0, 7};
  one_step(filter, experiment, {0.0, 0.0}, s);
  EXPECT_EQ(s.weights[0], 0.0);
  EXPECT_EQ(s.weights[7], 0.0);
  EXPECT_EQ(s.replaced[0], 2.0);
  for (const double x : s.x) EXPECT_TRUE(std::isfinite(x));
}

// Of particles that are all alike the forecast is theirs, however many have been buried; it errs by the model's noise.
TEST(Particle, TheForecastIsThatOfTheParticlesThatAreLeft) {
  LinearModel model = three_states();
  Statistics statistics = statistics_of(model, 1, 0.4);
  statistics.initial_sd = {1e-9, 1e-9, 1e-9};
  const Experiment experiment(model, statistics, parallel::Comm::self());
  Particle filter;
  filter.params.members = 20;
  Particle::State s = filter.init(experiment);
  for (int row = 0; row < 8; ++row) model.fails.push_back(row);
  one_step(filter, experiment, {0.0, 0.0}, s);
  const std::vector<double> expected = math::multiply(model.m_, model.info_.initial);
  for (std::size_t i = 0; i < 3; ++i) EXPECT_NEAR(s.forecast_mean[i], expected[i], 1e-7);
  double variance = 0.0;
  for (const double sd : experiment.model_noise_sd(0)) variance += sd * sd / 3.0;
  EXPECT_GT(variance, 0.1);
  EXPECT_NEAR(s.forecast_spread[0], std::sqrt(variance), 1e-7);
}

TEST(Particle, SaysWhenNoneExplainsTheData) {
  const LinearModel model = three_states();
  const Experiment experiment(model, statistics_of(model, 1, 0.4), parallel::Comm::self());
  Particle filter;
  Particle::State s = filter.init(experiment);
  try {
    one_step(filter, experiment, {1e200, 0.0}, s);
    FAIL();
  } catch (const core::NumericsError& error) {
    EXPECT_THAT(error.what(), testing::HasSubstr("cycle 1 (t = 1): no particle explains the data"));
  }
}

TEST(Particle, RefusesWhatWouldCollapse) {
  Particle filter;
  EXPECT_THAT(filter.objection({}, false), testing::HasSubstr("collapse"));
  filter.params.regularisation = 1.0;
  EXPECT_EQ(filter.objection({}, false), "");
  filter.params.proposal = Particle::Proposal::optimal;
  EXPECT_THAT(filter.objection({}, false), testing::HasSubstr("model_noise_sd"));
  EXPECT_EQ(filter.objection({}, true), "");
}

}  // namespace
}  // namespace aleator::assimilation
