// Delayed acceptance is exact whatever the coarse problems are, and saves model runs where they are good.
#include <gtest/gtest.h>

#include "core/error.hpp"
#include "core/log.hpp"
#include "sampler/elliptic.hpp"
#include "sampler/mcmc/delayed_acceptance.hpp"

namespace aleator::sampler {
namespace {

using test::elliptic_exact;
using test::elliptic_problem;
using test::linear_gaussian;

constexpr double z_limit = 4.0;
using Levels = std::vector<std::shared_ptr<const Problem>>;

DelayedAcceptance delayed(const Levels& coarse, const std::vector<int>& subchain, Kernel kernel) {
  DelayedAcceptance algorithm;
  algorithm.params.chains = 128, algorithm.params.warmup = 400, algorithm.params.draws = 800;
  algorithm.params.subchain = subchain, algorithm.params.kernel = kernel;
  algorithm.params.coarse.assign(coarse.size(), "coarse");
  algorithm.coarse = coarse;
  return algorithm;
}

double z_of(const DelayedAcceptance& algorithm) {
  return test::largest_chain_z(algorithm, *elliptic_problem(), elliptic_exact(), 3);
}

// A source of 0.98 instead of 1 and three times the noise: the posterior of the coarse problem is elsewhere and wider.
constexpr double wrong_source = 0.98, wide_sd = 0.3;

TEST(DelayedAcceptance, AWrongCoarseProblemLeavesThePosteriorUnchanged) {
  const Levels wrong = {elliptic_problem(wrong_source, wide_sd)};
  for (const Kernel kernel : {Kernel::random_walk, Kernel::mala})
    for (const int length : {1, 4}) EXPECT_LT(z_of(delayed(wrong, {length}, kernel)), z_limit) << length;
  EXPECT_LT(z_of(delayed(wrong, {8}, Kernel::pcn)), z_limit);
}

TEST(DelayedAcceptance, SeveralLevelsLeaveThePosteriorUnchanged) {
  const Levels levels = {elliptic_problem(wrong_source, wide_sd), elliptic_problem(1.01, 0.15)};
  EXPECT_LT(z_of(delayed(levels, {2, 3}, Kernel::random_walk)), z_limit);
}

TEST(DelayedAcceptance, TheCheckTellsTheCoarsePosteriorFromTheRightOne) {
  // Its own chains, judged by the fine moments: what the correction corrects.
  const auto wrong = elliptic_problem(wrong_source, wide_sd);
  DelayedAcceptance algorithm = delayed({elliptic_problem(wrong_source, wide_sd)}, {4}, Kernel::random_walk);
  EXPECT_GT(test::largest_chain_z(algorithm, *wrong, elliptic_exact(), 3), 10.0 * z_limit);
}

TEST(DelayedAcceptance, WithAPerfectCoarseProblemEveryMoveIsAccepted) {
  const DelayedAcceptance algorithm = delayed({elliptic_problem()}, {20}, Kernel::random_walk);
  const auto problem = elliptic_problem();
  const Context context = test::serial(3);
  auto s = algorithm.init(*problem, context);
  for (bool is_finished = false; !is_finished;) {
    const StepInfo info = algorithm.step(*problem, context, s);
    is_finished = info.is_finished;
    if (info.is_draw) {
      ASSERT_GT(info.numbers[0].second, 0.9);  // less than 1 where a subchain of 20 has not moved at all
    }
  }
  EXPECT_GT(s.runs[0], 19.0 * static_cast<double>(s.model_evaluations));
}

TEST(DelayedAcceptance, RunsTheProblemOnlyForChainsThatHaveMoved) {
  const DelayedAcceptance algorithm = delayed({elliptic_problem(1.0, 0.05)}, {1}, Kernel::random_walk);
  const auto s = test::run_to_end(algorithm, *elliptic_problem(), test::serial(3));
  EXPECT_LT(static_cast<double>(s.model_evaluations), 0.5 * s.runs[0]);  // random walks accept a quarter
}

TEST(DelayedAcceptance, RefusesCoarseProblemsThatDoNotFit) {
  const auto problem = elliptic_problem();
  EXPECT_NE(delayed({linear_gaussian().problem()}, {1}, Kernel::pcn).objection(*problem).find("latent coordinates"),
            std::string::npos);
  EXPECT_NE(delayed({problem}, {1}, Kernel::pcn).objection(*problem).find("itself"), std::string::npos);
  inverse::BayesProblem::Params imputes;
  imputes.on_failure = inverse::OnFailure::impute;
  const auto imputing = std::make_shared<inverse::BayesProblem>(imputes, problem->parts());
  EXPECT_NE(delayed({imputing}, {1}, Kernel::pcn).objection(*problem).find("impute"), std::string::npos);
  EXPECT_EQ(delayed({elliptic_problem()}, {1}, Kernel::mala).objection(*problem), "");
}

// Fails where u_0 < 0, as for half of the prior's draws.
class HalfElliptic : public test::Elliptic {
 public:
  model::RowStatus evaluate(ConstBatch u, Batch y) const override {
    model::RowStatus status = Elliptic::evaluate(u, y);
    for (std::size_t row = 0; row < u.extent(0); ++row)
      if (u(row, 0) < 0.0) status.failed.push_back({static_cast<int>(row), "half"});
    return status;
  }
};

TEST(DelayedAcceptance, SaysThatAChainCanNeverMove) {
  core::set_log_level(core::LogLevel::error);
  const auto parts = elliptic_problem()->parts();
  const auto half = std::make_shared<inverse::BayesProblem>(
      inverse::BayesProblem::Params{},
      inverse::BayesProblem::Parts{std::make_shared<HalfElliptic>(), parts.prior, parts.likelihood});
  DelayedAcceptance algorithm = delayed({half, elliptic_problem()}, {1, 1}, Kernel::random_walk);
  algorithm.params.warmup = 1;  // chains are still where the prior put them
  const auto problem = elliptic_problem();
  const Context context = test::serial(3);
  auto s = algorithm.init(*problem, context);
  EXPECT_THROW(algorithm.step(*problem, context, s), core::NumericsError);
  core::set_log_level(core::LogLevel::info);
}

}  // namespace
}  // namespace aleator::sampler
