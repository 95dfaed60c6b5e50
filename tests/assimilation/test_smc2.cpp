// SMC^2 on an AR(1) process against Kalman's likelihood and quadrature.
#include "sampler/smc/smc2.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <set>

#include "assimilation/ar1.hpp"
#include "io/archive.hpp"
#include "io/files.hpp"

namespace aleator::assimilation {
namespace {

using parallel::Comm;
using sampler::Context;
using sampler::Erased;
using sampler::Smc2;
using sampler::test::run_to_end;
using sampler::test::serial;
using test::Ar1Case;

Smc2 smc2(int particles) {
  Smc2::Params params;
  params.particles = particles, params.ess_share = 0.8;  // the data say little: so there are several resamplings
  return {params};
}

TEST(Smc2, HasTheExactPosteriorAndEvidence) {
  const Ar1Case model;
  const auto problem = model.problem(model.target(40));
  EXPECT_EQ(smc2(1000).objection(*problem), "");
  for (const std::uint64_t seed : {1, 2, 3}) {
    const Smc2::State s = run_to_end(smc2(500), *problem, serial(seed));
    EXPECT_LT(sampler::test::largest_particle_z(s, *problem, model.exact()), 4.0);
    EXPECT_LT(std::abs(s.log_evidence - model.exact().log_evidence), 3.0 * s.log_evidence_standard_error);
    EXPECT_LT(s.log_evidence_standard_error, 0.15);
  }
}

// The exact likelihood, stage by stage. Its memory says whose it is: that of other parameters is refused.
class Exactly : public model::Target, public model::Sequence {
 public:
  int dimension() const override { return 2; }
  const std::vector<prob::Variable>& variables() const override { return variables_; }
  model::RowStatus evaluate(model::ConstBatch u, model::Vector values) const override {
    for (std::size_t row = 0; row < u.extent(0); ++row) values(row) = case_.log_likelihood({u(row, 0), u(row, 1)});
    return {};
  }
  int stages() const override { return static_cast<int>(case_.data.size()); }
  int memory_size() const override { return 4; }
  model::RowStatus advance(int stage, model::ConstBatch u, const std::vector<std::uint64_t>&, Batch memory,
                           model::Vector log_factor) const override {
    model::RowStatus status;
    for (std::size_t row = 0; row < u.extent(0); ++row) {
      Ar1Case::Kalman k;
      if (stage > 0) {
        k = {memory(row, 0), memory(row, 1)};
        strangers += memory(row, 2) != u(row, 0) || memory(row, 3) != u(row, 1) ? 1 : 0;
      }
      log_factor(row) = case_.step({u(row, 0), u(row, 1)}, case_.data[static_cast<std::size_t>(stage)], k);
      if (u(row, 0) > limit) {
        status.failed.push_back({static_cast<int>(row), "above"});
        log_factor(row) = -std::numeric_limits<double>::infinity();
      }
      memory(row, 0) = k.mean, memory(row, 1) = k.variance, memory(row, 2) = u(row, 0), memory(row, 3) = u(row, 1);
    }
    return status;
  }
  double limit = 1e9;  // rows with u_0 above it fail, at every stage
  mutable int strangers = 0;

