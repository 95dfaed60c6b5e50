#include "deck/diagnostics.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace aleator::deck {
namespace {

using testing::HasSubstr;

std::string shown_at(const std::string& text, int line, int column, const std::string& hint = {}) {
  Diagnostics diagnostics;
  diagnostics.add_source("deck", text);
  diagnostics.error({"deck", line, column}, "wrong", hint);
  return diagnostics.text();
}

TEST(Diagnostics, TheCaretStandsBelowTheColumn) {
  EXPECT_EQ(shown_at("a = 1\n", 1, 5, "why"), "deck:1:5: error: wrong\n    1 | a = 1\n      |     ^ why\n");
  EXPECT_EQ(shown_at("a = 1\n", 1, 1), "deck:1:1: error: wrong\n    1 | a = 1\n      | ^\n");
}

TEST(Diagnostics, TabsKeepTheCaretAligned) {
  EXPECT_EQ(shown_at("\ta\t= 1\n", 1, 6), "deck:1:6: error: wrong\n    1 | \ta\t= 1\n      | \t \t  ^\n");
}

TEST(Diagnostics, CharactersOfSeveralBytesCountOnce) {
  EXPECT_EQ(shown_at("\"ß∇\" = 1\n", 1, 8), "deck:1:8: error: wrong\n    1 | \"ß∇\" = 1\n      |        ^\n");
}

TEST(Diagnostics, CarriageReturnsAreNotPrinted) {
  EXPECT_THAT(shown_at("a = 1\r\nb = 2\r\n", 1, 5), testing::Not(HasSubstr("\r")));
}

TEST(Diagnostics, OfALongLineTheSurroundingsAreShown) {
  const std::string text = shown_at("x = [" + std::string(5000, '1') + "]\n", 1, 3000);
  EXPECT_LT(text.size(), 500U);
  const std::size_t bar = text.find("| …"), caret = text.find('^');
  ASSERT_NE(bar, std::string::npos);
  const std::size_t caret_line = text.rfind('\n', caret) + 1;
  const std::size_t quoted_line = text.rfind('\n', bar) + 1;
  // "…" has three bytes and one column: the caret's column is that of letter 80 of the window
  EXPECT_EQ(caret - caret_line, bar - quoted_line + 2 + 1 + 80);
}

TEST(Diagnostics, APlaceBehindTheTextIsShownWithoutALine) {
  EXPECT_EQ(shown_at("a = [\n", 7, 1, "why"), "deck:7:1: error: wrong\n      why\n");
}

TEST(Diagnostics, FaultsComeInTheOrderOfTheText) {
  Diagnostics diagnostics;
  diagnostics.error({"deck", 9, 1}, "third");
  diagnostics.error({"deck", 2, 8}, "second");
  diagnostics.error({"deck", 2, 3}, "first");
  EXPECT_EQ(diagnostics.text(), "deck:2:3: error: first\ndeck:2:8: error: second\ndeck:9:1: error: third\n");
}

TEST(Diagnostics, TheLastLineCountsTheErrors) {
  Diagnostics diagnostics;
  EXPECT_NO_THROW(diagnostics.throw_if_any());
  diagnostics.error({"--set a.b=1", 0, 0}, "one");
  diagnostics.error({"--set a.b=1", 0, 0}, "two");
  try {
    diagnostics.throw_if_any();
    FAIL() << "nothing thrown";
  } catch (const ReportedError& error) {
    EXPECT_STREQ(error.what(), "--set a.b=1: error: one\n--set a.b=1: error: two\n2 errors; nothing was run.");
  }
}

TEST(DidYouMean, FindsTheNearestKey) {
  const std::vector<std::string> keys{"type", "draws", "warm_up", "max_iterations", "mean", "mean_log", "sd", "sd_log"};
  EXPECT_EQ(did_you_mean("drawz", keys), "did you mean 'draws'?");
  EXPECT_EQ(did_you_mean("darws", keys), "did you mean 'draws'?");
  EXPECT_EQ(did_you_mean("max_iteration", keys), "did you mean 'max_iterations'?");
  EXPECT_EQ(did_you_mean("iterations", keys), "did you mean 'max_iterations'?");
  EXPECT_EQ(did_you_mean("MaxIterations", keys), "did you mean 'max_iterations'?");
  EXPECT_EQ(did_you_mean("warm-up", keys), "did you mean 'warm_up'?");
  EXPECT_EQ(did_you_mean("meen", keys), "did you mean 'mean'?");
}

TEST(DidYouMean, IsSilentWhenNothingIsNear) {
  const std::vector<std::string> keys{"type", "draws", "sd", "mean"};
  EXPECT_EQ(did_you_mean("covariance", keys), "");
  EXPECT_EQ(did_you_mean("x", keys), "");   // any two-letter key is two steps away
  EXPECT_EQ(did_you_mean("x", {"y"}), "");  // every letter would change
  EXPECT_EQ(did_you_mean("nu", keys), "");
  EXPECT_EQ(did_you_mean("", keys), "");
}

TEST(DidYouMean, ComparesTheLastPartOfAComponentsName) {
  const std::vector<std::string> names{"sampler/random_walk", "sampler/pcn", "sampler/eki"};
  EXPECT_EQ(did_you_mean("pnc", names), "did you mean 'sampler/pcn'?");
  EXPECT_EQ(did_you_mean("eki", names), "did you mean 'sampler/eki'?");
  EXPECT_EQ(did_you_mean("sampler/randomwalk", names), "did you mean 'sampler/random_walk'?");
  EXPECT_EQ(did_you_mean("samplr/pcn", names), "did you mean 'sampler/pcn'?");
  EXPECT_EQ(did_you_mean("sampler/guess", names), "");  // the common folder is no likeness
}

}  // namespace
}  // namespace aleator::deck
