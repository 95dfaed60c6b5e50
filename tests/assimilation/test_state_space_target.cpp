// Likelihoods estimated by filters against Kalman's, and the posteriors of chains that use them against quadrature.
#include "assimilation/target/state_space.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "assimilation/ar1.hpp"
#include "assimilation/kalman/enkf.hpp"
#include "assimilation/kalman/etkf.hpp"
#include "sampler/mcmc/random_walk.hpp"
#include "sampler/smc/smc.hpp"
#include "sampler/targets.hpp"

namespace aleator::assimilation {
namespace {

using test::Ar1Case;
using test::rows_near;

// Mean and standard error of exp(f - exact), over rows whose parameters differ in their last bits.
struct Ratio {
  double mean = 0.0, standard_error = 0.0;
};

Ratio relative_likelihood(const StateSpaceTarget& target, const std::vector<double>& u, int rows) {
  const model::Vector f("f", rows);
  EXPECT_TRUE(target.evaluate(rows_near(u, rows), f).ok());
  Ratio e;
  double squares = 0.0;
  for (int row = 0; row < rows; ++row) {
    const double ratio = std::exp(f(row) - Ar1Case().log_likelihood(u));
    e.mean += ratio / rows, squares += ratio * ratio / rows;
  }
  e.standard_error = std::sqrt((squares - e.mean * e.mean) / rows);
  return e;
}

TEST(StateSpaceTarget, EstimatesTheLikelihoodWithoutBias) {
  for (const auto proposal :
       {Particle::Proposal::bootstrap, Particle::Proposal::auxiliary, Particle::Proposal::optimal})
    for (const std::vector<double>& u : {std::vector<double>{0.8, 1.0}, std::vector<double>{0.3, 1.6}}) {
      const Ratio e = relative_likelihood(*Ar1Case().target(60, proposal), u, 4000);
      EXPECT_LT(e.standard_error, 0.03);
      EXPECT_NEAR(e.mean, 1.0, 4.0 * e.standard_error);
    }
}

// Both scales: of what moves the states, and of what is seen of them.
TEST(StateSpaceTarget, ScalesTheNoises) {
  Ar1Case both;
  both.unknown_noise = true;
  const std::vector<double> u = {0.8, 1.4, 0.7};
  const model::Vector f("f", 4000);
  ASSERT_TRUE(both.target(60)->evaluate(rows_near(u, 4000), f).ok());
  double mean = 0.0, squares = 0.0;
  for (int row = 0; row < 4000; ++row) {
    const double ratio = std::exp(f(row) - both.log_likelihood(u)) / 4000;
    mean += ratio, squares += ratio * ratio * 4000;
  }
  EXPECT_NEAR(mean, 1.0, 4.0 * std::sqrt((squares - mean * mean) / 4000));
}

// Gaussian filters with very many members have Kalman's likelihood.
TEST(StateSpaceTarget, GaussianFiltersAreExactForLinearModels) {
  const std::vector<double> u = {0.8, 1.0};
  const model::Vector f("f", 2);
  Enkf::Params enkf;
  enkf.members = 20000, enkf.inflation = 1.0;
  ASSERT_TRUE(Ar1Case().target(std::make_shared<Erased<Enkf>>(enkf), "filter/enkf")->evaluate(rows_near(u, 2), f).ok());
  EXPECT_NEAR(f(0), Ar1Case().log_likelihood(u), 0.1);  // 12 data, each moved by 1 / sqrt(members) or so
  Etkf::Params etkf;  // of fewer members the mean: 100 estimates that scatter by 0.3 or so
  etkf.members = 60, etkf.inflation = 1.0;
  const model::Vector all("f", 100);
  ASSERT_TRUE(
      Ar1Case().target(std::make_shared<Erased<Etkf>>(etkf), "filter/etkf")->evaluate(rows_near(u, 100), all).ok());
  double mean = 0.0;
  for (int row = 0; row < 100; ++row) mean += all(row) / 100;
  EXPECT_NEAR(mean, Ar1Case().log_likelihood(u), 0.15);
}

TEST(StateSpaceTarget, SaysWhichLikelihoodsAreNotThatOfTheModel) {
  EXPECT_EQ(Ar1Case().target(60)->approximation(), "");
  Particle::Params moved;
  moved.regularisation = 1.0, moved.resample_below = 1.0;
  EXPECT_THAT(Ar1Case().target(std::make_shared<Erased<Particle>>(moved), "filter/particle")->approximation(),
              testing::HasSubstr("regularisation"));
  Etkf::Params etkf;
  etkf.inflation = 1.0;
  EXPECT_THAT(Ar1Case().target(std::make_shared<Erased<Etkf>>(etkf), "filter/etkf")->approximation(),
              testing::HasSubstr("filter/etkf, which is right for linear models"));
}

// New parameters have new random numbers, old ones the same again, in any company.
TEST(StateSpaceTarget, RandomNumbersBelongToTheParameters) {
  const auto target = Ar1Case().target(60);
  const Batch u = rows_near({0.8, 1.0}, 200);
  const model::Vector f("f", 200), again("f", 200), alone("f", 1);
  target->evaluate(u, f);
  target->evaluate(u, again);
  std::set<double> values;
  for (int row = 0; row < 200; ++row) {
    EXPECT_EQ(f(row), again(row));
    values.insert(f(row));
    target->evaluate(Kokkos::subview(u, Kokkos::make_pair(row, row + 1), Kokkos::ALL), alone);
    EXPECT_EQ(alone(0), f(row));
  }
  EXPECT_EQ(values.size(), 200u);
  Ar1Case other;
  other.seed = 2;
  other.target(60)->evaluate(u, again);
  EXPECT_NE(f(0), again(0));
}

// A stage at a time, with what is remembered in between, gives the same estimate.
TEST(StateSpaceTarget, StagesMakeTheSameLikelihood) {
  const auto target = Ar1Case().target(60);
  constexpr int rows = 3000;
  const std::vector<double> u = {0.8, 1.0};
  const Batch parameters = rows_near(u, rows), memory("memory", rows, target->memory_size());
  const model::Vector factor("factor", rows);
  std::vector<double> sum(rows);
  for (int stage = 0; stage < target->stages(); ++stage) {
    std::vector<std::uint64_t> seeds;
    for (int row = 0; row < rows; ++row) seeds.push_back(static_cast<std::uint64_t>(1000000 * stage + row));
    ASSERT_TRUE(target->advance(stage, parameters, seeds, memory, factor).ok());
    for (int row = 0; row < rows; ++row) sum[row] += factor(row);
  }
  double mean = 0.0, squares = 0.0;
  for (const double one : sum) {
    const double ratio = std::exp(one - Ar1Case().log_likelihood(u)) / rows;
    mean += ratio, squares += ratio * ratio * rows;
  }
  EXPECT_NEAR(mean, 1.0, 4.0 * std::sqrt((squares - mean * mean) / rows));
}

TEST(StateSpaceTarget, RowsThatFailLeaveTheOthersAlone) {
  Ar1Case cliff;
  cliff.limit = 0.9;  // the model fails beyond
  const auto target = cliff.target(60);
  const Batch u = rows_near({0.8, 1.0}, 20);
  const model::Vector all("f", 20), some("f", 20);
  ASSERT_TRUE(target->evaluate(u, all).ok());
  u(3, 0) = 0.95, u(11, 1) = -1.0;
  const model::RowStatus status = target->evaluate(u, some);
  ASSERT_EQ(status.failed.size(), 2u);
  EXPECT_EQ(status.failed[0].row, 3);
  EXPECT_THAT(status.failed[0].reason, testing::HasSubstr("all 60 particles diverged: too far"));
  EXPECT_EQ(status.failed[1].row, 11);
  EXPECT_THAT(status.failed[1].reason, testing::HasSubstr("noise scale is -1"));
  for (int row = 0; row < 20; ++row)
    if (row != 3 && row != 11) {
      EXPECT_EQ(some(row), all(row));
    }
}

// An estimate of 0 is an estimate, not a failure.
TEST(StateSpaceTarget, DataThatNoParticleExplainsHaveLikelihoodZero) {
  Ar1Case far;
  far.data[4] = 1e200;
  const model::Vector f("f", 5);
  EXPECT_TRUE(far.target(60)->evaluate(rows_near({0.8, 1.0}, 5), f).ok());
  for (int row = 0; row < 5; ++row) EXPECT_EQ(f(row), -std::numeric_limits<double>::infinity());
}

// The same random numbers whatever the parameters: the posterior of one noisy likelihood, not the exact one.
class Frozen : public model::Target {
 public:
  explicit Frozen(std::shared_ptr<const StateSpaceTarget> target) : target_(std::move(target)) {}
  int dimension() const override { return target_->dimension(); }
  const std::vector<prob::Variable>& variables() const override { return target_->variables(); }
  model::RowStatus evaluate(model::ConstBatch u, model::Vector values) const override {
    const Batch memory("memory", u.extent(0), target_->memory_size());
    const model::Vector factor("factor", u.extent(0));
    Kokkos::deep_copy(values, 0.0);
    for (int stage = 0; stage < target_->stages(); ++stage) {
      target_->advance(stage, u, std::vector<std::uint64_t>(u.extent(0), 7), memory, factor);
      for (std::size_t row = 0; row < u.extent(0); ++row) values(row) += factor(row);
    }
    return {};
  }