 private:
  Ar1Case case_;
  std::vector<prob::Variable> variables_;
};

// With the exact likelihood it is IBIS; filters stay with their particles through resampling and moves.
TEST(Smc2, FiltersBelongToTheirParticles) {
  const auto exactly = std::make_shared<Exactly>();
  const auto problem = Ar1Case().problem(exactly);
  const Smc2::State s = run_to_end(smc2(20000), *problem, serial(1));
  EXPECT_EQ(exactly->strangers, 0);
  EXPECT_LT(sampler::test::largest_particle_z(s, *problem, Ar1Case().exact()), 4.0);
  EXPECT_LT(std::abs(s.log_evidence - Ar1Case().exact().log_evidence), 3.0 * s.log_evidence_standard_error);
  EXPECT_LT(s.log_evidence_standard_error, 0.02);
  const model::Vector own("f", s.ensemble.rows());  // the likelihood kept is that of the position
  model::Evaluation evaluation{own, {}, {}};
  problem->evaluate(s.ensemble.position, evaluation);
  double largest = 0.0;
  for (int row = 0; row < s.ensemble.rows(); ++row)
    largest = std::max(largest, std::abs(own(row) - s.ensemble.log_likelihood(row)));
  EXPECT_LT(largest, 1e-9);
}

// Half the log-likelihood, and all of it when refined.
class Half : public Exactly {
 public:
  model::RowStatus advance(int stage, model::ConstBatch u, const std::vector<std::uint64_t>& seeds, Batch memory,
                           model::Vector log_factor) const override {
    const model::RowStatus status = Exactly::advance(stage, u, seeds, memory, log_factor);
    for (std::size_t row = 0; row < u.extent(0); ++row) log_factor(row) *= 0.5;
    return status;
  }
  std::shared_ptr<const model::Sequence> refined(int) const override { return std::make_shared<Exactly>(); }
};

TEST(Smc2, RefinedFiltersTakeOverByTheRatioOfTheirEstimates) {
  const auto problem = Ar1Case().problem(std::make_shared<Half>());
  Smc2 sampler = smc2(20000);
  sampler.params.refine_below = 1.0, sampler.params.refinements = 1, sampler.params.moves = 1;
  sampler.params.ess_share = 0.97;
  Smc2::State s = sampler.init(*problem, serial(1));
  while (s.refinements == 0) ASSERT_FALSE(sampler.step(*problem, serial(1), s).is_finished);
  ASSERT_LT(s.iteration, 10);
  // the posterior after the data so far, by weights alone: no move since
  Ar1Case seen;
  seen.data.resize(static_cast<std::size_t>(s.iteration));
  const auto exact = seen.exact();
  const sampler::Weights weights = sampler::normalised(s.log_weights);
  const Batch u("u", s.ensemble.rows(), 2);
  problem->parameters(s.ensemble.position, u);
  for (int k = 0; k < 2; ++k) {
    double mean = 0.0;
    for (int row = 0; row < s.ensemble.rows(); ++row) mean += weights.share[static_cast<std::size_t>(row)] * u(row, k);
    EXPECT_NEAR(mean, exact.mean[k], 0.02) << k;
  }
  while (!sampler.step(*problem, serial(1), s).is_finished) {
  }
  EXPECT_EQ(s.refinements, 1);
  EXPECT_LT(sampler::test::largest_particle_z(s, *problem, Ar1Case().exact()), 4.0);
}

TEST(Smc2, FiltersWithTooFewMembersAreDoubled) {
  const Ar1Case model;
  const auto problem = model.problem(model.target(5));
  Smc2 sampler = smc2(500);
  sampler.params.refine_below = 0.3, sampler.params.refinements = 2;  // above the acceptance that is aimed at
  for (const std::uint64_t seed : {1, 2, 3}) {
    const Smc2::State s = run_to_end(sampler, *problem, serial(seed));
    EXPECT_EQ(s.refinements, 2);
    EXPECT_EQ(s.memory.extent_int(1), 4 * 5 * 2 + 1);  // four times five members of one state and a weight
    EXPECT_LT(sampler::test::largest_particle_z(s, *problem, model.exact()), 4.0);
    EXPECT_LT(std::abs(s.log_evidence - model.exact().log_evidence), 4.0 * s.log_evidence_standard_error);
  }
}

TEST(Smc2, FailedRowsAreCountedOnce) {
  const auto exactly = std::make_shared<Exactly>();
  const auto problem = Ar1Case().problem(exactly);
  problem->take_failures();
  run_to_end(smc2(500), *problem, serial(1));
  EXPECT_TRUE(problem->take_failures().empty());
  exactly->limit = 0.5;
  const Smc2::State s = run_to_end(smc2(500), *problem, serial(1));
  for (int row = 0; row < s.ensemble.rows(); ++row) EXPECT_TRUE(std::isfinite(s.ensemble.log_likelihood(row)));
  const std::vector<std::string> lines = problem->take_failures();
  EXPECT_GT(lines.size(), 50U);
  EXPECT_EQ(std::set<std::string>(lines.begin(), lines.end()).size(),
            lines.size());  // parameters, which never come again
  EXPECT_EQ(dynamic_cast<const model::CountsFailures&>(*problem).take_failure_counts().rejected,
            static_cast<std::int64_t>(lines.size()));
}

// Over 40 runs: the scatter of log Z against the standard errors reported, which is known to 11 %, and no bias of Z.
TEST(Smc2, TheStandardErrorOfTheEvidenceIsCalibrated) {
  const Ar1Case model;
  const auto problem = model.problem(model.target(30));
  constexpr int runs = 40;
  double sum = 0.0, squares = 0.0, reported = 0.0;
  for (int n = 0; n < runs; ++n) {
    const Smc2::State s = run_to_end(smc2(200), *problem, serial(100 + static_cast<std::uint64_t>(n)));
    const double error = s.log_evidence - model.exact().log_evidence;
    sum += error / runs, squares += error * error / runs, reported += s.log_evidence_standard_error / runs;
  }
  const double sd = std::sqrt(squares - sum * sum);
  RecordProperty("ratio", std::to_string(sd / reported));
  EXPECT_GT(sd / reported, 0.6);
  EXPECT_LT(sd / reported, 1.6);
  EXPECT_LT(std::abs(sum + 0.5 * sd * sd), 4.0 * sd / std::sqrt(runs));  // the logarithm of a mean of 1
}

// Filters that do not remember the data before.
class Forgetful : public model::Target, public model::Sequence {
 public:
  explicit Forgetful(std::shared_ptr<const StateSpaceTarget> target) : target_(std::move(target)) {}
  int dimension() const override { return target_->dimension(); }
  const std::vector<prob::Variable>& variables() const override { return target_->variables(); }
  model::RowStatus evaluate(model::ConstBatch u, model::Vector values) const override {
    return target_->evaluate(u, values);
  }
  int stages() const override { return target_->stages(); }
  int memory_size() const override { return target_->memory_size(); }
  model::RowStatus advance(int stage, model::ConstBatch u, const std::vector<std::uint64_t>& seeds, Batch memory,
                           model::Vector log_factor) const override {
    const Batch lost("lost", memory.extent(0), memory.extent(1));
    if (stage > 0) target_->advance(0, u, seeds, lost, log_factor);
    return target_->advance(stage, u, seeds, stage > 0 ? lost : memory, log_factor);
  }

