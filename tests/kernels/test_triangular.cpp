#include "kernels/triangular.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include "kernels/gaussian_step.hpp"
#include "kernels/random.hpp"

namespace aleator::kernels {
namespace {

// d x d; NaN above the diagonal, which must not be read.
std::vector<double> lower_factor(int d) {
  std::vector<double> lower(static_cast<std::size_t>(d) * d, std::numeric_limits<double>::quiet_NaN());
  for (int i = 0; i < d; ++i)
    for (int k = 0; k <= i; ++k) lower[static_cast<std::size_t>(i * d + k)] = std::sin(1.0 + 3.0 * i + 7.0 * k);
  return lower;
}

Batch samples(int rows, int d) {
  Batch x("x", rows, d);
  Rng(11).normals({Purpose::test}, 0, x);
  return x;
}

void multiply_lower_transposed(const double* lower, const ConstBatch& x, const Batch& y) {
  kernels::multiply_lower_transposed(
      lower, static_cast<int>(x.extent(0)), static_cast<int>(x.extent(1)), [=](int row, int k) { return x(row, k); },
      [=](int row, int k, double value) { y(row, k) = value; });
}

TEST(Triangular, AgreesWithPlainLoops) {
  for (const int d : {1, 2, 3, 4, 5, 8, 11, 16})
    for (const int rows : {1, 7, 8, 9, 19}) {
      const std::vector<double> lower = lower_factor(d);
      const Batch x = samples(rows, d), y("y", rows, d), yt("yt", rows, d);
      multiply_lower(lower.data(), x, y);
      multiply_lower_transposed(lower.data(), x, yt);
      for (int row = 0; row < rows; ++row)
        for (int i = 0; i < d; ++i) {
          double sum = 0.0, transposed = 0.0;
          for (int k = 0; k <= i; ++k) sum += lower[static_cast<std::size_t>(i * d + k)] * x(row, k);
          for (int k = i; k < d; ++k) transposed += lower[static_cast<std::size_t>(k * d + i)] * x(row, k);
          EXPECT_NEAR(y(row, i), sum, 1e-13) << d << " " << rows;  // d terms below 5, each rounded
          EXPECT_NEAR(yt(row, i), transposed, 1e-13) << d << " " << rows;
        }
    }
}

TEST(Triangular, BitsOfARowDoNotDependOnItsPlaceInTheBatch) {
  const int d = 13, rows = 21;
  const std::vector<double> lower = lower_factor(d);
  const Batch x = samples(rows, d), y("y", rows, d), yt("yt", rows, d), one("one", 1, d);
  multiply_lower(lower.data(), x, y);
  multiply_lower_transposed(lower.data(), x, yt);
  for (int row = 0; row < rows; ++row) {
    const Batch alone = Kokkos::subview(x, Kokkos::make_pair(row, row + 1), Kokkos::ALL);
    multiply_lower(lower.data(), alone, one);
    EXPECT_EQ(std::memcmp(&one(0, 0), &y(row, 0), d * sizeof(double)), 0);
    multiply_lower_transposed(lower.data(), alone, one);
    EXPECT_EQ(std::memcmp(&one(0, 0), &yt(row, 0), d * sizeof(double)), 0);
  }
}

TEST(Triangular, MayWriteOverItsArgument) {
  const int d = 6, rows = 11;
  const std::vector<double> lower = lower_factor(d);
  const Batch x = samples(rows, d), y("y", rows, d);
  multiply_lower(lower.data(), x, y);
  const Batch over = samples(rows, d);
  multiply_lower(lower.data(), over, over);
  EXPECT_EQ(std::memcmp(over.data(), y.data(), y.size() * sizeof(double)), 0);
  multiply_lower_transposed(lower.data(), x, y);
  const Batch again = samples(rows, d);
  multiply_lower_transposed(lower.data(), again, again);
  EXPECT_EQ(std::memcmp(again.data(), y.data(), y.size() * sizeof(double)), 0);
}

TEST(Triangular, ARowWithNanStaysAlone) {
  const int d = 5, rows = 8;
  const std::vector<double> lower = lower_factor(d);
  const Batch x = samples(rows, d), y("y", rows, d);
  x(3, 0) = std::numeric_limits<double>::quiet_NaN();
  multiply_lower(lower.data(), x, y);
  for (int row = 0; row < rows; ++row)
    for (int k = 0; k < d; ++k) EXPECT_EQ(std::isnan(y(row, k)), row == 3);
}

TEST(GaussianSteps, HaveTheBitsOfNormalsAndProduct) {
  const Rng rng(3);
  const Stream stream{Purpose::proposal, 5};
  for (const int d : {1, 2, 3, 4, 7, 16})
    for (const int rows : {1, 5, 16, 33, 70, 600})
      for (const bool has_factor : {true, false}) {
        const std::vector<double> lower = lower_factor(d);
        const double* const factor = has_factor ? lower.data() : nullptr;
        const Batch x = samples(rows, d), y("y", rows, d), xi("xi", rows, d), expected("expected", rows, d);
        rng.normals(stream, 9, xi);
        multiply_lower(
            factor, rows, d, [=](int row, int k) { return xi(row, k); },
            [=](int row, int k, double step) { expected(row, k) = x(row, k) + 0.3 * step; });
        gaussian_steps(rng, stream, 9, {factor, 0.3}, x, y);
        EXPECT_EQ(std::memcmp(y.data(), expected.data(), y.size() * sizeof(double)), 0) << d << " " << rows;
      }
}

}  // namespace
}  // namespace aleator::kernels
