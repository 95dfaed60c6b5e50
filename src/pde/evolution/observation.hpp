#pragma once
/// What      What is seen of one field on a strip of the grid: its values at points, then its means over boxes.
/// Method    Of the multilinear interpolant, means exactly. A box is seen row by row: the strip that has a row of cells has its
///           part, and parts are added in the order of rows once all are known. So the bits are those of the whole grid.
/// Parallel  local; who calls adds the strips' parts, of which all but one are 0.
/// Cost      2^d multiply-adds a point, one a cell of a box.
/// Fails     -
#include <vector>

#include "pde/evolution/grid.hpp"

namespace aleator::pde::evolution {

class Observation {
 public:
  /// `boxes`: [x0, x1] or [x0, x1, y0, y1], within the domain.
  Observation(const Grid& grid, const std::vector<std::vector<double>>& points,
              const std::vector<std::vector<double>>& boxes);
  int values() const { return together_.rows(); }
  int parts() const { return parts_.rows(); }
  /// This strip's parts; 0 where they are another's. A field comes with the neighbours' rows.
  void see(const double* field, double* parts) const { parts_.apply(field, parts); }
  void put_together(const double* parts, double* values) const { together_.apply(parts, values); }
  /// field += A^T dy, at own cells.
  void add_transposed(const double* dy, double* field) const { whole_.add_transposed(dy, field); }
  /// work(cell, weight) for what value k sees of this strip.
  template <class Work>
  void for_each_weight(int k, const Work& work) const {
    whole_.for_each_entry(k, work);
  }

 private:
  SparseMap parts_, together_;  ///< values = together_ parts_ field
  SparseMap whole_;             ///< the product of both, at own cells
};

}  // namespace aleator::pde::evolution
