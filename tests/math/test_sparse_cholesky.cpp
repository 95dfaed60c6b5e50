#include "math/sparse_cholesky.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "core/error.hpp"
#include "math/dense.hpp"

namespace aleator::math {
namespace {

using Row = std::vector<double>;

// The five-point Laplacian on n x n nodes, plus a diagonal that differs from node to node; entries in no order, some twice.
SparseRows laplacian(int n) {
  std::vector<SparseEntry> entries;
  for (int k = 0; k < n * n; ++k) {
    entries.push_back({k, k, 2.0});
    for (const int other : {k % n > 0 ? k - 1 : -1, k % n < n - 1 ? k + 1 : -1, k - n, k + n < n * n ? k + n : -1})
      if (other >= 0) entries.push_back({k, other, -1.0});
    entries.push_back({k, k, 2.1 + 0.3 * std::sin(k)});
  }
  return sparse_rows(n * n, std::move(entries));
}

Matrix dense(const SparseRows& a) {
  Matrix out(a.size, a.size);
  for (int i = 0; i < a.size; ++i)
    for (int k = a.first[i]; k < a.first[i + 1]; ++k) out(i, a.column[k]) += a.value[k];
  return out;
}

Row wave(int n) {
  Row v;
  for (int k = 0; k < n; ++k) v.push_back(std::sin(1.0 + 0.7 * k * k));
  return v;
}

TEST(SparseCholesky, ProductsAreThoseOfDenseMatrices) {
  const SparseRows a = laplacian(6), b = multiply(a, wave(36), a);
  Matrix middle(36, 36);
  for (int k = 0; k < 36; ++k) middle(k, k) = wave(36)[k];
  const Matrix expected = multiply(multiply(dense(a), middle), dense(a)), found = dense(b);
  for (std::size_t k = 0; k < expected.a.size(); ++k) EXPECT_NEAR(found.a[k], expected.a[k], 1e-13);
}

TEST(SparseCholesky, RootsSolutionAndDeterminantAreThoseOfTheMatrix) {
  const int n = 64;
  const SparseRows a = laplacian(8);
  const SparseCholesky factor(a);
  const Matrix full = dense(a), lower = cholesky(full);
  EXPECT_NEAR(factor.log_determinant(), log_det_cholesky(lower), 1e-11);
  const Row b = wave(n), expected = solve_cholesky(lower, b);
  Row x(n), z(n), back(n);
  factor.solve(b.data(), x.data());
  for (int k = 0; k < n; ++k) EXPECT_NEAR(x[k], expected[k], 1e-13);
  // S S^T = A^-1, S^-1 S = I, and S^T is the transpose of S.
  factor.apply_root_transposed(b.data(), z.data());
  factor.apply_root(z.data(), x.data());
  for (int k = 0; k < n; ++k) EXPECT_NEAR(x[k], expected[k], 1e-13);
  factor.solve_root(x.data(), back.data());
  for (int k = 0; k < n; ++k) EXPECT_NEAR(back[k], z[k], 1e-13);
  Row other(n);
  for (int k = 0; k < n; ++k) other[k] = std::cos(0.3 * k);
  factor.apply_root(other.data(), x.data());
  EXPECT_NEAR(dot(x, b), dot(other, z), 1e-13);
}

TEST(SparseCholesky, SelectedEntriesAreThoseOfTheInverse) {
  const SparseRows a = laplacian(9);
  const SparseCholesky factor(a);
  const SelectedInverse selected(factor);
  const Matrix inverse = solve_cholesky(cholesky(dense(a)), identity(81));
  for (int i = 0; i < 81; ++i)
    for (int k = a.first[i]; k < a.first[i + 1]; ++k)
      EXPECT_NEAR(selected(i, a.column[k]), inverse(i, a.column[k]), 1e-14);
}

// Large enough for supernodes, some of which hold zeros.
TEST(SparseCholesky, SelectedEntriesOfALargerMatrixSolveForUnitVectors) {
  const SparseRows a = multiply(laplacian(60), Row(3600, 0.1), laplacian(60));
  const SparseCholesky factor(a);
  const SelectedInverse selected(factor);
  for (const int j : {0, 59, 1234, 1830, 3599}) {
    Row e(3600, 0.0);
    e[j] = 1.0;
    factor.solve(e.data(), e.data());
    for (int k = a.first[j]; k < a.first[j + 1]; ++k)
      EXPECT_NEAR(selected(a.column[k], j), e[a.column[k]], 1e-11 * e[j]);
  }
}

TEST(SparseCholesky, MatricesThatAreNotDefiniteAreRefused) {
  EXPECT_THROW(SparseCholesky(sparse_rows(2, {{0, 0, 1.0}, {0, 1, 2.0}, {1, 0, 2.0}, {1, 1, 1.0}})),
               core::NumericsError);
}

}  // namespace
}  // namespace aleator::math
