// Chain samplers that have no page of tests of their own: delayed rejection, stretch moves, differential evolution, elliptical
// slices.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sampler/evidence_targets.hpp"
#include "sampler/mcmc/dram.hpp"
#include "sampler/mcmc/dream.hpp"
#include "sampler/mcmc/slice.hpp"
#include "sampler/mcmc/stretch.hpp"
#include "sampler/targets.hpp"

namespace aleator::sampler {
namespace {

using test::linear_gaussian;

// 14 moments: with exact standard errors |z| > 4 has probability 1e-3 for a correct sampler.
constexpr double z_limit = 4.0;

template <typename Algorithm>
Algorithm chains_of(int draws) {
  typename Algorithm::Params params;
  params.chains = 128, params.warmup = 400, params.draws = draws;
  return {params};
}

template <typename Algorithm>
double z_of(const Algorithm& algorithm) {
  return test::largest_chain_z(algorithm, *linear_gaussian().problem(), linear_gaussian().exact(), 17);
}

TEST(Dram, ReachesThePosteriorForShortAndLongSecondSteps) {
  for (const double gamma : {0.2, 0.7}) {
    Dram dram = chains_of<Dram>(800);
    dram.params.second_scale = gamma;
    EXPECT_LT(z_of(dram), z_limit) << gamma;
  }
}

TEST(Dram, EvaluatesRefusedRowsOnly) {
  const auto problem = linear_gaussian().problem();
  const Context context = test::serial(3);
  const Dram dram = chains_of<Dram>(10);
  Dram::State s = dram.init(*problem, context);
  relocate_stragglers(context, s);  // moves chains, so that their last step cannot be told from the positions
  const std::int64_t before = s.model_evaluations;
  dram.step(*problem, context, s);
  const std::int64_t second = s.model_evaluations - before - dram.params.chains;
  EXPECT_GT(second, 0);
  EXPECT_LT(second, dram.params.chains);
}

TEST(Stretch, ReachesThePosterior) {
  // Members interact: standard errors from 24 independent ensembles, the |z| of 14 moments with 23 degrees of freedom: beyond
  // 4.5 with probability 0.002.
  Stretch stretch = chains_of<Stretch>(4);
  stretch.params.warmup = 200;
  const double z = test::largest_ensemble_z(stretch, *linear_gaussian().problem(), linear_gaussian().exact(), 24);
  EXPECT_LT(z, 4.5);
}

/// A density h(z) in place of L(z) N(z; 0, I).
test::DensityProblem density(int dimension, const test::DensityProblem::LogLikelihood& h) {
  return {dimension, {0.0, 0.0}, [=](const double* z) {
            double squares = 0.0;
            for (int k = 0; k < dimension; ++k) squares += z[k] * z[k];
            return h(z) + 0.5 * squares;
          }};
}

TEST(Stretch, DoesNotSeeAffineMaps) {
  // With h'(z) = h(M z) and starts M^-1 z all members are M^-1 times those of h, step after step.
  const auto h = [](const double* z) { return -std::pow(z[0], 4) - 0.5 * std::pow(z[1] - z[0] * z[0], 2); };
  const auto mapped = [h](const double* z) {
    const double u[] = {z[0] + 100.0 * z[1], 0.5 * z[1]};
    return h(u);
  };
  const auto plain = density(2, h), stretched = density(2, mapped);
  const Context context = test::serial(5);
  const Stretch stretch = chains_of<Stretch>(4);
  Stretch::State a = stretch.init(plain, context), b = stretch.init(stretched, context);
  a.iteration = b.iteration = stretch.params.warmup;  // no relocation
  for (int row = 0; row < a.ensemble.rows(); ++row) {
    const double y = a.ensemble.position(row, 1) / 0.5;
    b.ensemble.position(row, 0) = a.ensemble.position(row, 0) - 100.0 * y, b.ensemble.position(row, 1) = y;
  }
  model::Evaluation evaluation{b.ensemble.log_likelihood, {}, {}};
  stretched.evaluate(b.ensemble.position, evaluation);
  int accepted = 0;
  for (int i = 0; i < 30; ++i) {
    stretch.step(plain, context, a), stretch.step(stretched, context, b);
    for (int row = 0; row < a.ensemble.rows(); ++row) {
      accepted += a.ensemble.accepted(row) == 1.0 ? 1 : 0;
      EXPECT_NEAR(a.ensemble.position(row, 0), b.ensemble.position(row, 0) + 100.0 * b.ensemble.position(row, 1), 1e-7);
      EXPECT_NEAR(a.ensemble.position(row, 1), 0.5 * b.ensemble.position(row, 1), 1e-9);
    }
  }
  EXPECT_GT(accepted, 1000);
}

TEST(Stretch, ObjectsToTooFewMembers) {
  Stretch stretch;
  stretch.params.chains = 9;
  EXPECT_THAT(stretch.objection(*linear_gaussian().problem()), testing::HasSubstr("chains = 10"));
  stretch.params.chains = 10;
  EXPECT_EQ(stretch.objection(*linear_gaussian().problem()), "");
}

TEST(Dream, ReachesThePosteriorWithEachKindOfStep) {
  Dream dream = chains_of<Dream>(800);
  EXPECT_LT(z_of(dream), z_limit);
  dream.params.snooker = 0.6, dream.params.unit_jumps = 0.0;
  EXPECT_LT(z_of(dream), z_limit);
  dream.params.snooker = 0.0, dream.params.unit_jumps = 0.3, dream.params.pairs = 1, dream.params.crossovers = 1;
  EXPECT_LT(z_of(dream), z_limit);
}

TEST(Dream, JumpsBetweenModes) {
  // Normal modes of sd 0.3 at +-(3, 3), weights 1/4 and 3/4: every chain sees both, in their shares. Some 30 jumps of a chain
  // between them.
  const auto target = density(2, [](const double* z) {
    const auto mode = [z](double centre) {
      return -0.5 * (std::pow(z[0] - centre, 2) + std::pow(z[1] - centre, 2)) / 0.09;
    };
    const double a = mode(3.0) + std::log(0.25), b = mode(-3.0) + std::log(0.75);
    return std::max(a, b) + std::log1p(std::exp(-std::abs(a - b)));
  });
  const Dream dream = chains_of<Dream>(1500);
  const Context context = test::serial(2);
  Dream::State s = dream.init(target, context);
  test::Row share(128, 0.0);
  for (bool is_finished = false; !is_finished;) {
    const StepInfo info = dream.step(target, context, s);
    is_finished = info.is_finished;
    for (int row = 0; info.is_draw && row < s.ensemble.rows(); ++row)
      share[static_cast<std::size_t>(row)] += s.ensemble.position(row, 0) > 0.0 ? 1.0 / 1500 : 0.0;
  }
  double mean = 0.0, squares = 0.0;
  for (const double x : share) {
    mean += x / 128, squares += x * x / 128;
    EXPECT_GT(x * (1.0 - x), 0.0);
  }
  EXPECT_LT(std::abs(mean - 0.25), 4.0 * std::sqrt((squares - mean * mean) / 128));
  EXPECT_LT(std::sqrt((squares - mean * mean) / 128), 0.02);
}

TEST(Dream, NothingAdaptsAfterTheWarmUp) {
  const auto problem = linear_gaussian().problem();
  const Context context = test::serial(3);
  const Dream dream = chains_of<Dream>(50);
  Dream::State s = dream.init(*problem, context);
  const std::vector<double> first = s.archive;
  while (!dream.step(*problem, context, s).is_draw) {
  }
  const std::vector<double> archive = s.archive, crossover = s.crossover;
  EXPECT_NE(archive, first);
  EXPECT_NE(crossover[0], crossover[2]);
  while (!dream.step(*problem, context, s).is_finished) {
  }
  EXPECT_EQ(s.archive, archive);
  EXPECT_EQ(s.crossover, crossover);
}

TEST(Slice, ReachesThePosteriorWithAndWithoutALearnedReference) {
  for (const Covariance covariance : {Covariance::learned, Covariance::diagonal, Covariance::prior}) {
    Slice slice = chains_of<Slice>(500);
    slice.params.covariance = covariance;
    EXPECT_LT(z_of(slice), z_limit) << static_cast<int>(covariance);
  }
  Slice wide = chains_of<Slice>(500);
  wide.params.degrees = 1;
  EXPECT_LT(z_of(wide), z_limit);
}

TEST(Slice, TakesTheFirstPointWhereTheReferenceIsThePosterior) {
  const auto flat = test::DensityProblem(3, {0.0, 0.0}, [](const double*) { return 1.5; });
  Slice slice = chains_of<Slice>(20);
  slice.params.covariance = Covariance::prior;
  const Slice::State s = test::run_to_end(slice, flat, test::serial(4));
  EXPECT_EQ(s.model_evaluations, 128 * (1 + 400 + 20));
}

TEST(Slice, ALearnedReferenceNeedsFewerRuns) {
  const auto problem = linear_gaussian().problem();
  double runs[2];
  for (const Covariance covariance : {Covariance::learned, Covariance::diagonal, Covariance::prior}) {
    Slice slice = chains_of<Slice>(200);
    slice.params.covariance = covariance;
    runs[covariance == Covariance::prior] =
        static_cast<double>(test::run_to_end(slice, *problem, test::serial(4)).model_evaluations);
  }
  EXPECT_LT(runs[0], 0.8 * runs[1]);
}

}  // namespace
}  // namespace aleator::sampler