 private:
  std::shared_ptr<const StateSpaceTarget> target_;
};

sampler::RandomWalk walk() {
  sampler::RandomWalk::Params params;
  params.chains = 64, params.warmup = 300, params.draws = 600;
  return {params};
}

// Five moments: |z| > 4 with probability 3e-4 for a correct sampler.
double z_of(std::shared_ptr<const model::Target> target) {
  const Ar1Case model;
  const double z = sampler::test::largest_chain_z(walk(), *model.problem(std::move(target)), model.exact(), 3);
  testing::Test::RecordProperty("z", std::to_string(z));
  return z;
}

TEST(ParticleMarginalMetropolis, HasTheExactPosteriorWithTenParticles) { EXPECT_LT(z_of(Ar1Case().target(10)), 4.0); }
TEST(ParticleMarginalMetropolis, HasTheExactPosteriorWithSixtyParticles) { EXPECT_LT(z_of(Ar1Case().target(60)), 4.0); }

TEST(ParticleMarginalMetropolis, TheCheckRefusesRandomNumbersThatDoNotChange) {
  EXPECT_GT(z_of(std::make_shared<Frozen>(Ar1Case().target(10))), 8.0);
}

// The estimate's random numbers are part of what is tempered; at exponent 1 the evidence is exact.
TEST(ParticleMarginalMetropolis, TemperingHasTheExactEvidence) {
  const Ar1Case model;
  sampler::Smc::Params params;
  params.particles = 2000;
  const auto problem = model.problem(model.target(20));
  const auto s = sampler::test::run_to_end(sampler::Smc{params}, *problem, sampler::test::serial(4));
  EXPECT_LT(std::abs(s.log_evidence - model.exact().log_evidence), 3.0 * s.log_evidence_standard_error);
  EXPECT_LT(sampler::test::largest_particle_z(s, *problem, model.exact()), 4.0);
}

TEST(StateSpaceTarget, RefusesWhatItCannotEstimateWith) {
  const auto message = [](const auto& make) {
    try {
      make();
    } catch (const deck::KeyError& error) {
      return std::string(error.what());
    }
    return std::string("nothing");
  };
  EXPECT_THAT(message([] { Ar1Case().target(std::make_shared<Erased<Enkf>>(Enkf::Params{}), "filter/letkf"); }),
              testing::HasSubstr("gives no likelihood"));
  EXPECT_THAT(message([] { Ar1Case().target(std::make_shared<Erased<Enkf>>(Enkf::Params{}), "filter/enkf"); }),
              testing::HasSubstr("inflates its members"));
  EXPECT_THAT(message([] {
                Ar1Case quiet;
                quiet.model_noise = 0.0;
                quiet.target(60);
              }),
              testing::HasSubstr("is a factor of model_noise_sd"));
}

}  // namespace
}  // namespace aleator::assimilation
