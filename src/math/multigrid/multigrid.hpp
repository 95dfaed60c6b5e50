#pragma once
/// What      Solver of -div(a grad u) = f with u = 0 on the boundary of a rectangle, a constant on each of nx x ny elements.
/// Method    Bilinear elements. Conjugate gradients in float64, preconditioned by one V-cycle in float32. The finest grid is
///           matrix-free; coarser ones are Galerkin operators of an interpolation taken from the operator (Dendy 1982), so
///           that jumps of a do not matter; smoother: Chebyshev polynomials of degree 2 in D^-1 A, whose largest eigenvalue
///           on the finest grid is at most 3/2 for every a. docs/theory/multigrid.md.
/// Parallel  Kokkos over the grid's rows; sums are taken row by row in a fixed order, so that the bits do not depend on threads.
/// Cost      memory 80 bytes a node; an iteration 200 bytes of traffic a node; 8 to 12 iterations to 1e-8.
/// Fails     solve returns is_converged = false after max_iterations or when a number is not finite.
#include <vector>

#include "kernels/huge_pages.hpp"
#include "math/multigrid/level.hpp"
#include "math/multigrid/stencil.hpp"

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

  explicit Multigrid(const Grid& grid);

  /// Nodes (i, j) lie at i + (nx + 1) j in all arrays of the interface, elements at i + nx j.
  std::size_t nodes() const { return static_cast<std::size_t>(grid_.nx + 1) * (grid_.ny + 1); }
  std::size_t elements() const { return static_cast<std::size_t>(grid_.nx) * grid_.ny; }

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
  void gradient(const double* lambda, const double* u, double* g) const;
  const Grid& grid() const { return grid_; }
  int levels() const { return static_cast<int>(levels_.size()); }

 private:
  float* take_floats(std::size_t count);
  double* take_doubles(std::size_t count);
  void lay_out();
  void load(const double* from, double* to) const;
  void store(const double* from, double* to) const;
  /// solution of the finest level = M^-1 right side of the finest level.
  void cycle();
  multigrid::CellStencil<float> finest_stencil() const;
  /// q = A p at inner nodes for the coefficient given; returns p . q.
  double operate(const double* coefficient, const double* p, double* q);

  Grid grid_;
  double coupling_x_, coupling_y_, coupling_xy_;  ///< of an element with a = 1: edges along x, along y, diagonals
  std::vector<multigrid::Level> levels_;
  kernels::HugePages memory_;
  std::size_t taken_ = 0;
  float* coefficient_ = nullptr;  ///< of elements, in the finest extent
  double* exact_coefficient_ = nullptr;
  double *x_ = nullptr, *r_ = nullptr, *p_ = nullptr, *q_ = nullptr;
  std::vector<double> row_sums_;
};

}  // namespace aleator::math
