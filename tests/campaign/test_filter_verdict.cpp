// The verdict on filters: each fault is found, and where there is none nothing is said.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "campaign/report/filter_verdict.hpp"

namespace aleator::campaign::report {
namespace {

FilterRun sound_run() {
  FilterRun run;
  run.members = 20, run.replicates = 2, run.cycles = 500, run.off_by = {0.9, 1.1};
  run.ranks = std::vector<double>(21, 100.0);
  run.rmse = 0.2, run.forecast_rmse = 0.3, run.member_cycles = 20000;
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
}

TEST(FilterVerdict, OneReplicateThatLostTheTruthIsNotHiddenByOthers) {
  FilterRun run = sound_run();
  run.off_by = {0.9, 7.0};
  const Verdict v = judge(run);
  EXPECT_EQ(v.level, Level::bad);
  EXPECT_THAT(v.checks[0].advice, testing::AllOf(testing::HasSubstr("off the truth by up to 7"),
                                                 testing::HasSubstr("in 1 of 2 replicates")));
  run.is_twin = false, run.ranks.clear();
  EXPECT_THAT(judge(run).checks[0].advice, testing::HasSubstr("what the filter and noise_sd explain"));
}

TEST(FilterVerdict, MembersThatAreTooFarApartOrABitTooCloseAreTold) {
  for (const double off_by : {0.3, 1.7}) {
    FilterRun run = sound_run();
    run.off_by = {off_by, 1.0};
    EXPECT_EQ(judge(run).level, Level::caution) << off_by;
    EXPECT_FALSE(judge(run).checks[0].advice.empty());
  }
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
  run.cycles = 5, run.ranks = {3, 0, 1, 0, 2, 0, 0, 1, 0, 3};
  const Verdict v = judge(run);
  EXPECT_EQ(check_named(v, "Ranks of the truth")->level, Level::good);
  EXPECT_EQ(check_named(v, "Cycles")->level, Level::caution);
}

TEST(FilterVerdict, AnalysesThatDoHarmAndMembersThatDivergeAreTold) {
  FilterRun run = sound_run();
  run.rmse = 0.35, run.replaced = 100;
  const Verdict v = judge(run);
  EXPECT_EQ(check_named(v, "What the data bring")->level, Level::caution);
  EXPECT_EQ(check_named(v, "Members that diverged")->level, Level::caution);
  run.replaced = 3000;
  EXPECT_EQ(judge(run).level, Level::bad);
}

TEST(FilterVerdict, WhatIsNotKnownIsNotJudged) {
  FilterRun run = sound_run();
  run.is_twin = false, run.off_by = {undefined, undefined}, run.ranks.clear();
  EXPECT_EQ(judge(run).level, Level::unknown);
}

}  // namespace
}  // namespace aleator::campaign::report
