#pragma once
/// What      The structured grid of an evolution equation, and the linear maps to and from its values: observation at points,
///           coarse values to the grid.
/// Method    Axis a has the points origin + i spacing, x fastest. Periodic: origin 0, the last point meets the first again.
///           Else points are the centres of cells, and beyond the last centre a field continues as a constant (Neumann).
/// Parallel  local.
/// Cost      a SparseMap: 16 bytes and one multiply-add an entry.
/// Fails     -
#include <array>
#include <cstddef>
#include <string>
#include <vector>

#include "pde/nodal/nodes.hpp"

namespace aleator::pde::evolution {

struct Grid {
  std::vector<int> points;     ///< nx, or nx and ny
  std::vector<double> length;  ///< of the domain, from 0
  bool is_periodic = false;

  int dimension() const { return static_cast<int>(points.size()); }
  double spacing(int axis) const {
    return length[static_cast<std::size_t>(axis)] / points[static_cast<std::size_t>(axis)];
  }
  int size() const { return dimension() == 1 ? points[0] : points[0] * points[1]; }
  /// Of point i along an axis.
  double position(int axis, int i) const { return (is_periodic ? i : i + 0.5) * spacing(axis); }
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
  void add_transposed(const double* y, double* x) const;

 private:
  std::vector<std::size_t> begin_{0};
  std::vector<int> column_;
  std::vector<double> weight_;
};

/// Multilinear interpolation between the grid's values, one row for each point.
SparseMap interpolation(const Grid& grid, const std::vector<std::vector<double>>& points);

/// Values on c x c equal blocks of the square to a grid of which c divides both numbers of points; k = i + c j, i along x.
SparseMap from_blocks(const Grid& grid, int c);

/// m points along each axis, at (k + 1/2) / m of its length, x fastest.
std::vector<std::vector<double>> point_lattice(const Grid& grid, int m);

}  // namespace aleator::pde::evolution
