#pragma once
/// What      A sparse symmetric positive definite matrix A in factors, P A P^T = L L^T: products with the root of A^-1, ln det A,
///           entries of A^-1 on the pattern of L.
/// Method    CHOLMOD's factorisation and ordering (Chen, Davis, Hager, Rajamanickam 2008), BLAS on one thread. Entries of A^-1
///           from those below and to the right (Takahashi, Fagan, Chen 1973), for all columns of a panel at once.
/// Parallel  none; products are safe on any thread.
/// Cost      set-up and SelectedInverse about the sum of the squares of L's column counts; a product 2 nnz(L) flops; 12 bytes
///           an entry of L.
/// Fails     NumericsError: A not positive definite, or no memory for L.
#include <vector>

namespace aleator::math {

/// A square matrix by rows, columns rising.
struct SparseRows {
  int size = 0;
  std::vector<int> first;
  std::vector<int> column;
  std::vector<double> value;
};

struct SparseEntry {
  int row, column;
  double value;
};
/// Entries of the same place add up.
SparseRows sparse_rows(int size, std::vector<SparseEntry> entries);
/// A diag(d) B.
SparseRows multiply(const SparseRows& a, const std::vector<double>& d, const SparseRows& b);

class SparseCholesky {
 public:
  /// A symmetric: entries below the diagonal are not read.
  explicit SparseCholesky(const SparseRows& a);
  int size() const { return static_cast<int>(place_.size()); }
  double log_determinant() const;

  /// x = P^T L^-T z: x has the covariance A^-1 where z has I.
  void apply_root(const double* z, double* x) const;
  /// z = L^-1 P x.
  void apply_root_transposed(const double* x, double* z) const;
  /// z = L^T P x, the inverse of apply_root.
  void solve_root(const double* x, double* z) const;
  /// x = A^-1 b; x and b may be one.
  void solve(const double* b, double* x) const;

 private:
  friend class SelectedInverse;
  std::vector<int> place_;  ///< p: row i of P A P^T is row p(i) of A
  std::vector<long> first_;
  std::vector<int> row_;
  std::vector<double> value_;  ///< L by columns, the diagonal first
};

class SelectedInverse {
 public:
  explicit SelectedInverse(const SparseCholesky& factor);
  /// Entry (i, j) of A^-1, where A or L has one; asserted.
  double operator()(int i, int j) const;

 private:
  const SparseCholesky& factor_;
  std::vector<int> at_;  ///< p^-1
  std::vector<double> value_;
};

}  // namespace aleator::math
