#pragma once
/// What      Products of dense matrices that lie anywhere in memory, and solves with large dense matrices.
/// Method    BLAS dgemm and LAPACK dposv on the calling thread: the threads are ours, over blocks, and the order of additions
///           is then the same whatever their number.
/// Parallel  local; may be called from several threads at once.
/// Cost      2 rows x columns x depth flops, near the machine's peak from a few dozen of each on.
/// Fails     -
#include <cstddef>

#include "math/dense.hpp"

namespace aleator::math {

/// rows x cols, entry (i, j) at data[i * stride + j].
struct MatrixView {
  double* data = nullptr;
  int rows = 0, cols = 0;
  std::ptrdiff_t stride = 0;
};

struct ConstMatrixView {
  const double* data = nullptr;
  int rows = 0, cols = 0;
  std::ptrdiff_t stride = 0;
  bool is_transposed = false;  ///< then the product takes the transpose of what lies there

  ConstMatrixView() = default;
  ConstMatrixView(const MatrixView& v) : data(v.data), rows(v.rows), cols(v.cols), stride(v.stride) {}
  ConstMatrixView(const Matrix& m) : data(m.a.data()), rows(m.rows), cols(m.cols), stride(m.cols) {}
  ConstMatrixView transposed() const {
    ConstMatrixView t = *this;
    t.is_transposed = !is_transposed;
    return t;
  }
};

inline MatrixView view(Matrix& m) { return {m.a.data(), m.rows, m.cols, m.cols}; }

/// C += alpha A B.
void add_product(double alpha, const ConstMatrixView& a, const ConstMatrixView& b, const MatrixView& c);

/// A^-1 B for a symmetric positive definite A, by LAPACK dposv; NumericsError when A is not positive definite.
Matrix solve_positive_definite(Matrix a, Matrix b);

/// Writes L with A = L L^T over the lower triangle of a symmetric A, by LAPACK dpotrf. Returns the pivot that is not positive,
/// or -1.
int factor_positive_definite(Matrix& a);

/// A = Q R of at least as many rows as columns, by Householder's reflections, R's diagonal positive: A becomes Q, R is
/// returned.
Matrix orthonormalise_columns(Matrix& a);

}  // namespace aleator::math
