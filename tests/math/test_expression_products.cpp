// Sums of products become one instruction: values, gradients and tangents stay those of the formula, for arrays short and
// long, with signs, numbers that stand for all entries, and products that others need too.
#include <gtest/gtest.h>

#include <cmath>

#include "formulas.hpp"

namespace aleator::math {
namespace {

// sum_i f_i of n entries with x_i = i / n, and its derivatives by a and b, in long double.
struct Exact {
  long double value = 0, by_a = 0, by_b = 0;
};

template <typename Entry>  // entry(x, a, b) -> {value, by_a, by_b}
Exact exact_sum(int n, double a, double b, const Entry& entry) {
  Exact sum;
  for (int i = 0; i < n; ++i) {
    const Exact e = entry(static_cast<long double>(i) / n, static_cast<long double>(a), static_cast<long double>(b));
    sum.value += e.value, sum.by_a += e.by_a, sum.by_b += e.by_b;
  }
  return sum;
}

void expect_sum(const Formula& f, double a, double b, const Exact& exact, const std::string& what) {
  const Batch u = rows_of({{a, b}, {a + 1.0, b}}), y("y", 2, 1), du("du", 2, 2);
  f.evaluate_and_pullback(
      u, y,
      [](int, ConstBatch, Batch dy) {
        for (std::size_t row = 0; row < dy.extent(0); ++row) dy(row, 0) = 2.0;
      },
      du);
  const auto near = [&](double value, long double expected) {
    EXPECT_NEAR(value, static_cast<double>(expected), 1e-13 * (1.0 + std::abs(static_cast<double>(expected)))) << what;
  };
  near(y(0, 0), exact.value);
  near(du(0, 0), 2.0L * exact.by_a);
  near(du(0, 1), 2.0L * exact.by_b);
  const Batch dy("dy", 2, 1);
  f.evaluate_and_pushforward(u, rows_of({{1.0, -0.5}, {0.0, 0.0}}), y, dy);
  near(dy(0, 0), exact.by_a - 0.5L * exact.by_b);
}

TEST(SumsOfProducts, AreThoseOfTheFormulaWhateverTheLength) {
  for (const int n : {1, 3, 8, 64, 65, 256, 259, 1000}) {  // eight rows side by side to 64, then blocks of 256
    const auto of = [&](const std::string& entries) {
      return formula("sum(" + entries + ")", {"a", "b"},
                     {"x = range(" + std::to_string(n) + ") / " + std::to_string(n)});
    };
    expect_sum(of("a * x - b * (1 - x) + 3 - (b - x * a)"), 0.7, 1.3,
               exact_sum(n, 0.7, 1.3,
                         [](long double x, long double a, long double b) {
                           return Exact{a * x - b * (1 - x) + 3 - (b - x * a), 2 * x, -(1 - x) - 1};
                         }),
               "linear, " + std::to_string(n));
    expect_sum(of("exp(a * x) * exp(-b * x) - (a * b - sin(a) * x) - x"), 0.7, 1.3,
               exact_sum(n, 0.7, 1.3,
                         [](long double x, long double a, long double b) {
                           const long double e = std::exp((a - b) * x);
                           return Exact{e - (a * b - std::sin(a) * x) - x, x * e - b + std::cos(a) * x, -x * e - a};
                         }),
               "products of variables, " + std::to_string(n));
  }
}

TEST(SumsOfProducts, ProductsThatOthersNeedAreKept) {
  for (const int n : {5, 100}) {
    const Formula f = formula("sum(p + b) + sum(p * p - p)", {"a", "b"},
                              {"x = range(" + std::to_string(n) + ") / " + std::to_string(n) + "\np = a * x"});
    expect_sum(f, 0.7, 1.3,
               exact_sum(n, 0.7, 1.3,
                         [](long double x, long double a, long double b) {
                           return Exact{b + a * x * a * x, 2 * a * x * x, 1};
                         }),
               std::to_string(n));
  }
}

TEST(SumsOfProducts, WhereNothingFlowsNothingSpoilsTheGradient) {
  // At a = 0 the branch with the infinite slope is not taken.
  const Formula f = formula("sum(if(x < 2, b * x + a, 1 / a * x + b * log(a)))", {"a", "b"}, {"x = range(80) / 80"});
  const Batch u = rows_of({{0.0, 1.0}}), y("y", 1, 1), du("du", 1, 2);
  f.evaluate_and_pullback(
      u, y, [](int, ConstBatch, Batch dy) { dy(0, 0) = 1.0; }, du);
  EXPECT_EQ(du(0, 0), 80.0);
  EXPECT_NEAR(du(0, 1), 39.5, 1e-13);
}

}  // namespace
}  // namespace aleator::math
