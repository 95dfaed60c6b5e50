#pragma once
/// What      One grid of a multigrid hierarchy in memory: nodes with couplings to their eight neighbours.
/// Method    Node (i, j), 0 <= i <= nx, 0 <= j <= ny, lies at place(i, j) of an array with a margin of zeros, so that loops
///           over a row of inner nodes run over unit strides and need no test. Couplings are positive:
///             (A u)_p = sum_q g_pq (u_p - u_q).
/// Parallel  a level may be dealt to the ranks of a communicator in strips of rows; each then holds its own, two rows below and
///           two above. Rows keep their numbers in the whole grid.
/// Cost      a level of N nodes: 8 arrays of N floats, and 6 of N / 4 for the interpolation from the next coarser one.
/// Fails     -
#include <cstddef>

#include "parallel/strips.hpp"

namespace aleator::math::multigrid {

/// Where node or cell (i, j) lies.
struct Extent {
  static constexpr int margin = 16;  ///< floats of a cache line
  int nx = 0, ny = 0;                ///< cells of the whole grid
  int first = 0, last = 0;  ///< rows of cells, and of nodes, that are this rank's; the last rank also has node row ny
  std::ptrdiff_t pitch() const { return (nx + 1 + 2 * margin + margin - 1) / margin * margin; }
  std::ptrdiff_t place(int i, int j) const { return (j - first + 2) * pitch() + margin + i; }
  std::size_t size() const { return static_cast<std::size_t>(pitch()) * (last - first + 5); }
  /// This rank's rows of inner nodes.
  int inner_begin() const { return first > 0 ? first : 1; }
  int inner_end() const { return last; }
  int node_end() const { return last == ny ? ny + 1 : last; }
  /// Of the coarser grid, the rows of cells that this rank's consist of.
  int coarse_first() const { return first / 2; }
  int coarse_last() const { return (last + 1) / 2; }
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
  Interpolation from_coarser;                           ///< in the extent of the coarser level
  const parallel::Strips* strips = nullptr;             ///< null: the level is whole on this rank
  const parallel::Strips* strips_of_coarser = nullptr;  ///< how the coarser level's rows follow from this one's

  /// Rows beside the strip, where the level is dealt out.
  template <typename Real>
  void fill_halo(Real* array) const {
    if (strips != nullptr)
      strips->fill_halo(array + extent.place(0, extent.first), sizeof(Real) * (extent.nx + 1),
                        sizeof(Real) * extent.pitch());
  }
};

}  // namespace aleator::math::multigrid
