#include "pde/evolution/semi_discrete.hpp"

#include <algorithm>

namespace aleator::pde::evolution {

std::vector<double> initial_state(const nodal::NodeParams& params, const Layout& layout) {
  const Grid& grid = layout.grid;
  std::vector<double> whole = nodal::initial_values(params, nodes_of(grid, layout.field_names));
  if (whole.empty() || grid.share.count == 1) return whole;
  const Cells cells = grid.cells();
  const std::size_t size = whole.size() / layout.field_names.size(),
                    first = static_cast<std::size_t>(grid.cut(grid.share.index)) * grid.row_size();
  std::vector<double> values(static_cast<std::size_t>(layout.state_size()), 0.0);
  for (std::size_t k = 0; k < layout.field_names.size(); ++k)
    std::copy_n(&whole[k * size + first], cells.end - cells.begin,
                &values[k * static_cast<std::size_t>(cells.size) + cells.begin]);
  return values;
}

}  // namespace aleator::pde::evolution
