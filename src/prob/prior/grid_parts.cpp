#include "prob/prior/grid_parts.hpp"

#include "prob/prior/product.hpp"

namespace aleator::prob {

std::vector<GridPart> grid_parts(const Prior& prior, const std::string& name) {
  if (!prior.grid().empty()) return {{name, 0, prior.dimension(), prior.grid(), prior.lengths()}};
  std::vector<GridPart> all;
  const auto* const product = dynamic_cast<const Product*>(&prior);
  if (product == nullptr) return all;
  int first = 0;
  for (const Product::Part& part : product->parts()) {
    for (GridPart grid : grid_parts(*part.prior, part.name)) {
      grid.first += first;
      all.push_back(std::move(grid));
    }
    first += part.prior->dimension();
  }
  return all;
}

}  // namespace aleator::prob
