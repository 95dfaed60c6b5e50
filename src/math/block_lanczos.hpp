#pragma once
/// What      The largest eigenpairs of a symmetric matrix, a block of products at a time: whoever drives makes the products, and
///           may make those of several matrices together.
/// Method    block Lanczos with full orthogonalisation (Golub, Underwood 1977; Parlett 1998, section 13.10): the basis Q grows by
///           A times its last block, T = Q A Q' is block tridiagonal, and Ritz pair (theta, s) has the residual
///           |R s_last|, with R the factor of the block that comes next. Of an eigenvalue of multiplicity m a block of m rows
///           or more finds all.
/// Parallel  none; BLAS and LAPACK on one thread. The random start is always the same.
/// Cost      with m basis vectors of n entries: m products, 4 n m^2 flops, 8 n m bytes; solve() some 9 m^3 flops.
/// Fails     NumericsError where LAPACK does.
#include <vector>

#include "math/dense.hpp"

namespace aleator::math {

class BlockLanczos {
 public:
  /// Of a size x size matrix; `block` rows at a time. `start` tells apart the random starts of several.
  BlockLanczos(int size, int block, int start = 0);

  /// The rows to be multiplied next; none once the basis is the whole space, when all Ritz pairs are exact.
  const Matrix& block() const { return next_; }
  /// A times each of them.
  void take(const Matrix& products);

  int basis() const { return basis_.rows; }
  /// Ritz values of the basis so far, falling, with the norms of their residuals.
  void solve();
  const std::vector<double>& values() const { return values_; }
  const std::vector<double>& residuals() const { return residuals_; }
  /// The first `count` Ritz vectors as rows, orthonormal.
  Matrix vectors(int count) const;

 private:
  int size_, block_;
  Matrix basis_, next_;                 // by rows; next_ is behind basis_, orthogonal to it
  std::vector<std::vector<double>> t_;  // row i of T: entries 0 … i
  Matrix coupling_;                     // rows: of next_, columns: of the last block of basis_
  std::vector<double> values_, residuals_;
  Matrix ritz_;  // column k belongs to values_[k]
};

}  // namespace aleator::math
