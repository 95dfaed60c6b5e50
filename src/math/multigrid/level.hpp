#pragma once
/// What      One grid of a multigrid hierarchy in memory: nodes with couplings to their eight neighbours.
/// Method    Node (i, j), 0 <= i <= nx, 0 <= j <= ny, lies at place(i, j) of an array with a margin of zeros, so that loops
///           over a row of inner nodes run over unit strides and need no test. Couplings are positive:
///             (A u)_p = sum_q g_pq (u_p - u_q).
/// Parallel  -
/// Cost      a level of N nodes: 8 arrays of N floats, and 6 of N / 4 for the interpolation from the next coarser one.
/// Fails     -
#include <cstddef>

namespace aleator::math::multigrid {

/// Where node or cell (i, j) lies.
struct Extent {
  static constexpr int margin = 16;  ///< floats of a cache line
  int nx = 0, ny = 0;                ///< cells
  std::ptrdiff_t pitch() const { return (nx + 1 + 2 * margin + margin - 1) / margin * margin; }
  std::ptrdiff_t place(int i, int j) const { return (j + 1) * pitch() + margin + i; }
  std::size_t size() const { return static_cast<std::size_t>(pitch()) * (ny + 3); }
};

/// Couplings of the corners of one element: bottom, top, left, right edge and the two diagonals (SW-NE, SE-NW), an array each.
struct Elements {
  float *bottom, *top, *left, *right, *rising, *falling;
};

/// Weights of the interpolation from the coarser grid, by coarse cell (I, J) with corners SW, SE, NW, NE:
/// the fine node right of the corner SW takes `x` of it and 1 - x of SE; the one above takes `y` of SW and 1 - y of NW;
/// the one in the middle takes the four weights.
struct Interpolation {
  float *x, *y, *sw, *se, *nw, *ne;
};

struct Level {
  Extent extent;
  Elements element;                               ///< of coarse levels; unused on the finest
  float *east, *north, *north_east, *north_west;  ///< couplings of a node with the one in that direction; coarse levels
  float* inverse_diagonal;                        ///< 1 / sum of the couplings of inner nodes, else 0
  float *solution, *other, *right_side;
  Interpolation from_coarser;  ///< in the extent of the coarser level
};

}  // namespace aleator::math::multigrid
