#pragma once
/// What      Solver of -div(a grad u) = f with u = 0 on the boundary of a rectangle, a constant on each of nx x ny elements.
/// Method    Bilinear elements. Conjugate gradients in float64, preconditioned by one V-cycle in float32. The finest grid is
///           matrix-free; coarser ones are Galerkin operators of an interpolation taken from the operator (Dendy 1982), so
///           that jumps of a do not matter; smoother: Chebyshev polynomials of degree 2 in D^-1 A, whose largest eigenvalue
///           on the finest grid is at most 3/2 for every a. docs/theory/multigrid.md.
/// Parallel  Kokkos over the grid's rows. On several ranks the rows are dealt out in strips: each level down to one of some
///           10^4 nodes, which every rank then has whole; neighbours exchange a row before each sweep. Sums are taken row by
///           row in a fixed order, so that the bits depend neither on threads nor on ranks. Grids of few rows stay whole on
///           every rank (is_shared).
/// Cost      memory 80 bytes a node; an iteration 200 bytes of traffic a node; 8 to 12 iterations to 1e-8. On several ranks an
///           iteration exchanges six rows a level and three sums.
/// Fails     solve returns is_converged = false after max_iterations or when a number is not finite.
#include <vector>

#include "kernels/huge_pages.hpp"
#include "math/multigrid/level.hpp"
#include "math/multigrid/stencil.hpp"
#include "parallel/strips.hpp"

namespace aleator::math {

class Multigrid {
 public:
  struct Grid {
    int nx = 2, ny = 2;  ///< elements, at least 2
    double hx = 1.0, hy = 1.0;
  };
  struct Result {
    int iterations = 0;
    double residual = 1.0;  ///< energy norm of the preconditioned residual, relative to that at the start
    bool is_converged = false;
  };

  explicit Multigrid(const Grid& grid) : Multigrid(grid, parallel::Comm::self()) {}
  /// All functions but those that only look something up are then collective. Levels of at most `most_whole` nodes are whole
  /// on every rank.
  Multigrid(const Grid& grid, const parallel::Comm& comm, std::size_t most_whole = 1 << 14);
  Multigrid(const Multigrid&) = delete;  // levels point to strips
  Multigrid& operator=(const Multigrid&) = delete;

  /// Arrays of the interface hold this rank's rows: nodes (i, j) at i + (nx + 1) (j - first_row()), elements at
  /// i + nx (j - first_row()). On one rank that is all.
  std::size_t nodes() const { return static_cast<std::size_t>(grid_.nx + 1) * (node_end() - first_row()); }
  std::size_t elements() const { return static_cast<std::size_t>(grid_.nx) * (element_end() - first_row()); }
  int first_row() const { return levels_.front().extent.first; }
  int element_end() const { return levels_.front().extent.last; }
  int node_end() const { return levels_.front().extent.node_end(); }
  /// Whether each rank has rows of its own.
  bool is_shared() const { return levels_.front().strips != nullptr; }

  /// Takes over the coefficient (positive) and builds the hierarchy.
  void set_coefficient(const double* a);
  /// A u = b at inner nodes; values of b and u on the boundary are not read, u is set to 0 there. Starts from u = 0.
  Result solve(const double* b, double* u, double tolerance, int max_iterations = 200);
  /// out = A u at inner nodes (0 on the boundary) for u = 0 on the boundary.
  void apply(const double* u, double* out);
  /// out = (d A / d a . da) u at inner nodes, da by element.
  void apply_derivative(const double* da, const double* u, double* out);
  /// z = M^-1 r, one V-cycle: symmetric and positive definite.
  void precondition(const double* r, double* z);
  /// g(e) = - lambda . (dA / da_e) u for every element.
  void gradient(const double* lambda, const double* u, double* g);
  const Grid& grid() const { return grid_; }
  int levels() const { return static_cast<int>(levels_.size()); }

 private:
  void forget();  ///< after a solve that failed: nothing of it reaches the next
  float* take_floats(std::size_t count);
  double* take_doubles(std::size_t count);
  void lay_out();
  void deal_rows(const parallel::Comm& comm, std::size_t most_whole);
  /// Sum over all rows of row_sums_, which hold this rank's; the maximum.
  double sum_of_rows();
  double largest_of_rows();
  void load(const double* from, double* to) const;
  void store(const double* from, double* to) const;
  /// solution of the finest level = M^-1 right side of the finest level.
  void cycle();
  multigrid::CellStencil<float> finest_stencil() const;
  /// q = A p at inner nodes for the coefficient given; returns p . q.
  double operate(const double* coefficient, double* p, double* q);

  Grid grid_;
  double coupling_x_, coupling_y_, coupling_xy_;  ///< of an element with a = 1: edges along x, along y, diagonals
  std::vector<parallel::Strips> strips_;          ///< of the levels that are dealt out, and of one more
  std::vector<multigrid::Level> levels_;
  kernels::HugePages memory_;
  std::size_t taken_ = 0;
  float* coefficient_ = nullptr;  ///< of elements, in the finest extent
  double* exact_coefficient_ = nullptr;
  double *x_ = nullptr, *r_ = nullptr, *p_ = nullptr, *q_ = nullptr;
  std::vector<double> row_sums_;
};

}  // namespace aleator::math
