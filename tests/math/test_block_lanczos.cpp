// Block Lanczos on matrices H D H with known eigenvalues D, H a reflection I - 2 v v'.
#include "math/block_lanczos.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace aleator::math {
namespace {

constexpr int n = 300;

struct Known {
  std::vector<double> values, v;

  explicit Known(std::vector<double> falling) : values(std::move(falling)), v(n) {
    double square = 0.0;
    for (int i = 0; i < n; ++i) v[i] = std::sin(1.0 + 7.3 * i), square += v[i] * v[i];
    for (double& entry : v) entry /= std::sqrt(square);
  }
  void reflect(double* x) const {
    double along = 0.0;
    for (int i = 0; i < n; ++i) along += v[i] * x[i];
    for (int i = 0; i < n; ++i) x[i] -= 2.0 * along * v[i];
  }
  Matrix times(Matrix rows) const {
    for (int r = 0; r < rows.rows; ++r) {
      reflect(rows.row(r));
      for (int i = 0; i < n; ++i) rows(r, i) *= values[i];
      reflect(rows.row(r));
    }
    return rows;
  }
};

std::vector<double> falling(double rate) {
  std::vector<double> values(n);
  for (int i = 0; i < n; ++i) values[i] = std::pow(rate, i);
  return values;
}

BlockLanczos run(const Known& known, int block, int least_basis) {
  BlockLanczos solver(n, block);
  while (solver.basis() < least_basis && solver.block().rows > 0) solver.take(known.times(solver.block()));
  solver.solve();
  return solver;
}

// The residuals that are stated are those of the vectors, and these are orthonormal.
void expect_honest(const Known& known, const BlockLanczos& solver, int count) {
  const Matrix x = solver.vectors(count), a_x = known.times(x);
  for (int k = 0; k < count; ++k) {
    double square = 0.0;
    for (int i = 0; i < n; ++i) square += std::pow(a_x(k, i) - solver.values()[k] * x(k, i), 2);
    EXPECT_NEAR(std::sqrt(square), solver.residuals()[k], 1e-13 + 1e-6 * solver.residuals()[k]) << k;
    for (int l = 0; l <= k; ++l) {
      double product = 0.0;
      for (int i = 0; i < n; ++i) product += x(k, i) * x(l, i);
      EXPECT_NEAR(product, k == l ? 1.0 : 0.0, 1e-12) << k << " " << l;
    }
  }
}

TEST(BlockLanczos, FindsTheLargestPairsAndStatesTheirResiduals) {
  const Known known(falling(0.9));
  const BlockLanczos solver = run(known, 8, 80);
  for (int k = 0; k < 15; ++k) EXPECT_NEAR(solver.values()[k], known.values[k], 1e-12) << k;
  EXPECT_GT(solver.residuals()[40], 1e-6);  // not all are found, and it says so
  expect_honest(known, solver, 45);
}

TEST(BlockLanczos, FindsEigenvaluesAsOftenAsTheyOccur) {
  std::vector<double> values = falling(0.9);
  for (int i = 0; i < 12; ++i) values[i] = 1.0 - 0.25 * (i / 4);  // three of multiplicity four
  const Known known(values);
  const BlockLanczos solver = run(known, 4, 80);
  for (int k = 0; k < 12; ++k) EXPECT_NEAR(solver.values()[k], values[k], 1e-12) << k;
  expect_honest(known, solver, 12);
}

TEST(BlockLanczos, IsExactWhenTheBasisIsTheWholeSpace) {
  for (const int block : {7, 8, 300, 1000}) {  // 300 is no multiple of 7 or 8
    const Known known(falling(0.98));
    const BlockLanczos solver = run(known, block, n);
    EXPECT_EQ(solver.basis(), n);
    EXPECT_EQ(solver.block().rows, 0);
    for (int k = 0; k < n; ++k) EXPECT_NEAR(solver.values()[k], known.values[k], 1e-13) << k;
    expect_honest(known, solver, n);
  }
}

TEST(BlockLanczos, GoesOnWhereTheMatrixHasNoRankLeft) {
  std::vector<double> values(n, 0.0);
  for (int i = 0; i < 11; ++i) values[i] = 2.0 - 0.1 * i;
  const Known known(values);
  const BlockLanczos solver = run(known, 8, 60);
  for (int k = 0; k < 60; ++k) EXPECT_NEAR(solver.values()[k], values[k], 1e-13) << k;
  expect_honest(known, solver, 60);
}

}  // namespace
}  // namespace aleator::math
