#pragma once
/// What      Solves A x = b and A^T x = b for sparse matrices of one symmetric pattern whose values change: factorised once for
///           many right-hand sides, or by iterations with algebraic multigrid.
/// Method    cholesky: CHOLMOD (positive definite); lu: KLU (indefinite, or not symmetric); iterative: conjugate gradients, or
///           GMRES where A is not symmetric, with hypre's BoomerAMG, with near null vectors PETSc's smoothed aggregation
///           (GAMG); factors on several ranks are MUMPS'. Settings of PETSc replace any of it. The ordering of a factor
///           follows from the pattern, so that a solution depends on its own values alone (MUMPS' last digits on the order in
///           which messages come, too); an AMG hierarchy is made afresh.
/// Parallel  each rank's rows are an even share of the order given. Pattern, values, right-hand sides and solutions are whole
///           on every rank, the same bits on all: set_values and solve are collective. One thread (PETSc is not thread-safe).
/// Cost      the factor is that of nested dissection: O(n^1.5) flops in the plane. A symbolic factorisation once. On several
///           ranks a solve ends with the exchange of the solution, 8 n bytes.
/// Fails     set_values and solve return what is wrong with these values; UserError for unknown settings.
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "parallel/comm.hpp"

namespace aleator::math {

/// Entries of a matrix by rows, each row in rising order of columns.
struct SparsePattern {
  std::vector<int> begin{0}, column;
  int rows() const { return static_cast<int>(begin.size()) - 1; }
};

class SparseSolver {
 public:
  enum class Method { cholesky, lu, iterative };
  struct Settings {
    Method method = Method::cholesky;
    bool is_symmetric = true;
    double tolerance = 1e-10;  ///< of the residual, relative; iterative methods only
    int max_iterations = 500;
    int block = 1;                                     ///< unknowns a node
    std::vector<std::vector<double>> near_null_space;  ///< vectors that A nearly annihilates: rigid motions
    std::vector<std::pair<std::string, std::string>> petsc;
  };
  struct Result {
    int iterations = 0;
    std::string fault;  ///< or empty
  };

  /// `order`: the nodes, neighbours close to each other; empty: as they are numbered. It counts on several ranks only.
  SparseSolver(SparsePattern pattern, Settings settings, const parallel::Comm& ranks = parallel::Comm::self(),
               const std::vector<int>& order = {});
  ~SparseSolver();
  SparseSolver(const SparseSolver&) = delete;
  SparseSolver& operator=(const SparseSolver&) = delete;

  /// Of an iterative method, for the matrices that follow; the option ksp_max_it goes before.
  void allow(int iterations);
  /// Takes over the values of all entries and factorises. Why it could not, or empty.
  std::string set_values(const double* values);
  Result solve(const double* b, double* x);
  /// A^T x = b.
  Result solve_transposed(const double* b, double* x);

 private:
  struct Inside;
  Result solve(const double* b, double* x, bool is_transposed);
  std::unique_ptr<Inside> inside_;
};

}  // namespace aleator::math
