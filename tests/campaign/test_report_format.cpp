#include "campaign/report/format.hpp"
#include "campaign/report/verdict.hpp"

#include <gtest/gtest.h>

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

TEST(ReportVerdict, WhatTheErrorOfAnEvidenceDoesNotKnowIsSaid) {
  ReportData data;
  data.main.kind = "particles";
  data.main.log_evidence = -10, data.main.log_evidence_standard_error = 0.1;
  data.main.histories = {{"log_unseen_mass", {0, 1}, {-7.0, -35.2}}, {"correlation", {0, 1}, {0.29, 0.02}}};
  Check c = judge(data).checks.front();
  EXPECT_EQ(c.what, "Log evidence");
  EXPECT_EQ(c.level, Level::good);
  EXPECT_NE(c.found.find("less than e^-35 of the prior mass"), std::string::npos) << c.found;
  EXPECT_EQ(c.found.find("remembered"), std::string::npos);
  data.main.histories[1].y[0] = 0.31;
  c = judge(data).checks.front();
  EXPECT_EQ(c.level, Level::caution);
  EXPECT_NE(c.found.find("(correlation 0.31)"), std::string::npos) << c.found;
}

}  // namespace
}  // namespace aleator::campaign::report
