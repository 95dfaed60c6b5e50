#include "prob/discrepancy.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "kernels/random.hpp"

namespace aleator::prob {
namespace {

kernels::Batch normals(std::int64_t step, int rows, int d) {
  kernels::Batch x("x", rows, d);
  kernels::Rng(5).normals({kernels::Purpose::test, step}, 0, x);
  return x;
}

kernels::Batch changed(const kernels::Batch& x, double factor, double shift) {
  kernels::Batch y("y", x.extent(0), x.extent(1));
  for (std::size_t row = 0; row < x.extent(0); ++row)
    for (std::size_t k = 0; k < x.extent(1); ++k) y(row, k) = factor * x(row, k) + shift;
  return y;
}

kernels::Batch column(const std::vector<double>& values) {
  kernels::Batch x("x", values.size(), 1);
  for (std::size_t i = 0; i < values.size(); ++i) x(i, 0) = values[i];
  return x;
}

TEST(SlicedWasserstein, OnTheLineIsTheDistanceOfTheQuantileFunctions) {
  EXPECT_DOUBLE_EQ(sliced_wasserstein(column({3, 1, 2}), column({2, 4, 3})), 1.0);
  // Sizes 2 and 3: |0 - 0|^2 / 3 + |0 - 3|^2 / 6 + |6 - 3|^2 / 6 + |6 - 6|^2 / 3 = 3.
  EXPECT_NEAR(sliced_wasserstein(column({0, 6}), column({0, 3, 6})), std::sqrt(3.0), 1e-14);
  EXPECT_TRUE(std::isnan(sliced_wasserstein(column({}), column({1}))));
}

TEST(SlicedWasserstein, OfAShiftAndAScalingIsExactOnAverageOverDirections) {
  // A shift by m: E (theta.m)^2 = |m|^2 / d; var (theta.m)^2 = |m|^4 2 (d - 1) / (d^2 (d + 2)). Four standard errors.
  const int d = 4, projections = 4000;
  const kernels::Batch x = normals(1, 500, d);
  const double m = 0.7 * 0.7 * d, error = m * std::sqrt(2.0 * (d - 1) / (d * d * (d + 2.0)) / projections);
  EXPECT_NEAR(std::pow(sliced_wasserstein(x, changed(x, 1.0, 0.7), projections), 2), m / d, 4 * error);
  double squares = 0.0;
  for (std::size_t i = 0; i < x.size(); ++i) squares += x.data()[i] * x.data()[i];
  const double scaled = std::pow(sliced_wasserstein(x, changed(x, 1.5, 0.0), projections), 2);
  EXPECT_NEAR(scaled, 0.25 * squares / (500.0 * d), 0.01 * scaled);  // directions differ by the cloud's anisotropy only
  EXPECT_EQ(sliced_wasserstein(x, x), 0.0);
}

TEST(SteinDiscrepancy, OfOnePointIsTheKernelOnTheDiagonal) {
  // k_0(x, x) = |s|^2 + d
  kernels::Batch x("x", 1, 2), s("s", 1, 2);
  s(0, 0) = 3.0, s(0, 1) = -4.0;
  EXPECT_DOUBLE_EQ(stein_discrepancy(x, s).value, std::sqrt(27.0));
}

TEST(SteinDiscrepancy, OfAShiftedGaussianIsKnown) {
  // Draws of N(m, I), score of N(0, I): KSD^2 = |m|^2 E (1 + |r|^2)^(-1/2), r ~ N(0, 2 I); in two dimensions |r|^2 / 4 is
  // exponential and the expectation is (sqrt(pi) / 2) exp(1/4) erfc(1/2) = 0.545641. The diagonal adds (|s|^2 + 2) / n.
  const int n = 1500;
  const kernels::Batch x = changed(normals(2, n, 2), 1.0, 0.8);
  const SteinDiscrepancy k = stein_discrepancy(x, changed(x, -1.0, 0.0), 99);
  const double exact = 2 * 0.64 * 0.5 * std::sqrt(M_PI) * std::exp(0.25) * std::erfc(0.5),
               diagonal = (2 + 2 * 0.64 + 2) / n;
  EXPECT_NEAR(k.value * k.value, exact + diagonal, 0.06);  // four standard errors: sd of the projection about 0.55
  EXPECT_EQ(k.p_value, 0.01);
}

TEST(SteinDiscrepancy, ItsSpreadIsTheVarianceInUnitsOfTheDensitys) {
  // Draws of N(0.8, sd^2 I), score of N(0, I): the mean of x cancels.
  for (const double sd : {1.0, 0.1, 1e4}) {
    const kernels::Batch x = changed(normals(3, 1500, 2), sd, 0.8);
    const SteinDiscrepancy k = stein_discrepancy(x, changed(x, -1.0, 0.0), 9);
    EXPECT_NEAR(k.spread, sd * sd, 4.0 * k.spread_error);
    EXPECT_NEAR(k.typical_spread, sd * sd * std::log(2.0), 0.1 * sd * sd);  // the median of an exponential law
    EXPECT_NEAR(k.spread_error, sd * sd * std::sqrt(1.0 / 1500), 0.1 * k.spread_error);
  }
}

TEST(SteinDiscrepancy, PValueIsUniformForIndependentDrawsOfTheDensity) {
  const int problems = 200;
  double mean = 0.0, small = 0.0;
  for (int i = 0; i < problems; ++i) {
    const kernels::Batch x = normals(100 + i, 60, 3);
    const SteinDiscrepancy k = stein_discrepancy(x, changed(x, -1.0, 0.0), 99);
    mean += k.p_value / problems, small += k.p_value <= 0.1 ? 1.0 / problems : 0.0;
  }
  EXPECT_NEAR(mean, 0.5,
              4 * 0.2887 / std::sqrt(problems));  // a false alarm in 16 000; the bootstrap's bias is below that
  EXPECT_NEAR(small, 0.1, 4 * std::sqrt(0.09 / problems));
}

}  // namespace
}  // namespace aleator::prob
