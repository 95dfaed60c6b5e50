// Verdicts of the run report: thresholds from Vehtari et al. 2021.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "campaign/report/statistics.hpp"
#include "campaign/report/tables.hpp"
#include "campaign/report/verdict.hpp"
#include "report_cases.hpp"

namespace aleator::campaign::report {
namespace {

const Check& check_named(const Verdict& verdict, const std::string& what) {
  static const Check missing;
  for (const Check& c : verdict.checks) {
    if (c.what == what) return c;
  }
  ADD_FAILURE() << "no check '" << what << "'";
  return missing;
}

TEST(Verdict, EstimatesThatScatterAreTold) {
  ReportData data = converged_run();
  data.main.estimate_sd = 1.4;
  EXPECT_EQ(judge(data).level, Level::good);
  data.main.estimate_sd = 3.0;
  EXPECT_EQ(judge(data).level, Level::caution);
  data.main.component = "sampler/smc2";
  EXPECT_EQ(judge(data).level, Level::good);
}

TEST(ReportVerdict, LimitsAreThoseOfVehtariEtAl) {
  EXPECT_EQ(rhat_level(1.0099), Level::good);
  EXPECT_EQ(rhat_level(1.01), Level::caution);
  EXPECT_EQ(rhat_level(1.0499), Level::caution);
  EXPECT_EQ(rhat_level(1.05), Level::bad);
  EXPECT_EQ(rhat_level(INFINITY), Level::bad);  // chains that each stand still, apart from one another
  EXPECT_EQ(rhat_level(undefined), Level::unknown);
  EXPECT_EQ(ess_level(400), Level::good);
  EXPECT_EQ(ess_level(399), Level::caution);
  EXPECT_EQ(ess_level(100), Level::caution);
  EXPECT_EQ(ess_level(99), Level::bad);
  EXPECT_EQ(ess_level(undefined), Level::unknown);
}

TEST(ReportVerdict, LevelsAreKnownByTheirNames) {
  for (const Level level : {Level::good, Level::unknown, Level::caution, Level::biased, Level::bad})
    EXPECT_EQ(level_of_class(level_class(level)), level);
}

TEST(ReportVerdict, AllGoodIsConverged) {
  const Verdict v = judge(converged_run());
  EXPECT_EQ(v.level, Level::good);
  EXPECT_EQ(v.headline, "Converged");
}

TEST(ReportVerdict, OneLowEssIsCautionAndNamesTheParameterAndTheFactor) {
  ReportData data = converged_run();
  data.main.parameters[4].ess_tail = 200;
  const Verdict v = judge(data);
  EXPECT_EQ(v.level, Level::caution);
  EXPECT_EQ(v.headline, "Use with caution");
  EXPECT_NE(check_named(v, "Tail ESS").found.find("theta4"), std::string::npos);
  EXPECT_NE(check_named(v, "Tail ESS").advice.find("About 2.0 times"), std::string::npos);  // 400 / 200
  EXPECT_EQ(check_named(v, "Bulk ESS").level, Level::good);
}

TEST(ReportVerdict, AMeanThatMayBeInfiniteIsCautionHoweverSmallItsError) {
  ReportData data = converged_run();
  data.main.parameters[2].pareto_k = 0.65;
  EXPECT_EQ(judge(data).level, Level::good);
  data.main.parameters[2].pareto_k = 0.95;
  const Check c = check_named(judge(data), "Means");
  EXPECT_EQ(c.level, Level::caution);
  EXPECT_NE(c.found.find("theta2"), std::string::npos) << c.found;
}

TEST(ReportVerdict, OneLargeRhatIsNotConverged) {
  ReportData data = converged_run();
  data.main.parameters[1].rhat = 1.3;
  const Verdict v = judge(data);
  EXPECT_EQ(v.headline, "Not converged");
  EXPECT_NE(check_named(v, "R-hat").found.find("1.300, at theta1"), std::string::npos);
  EXPECT_FALSE(check_named(v, "R-hat").advice.empty());
}

TEST(ReportVerdict, AParameterWithoutRhatAmongOthersIsNotPassedOver) {
  ReportData data = converged_run();
  data.main.parameters[3].rhat = undefined;
  EXPECT_EQ(judge(data).level, Level::caution);
}

TEST(ReportVerdict, DrawsFarTooWideAreFoundThoughTheyDoNotSeeEachOther) {
  ReportData data = converged_run();
  data.main.ksd = data.main.ksd_expected = 1e9, data.main.ksd_p_value = 0.7, data.main.ksd_draws = 100;
  EXPECT_EQ(check_named(judge(data), "Stein discrepancy").level, Level::good);  // nothing is known of the spread
  data.main.ksd_spread = 9e4, data.main.ksd_spread_error = 2e4;
  EXPECT_EQ(check_named(judge(data), "Stein discrepancy").level, Level::good);  // 4.5 errors: chance
  data.main.ksd_spread_error = 1e4;
  EXPECT_EQ(check_named(judge(data), "Stein discrepancy").level, Level::bad);
  data.main.ksd_spread = 0.3, data.main.ksd_spread_error = 0.02;
  EXPECT_EQ(check_named(judge(data), "Stein discrepancy").level, Level::caution);
  data.main.ksd_spread = 0.03,
  data.main.ksd_spread_error = 0.002;  // as where a density jumps: bad where others doubt it too
  EXPECT_EQ(check_named(judge(data), "Stein discrepancy").level, Level::caution);
  const double rhat = data.main.parameters[0].rhat;
  data.main.parameters[0].rhat = 1.2;
  EXPECT_EQ(check_named(judge(data), "Stein discrepancy").level, Level::bad);
  data.main.parameters[0].rhat = rhat;
  data.main.ksd_spread = 3e9, data.main.ksd_spread_error = 2.9e9,
  data.main.ksd_typical_spread = 1e5;  // one draw makes it
  EXPECT_EQ(check_named(judge(data), "Stein discrepancy").level, Level::bad);
  data.main.ksd_spread = 1.6, data.main.ksd_spread_error = 0.02, data.main.ksd_typical_spread = 0.8;
  EXPECT_EQ(check_named(judge(data), "Stein discrepancy").level, Level::good);
}

TEST(ReportVerdict, TheSteinDiscrepancyIsNotJudgedAtEdges) {
  ReportData data = converged_run();
  data.main.ksd = 3.0, data.main.ksd_expected = 1.0, data.main.ksd_p_value = 0.001, data.main.ksd_draws = 100;
  EXPECT_EQ(check_named(judge(data), "Stein discrepancy").level, Level::caution);
  data.main.ksd_edge_share = 0.2;
  EXPECT_EQ(check_named(judge(data), "Stein discrepancy").level, Level::unknown);
  EXPECT_NE(check_named(judge(data), "Stein discrepancy").advice.find("20 %"), std::string::npos);
}

TEST(ReportVerdict, StatesThatRunAwayAreBad) {
  ReportData data = converged_run();
  data.main.farthest = 40.0;
  EXPECT_EQ(judge(data).level, Level::good);
  data.main.farthest = 1e27;
  EXPECT_EQ(check_named(judge(data), "Range").level, Level::bad);
  EXPECT_EQ(judge(data).headline, "Not converged");
}

TEST(ReportVerdict, AnEvidenceOfParticlesThatHaveNotMovedIsNotGood) {
  ReportData data = converged_run();
  data.main.kind = "particles", data.main.log_evidence = -3.0, data.main.log_evidence_standard_error = 0.01;
  EXPECT_EQ(check_named(judge(data), "Log evidence").level, Level::good);
  data.main.parameters[2].ess_bulk = 20;
  EXPECT_EQ(check_named(judge(data), "Log evidence").level, Level::unknown);
}

TEST(ReportVerdict, AcceptanceIsJudgedByTheSampler) {
  ReportData data = converged_run();
  data.main.acceptance = 0.10;
  data.main.component = "sampler/mala";  // optimum 0.574
  EXPECT_EQ(check_named(judge(data), "Acceptance").level, Level::caution);
  data.main.component = "sampler/random_walk";  // optimum 0.234
  data.main.acceptance = 0.25;
  EXPECT_EQ(check_named(judge(data), "Acceptance").level, Level::good);
  data.main.acceptance = 0.9;
  data.main.chains = 4, data.main.draws = 1000;
  for (ParameterRow& row : data.main.parameters) row.ess_bulk = 3900;
  EXPECT_EQ(check_named(judge(data), "Acceptance").level, Level::good);  // nearly every draw counts
  data.main.parameters[0].ess_bulk = 500;
  EXPECT_NE(check_named(judge(data), "Acceptance").advice.find("larger step"), std::string::npos);
  data.main.acceptance = 0.001;
  EXPECT_EQ(judge(data).level, Level::bad);
}

TEST(ReportVerdict, OneChainIsNeverConverged) {
  ReportData data = converged_run();
  data.main.chains = 1;
  data.main.draws = 800;
  EXPECT_EQ(judge(data).level, Level::caution);
}

TEST(ReportVerdict, AcceptanceAloneJudgesNothing) {
  ReportData data = converged_run();
  for (ParameterRow& row : data.main.parameters) row.rhat = row.ess_bulk = row.ess_tail = undefined;
  EXPECT_EQ(judge(data).level, Level::unknown);
}

TEST(ReportVerdict, ABiasedMethodIsBiasedHoweverWellItConverged) {
  ReportData data = converged_run();
  data.main.is_exact = false;
  data.main.kind = "ensemble";
  data.main.error = 0.0321;
  const Verdict v = judge(data);
  EXPECT_EQ(v.level, Level::biased);
  EXPECT_EQ(v.headline, "Biased method");
  EXPECT_NE(check_named(v, "Bias").found.find("e = 0.0321"), std::string::npos);
  data.main.parameters[0].ess_bulk = 1.0;  // members share a gain: that says nothing of having gone wrong
  EXPECT_EQ(judge(data).level, Level::biased);
  EXPECT_EQ(check_named(judge(data), "Bulk ESS").level, Level::caution);
  EXPECT_NE(check_named(v, "Bias").found.find("0.25 of its standard deviations"),
            std::string::npos);  // |1.0 - 1.05| / 0.2
  data.reference_mean.clear();
  data.main.error = undefined;
  EXPECT_NE(check_named(judge(data), "Bias").found.find("not measured"), std::string::npos);

  // Laplace's approximation of a normal posterior, by its own importance weights; k is none where all are equal.
  data.main.histories = {{"laplace_log_evidence", {5}, {-7.0}}, {"effective_share", {5}, {0.99}}};
  EXPECT_EQ(check_named(judge(data), "Bias").level, Level::good);
  data.main.histories.push_back({"pareto_k", {5}, {0.6}});
  EXPECT_EQ(check_named(judge(data), "Bias").level, Level::biased);
  data.main.histories[2].y[0] = 0.2;
  EXPECT_EQ(check_named(judge(data), "Bias").level, Level::good);
  data.main.histories[1].y[0] = 0.8;
  EXPECT_EQ(check_named(judge(data), "Bias").level, Level::biased);
  data.main.histories[1].y[0] = 0.99;
  data.main.histories.push_back({"unseen_share", {5}, {0.27}});
  EXPECT_EQ(check_named(judge(data), "Bias").level, Level::biased);
  EXPECT_THAT(check_named(judge(data), "Bias").found, testing::HasSubstr("27 % of the posterior lie where"));
  data.main.histories.pop_back();
  data.main.histories.push_back({"mean_shift", {5}, {0.9}});
  EXPECT_EQ(check_named(judge(data), "Bias").level, Level::good);
  data.main.histories.back().y[0] = 3.0;  // the weights put means where the draws' errors do not reach
  EXPECT_EQ(check_named(judge(data), "Bias").level, Level::biased);
}

// Against the exact method with most samples that has not failed: spreads and means, with what chance leaves of them.
TEST(ReportVerdict, ABiasIsMeasuredBesideTheBestExactMethod) {
  ReportData data = converged_run();
  data.reference_mean.clear(), data.main.error = undefined;
  MethodRun stuck = data.main, rough = data.main, good = data.main;
  stuck.name = "stuck", rough.name = "rough", good.name = "good";
  for (ParameterRow& row : stuck.parameters) row.rhat = 1.8, row.sd *= 10.0, row.ess_bulk = 1e6;
  for (ParameterRow& row : rough.parameters) row.sd *= 0.9, row.ess_bulk = 450;
  for (ParameterRow& row : good.parameters) row.sd *= 0.5, row.ess_bulk = 10000;
  good.parameters[1].mean -= 3.0 * good.parameters[1].sd;
  data.main.is_exact = false;
  data.comparisons = {stuck};
  EXPECT_THAT(check_named(judge(data), "Bias").found, testing::HasSubstr("no exact method beside it has enough"));
  data.comparisons = {stuck, rough, good};
  const std::string found = check_named(judge(data), "Bias").found;
  EXPECT_THAT(found, testing::HasSubstr("typically 2.0 ± "));
  EXPECT_THAT(found, testing::HasSubstr("times those of good"));
  EXPECT_THAT(found, testing::HasSubstr("by 3.0 ± "));
}

TEST(ReportVerdict, AnApproximateLikelihoodMakesEveryMethodBiased) {
  ReportData data = converged_run();
  data.main.approximation = "the likelihood is that of filter/etkf";
  EXPECT_EQ(judge(data).level, Level::biased);
  EXPECT_EQ(judge(data).headline, "Approximate likelihood");
  EXPECT_EQ(check_named(judge(data), "Likelihood").found, data.main.approximation);
  data.main.is_exact = false;  // its own bias stands beside
  EXPECT_EQ(check_named(judge(data), "Bias").level, Level::biased);
}

TEST(ReportVerdict, WhatLooksForAMinimumIsNoPosterior) {
  ReportData data = converged_run();
  data.main.is_exact = data.main.is_posterior = false;
  data.main.kind = "ensemble";
  const Verdict v = judge(data);
  EXPECT_EQ(v.headline, "Not the posterior");
  for (const Check& c : v.checks) EXPECT_EQ(c.what.find("ESS"), std::string::npos);  // of a posterior, which it is not
  EXPECT_NE(check_named(v, "Aim").advice.find("say nothing of the posterior"), std::string::npos);
}

TEST(ReportVerdict, ParticlesThatAreCopiesAreFound) {
  ReportData data = converged_run();
  data.main.kind = "particles";
  data.main.log_evidence = -10;
  data.main.log_evidence_standard_error = 0.1;
  EXPECT_EQ(judge(data).level, Level::good);
  data.main.different_draws = data.main.chains * data.main.draws / 20;  // one in twenty is its own
  EXPECT_EQ(judge(data).headline, "Not reliable");
  EXPECT_NE(check_named(judge(data), "Log evidence").found.find("± 0.10"), std::string::npos);
}

TEST(ReportVerdict, WeightsThatHangOnFewDrawsAreFound) {
  ReportData data = converged_run();
  data.main.kind = "particles";
  data.main.histories.push_back({"pareto_k", {1.0}, {0.5}});
  EXPECT_EQ(judge(data).level, Level::good);
  data.main.histories.back().y = {0.75};
  EXPECT_EQ(judge(data).headline, "Not reliable");
  EXPECT_EQ(check_named(judge(data), "Weights").level, Level::bad);
  data.main.histories.back().y = {0.5};
  data.main.histories.push_back({"unseen_share", {1.0}, {0.05}});
  EXPECT_EQ(judge(data).level, Level::good);
  data.main.histories.back().y = {0.6};
  EXPECT_EQ(check_named(judge(data), "Cover").level, Level::bad);
}

TEST(ReportVerdict, MethodsThatDisagreeOnTheEvidenceAreFound) {
  ReportData data = converged_run();
  data.main.kind = "particles";
  data.main.log_evidence = -10, data.main.log_evidence_standard_error = 0.1;
  data.comparisons.push_back(data.main);
  data.comparisons.back().name = "nested";
  data.comparisons.back().log_evidence = -10.5;
  EXPECT_EQ(check_named(judge(data), "Evidence of other methods").level, Level::good);
  data.comparisons.back().log_evidence = -10.6;  // 4.2 standard errors of the difference
  const Check c = check_named(judge(data), "Evidence of other methods");
  EXPECT_EQ(c.level, Level::caution);
  EXPECT_NE(c.found.find("nested −10.600 ± 0.10"), std::string::npos) << c.found;
  EXPECT_NE(comparison_table(data).find("−10.600 ± 0.10"), std::string::npos);
  data.comparisons.back().is_exact = false;
  for (const Check& check : judge(data).checks) EXPECT_NE(check.what, "Evidence of other methods");
}

}  // namespace
}  // namespace aleator::campaign::report
