#include "math/gemm.hpp"

#include <cblas.h>
#include <fmt/format.h>
#include <lapacke.h>

#include <algorithm>

#include "core/error.hpp"
#include "math/blas.hpp"

namespace aleator::math {

void add_product(double alpha, const ConstMatrixView& a, const ConstMatrixView& b, const MatrixView& c) {
  const int depth = a.is_transposed ? a.rows : a.cols;
  ALEATOR_ASSERT((a.is_transposed ? a.cols : a.rows) == c.rows && (b.is_transposed ? b.rows : b.cols) == c.cols &&
                 (b.is_transposed ? b.cols : b.rows) == depth);
  if (c.rows == 0 || c.cols == 0 || depth == 0) return;
  use_one_blas_thread();
  cblas_dgemm(CblasRowMajor, a.is_transposed ? CblasTrans : CblasNoTrans, b.is_transposed ? CblasTrans : CblasNoTrans,
              c.rows, c.cols, depth, alpha, a.data, static_cast<int>(a.stride), b.data, static_cast<int>(b.stride), 1.0,
              c.data, static_cast<int>(c.stride));
}

Matrix solve_positive_definite(Matrix a, Matrix b) {
  ALEATOR_ASSERT(a.rows == a.cols && a.rows == b.rows);
  if (a.rows == 0 || b.cols == 0) return b;
  use_one_blas_thread();
  const int pivot = LAPACKE_dposv(LAPACK_ROW_MAJOR, 'L', a.rows, b.cols, a.a.data(), a.cols, b.a.data(), b.cols);
  if (pivot != 0) throw core::NumericsError(fmt::format("a matrix is not positive definite (pivot {})", pivot));
  return b;
}

int factor_positive_definite(Matrix& a) {
  ALEATOR_ASSERT(a.rows == a.cols);
  use_one_blas_thread();
  return a.rows == 0 ? -1 : static_cast<int>(LAPACKE_dpotrf(LAPACK_ROW_MAJOR, 'L', a.rows, a.a.data(), a.cols)) - 1;
}

Matrix orthonormalise_columns(Matrix& a) {
  ALEATOR_ASSERT(a.rows >= a.cols);
  use_one_blas_thread();
  const int d = a.cols;
  std::vector<double> tau(static_cast<std::size_t>(d));
  int info = LAPACKE_dgeqrf(LAPACK_ROW_MAJOR, a.rows, d, a.a.data(), d, tau.data());
  Matrix r(d, d);
  for (int i = 0; i < d; ++i) std::copy(a.row(i) + i, a.row(i) + d, r.row(i) + i);
  if (info == 0) info = LAPACKE_dorgqr(LAPACK_ROW_MAJOR, a.rows, d, d, a.a.data(), d, tau.data());
  if (info != 0) throw core::NumericsError(fmt::format("dgeqrf or dorgqr failed (info = {})", info));
  for (int i = 0; i < d; ++i) {
    if (r(i, i) >= 0.0) continue;
    for (int k = i; k < d; ++k) r(i, k) = -r(i, k);
    for (int j = 0; j < a.rows; ++j) a(j, i) = -a(j, i);
  }
  return r;
}

}  // namespace aleator::math
