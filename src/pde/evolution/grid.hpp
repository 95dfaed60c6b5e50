#pragma once
/// What      The structured grid of an evolution equation, whole or the strip of it that one rank works on, and the linear maps
///           to and from its values: observation at points, coarse values to the grid.
/// Method    Axis a has the points origin + i spacing, x fastest. Periodic: origin 0, the last point meets the first again.
///           Else points are the centres of cells, and beyond the last centre a field continues as a constant (Neumann).
///           Strips are of rows, the slowest axis. A strip stores a neighbour's row before and after its own cells, but none
///           beyond a boundary.
/// Parallel  local.
/// Cost      a SparseMap: 16 bytes and one multiply-add an entry.
/// Fails     -
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "pde/nodal/nodes.hpp"

namespace aleator::pde::evolution {

/// One of `count` strips of a grid; by default the whole.
struct Share {
  int index = 0, count = 1;
};

/// Of `size` values of a field, those from begin to end are the grid's own, the others those of neighbours.
struct Cells {
  int begin, end, size;
  int own() const { return end - begin; }
};

struct Grid {
  std::vector<int> points;     ///< of the whole grid: nx, or nx and ny
  std::vector<double> length;  ///< of the domain, from 0
  bool is_periodic = false;
  Share share = {};

  int dimension() const { return static_cast<int>(points.size()); }
  double spacing(int axis) const {
    return length[static_cast<std::size_t>(axis)] / points[static_cast<std::size_t>(axis)];
  }
  /// Of point i of the whole grid along an axis.
  double position(int axis, int i) const { return (is_periodic ? i : i + 0.5) * spacing(axis); }

  int row_size() const { return dimension() == 1 ? 1 : points[0]; }
  int rows() const { return points.back(); }
  /// The first row of a strip, and so the end of that before.
  int cut(int index) const { return static_cast<int>(static_cast<std::int64_t>(rows()) * index / share.count); }
  bool has_row_before() const { return share.count > 1 && (is_periodic || share.index > 0); }
  bool has_row_after() const { return share.count > 1 && (is_periodic || share.index + 1 < share.count); }
  Cells cells() const {
    return share.count == 1 ? Cells{0, rows() * row_size(), rows() * row_size()} : cells_of_strip();
  }
  /// Values of one field, those of neighbours among them.
  int size() const { return cells().size; }
  /// No strip has more; the same for all of them.
  int largest_size() const {
    return share.count == 1 ? size() : ((rows() + share.count - 1) / share.count + 2) * row_size();
  }
  /// In the whole grid, of a cell that is stored.
  int row_of(int cell) const;
  double position_of(int axis, int cell) const {
    return position(axis, axis + 1 == dimension() ? row_of(cell) : cell % points[0]);
  }
  /// The whole grid that this is a strip of.
  Grid whole() const { return {points, length, is_periodic, {}}; }
  Cells cells_of_strip() const;
};

/// Its points with the fields that live there.
nodal::Nodes nodes_of(const Grid& grid, const std::vector<std::string>& fields);

/// y = A x by rows: row k is the sum of weight * x(column) over entries begin[k] to begin[k + 1].
class SparseMap {
 public:
  int rows() const { return static_cast<int>(begin_.size()) - 1; }
  void add_entry(int column, double weight) { column_.push_back(column), weight_.push_back(weight); }
  void end_row() { begin_.push_back(column_.size()); }
  /// work(column, weight) for the entries of a row.
  template <class Work>
  void for_each_entry(int row, const Work& work) const {
    for (std::size_t e = begin_[row]; e < begin_[row + 1]; ++e) work(column_[e], weight_[e]);
  }
  void apply(const double* x, double* y) const;
  /// x += A^T y.
  void add_transposed(const double* y, double* x) const { add_transposed(0, rows(), y, x); }
  /// The same of rows [begin, end) alone.
  void add_transposed(int begin, int end, const double* y, double* x) const;

 private:
  std::vector<std::size_t> begin_{0};
  std::vector<int> column_;
  std::vector<double> weight_;
};

/// What a strip has of an interpolation: all entries at its own cells, of which the ranks' products add up; or whole rows, of the
/// points whose lower row of cells is its own, so that one rank has the value of a point and the others have 0.
enum class Entries { own_cells, own_points };

/// Multilinear interpolation between the grid's values, one row for each point.
SparseMap interpolation(const Grid& grid, const std::vector<std::vector<double>>& points,
                        Entries entries = Entries::own_cells);

/// Values on c x c equal blocks of the square to a grid of which c divides both numbers of points; k = i + c j, i along x.
SparseMap from_blocks(const Grid& grid, int c);

/// Bilinear between the corners of nx x ny equal cells of a rectangle from 0, x fastest: one row for each point.
SparseMap between_corners(const std::vector<std::vector<double>>& points, const std::vector<int>& cells,
                          const std::vector<double>& lengths);

/// m points along each axis, at (k + 1/2) / m of its length, x fastest.
std::vector<std::vector<double>> point_lattice(const Grid& grid, int m);

}  // namespace aleator::pde::evolution
