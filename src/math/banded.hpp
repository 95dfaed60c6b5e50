#pragma once
/// What      LU factors of a banded matrix, and solves with the matrix and its transpose.
/// Method    A = L U by rows without exchange of rows (Golub, Van Loan, section 4.3), so that the band is not widened; four
///           pivots at a time, so that a row is loaded and stored once for four products.
/// Parallel  none; one object a thread. The order of the operations is fixed.
/// Cost      2 n b^2 flops for n rows and b diagonals on either side, 8 n (2 b + 8) bytes; a solve 4 n b flops.
/// Fails     factor() is false at a pivot that is zero or not finite. Without exchanges small pivots cost digits: check the
///           residual where the matrix is neither definite nor dominated by its diagonal.
#include <algorithm>
#include <cstddef>
#include <vector>

namespace aleator::math {

class BandedLu {
 public:
  BandedLu(int rows, int band);

  void clear() { std::fill(entries_.begin(), entries_.end(), 0.0); }
  /// Entry (row, column) before factor(); |row - column| <= band.
  double& operator()(int row, int column) { return at(row)[column]; }
  /// The matrix becomes its factors.
  bool factor();
  /// b -> A^-1 b and b -> A^-T b, after factor().
  void solve(double* b) const;
  void solve_transposed(double* b) const;

 private:
  /// Of the row, so that [column] is an entry of it.
  double* at(int row) { return entries_.data() + place(row); }
  const double* at(int row) const { return entries_.data() + place(row); }
  std::ptrdiff_t place(int row) const { return static_cast<std::ptrdiff_t>(row) * (pitch_ - 1) + band_; }

  int rows_, band_, pitch_;
  std::vector<double> entries_;  ///< by rows of pitch_, the diagonal in the same column of each
};

}  // namespace aleator::math
