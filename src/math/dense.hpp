#pragma once
/// What      Small dense linear algebra on the host: products, Cholesky, solves, log-determinant, symmetric eigenpairs.
/// Method    A = L L^T by rows; plain loops in a fixed order, so the result is the same to the bit whatever the
/// threads;
///           eigenpairs by LAPACK dsyev with a sign convention of our own.
/// Parallel  none; pure functions, safe on any thread. Made for matrices of up to a few hundred rows.
/// Cost      Cholesky n^3 / 3 flops, a solve 2 n^2, a product 2 n m k, eigenpairs about 9 n^3.
/// Fails     NumericsError when a matrix is not positive definite or dsyev does not converge; shapes are asserted.
#include <cstddef>
#include <vector>

namespace aleator::math {

/// rows x cols, row-major: entry (i, j) is a[i * cols + j].
struct Matrix {
  int rows = 0;
  int cols = 0;
  std::vector<double> a;

  Matrix() = default;
  Matrix(int row_count, int col_count, double value = 0.0)
      : rows(row_count), cols(col_count), a(static_cast<std::size_t>(row_count) * col_count, value) {}

  double& operator()(int i, int j) { return a[static_cast<std::size_t>(i) * cols + j]; }
  double operator()(int i, int j) const { return a[static_cast<std::size_t>(i) * cols + j]; }
  double* row(int i) { return a.data() + static_cast<std::size_t>(i) * cols; }
  const double* row(int i) const { return a.data() + static_cast<std::size_t>(i) * cols; }
};

Matrix identity(int n);
Matrix transpose(const Matrix& a);

Matrix multiply(const Matrix& a, const Matrix& b);                                       // A B
Matrix multiply_transposed(const Matrix& a, const Matrix& b);                            // A B^T
Matrix transposed_multiply(const Matrix& a, const Matrix& b);                            // A^T B
std::vector<double> multiply(const Matrix& a, const std::vector<double>& x);             // A x
std::vector<double> transposed_multiply(const Matrix& a, const std::vector<double>& x);  // A^T x

/// A += scale B.
void add_scaled(Matrix& a, double scale, const Matrix& b);
/// A += value I.
void add_to_diagonal(Matrix& a, double value);

double dot(const std::vector<double>& x, const std::vector<double>& y);

/// Lower factor L of a symmetric positive definite A = L L^T (zeros above the diagonal); only A's lower triangle is
/// read. Throws core::NumericsError naming the pivot that failed.
Matrix cholesky(const Matrix& a);
/// The same without an exception: false when A is not positive definite, and `lower` is then unspecified.
bool try_cholesky(const Matrix& a, Matrix& lower);

std::vector<double> solve_lower(const Matrix& lower, std::vector<double> b);             // L^{-1} b
std::vector<double> solve_lower_transposed(const Matrix& lower, std::vector<double> b);  // L^{-T} b
std::vector<double> solve_cholesky(const Matrix& lower, std::vector<double> b);          // (L L^T)^{-1} b
/// As above for every column of B.
Matrix solve_lower(const Matrix& lower, Matrix b);
Matrix solve_lower_transposed(const Matrix& lower, Matrix b);
Matrix solve_cholesky(const Matrix& lower, Matrix b);

/// log det(L L^T) = 2 sum_i log L_ii.
double log_det_cholesky(const Matrix& lower);

struct SymmetricEigen {
  std::vector<double> values;  // ascending
  Matrix vectors;              // column k belongs to values[k]; orthonormal, the entry of largest magnitude is positive
};
/// Eigenpairs of a symmetric matrix; only the lower triangle is read. Throws core::NumericsError on non-finite entries.
/// Not bit-reproducible across BLAS libraries (and with degenerate eigenvalues the basis is arbitrary).
SymmetricEigen eigen_symmetric(const Matrix& a);

}  // namespace aleator::math
