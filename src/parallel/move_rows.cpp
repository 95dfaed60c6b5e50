#include "parallel/move_rows.hpp"

#include <algorithm>

#include "core/error.hpp"

namespace aleator::parallel {
namespace {

void copy_row(const std::vector<RowData>& arrays, GlobalIndex from, GlobalIndex to) {
  for (const auto& [data, width] : arrays) std::copy_n(data + from * width, width, data + to * width);
}

// Rows whose source lies on the same rank. Sources that never decrease cross no row that is still wanted when rows that come
// from behind are filled from the first on and then rows that come from the front from the last on.
void take_local_rows(const RowLayout& layout, const std::vector<RowData>& arrays,
                     const std::vector<GlobalIndex>& source) {
  const GlobalIndex first = layout.first(), rows = layout.local_rows();
  const auto from = [&](GlobalIndex row) { return source[static_cast<std::size_t>(first + row)] - first; };
  const auto is_local = [&](GlobalIndex row) { return from(row) >= 0 && from(row) < rows; };
  const auto mine = source.begin() + static_cast<std::ptrdiff_t>(first);
  if (std::is_sorted(mine, mine + static_cast<std::ptrdiff_t>(rows))) {
    for (GlobalIndex row = 0; row < rows; ++row)
      if (is_local(row) && from(row) > row) copy_row(arrays, from(row), row);
    for (GlobalIndex row = rows - 1; row >= 0; --row)
      if (is_local(row) && from(row) < row) copy_row(arrays, from(row), row);
    return;
  }
  for (const auto& [data, width] : arrays) {
    const std::vector<double> old(data, data + rows * width);
    for (GlobalIndex row = 0; row < rows; ++row)
      if (is_local(row)) std::copy_n(old.data() + from(row) * width, width, data + row * width);
  }
}

}  // namespace

void move_rows(const Comm& comm, const RowLayout& layout, const std::vector<RowData>& arrays,
               const std::vector<GlobalIndex>& source) {
  ALEATOR_ASSERT(static_cast<GlobalIndex>(source.size()) == layout.rows());
  if (layout.ranks() == 1) return take_local_rows(layout, arrays, source);
  const GlobalIndex first = layout.first(), last = first + layout.local_rows();
  std::vector<std::vector<double>> send(static_cast<std::size_t>(layout.ranks()));
  for (int to = 0; to < layout.ranks(); ++to) {
    if (to == layout.rank()) continue;
    for (GlobalIndex row = layout.first_row(to), end = layout.last_row(to); row < end; ++row)
      if (source[row] >= first && source[row] < last)
        for (const auto& [data, width] : arrays) {
          const double* const from = data + (source[row] - first) * width;
          send[to].insert(send[to].end(), from, from + width);
        }
  }
  take_local_rows(layout, arrays, source);
  const std::vector<std::vector<double>> received = comm.all_to_all(send);
  std::vector<const double*> next;
  for (const std::vector<double>& rows : received) next.push_back(rows.data());
  for (GlobalIndex row = first; row < last; ++row) {
    if (source[row] >= first && source[row] < last) continue;
    const double*& from = next[static_cast<std::size_t>(layout.owner(source[row]))];
    for (const auto& [data, width] : arrays) {
      std::copy_n(from, width, data + (row - first) * width);
      from += width;
    }
  }
}

}  // namespace aleator::parallel
