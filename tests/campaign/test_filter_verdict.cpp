// The verdict on filters: each fault is found, and where there is none nothing is said.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "campaign/report/filter_verdict.hpp"

namespace aleator::campaign::report {
namespace {

// Squared errors of `states` independent states over the variances of members who are `spread` times as far apart as right.
std::vector<double> ratios(int cycles, double spread = 1.0, int states = 3, unsigned seed = 1) {
  std::mt19937_64 random(seed);
  std::normal_distribution<double> normal;
  std::vector<double> all(static_cast<std::size_t>(cycles), 0.0);
  for (double& one : all)
    for (int i = 0; i < states; ++i) one += std::pow(normal(random) / spread, 2) / states;
  return all;
}

FilterRun sound_run() {
  FilterRun run;
  run.members = 400, run.ratios = {ratios(500), ratios(500, 1.0, 3, 2)};
  run.ranks = std::vector<double>(20, 100.0);
  run.rmse = 0.2, run.forecast_rmse = 0.3, run.member_cycles = 400000;
  return run;
}

const Check* check_named(const Verdict& v, const std::string& what) {
  for (const Check& c : v.checks)
    if (c.what == what) return &c;
  return nullptr;
}

TEST(FilterVerdict, ASoundRunIsGood) {
  const Verdict v = judge(sound_run());
  EXPECT_EQ(v.level, Level::good);
  EXPECT_EQ(v.headline, "The filter follows the truth");
  for (const Check& c : v.checks) EXPECT_TRUE(c.level == Level::good && c.advice.empty()) << c.what;
  FilterRun data = sound_run();
  data.is_twin = false, data.are_of_data = true, data.ranks.clear();
  EXPECT_EQ(judge(data).headline, "The filter follows the data");
}

TEST(FilterVerdict, OneReplicateThatLostTheTruthIsNotHiddenByAnother) {
  FilterRun run = sound_run();
  run.ratios[1] = ratios(500, 0.1);
  const Verdict v = judge(run);
  EXPECT_EQ(v.level, Level::bad);
  EXPECT_THAT(v.checks[0].advice,
              testing::AllOf(testing::HasSubstr("off the truth by up to"), testing::HasSubstr("in 1 of 2 replicates")));
  run.is_twin = false, run.are_of_data = true, run.ranks.clear();
  EXPECT_THAT(judge(run).checks[0].advice, testing::HasSubstr("what the filter and noise_sd explain"));
}

TEST(FilterVerdict, AFilterThatLosesTheTruthAtTheEndIsNotSavedByWhatCameBefore) {
  FilterRun run = sound_run();
  for (std::vector<double>& replicate : run.ratios)
    for (std::size_t k = 485; k < 500; ++k) replicate[k] = 400.0;
  const Verdict v = judge(run);
  EXPECT_EQ(v.level, Level::bad);
  EXPECT_EQ(check_named(v, "The end")->level, Level::bad);
}

// Of 40 exact filters of one constant, each sure or unsure by chance for all its cycles, some lie beyond two deviations.
TEST(FilterVerdict, ManyReplicatesOfARightFilterAreRight) {
  FilterRun run = sound_run();
  run.ratios.clear(), run.ranks.clear();
  for (const double one : ratios(40, 1.0, 1)) run.ratios.push_back(std::vector<double>(200, one));
  EXPECT_EQ(judge(run).level, Level::good);
  run.ratios.clear();
  for (unsigned r = 0; r < 100; ++r) run.ratios.push_back(ratios(4, 1.0, 1, r));
  EXPECT_EQ(judge(run).level, Level::good);
}

TEST(FilterVerdict, MembersThatAreTooFarApartOrTooCloseAreTold) {
  for (const double spread : {3.0, 0.55}) {
    FilterRun run = sound_run();
    run.ratios = {ratios(500, spread)};
    EXPECT_EQ(judge(run).level, Level::caution) << spread;
    EXPECT_FALSE(judge(run).checks[0].advice.empty());
  }
}

TEST(FilterVerdict, FewMembersKnowTheirVarianceBadly) {
  FilterRun run = sound_run();
  run.members = 6;  // E ratio = 5 / 3
  for (std::vector<double>& replicate : run.ratios)
    for (double& one : replicate) one *= 5.0 / 3.0;
  EXPECT_EQ(judge(run).level, Level::good);
}

TEST(FilterVerdict, TheShapeOfTheRankHistogramIsNamed) {
  const auto advice_of = [](const std::vector<double>& ranks) {
    FilterRun run = sound_run();
    run.ranks = ranks;
    const Verdict v = judge(run);
    EXPECT_EQ(v.level, Level::caution);
    const Check* const c = check_named(v, "Ranks of the truth");
    return c == nullptr ? std::string() : c->advice;
  };
  EXPECT_THAT(advice_of({300, 50, 50, 50, 50, 50, 50, 50, 50, 300}), testing::HasSubstr("too narrow"));
  EXPECT_THAT(advice_of({10, 10, 60, 200, 300, 300, 200, 60, 10, 10}), testing::HasSubstr("too wide"));
  EXPECT_THAT(advice_of({400, 300, 200, 100, 50, 30, 20, 10, 10, 10}), testing::HasSubstr("biased"));
}

TEST(FilterVerdict, FewCyclesLeaveRanksToChance) {
  FilterRun run = sound_run();
  run.ratios = {ratios(10)}, run.ranks = {3, 0, 1, 0, 2, 0, 0, 1, 0, 3};
  const Verdict v = judge(run);
  EXPECT_EQ(check_named(v, "Ranks of the truth")->level, Level::good);
  EXPECT_EQ(check_named(v, "Cycles")->level, Level::caution);
}

TEST(FilterVerdict, AnalysesThatDoHarmAndMembersThatDivergeAreTold) {
  FilterRun run = sound_run();
  run.rmse = 0.301, run.replaced = 2000;  // data that bring nothing do no harm
  EXPECT_EQ(check_named(judge(run), "What the data bring")->level, Level::good);
  run.rmse = 0.35;
  const Verdict v = judge(run);
  EXPECT_EQ(check_named(v, "What the data bring")->level, Level::caution);
  EXPECT_EQ(check_named(v, "Members that diverged")->level, Level::caution);
  run.replaced = 60000;
  EXPECT_EQ(judge(run).level, Level::bad);
}

TEST(FilterVerdict, FewTrajectoriesWithAllTheWeightAreTold) {
  FilterRun run = sound_run();
  run.effective = std::vector<double>(500, 60.0);
  EXPECT_EQ(judge(run).level, Level::good);
  std::fill_n(run.effective.begin(), 40, 3.0);
  EXPECT_EQ(judge(run).level, Level::caution);
  EXPECT_THAT(check_named(judge(run), "Weights")->found, testing::HasSubstr("fewer than 10 in 8 % of the cycles"));
  std::fill_n(run.effective.begin(), 300, 3.0);
  EXPECT_EQ(judge(run).level, Level::bad);
}

// Of data a single such time spoils the likelihood; of a twin experiment it does no harm.
TEST(FilterVerdict, ATimeThatHardlyAnyParticleExplainsIsTold) {
  FilterRun run = sound_run();
  run.members = 1000, run.effective = std::vector<double>(500, 600.0), run.effective[7] = 1.3;
  EXPECT_EQ(judge(run).level, Level::good);
  run.is_twin = false, run.are_of_data = true, run.ranks.clear();
  EXPECT_EQ(check_named(judge(run), "Weights")->level, Level::caution);
  EXPECT_THAT(check_named(judge(run), "Weights")->found, testing::HasSubstr("once 1.3 of"));
  run.effective[7] = 3.0;
  EXPECT_EQ(check_named(judge(run), "Weights")->level, Level::good);
}

TEST(FilterVerdict, LogLikelihoodsThatScatterAreTold) {
  FilterRun run = sound_run();
  run.is_twin = false, run.are_of_data = true, run.ranks.clear();
  run.log_likelihoods = {-100.0, -101.0, -99.0, -100.5};
  EXPECT_EQ(judge(run).level, Level::good);
  run.log_likelihoods = {-100.0, -108.0, -96.0, -101.0};
  EXPECT_EQ(judge(run).level, Level::caution);
  EXPECT_THAT(check_named(judge(run), "Log-likelihood")->found,
              testing::HasSubstr("with a standard deviation of 5.0 over 4 replicates"));
}

// Of data with a density of their own the weights alone are known.
TEST(FilterVerdict, DensitiesAreJudgedByTheirWeights) {
  FilterRun run = sound_run();
  run.is_twin = false, run.are_of_data = true, run.has_density = true, run.ratios = {{}, {}}, run.ranks.clear();
  run.effective = std::vector<double>(500, 60.0);
  EXPECT_EQ(judge(run).level, Level::unknown);
  EXPECT_THAT(judge(run).summary, testing::HasSubstr("More members should give the same log-likelihood"));
  std::fill_n(run.effective.begin(), 40, 3.0);
  EXPECT_EQ(judge(run).level, Level::caution);
  EXPECT_THAT(judge(run).summary, testing::HasSubstr("The filter ran, with reservations: Weights."));
}

TEST(FilterVerdict, WhatIsNotKnownIsNotJudged) {
  FilterRun run = sound_run();
  run.is_twin = false, run.are_of_data = true, run.ratios = {{}, {}}, run.ranks.clear();
  EXPECT_EQ(judge(run).level, Level::unknown);
  EXPECT_EQ(judge(run).headline, "Not judged");
  run.replaced = 4000;
  EXPECT_EQ(judge(run).level, Level::caution);
  EXPECT_THAT(judge(run).summary, testing::HasSubstr("The filter ran, with reservations: Members that diverged."));
}

}  // namespace
}  // namespace aleator::campaign::report
