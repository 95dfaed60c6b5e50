#include "prob/field/box.hpp"

#include <fmt/format.h>

#include "prob/prior/prior.hpp"

namespace aleator::prob {

int Box::size() const {
  int product = 1;
  for (const int n : cells) product *= n;
  return product;
}

int Box::inner(int axis) const {
  int product = 1;
  for (int k = 0; k < axis; ++k) product *= cells[k];
  return product;
}

double Box::cell_volume() const {
  double product = 1.0;
  for (int k = 0; k < axes(); ++k) product *= spacing(k);
  return product;
}

std::string box_fault(const std::vector<int>& cells, const std::vector<double>& lengths) {
  constexpr double most_cells = 1 << 28;  // 2 GiB a field
  if (cells.empty() || cells.size() > 3)
    return fmt::format("cells has {} numbers: a box has 1, 2 or 3 axes", cells.size());
  double product = 1.0;
  for (const int n : cells) product *= n;
  if (product > most_cells) return fmt::format("cells: {:.3g} cells are more than {:.0f}", product, most_cells);
  return axes_fault("lengths", lengths.size(), cells.size());
}

std::string axes_fault(const std::string& key, std::size_t values, std::size_t axes) {
  if (values == 1 || values == axes) return {};
  return fmt::format("{} has {} values for {} axes (cells has {}): give one for all, or one for each", key, values,
                     axes, axes);
}

Box make_box(const std::vector<int>& cells, const std::vector<double>& lengths) {
  if (const std::string fault = box_fault(cells, lengths); !fault.empty()) throw deck::KeyError("cells", fault);
  return {cells, spread(lengths, static_cast<int>(cells.size()), "lengths", "axes")};
}

}  // namespace aleator::prob
