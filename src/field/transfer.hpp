#pragma once
/// What      Fields from one Grid to another of the same box, and norms of fields.
/// Method    multilinear interpolation P, rows = nodes of the target; restriction is P^T (of residuals and functionals). Norms:
///           Gauss points, three an axis, which integrates products of bilinear functions exactly.
/// Parallel  collective over the grids' ranks, which must be the same; the dealing of the two grids need not match.
/// Cost      P: 2^d entries a target node, set up once.
/// Fails     -
#include <functional>

#include "field/grid.hpp"

namespace aleator::field {

class Transfer {
 public:
  Transfer(const Grid& from, const Grid& to);
  void interpolate(Vec from, Vec to) const;
  void restrict_to(Vec to, Vec from) const;  ///< from = P^T to

 private:
  math::MatHandle matrix_;
};

using PointFunction = std::function<double(const double* x)>;
struct Norms {
  double l2 = 0.0, h1_seminorm = 0.0;
};
/// Of u - exact; `gradient` writes the d components of grad exact.
Norms norms_of_difference(const Grid& grid, Vec u, const PointFunction& exact,
                          const std::function<void(const double* x, double* g)>& gradient);

}  // namespace aleator::field
