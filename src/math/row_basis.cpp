#include "math/row_basis.hpp"

#include <fmt/format.h>
#include <lapacke.h>

#include <algorithm>
#include <vector>

#include "core/error.hpp"
#include "kernels/random.hpp"

namespace aleator::math {

Matrix random_rows(int rows, int cols, std::uint64_t seed, int step) {
  const kernels::Batch normals("normals", rows, cols);
  kernels::Rng(seed).normals({kernels::Purpose::initial, step}, 0, normals);
  Matrix q(rows, cols);
  std::copy_n(normals.data(), q.a.size(), q.a.data());
  return q;
}

Matrix orthonormalise_rows(Matrix& w) {
  std::vector<double> tau(static_cast<std::size_t>(w.rows));
  int info = LAPACKE_dgeqrf(LAPACK_COL_MAJOR, w.cols, w.rows, w.a.data(), w.cols, tau.data());
  Matrix factor(w.rows, w.rows);
  for (int i = 0; i < w.rows; ++i)
    for (int j = 0; j <= i; ++j) factor(i, j) = w(i, j);
  if (info == 0) info = LAPACKE_dorgqr(LAPACK_COL_MAJOR, w.cols, w.rows, w.rows, w.a.data(), w.cols, tau.data());
  if (info != 0) throw core::NumericsError(fmt::format("dgeqrf or dorgqr failed (info = {})", info));
  return factor;
}

}  // namespace aleator::math
