#pragma once
/// What      Rows of several arrays change places and ranks together: resampling.
/// Method    Rows that change rank are sent, no others; where the sources never decrease the rest moves in place, each row once.
/// Parallel  collective.
/// Cost      one pass over the rows that move, one exchange of those that change rank.
/// Fails     -
#include <vector>

#include "parallel/row_layout.hpp"

namespace aleator::parallel {

/// Numbers of this rank's rows, `width` for each, row after row.
struct RowData {
  double* data;
  int width;
};
/// In each array global row i becomes a copy of the present row source[i].
void move_rows(const Comm& comm, const RowLayout& layout, const std::vector<RowData>& arrays,
               const std::vector<GlobalIndex>& source);

}  // namespace aleator::parallel
