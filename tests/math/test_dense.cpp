#include "math/dense.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "core/error.hpp"

namespace aleator::math {
namespace {

Matrix matrix(int rows, int cols, std::vector<double> a) {
  Matrix m(rows, cols);
  m.a = std::move(a);
  return m;
}

/// Entries in [-1, 1] without a pattern.
Matrix scattered(int rows, int cols, double seed) {
  Matrix m(rows, cols);
  for (std::size_t i = 0; i < m.a.size(); ++i) m.a[i] = std::sin(seed + 37.7 * static_cast<double>(i * i % 1009));
  return m;
}

void expect_equal(const Matrix& a, const Matrix& b, double tolerance) {
  ASSERT_EQ(a.rows, b.rows);
  ASSERT_EQ(a.cols, b.cols);
  for (int i = 0; i < a.rows; ++i) {
    for (int j = 0; j < a.cols; ++j) EXPECT_NEAR(a(i, j), b(i, j), tolerance) << i << ", " << j;
  }
}

/// The definition, entry by entry.
Matrix slow_product(const Matrix& a, const Matrix& b) {
  Matrix c(a.rows, b.cols);
  for (int i = 0; i < c.rows; ++i) {
    for (int j = 0; j < c.cols; ++j) {
      for (int k = 0; k < a.cols; ++k) c(i, j) += a(i, k) * b(k, j);
    }
  }
  return c;
}

Matrix hilbert_like(int n) {  // symmetric positive definite: A_ij = 1 / (1 + |i - j|) + 2 delta_ij
  Matrix a(n, n);
  for (int i = 0; i < n; ++i) {
    for (int j = 0; j < n; ++j) a(i, j) = 1.0 / (1 + std::abs(i - j)) + (i == j ? 2.0 : 0.0);
  }
  return a;
}

TEST(Dense, ProductsFollowTheDefinition) {
  const Matrix a = scattered(3, 5, 0.1), b = scattered(5, 4, 0.7);
  expect_equal(multiply(a, b), slow_product(a, b), 1e-15);
  expect_equal(multiply_transposed(a, transpose(b)), slow_product(a, b), 1e-15);
  expect_equal(transposed_multiply(transpose(a), b), slow_product(a, b), 1e-15);
  expect_equal(multiply(identity(3), a), a, 0.0);
  const std::vector<double> x{1, -2, 3, 0.5, 4};
  const auto y = multiply(a, x), z = transposed_multiply(transpose(a), x);
  for (int i = 0; i < 3; ++i) {
    double sum = 0;
    for (int j = 0; j < 5; ++j) sum += a(i, j) * x[j];
    EXPECT_NEAR(y[i], sum, 1e-15);
    EXPECT_NEAR(z[i], sum, 1e-15);
  }
  EXPECT_EQ(dot(x, x), 30.25);
  Matrix c = a;
  add_scaled(c, -2.0, a);
  expect_equal(c, multiply(matrix(3, 3, {-1, 0, 0, 0, -1, 0, 0, 0, -1}), a), 0.0);
  Matrix d(2, 2);
  add_to_diagonal(d, 3.0);
  EXPECT_EQ(d.a, (std::vector<double>{3, 0, 0, 3}));
}

TEST(Dense, CholeskyByHandReadsTheLowerTriangleOnly) {
  const Matrix lower = cholesky(matrix(3, 3, {4, 99, 99, 12, 37, 99, -16, -43, 98}));
  expect_equal(lower, matrix(3, 3, {2, 0, 0, 6, 1, 0, -8, 5, 3}), 0.0);
  EXPECT_DOUBLE_EQ(log_det_cholesky(lower), std::log(36.0));
}

TEST(Dense, SolvesInvertTheirMatrices) {
  const int n = 40;
  const Matrix a = hilbert_like(n), lower = cholesky(a), b = scattered(n, 3, 0.3);
  expect_equal(multiply_transposed(lower, lower), a, 1e-14);
  expect_equal(multiply(a, solve_cholesky(lower, b)), b, 1e-13);  // condition number below 10
  expect_equal(multiply(lower, solve_lower(lower, b)), b, 1e-13);
  expect_equal(multiply(transpose(lower), solve_lower_transposed(lower, b)), b, 1e-13);
  std::vector<double> column(n);
  for (int i = 0; i < n; ++i) column[i] = b(i, 1);
  const auto x = solve_cholesky(lower, column);
  const Matrix all = solve_cholesky(lower, b);
  for (int i = 0; i < n; ++i) EXPECT_NEAR(x[i], all(i, 1), 1e-15) << i;  // one by one as all at once
}

TEST(Dense, LogDeterminantDoesNotOverflow) {
  Matrix a = identity(300);
  for (double& v : a.a) v *= 1e-200;
  EXPECT_NEAR(log_det_cholesky(cholesky(a)), 300 * std::log(1e-200), 1e-8);
}

TEST(Dense, MatricesThatAreNotPositiveDefiniteAreRefused) {
  Matrix lower;
  const double nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_FALSE(try_cholesky(matrix(2, 2, {1, 2, 2, 1}), lower));
  EXPECT_FALSE(try_cholesky(matrix(2, 2, {1, 1, 1, 1}), lower));  // singular
  EXPECT_FALSE(try_cholesky(matrix(2, 2, {1, nan, nan, 1}), lower));
  EXPECT_FALSE(try_cholesky(matrix(1, 1, {nan}), lower));
  EXPECT_TRUE(try_cholesky(matrix(1, 1, {4}), lower));
  EXPECT_EQ(lower(0, 0), 2.0);
  try {
    cholesky(matrix(2, 2, {1, 2, 2, 1}));
    FAIL() << "an indefinite matrix was factored";
  } catch (const core::NumericsError& error) {
    EXPECT_NE(std::string(error.what()).find("row 1"), std::string::npos) << error.what();
  }
}

TEST(Dense, EigenpairsOfTheSecondDifferenceMatrix) {
  // tridiag(-1, 2, -1): lambda_k = 2 - 2 cos(k pi / (n + 1)), v_k(i) = sqrt(2 / (n + 1)) sin(i k pi / (n + 1)), i, k
  // = 1..n.
  const int n = 12;
  const double pi = std::acos(-1.0);
  Matrix a(n, n);
  for (int i = 0; i < n; ++i) {
    a(i, i) = 2;
    if (i > 0) a(i, i - 1) = -1;  // the upper triangle is left at zero: only the lower one is read
  }
  const SymmetricEigen e = eigen_symmetric(a);
  for (int k = 0; k < n; ++k) {
    EXPECT_NEAR(e.values[k], 2 - 2 * std::cos((k + 1) * pi / (n + 1)), 1e-14);
    double overlap = 0, largest = 0;
    for (int i = 0; i < n; ++i) {
      overlap += e.vectors(i, k) * std::sqrt(2.0 / (n + 1)) * std::sin((i + 1) * (k + 1) * pi / (n + 1));
      if (std::abs(e.vectors(i, k)) > std::abs(largest)) largest = e.vectors(i, k);
    }
    EXPECT_NEAR(std::abs(overlap), 1.0, 1e-13) << k;
    EXPECT_GT(largest, 0.0);
  }
  EXPECT_TRUE(eigen_symmetric(Matrix()).values.empty());
}

TEST(Dense, EigenpairsRefuseNonFiniteEntries) {
  EXPECT_THROW(eigen_symmetric(matrix(1, 1, {std::numeric_limits<double>::infinity()})), core::NumericsError);
}

TEST(Dense, WrongShapesAreBugs) {
  EXPECT_THROW(multiply(Matrix(2, 3), Matrix(2, 3)), core::InternalError);
  EXPECT_THROW(cholesky(Matrix(2, 3)), core::InternalError);
  EXPECT_THROW(solve_lower(Matrix(2, 2, 1.0), std::vector<double>(3)), core::InternalError);
}

}  // namespace
}  // namespace aleator::math
