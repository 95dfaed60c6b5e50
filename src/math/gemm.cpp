#include "math/gemm.hpp"

#include <cblas.h>
#include <fmt/format.h>
#include <lapacke.h>

#include "core/error.hpp"

namespace aleator::math {
namespace {

// OpenBLAS would start as many threads as OMP_NUM_THREADS says for each of our own.
void use_one_blas_thread() {
  static const bool is_done = [] {
    openblas_set_num_threads(1);
    return true;
  }();
  (void)is_done;
}

}  // namespace

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

}  // namespace aleator::math
