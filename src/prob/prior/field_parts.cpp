#include "prob/prior/field_parts.hpp"

#include "prob/prior/product.hpp"

namespace aleator::prob {

std::vector<FieldPart> field_parts(const Prior& prior, const std::string& name) {
  if (!prior.grid().empty() || prior.mesh() != nullptr)
    return {{name, 0, prior.dimension(), prior.grid(), prior.lengths(), prior.mesh(), {}, prior.spectrum()}};
  std::vector<FieldPart> all;
  const auto* const product = dynamic_cast<const Product*>(&prior);
  if (product == nullptr) return all;
  int first = 0;
  for (const Product::Part& part : product->parts()) {
    for (FieldPart field : field_parts(*part.prior, part.name)) {
      field.first += first;
      all.push_back(std::move(field));
    }
    first += part.prior->dimension();
  }
  return all;
}

}  // namespace aleator::prob
