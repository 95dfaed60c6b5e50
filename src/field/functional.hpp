#pragma once
/// What      Linear functionals of fields on a Grid: values at points, integrals over boxes, each the work of all ranks.
/// Method    multilinear interpolation, exact integration of it; an entry (node, weight) lies with the owner of the node.
/// Parallel  add_* is local; apply is collective over the grid's ranks and gives all of them the same bits.
/// Cost      2^d nodes a point, those of the box a patch; apply: one reduction.
/// Fails     never; callers see to points inside the box.
#include <array>
#include <vector>

#include "field/grid.hpp"

namespace aleator::field {

/// Nodes first, first + 1, ... along one axis with their weights.
struct AxisWeights {
  int first = 0;
  std::vector<double> weight;
};
/// Of the two hat functions around x.
AxisWeights interpolation_weights(const GridShape& shape, int axis, double x);
/// Integrals of the hat functions over [begin, end].
AxisWeights integration_weights(const GridShape& shape, int axis, double begin, double end);

class Functionals {
 public:
  explicit Functionals(const Grid& grid) : grid_(grid) {}
  void add_point(const std::vector<double>& x);
  /// `box`: x0, x1, y0, y1, …; scale 1: the integral, 1 / volume: the mean.
  void add_box(const std::vector<double>& box, double scale);
  /// One with the weights of this rank's nodes given by hand: places among the owned nodes.
  void add(std::vector<std::int64_t> places, std::vector<double> weights);

  int count() const { return static_cast<int>(begin_.size()) - 1; }
  /// y[k] = sum of weight x value, this rank's part only.
  void apply_local(const double* owned, double* y) const;
  /// owned += sum over k of r[k] x weights of functional k.
  void add_transposed(const double* r, double* owned) const;
  std::vector<double> apply(Vec global) const;

 private:
  void add_product(const std::array<AxisWeights, 3>& axes, double scale);
  const Grid& grid_;
  std::vector<std::size_t> begin_{0};
  std::vector<std::int64_t> place_;
  std::vector<double> weight_;
};

}  // namespace aleator::field
