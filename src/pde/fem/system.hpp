#pragma once
/// What      The matrix A(q) = sum over terms t of q_c(t) L_t of a finite element model: assembly, products, derivatives.
/// Method    L_t is the small matrix of an element, an edge or a facet, with coefficient 1. Unknowns are numbered node by
///           node. Fixed unknowns keep their diagonal entry in the equations that are solved, and nothing else.
/// Parallel  local, one thread; sums in the order of the terms.
/// Cost      assembly: one multiply-add and one scatter an entry of L_t; memory 12 bytes an entry.
/// Fails     -
#include <cstddef>
#include <vector>

#include "math/petsc/sparse_solver.hpp"

namespace aleator::pde::fem {

/// Terms with matrices of one size.
struct Terms {
  int size = 0;
  std::vector<int> dofs;         ///< size each
  std::vector<double> matrix;    ///< size x size each
  std::vector<int> coefficient;  ///< one each: an index into q

  std::size_t count() const { return coefficient.size(); }
  const int* dofs_of(std::size_t t) const { return &dofs[t * static_cast<std::size_t>(size)]; }
  const double* matrix_of(std::size_t t) const { return &matrix[t * static_cast<std::size_t>(size * size)]; }
};

/// Linear functionals by rows: row k is the sum of weight * x(index) over entries begin[k] to begin[k + 1].
struct Functionals {
  std::vector<std::size_t> begin{0};
  std::vector<int> index;
  std::vector<double> weight;

  int rows() const { return static_cast<int>(begin.size()) - 1; }
  void add(int at, double w) { index.push_back(at), weight.push_back(w); }
  void end_row() { begin.push_back(index.size()); }
  void apply(const double* x, double* y) const;
  /// y += F x.
  void add_product(const double* x, double* y) const;
  /// x += F^T y.
  void add_transposed(const double* y, double* x) const;
  bool has_entries() const { return !index.empty(); }
};

class System {
 public:
  System(int unknowns, std::vector<Terms> terms, std::vector<char> is_fixed);

  int unknowns() const { return pattern_.rows(); }
  void assemble(const double* q);
  /// y = A x with the matrix assembled last.
  void multiply(const double* x, double* y) const;
  /// y = A^T x.
  void multiply_transposed(const double* x, double* y) const;
  /// y = (dA / dq . dq) x.
  void multiply_derivative(const double* dq, const double* x, double* y) const;
  /// g_c -= sum of lambda . L_t x over the terms of coefficient c.
  void add_gradient(const double* lambda, const double* x, double* g) const;

  /// The equations with fixed unknowns: pattern, and values of the matrix assembled last.
  const math::SparsePattern& solved_pattern() const { return solved_; }
  void solved_values(std::vector<double>& values) const;
  double diagonal(int unknown) const { return values_[diagonal_[static_cast<std::size_t>(unknown)]]; }

 private:
  std::vector<Terms> terms_;
  math::SparsePattern pattern_, solved_;
  std::vector<double> values_;
  std::vector<std::vector<int>> place_;       ///< of the entries of each term
  std::vector<std::size_t> kept_, diagonal_;  ///< places of the entries of the solved equations; of the diagonal
};

}  // namespace aleator::pde::fem
