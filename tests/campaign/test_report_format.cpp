#include "campaign/report/format.hpp"
#include "campaign/report/verdict.hpp"

#include <gtest/gtest.h>

#include <limits>

#include "campaign/report/selection.hpp"
#include "core/markup.hpp"

namespace aleator::campaign::report {
namespace {

TEST(ReportFormat, NumbersReadAsInPrint) {
  EXPECT_EQ(number(undefined), "–");
  EXPECT_EQ(number(0.0123456), "0.0123");
  EXPECT_EQ(number(-2.5), "−2.50");
  EXPECT_EQ(number(12345.6), "12\u202f300");
  EXPECT_EQ(number(9.996), "10.0");
  EXPECT_EQ(number(1.2345e-7), "1.23×10⁻⁷");
  EXPECT_EQ(count(1234567), "1\u202f234\u202f567");
  EXPECT_EQ(count(undefined), "–");
  EXPECT_EQ(duration(200), "3 min 20 s");
  EXPECT_EQ(duration(7500), "2 h 5 min");
  EXPECT_EQ(core::escape_markup("<a href=\"x\">&'"), "&lt;a href=&quot;x&quot;&gt;&amp;&#39;");
}

TEST(ReportFormat, LongNamesKeepTheirBeginningAndTheirEnd) {
  EXPECT_EQ(short_name("theta[12]", 9), "theta[12]");
  EXPECT_EQ(short_name("conductivity[12]", 10), "conduc…12]");
  EXPECT_EQ(short_name("σσσσσσσσ", 4), "σσ…σ");
}

Check named(const ReportData& data, const std::string& what) {
  for (const Check& check : judge(data).checks)
    if (check.what == what) return check;
  ADD_FAILURE() << "no check " << what;
  return {};
}

TEST(ReportVerdict, WhatTheErrorOfAnEvidenceDoesNotKnowIsSaid) {
  ReportData data;
  data.main.kind = "particles", data.main.chains = 1, data.main.draws = 1000;
  data.main.log_evidence = -10, data.main.log_evidence_standard_error = 0.1;
  data.main.histories = {{"log_unseen_mass", {0, 1}, {-7.0, -35.2}}, {"worst_correlation", {0, 1}, {0.09, 0.02}}};
  const Check evidence = named(data, "Log evidence");
  EXPECT_EQ(evidence.level, Level::good);
  EXPECT_NE(evidence.found.find("less than e^-35 of the prior mass"), std::string::npos) << evidence.found;
  EXPECT_EQ(named(data, "Forgetting").level, Level::good);
  data.main.histories.push_back({"refusing", {0, 1}, {0.2, 0.004}});
  EXPECT_EQ(named(data, "Moves").level, Level::good);
  data.main.histories.back().y[1] = 0.03;
  EXPECT_EQ(named(data, "Moves").level, Level::caution);
  EXPECT_EQ(named(data, "Log evidence").level, Level::caution);
  data.main.histories.pop_back();
  data.main.histories[1].y[0] = 0.31;
  const Check memory = named(data, "Forgetting");
  EXPECT_EQ(memory.level, Level::caution);
  EXPECT_NE(memory.found.find("0.31"), std::string::npos) << memory.found;
  data.main.draws = 100;  // each known to 0.1: 0.31 may be chance
  EXPECT_EQ(named(data, "Forgetting").level, Level::good);
  data.main.histories[1].y[0] = 0.7;
  EXPECT_EQ(named(data, "Forgetting").level, Level::bad);
  data.main.histories.push_back({"log_likelihood_correlation", {0, 1}, {0.05, 0.02}});  // modes, in which all move
  EXPECT_EQ(named(data, "Forgetting").level, Level::caution);
  data.main.histories.back().y[0] = 0.5;  // above the noise of 100 pairs: as where modes have different heights
  EXPECT_EQ(named(data, "Forgetting").level, Level::caution);
  data.main.histories.back().y[0] = 0.65;  // nothing has been forgotten
  EXPECT_EQ(named(data, "Forgetting").level, Level::bad);
  data.main.histories.push_back({"chains", {0, 1}, {100, 100}});  // of one state each: all moved until they forgot
  EXPECT_EQ(named(data, "Forgetting").level, Level::bad);
  data.main.draws = 4000;
  data.main.histories.back().y = {1000, 400};  // each to 0.05; short chains are left to their ancestors
  EXPECT_EQ(named(data, "Forgetting").level, Level::caution);
  data.main.histories[1].y[0] = 0.19;
  EXPECT_EQ(named(data, "Forgetting").level, Level::good);
}

TEST(ReportVerdict, PointsThatKeepTheirLikelihoodsAreFound) {
  ReportData data;
  data.main.kind = "particles", data.main.chains = 1, data.main.draws = 1000;
  const double none = std::numeric_limits<double>::quiet_NaN();
  data.main.histories = {{"correlation", {0, 1, 2, 3}, {0.02, 0.4, 0.03, none}}};
  EXPECT_EQ(named(data, "Forgetting").level, Level::good);
  data.main.histories[0].y = {0.14, 0.4, 0.03, none};
  EXPECT_EQ(named(data, "Forgetting").level, Level::caution);
}

TEST(ReportVerdict, TrajectoriesThatDivergedAreCounted) {
  ReportData data;
  data.main.kind = "chains", data.main.chains = 4, data.main.draws = 1000;
  data.main.histories = {{"divergences", {0, 1}, {0.0, 0.0}}};
  EXPECT_EQ(named(data, "Divergences").level, Level::good);
  data.main.histories[0].y[1] = 1.0;
  EXPECT_EQ(named(data, "Divergences").level, Level::caution);
  data.main.histories[0].y[1] = 41.0;
  EXPECT_EQ(named(data, "Divergences").level, Level::bad);
}

TEST(ReportVerdict, TrajectoriesThatMaxDepthEndsAreNamed) {
  ReportData data;
  data.main.kind = "chains", data.main.chains = 4, data.main.draws = 1000;
  data.main.histories = {{"cut_short", {0, 1}, {0.0, 3999.0}}};
  EXPECT_EQ(named(data, "Trajectories").level, Level::caution);
  EXPECT_EQ(named(data, "Trajectories").found, "100.0 % were as long as max_depth allows");
}

TEST(ReportVerdict, ParticlesOfFewAncestorsAreFound) {
  ReportData data;
  data.main.kind = "particles", data.main.chains = 1, data.main.draws = 1000;
  data.main.ancestors = 11.0;
  EXPECT_EQ(named(data, "Ancestors").level, Level::caution);
  data.main.ancestors = 1.4;
  EXPECT_EQ(named(data, "Ancestors").level, Level::bad);
  data.main.log_evidence = -3.0, data.main.log_evidence_standard_error = 0.1;
  EXPECT_EQ(named(data, "Log evidence").level, Level::unknown);
}

TEST(ReportVerdict, ExactMethodsWhoseMeansDifferAreFound) {
  ReportData data;
  const auto method = [](const char* name, double mean, double rhat) {
    MethodRun run;
    run.name = name, run.kind = "chains", run.chains = 4, run.draws = 1000;
    run.parameters = {{"a", 1.0, 1.0, 0.03, 1000, 1000, rhat, 0, 0, 0},
                      {"b", mean, 1.0, 0.03, 1000, 1000, rhat, 0, 0, 0}};
    return run;
  };
  data.main = method("nuts", 0.0, 1.0);
  data.comparisons = {method("smc", 0.2, 1.0)};
  EXPECT_EQ(named(data, "Means of other methods").level, Level::good);
  data.comparisons.push_back(method("walk", 0.3, 1.0));  // 7.1 errors
  const Check c = named(data, "Means of other methods");
  EXPECT_EQ(c.level, Level::caution);
  EXPECT_NE(c.found.find("walk: furthest apart"), std::string::npos) << c.found;
  data.comparisons.back() = method("walk", 0.3, 1.2);  // has not converged, and says so itself
  EXPECT_EQ(named(data, "Means of other methods").level, Level::good);
}

TEST(ReportVerdict, DataThatParametersFollowDoNotOverstateTheNoise) {
  ReportData data;
  data.posterior_prediction.draws = 200, data.posterior_prediction.p_value = 1.0;
  data.posterior_prediction.p_value_log_likelihood = 0.44;
  EXPECT_EQ(named(data, "Data").advice.find("overstated"), std::string::npos);
  data.posterior_prediction.p_value_log_likelihood = 0.995;
  EXPECT_NE(named(data, "Data").advice.find("overstated"), std::string::npos);
}

}  // namespace
}  // namespace aleator::campaign::report