 private:
  std::shared_ptr<const StateSpaceTarget> target_;
};

TEST(Smc2, TheCheckRefusesFiltersThatForget) {
  const Ar1Case model;
  const auto problem = model.problem(std::make_shared<Forgetful>(model.target(40)));
  const Smc2::State s = run_to_end(smc2(500), *problem, serial(1));
  EXPECT_GT(std::abs(s.log_evidence - model.exact().log_evidence), 6.0 * s.log_evidence_standard_error);
}

TEST(Smc2, ObjectsToOtherProblems) {
  const auto other = sampler::test::linear_gaussian().problem();
  EXPECT_THAT(smc2(1000).objection(*other), testing::HasSubstr("target/state_space"));
  const Ar1Case model;
  EXPECT_EQ(smc2(8).objection(*model.problem(model.target(40))), "");
  Smc2 few = smc2(8);
  few.params.ess_share = 0.4;  // 2 d / ess_share = 10
  EXPECT_THAT(few.objection(*model.problem(model.target(40))), testing::HasSubstr("at least 10"));
}

std::string bytes_of(Erased<Smc2>& sampler, const Context& context, const std::string& name) {
  const std::string path = "smc2_np" + std::to_string(Comm::world().size()) + "_" + name +
                           (context.comm.size() == 1 ? std::to_string(Comm::world().rank()) : "") + ".h5";
  {
    io::ArchiveWriter archive(context.comm, path);
    sampler.fields(archive, context);
    archive.commit();
  }
  const std::string bytes = io::read_text_file(path);
  context.comm.barrier();
  return bytes;
}

TEST(Smc2Mpi, HasTheSameBitsOnAnyNumberOfRanksAndAfterACheckpoint) {
  const Ar1Case model;
  const auto problem = model.problem(model.target(4));
  const Context world{Comm::world(), kernels::Rng(77)}, alone{Comm::self(), kernels::Rng(77)};
  for (const int particles : {37, 9}) {  // blocks of eight rows, and single rows
    Smc2::Params params;
    params.particles = particles, params.moves = 2, params.ess_share = 0.8, params.refine_below = 0.9;
    Erased<Smc2> spread(params), whole(params), resumed(params);
    spread.init(*problem, world);
    whole.init(*problem, alone);
    for (int step = 0; step < 7; ++step) spread.step(*problem, world);
    bytes_of(spread, world, "checkpoint");
    {
      io::ArchiveReader archive(Comm::world(), "smc2_np" + std::to_string(Comm::world().size()) + "_checkpoint" +
                                                   (Comm::world().size() == 1 ? "0" : "") + ".h5");
      resumed.fields(archive, world);
    }
    while (!resumed.step(*problem, world).is_finished) {
    }
    while (!whole.step(*problem, alone).is_finished) {
    }
    EXPECT_TRUE(bytes_of(resumed, world, "end") == bytes_of(whole, alone, "end_alone")) << particles;
    EXPECT_EQ(whole.state().model_evaluations % particles, 0);
    EXPECT_GT(whole.state().model_evaluations, particles);
  }
}

}  // namespace
}  // namespace aleator::assimilation
