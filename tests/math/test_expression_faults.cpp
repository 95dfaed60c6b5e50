// Faults in formulas: found at their character, with what to do.
#include <gtest/gtest.h>

#include <limits>

#include "formulas.hpp"

namespace aleator::math {
namespace {

TEST(Formula, FaultsAreFoundAtTheirCharacter) {
  const std::string deep = std::string(20000, '-') + "a";
  struct Fault {
    const char* text;
    std::size_t at;
    const char* words;
  };
  for (const Fault& fault : {Fault{"a + * b", 4, "'*' stands where"},
                             Fault{"a + (b", 6, "the formula ends where ')'"},
                             Fault{"a + c", 4, "unknown name 'c'"},
                             Fault{"a + expp(b)", 4, "unknown function 'expp'"},
                             Fault{"a + $", 4, "the character '$'"},
                             Fault{"normal_lpdf([a, b], [1, 2, 3], 1)", 0, "in normal_lpdfs: '-' of arrays"},
                             Fault{"exp(a, b)", 0, "exp takes 1 argument, not 2"},
                             Fault{"1 + [a, b] * [1, 2, 3]", 11, "arrays of 2 and 3 entries"},
                             Fault{"[a, b][2]", 7, "there is no entry 2"},
                             Fault{"[a, b][a]", 7, "known beforehand"},
                             Fault{"[a, b][1:1]", 6, "holds no entries"},
                             Fault{"exp", 0, "is a function"},
                             Fault{"a b", 2, "'b' stands where an operator"},
                             Fault{"cholesky([a, b, a])", 9, "3 entries are no square matrix"},
                             Fault{"cholesky([1, 2, 2, 1])", 9, "not positive definite"},
                             Fault{"cholesky([1, 0.5, 0.4, 1])", 9, "not symmetric"},
                             Fault{"0 < a < 1", 6, "do not chain"},
                             Fault{"multi_normal_lpdf([a, b], 0, [1, 0.5, 0.4, 1])", 29, "not symmetric"},
                             Fault{"interp(a, [0, 2, 1], [1, 2, 3])", 10, "do not rise"},
                             Fault{"a(2)", 0, "'a' is no function"},
                             Fault{"", 0, "the formula ends"},
                             Fault{deep.c_str(), 1000, "nested more than 1000 levels"}})
    try {
      formula(fault.text);
      ADD_FAILURE() << fault.text;
    } catch (const FormulaError& error) {
      EXPECT_EQ(error.at, fault.at) << fault.text;
      EXPECT_NE(std::string(error.what()).find(fault.words), std::string::npos) << fault.text << ": " << error.what();
    }
}

TEST(Formula, UnknownNamesGetASuggestion) {
  try {
    formula("sgma + 1", {"sigma", "b"});
    FAIL();
  } catch (const FormulaError& error) {
    EXPECT_EQ(error.hint, "did you mean 'sigma'?");
  }
}

TEST(Formula, DefinitionsAreReadLineByLineAndTakenNamesRefused) {
  EXPECT_EQ(value_at(formula("d", {"a", "b"}, {"c = a + (b\n + 1)  # goes on\n\nd = c * 2"}), {1.0, 2.0}), 8.0);
  for (const char* const text : {"a = 1", "pi = 2", "exp(x) = 2", "c = 1\nc = 2", "c 1"})
    EXPECT_THROW(formula("a", {"a", "b"}, {text}), FormulaError) << text;
}

TEST(Formula, MissingEntriesAreRefusedUnlessTheyAreCutOut) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const std::vector<NamedArray> data = {{"y", 3, {2.0, nan, 4.0}}};
  try {
    Formula({{"a"}, data, {}, {"normal_lpdf(y, a, 1)"}});
    FAIL();
  } catch (const FormulaError& error) {
    EXPECT_NE(std::string(error.what()).find("entry 1 of an operand"), std::string::npos) << error.what();
  }
  EXPECT_EQ(value_at(Formula({{"a"}, data, {}, {"sum(y[where(!is_missing(y))] - a)"}}), {1.0}), 4.0);
}

TEST(Formula, LawsOfCountsRefuseFractions) {
  const std::vector<NamedArray> data = {{"k", 3, {2.0, 3.5, 0.0}}, {"y", 3, {2.0, 3.0, 0.0}}};
  for (const char* const law :
       {"poisson_lpmf(k, a)", "sum(neg_binomial_log_lpmfs(k, a, 2))", "binomial_lpmf(1.5, 3, a)"})
    try {
      Formula({{"a"}, data, {}, {law}});
      ADD_FAILURE() << law;
    } catch (const FormulaError& error) {
      EXPECT_NE(std::string(error.what()).find(", no whole number"), std::string::npos) << error.what();
    }
  EXPECT_NEAR(value_at(Formula({{"a"}, data, {}, {"poisson_lpmf(y, a)"}}), {1.0}), -3.0 - std::log(12.0), 1e-12);
}

}  // namespace
}  // namespace aleator::math
