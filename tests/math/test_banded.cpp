#include "math/banded.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <utility>
#include <vector>

namespace aleator::math {
namespace {

// Not symmetric, the diagonal larger than the rest of its row: growth of at most 2 without exchanges.
double entry(int i, int j, int band) {
  return i == j ? 2.0 * band + 2.0 + std::sin(3.0 * i) : std::sin(1.0 + 7.3 * i + 3.1 * j * j);
}

class BandedSizes : public testing::TestWithParam<std::pair<int, int>> {};

// Residuals by the entries themselves: a few n roundings of 1e-16 times the row sum.
TEST_P(BandedSizes, SolvesWithTheMatrixAndItsTranspose) {
  const auto [n, band] = GetParam();
  BandedLu lu(n, band);
  const auto is_in_band = [band = band](int i, int j) { return std::abs(i - j) <= band; };
  for (int i = 0; i < n; ++i)
    for (int j = 0; j < n; ++j)
      if (is_in_band(i, j)) lu(i, j) = entry(i, j, band);
  ASSERT_TRUE(lu.factor());
  std::vector<double> b(n);
  for (int i = 0; i < n; ++i) b[i] = std::cos(2.0 * i);
  std::vector<double> x = b, y = b;
  lu.solve(x.data());
  lu.solve_transposed(y.data());
  for (int i = 0; i < n; ++i) {
    double ax = 0.0, aty = 0.0;
    for (int j = 0; j < n; ++j)
      if (is_in_band(i, j)) ax += entry(i, j, band) * x[j], aty += entry(j, i, band) * y[j];
    EXPECT_NEAR(ax, b[i], 1e-14);
    EXPECT_NEAR(aty, b[i], 1e-14);
  }
}

INSTANTIATE_TEST_SUITE_P(All, BandedSizes,
                         testing::Values(std::pair(1, 0), std::pair(5, 0), std::pair(9, 1), std::pair(10, 3),
                                         std::pair(23, 6), std::pair(40, 13), std::pair(7, 20), std::pair(64, 31)));

TEST(Banded, IsUsedAgainAfterClear) {
  BandedLu lu(2, 1);
  for (const double diagonal : {2.0, 4.0}) {
    lu.clear();
    lu(0, 0) = lu(1, 1) = diagonal;
    ASSERT_TRUE(lu.factor());
    double b[2] = {8.0, 8.0};
    lu.solve(b);
    EXPECT_EQ(b[0], 8.0 / diagonal);
  }
}

TEST(Banded, AZeroPivotIsTold) {
  BandedLu lu(3, 1);
  lu(0, 0) = 1.0, lu(0, 1) = 1.0, lu(1, 0) = 1.0, lu(1, 1) = 1.0, lu(2, 2) = 1.0;
  EXPECT_FALSE(lu.factor());
}

}  // namespace
}  // namespace aleator::math
