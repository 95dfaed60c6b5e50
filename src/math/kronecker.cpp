#include "math/kronecker.hpp"

#include <cblas.h>
#include <fmt/format.h>
#include <lapacke.h>

#include <algorithm>
#include <cmath>
#include <cstddef>

#include "core/error.hpp"

namespace aleator::math {
namespace {

void along_axis(const Matrix& a, bool is_transposed, AxisView view, const double* in, double* out) {
  const int rows = is_transposed ? a.cols : a.rows, cols = is_transposed ? a.rows : a.cols;
  ALEATOR_ASSERT(view.outer >= 1 && view.inner >= 1 && rows >= 1 && cols >= 1);
  if (view.inner == 1) {  // out (outer x rows) = in (outer x cols) A^T, one product in place of many by a vector
    cblas_dgemm(CblasRowMajor, CblasNoTrans, is_transposed ? CblasNoTrans : CblasTrans, view.outer, rows, cols, 1.0, in,
                cols, a.a.data(), a.cols, 0.0, out, rows);
    return;
  }
  const std::size_t step_in = static_cast<std::size_t>(cols) * view.inner;
  const std::size_t step_out = static_cast<std::size_t>(rows) * view.inner;
  for (int o = 0; o < view.outer; ++o)
    cblas_dgemm(CblasRowMajor, is_transposed ? CblasTrans : CblasNoTrans, CblasNoTrans, rows, view.inner, cols, 1.0,
                a.a.data(), a.cols, in + o * step_in, view.inner, 0.0, out + o * step_out, view.inner);
}

}  // namespace

void multiply_along_axis(const Matrix& a, AxisView view, const double* in, double* out) {
  along_axis(a, false, view, in, out);
}

void transposed_multiply_along_axis(const Matrix& a, AxisView view, const double* in, double* out) {
  along_axis(a, true, view, in, out);
}

SymmetricEigen eigen_tridiagonal(std::vector<double> diagonal, std::vector<double> beside) {
  const int n = static_cast<int>(diagonal.size());
  ALEATOR_ASSERT(n >= 1 && static_cast<int>(beside.size()) == n - 1);
  const auto is_finite = [](double v) { return std::isfinite(v); };
  if (!std::all_of(diagonal.begin(), diagonal.end(), is_finite) ||
      !std::all_of(beside.begin(), beside.end(), is_finite))
    throw core::NumericsError(
        fmt::format("eigenvalues asked of a tridiagonal {} x {} matrix with entries that are not finite", n, n));
  Matrix by_rows(n, n);  // LAPACK's column k
  beside.resize(static_cast<std::size_t>(n));
  const int info = LAPACKE_dstevd(LAPACK_COL_MAJOR, 'V', n, diagonal.data(), beside.data(), by_rows.a.data(), n);
  if (info != 0)
    throw core::NumericsError(
        fmt::format("dstevd did not converge on a tridiagonal {} x {} matrix (info = {})", n, n, info));
  SymmetricEigen result{std::move(diagonal), Matrix(n, n)};
  for (int k = 0; k < n; ++k) {
    const double sign = by_rows(k, 0) < 0.0 ? -1.0 : 1.0;
    for (int i = 0; i < n; ++i) result.vectors(i, k) = sign * by_rows(k, i);
  }
  return result;
}

}  // namespace aleator::math
