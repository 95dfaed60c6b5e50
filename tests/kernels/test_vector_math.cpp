#include "kernels/vector_math.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <vector>

#include "kernels/elementary.hpp"

namespace aleator::kernels {
namespace {

constexpr int count = vector_lanes * ManyDoubles::size;

double lane(const ManyDoubles& x, int i) { return x.v[i / vector_lanes][i % vector_lanes]; }

// `from` to `to` in equal steps or equal ratios, a bundle at a time.
template <typename Check>
void for_each_bundle(const std::vector<double>& points, const Check& check) {
  for (std::size_t first = 0; first + count <= points.size(); first += count) {
    ManyDoubles x;
    std::memcpy(&x, &points[first], sizeof x);
    check(x, &points[first]);
  }
}

std::vector<double> equal_steps(double from, double to, int n) {
  std::vector<double> points;
  for (int i = 0; i < n; ++i) points.push_back(from + (to - from) * i / (n - 1));
  return points;
}

double ulp(double x) { return std::nextafter(std::abs(x), INFINITY) - std::abs(x); }

// The formulas of the header one number at a time with std::fma: what every width of registers must give, to the bit.
double slow_minus_two_log(double u) {
  constexpr std::uint64_t root_half = 0x3FE6A09E667F3BCDull, one = 0x3FF0000000000000ull, fraction = (1ull << 52) - 1;
  std::uint64_t bits = 0;
  std::memcpy(&bits, &u, 8);
  const std::uint64_t shifted = bits + (one - root_half), mantissa = (shifted & fraction) + root_half;
  double m = 0.0;
  std::memcpy(&m, &mantissa, 8);
  const double e = static_cast<double>(shifted >> 52) - 1023.0;
  volatile double s = (m - 1.0) / (m + 1.0), z = s * s;
  double p = -0.2961942072131055;
  for (const double c : {-0.3062505629672838, -0.36367263360458657, -0.44444394113452096, -0.5714285752128336,
                         -0.7999999999860468, -1.333333333333353, -4.0})
    p = std::fma(p, z, c);
  volatile double product = s * p;
  return std::fma(e, -1.3862943611198906, product);
}

// f of the points, and each one's distance from the exact value in units in the last place.
template <typename F, typename Exact>
void expect_within(double ulps, const std::vector<double>& points, const F& f, const Exact& exact_of) {
  std::vector<double> y(points.size());
  f(points.data(), static_cast<std::int64_t>(points.size()), y.data());
  for (std::size_t i = 0; i < points.size(); ++i) {
    const double exact = static_cast<double>(exact_of(static_cast<long double>(points[i])));
    EXPECT_LE(std::abs(y[i] - exact), ulps * ulp(exact)) << points[i];
  }
}

// f at the ends of its range: equal, or NaN both.
template <typename F>
void expect_ends(const F& f, const std::vector<std::pair<double, double>>& ends) {
  for (const auto& [x, expected] : ends) {
    double y = 7.0;
    f(&x, 1, &y);
    if (std::isnan(expected))
      EXPECT_TRUE(std::isnan(y)) << x;
    else
      EXPECT_EQ(y, expected) << x;
  }
}

std::vector<double> many_sizes(double sign) {
  std::vector<double> points;
  for (double x = 1e-300; x < 1e300; x *= 1.013) points.push_back(sign * x);
  return points;
}

TEST(VectorMath, ExponentialIsWithinOneUlp) {
  expect_within(1.0, equal_steps(-745.5, 709.7, 200000), exponentials, [](long double x) { return std::exp(x); });
  expect_ends(exponentials, {{0.0, 1.0},
                             {-0.0, 1.0},
                             {-746.0, 0.0},
                             {-INFINITY, 0.0},
                             {709.8, INFINITY},
                             {1e300, INFINITY},
                             {INFINITY, INFINITY},
                             {NAN, NAN}});
  for (const int numbers : {1, 3, 8, 37}) {  // a number does not feel its place
    std::vector<double> x(static_cast<std::size_t>(numbers), -INFINITY), y(x.size(), 7.0);
    x.back() = -1.25;
    exponentials(x.data(), numbers, y.data());
    EXPECT_NEAR(y.back(), std::exp(-1.25), ulp(0.3));
    for (int i = 0; i + 1 < numbers; ++i) EXPECT_EQ(y[static_cast<std::size_t>(i)], 0.0);
  }
}

TEST(VectorMath, LogarithmsAreWithinThreeUlps) {
  expect_within(3.0, many_sizes(1.0), logarithms, [](long double x) { return std::log(x); });
  expect_within(3.0, equal_steps(0.5, 2.0, 100000), logarithms, [](long double x) { return std::log(x); });
  expect_ends(logarithms, {{1.0, 0.0},
                           {0.0, -INFINITY},
                           {-0.0, -INFINITY},
                           {-1e-310, NAN},
                           {INFINITY, INFINITY},
                           {NAN, NAN},
                           {4.9406564584124654e-324, -744.44007192138127}});
  expect_within(3.0, many_sizes(1.0), logarithms_of_one_plus, [](long double x) { return std::log1p(x); });
  expect_within(3.0, equal_steps(-0.999999, 1.5, 100000), logarithms_of_one_plus,
                [](long double x) { return std::log1p(x); });
  expect_ends(logarithms_of_one_plus, {{0.0, 0.0}, {-1.0, -INFINITY}, {-1.5, NAN}, {INFINITY, INFINITY}, {NAN, NAN}});
}

TEST(VectorMath, SoftplusAndLogisticAreWithinThreeUlps) {
  const std::vector<double> points = equal_steps(-744.0, 744.0, 200000), middle = equal_steps(-3.0, 3.0, 100000);
  const auto softplus_of = [](long double x) { return x > 0 ? x + std::log1p(std::exp(-x)) : std::log1p(std::exp(x)); };
  const auto logistic_of = [](long double x) { return 1 / (1 + std::exp(-x)); };
  for (const std::vector<double>* at : {&points, &middle}) {
    expect_within(3.0, *at, softplus, softplus_of);
    expect_within(3.0, *at, logistic, logistic_of);
  }
  expect_ends(softplus, {{-INFINITY, 0.0}, {INFINITY, INFINITY}, {1e300, 1e300}, {NAN, NAN}});
  expect_ends(logistic, {{-INFINITY, 0.0}, {INFINITY, 1.0}, {0.0, 0.5}, {NAN, NAN}});
}

TEST(VectorMath, LogarithmIsWithinTwoUlps) {
  std::vector<double> points = equal_steps(1e-6, 1.0, 100000);
  for (double u = 1.0; u > 1e-300; u *= 0.97) points.push_back(u), points.push_back(1.0 - 0.5 * u);
  for_each_bundle(points, [](const ManyDoubles& u, const double* at) {
    const ManyDoubles y = minus_two_log(u);
    for (int i = 0; i < count; ++i) {
      const double exact = static_cast<double>(-2.0L * std::log(static_cast<long double>(at[i])));
      EXPECT_LE(std::abs(lane(y, i) - exact), 2.0 * ulp(exact)) << at[i];
    }
  });
}

TEST(VectorMath, LogarithmOfOneIsZero) {
  const ManyDoubles y = minus_two_log(as_doubles(ManyWords{} | 0x3FF0000000000000ull));
  for (int i = 0; i < count; ++i) EXPECT_EQ(lane(y, i), 0.0);
}

TEST(VectorMath, CosineAndSineAreWithinAnUlp) {
  for_each_bundle(equal_steps(-0.5, 0.5, 64000), [](const ManyDoubles& w, const double* at) {
    const CosineSine turn = quarter_turn(w);
    for (int i = 0; i < count; ++i) {
      const long double angle = 0.5L * M_PIl * at[i];
      EXPECT_LE(std::abs(lane(turn.cosine, i) - static_cast<double>(std::cos(angle))), ulp(lane(turn.cosine, i)))
          << at[i];
      EXPECT_LE(std::abs(lane(turn.sine, i) - static_cast<double>(std::sin(angle))), 1.5 * ulp(lane(turn.sine, i)))
          << at[i];
    }
  });
}

TEST(VectorMath, LanesHaveTheBitsOfFusedArithmeticOneNumberAtATime) {
  for_each_bundle(equal_steps(1e-9, 1.0, 6400), [](const ManyDoubles& u, const double* at) {
    const ManyDoubles y = minus_two_log(u), root = square_root(u);
    for (int i = 0; i < count; ++i) {
      EXPECT_EQ(lane(y, i), slow_minus_two_log(at[i])) << at[i];
      EXPECT_EQ(lane(root, i), std::sqrt(at[i]));
    }
  });
}

TEST(VectorMath, SelectsByAnyBitOfAMask) {
  ManyWords bits{};
  bits.v[1][3] = 4, bits.v[2][0] = 8;
  const ManyDoubles a = as_doubles(ManyWords{}) + 1.0, b = as_doubles(ManyWords{}) + 2.0,
                    chosen = select(bits, 4, a, b);
  for (int i = 0; i < count; ++i) EXPECT_EQ(lane(chosen, i), i == vector_lanes + 3 ? 1.0 : 2.0);
}

}  // namespace
}  // namespace aleator::kernels
