#include "math/block_lanczos.hpp"

#include <algorithm>
#include <cmath>

#include "core/error.hpp"
#include "math/gemm.hpp"
#include "math/row_basis.hpp"

namespace aleator::math {
namespace {

// W -= (W Q') Q, and the coefficients W Q'.
Matrix project_out(const Matrix& q, Matrix& w) {
  Matrix h(w.rows, q.rows);
  add_product(1.0, w, ConstMatrixView(q).transposed(), view(h));
  add_product(-1.0, h, q, view(w));
  return h;
}

}  // namespace

BlockLanczos::BlockLanczos(int size, int block, int start)
    : size_(size),
      block_(std::min(block, size)),
      basis_(0, size),
      next_(random_rows(block_, size, 20261122, start)),
      coupling_(block_, 0) {
  orthonormalise_rows(next_);
}

void BlockLanczos::take(const Matrix& products) {
  const int before = basis_.rows, rows = next_.rows;
  ALEATOR_ASSERT(products.rows == rows && products.cols == size_ && rows > 0);
  basis_.a.insert(basis_.a.end(), next_.a.begin(), next_.a.end());
  basis_.rows += rows;
  Matrix w = products;
  const Matrix h = project_out(basis_, w);
  for (int i = 0; i < rows; ++i) {
    std::vector<double> row(static_cast<std::size_t>(before + i) + 1, 0.0);
    for (int j = 0; j < coupling_.cols; ++j)
      row[static_cast<std::size_t>(before - coupling_.cols + j)] = coupling_(i, j);
    for (int j = 0; j <= i; ++j)
      row[static_cast<std::size_t>(before + j)] = 0.5 * (h(i, before + j) + h(j, before + i));
    t_.push_back(std::move(row));
  }
  project_out(basis_, w);  // twice is enough (Parlett)
  const int room = std::min(block_, size_ - basis_.rows);
  next_ = Matrix(0, size_), coupling_ = Matrix(0, rows);
  if (room == 0) return;
  // Where A has rank left for fewer rows than a block has, the factorisation makes up directions of its own: they are made
  // orthogonal to the basis too, and couple to nothing.
  Matrix factor = orthonormalise_rows(w);
  for (int pass = 0; pass < 3; ++pass) {
    const Matrix left = project_out(basis_, w);
    const double worst = std::abs(
        *std::max_element(left.a.begin(), left.a.end(), [](double a, double b) { return std::abs(a) < std::abs(b); }));
    if (worst < 1e-14) break;
    factor = multiply(factor, orthonormalise_rows(w));
  }
  next_ = std::move(w), coupling_ = Matrix(rows, rows);
  for (int i = 0; i < rows; ++i)  // next_ A basis_last' = R, the transpose of the lower factor
    for (int j = 0; j < rows; ++j) coupling_(i, j) = factor(j, i);
  if (room < rows) {
    next_.rows = coupling_.rows = room;
    next_.a.resize(static_cast<std::size_t>(room) * size_), coupling_.a.resize(static_cast<std::size_t>(room) * rows);
  }
}

void BlockLanczos::solve() {
  const int m = basis_.rows;
  Matrix t(m, m);
  for (int i = 0; i < m; ++i) std::copy(t_[i].begin(), t_[i].end(), t.row(i));
  const SymmetricEigen eigen = eigen_symmetric(t);
  values_.resize(static_cast<std::size_t>(m)), residuals_.assign(static_cast<std::size_t>(m), 0.0);
  ritz_ = Matrix(m, m);
  for (int k = 0; k < m; ++k) {
    values_[k] = eigen.values[m - 1 - k];
    for (int i = 0; i < m; ++i) ritz_(i, k) = eigen.vectors(i, m - 1 - k);
    double square = 0.0;
    for (int i = 0; i < coupling_.rows; ++i) {
      double sum = 0.0;
      for (int j = 0; j < coupling_.cols; ++j) sum += coupling_(i, j) * ritz_(m - coupling_.cols + j, k);
      square += sum * sum;
    }
    residuals_[k] = std::sqrt(square);
  }
}

Matrix BlockLanczos::vectors(int count) const {
  Matrix out(count, size_);
  const ConstMatrixView all(ritz_);
  ConstMatrixView wanted = all;
  wanted.cols = count;
  add_product(1.0, wanted.transposed(), basis_, view(out));
  return out;
}

}  // namespace aleator::math
