#pragma once
/// What      The five-point Laplacian on a grid of cells with Neumann boundaries, and sums over a grid.
/// Method    A cell beyond the edge has the value of the one before it: second order, and symmetric, so that the operator is
///           its own transpose. Sums are taken in eight lanes, in an order that depends on the length alone. On a strip:
///           of its own cells, which see the rows of neighbours.
/// Parallel  one thread.
/// Cost      8 flops a cell; one pass through memory.
/// Fails     -
#include "pde/evolution/grid.hpp"

namespace aleator::pde::evolution {

/// work(i, Laplacian of x at cell i) for a strip's own cells; what it writes to must not be x.
template <class Work>
void for_each_laplacian(const Grid& grid, const double* x, const Work& work) {
  const Cells cells = grid.cells();
  const int nx = grid.points[0], first = cells.begin / nx, last = cells.end / nx, rows = cells.size / nx;
  const double cx = 1.0 / (grid.spacing(0) * grid.spacing(0)), cy = 1.0 / (grid.spacing(1) * grid.spacing(1));
  for (int j = first; j < last; ++j) {
    const double* const row = x + j * nx;
    const double* const south = j == 0 ? row : row - nx;
    const double* const north = j + 1 == rows ? row : row + nx;
    const auto at = [&](int i, double west, double east) {
      work(j * nx + i, cx * (west - 2.0 * row[i] + east) + cy * (south[i] - 2.0 * row[i] + north[i]));
    };
    at(0, row[0], row[1]);
#pragma GCC ivdep
    for (int i = 1; i < nx - 1; ++i) at(i, row[i - 1], row[i + 1]);
    at(nx - 1, row[nx - 2], row[nx - 1]);
  }
}

/// The largest |eigenvalue| of it.
inline double largest_eigenvalue(const Grid& grid) {
  return 4.0 / (grid.spacing(0) * grid.spacing(0)) + 4.0 / (grid.spacing(1) * grid.spacing(1));
}

/// Sum of term(i), i = 0 … n - 1.
template <class Term>
double sum_terms(int n, const Term& term) {
  constexpr int lanes = 8;
  double part[lanes] = {};
  int i = 0;
  for (; i + lanes <= n; i += lanes)
    for (int l = 0; l < lanes; ++l) part[l] += term(i + l);
  for (; i < n; ++i) part[0] += term(i);
  return ((part[0] + part[1]) + (part[2] + part[3])) + ((part[4] + part[5]) + (part[6] + part[7]));
}

}  // namespace aleator::pde::evolution
