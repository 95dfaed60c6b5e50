#include "pde/diffusion/nonlinearity.hpp"

#include <algorithm>

#include "core/error.hpp"

namespace aleator::pde::diffusion {

Nonlinearity::Nonlinearity(const std::string& formula) : text_(formula), formula_({{"u"}, {}, {}, {formula}}) {
  if (formula_.outputs() != 1) throw core::UserError("kappa must be one number for a number u, not several");
}

void Nonlinearity::evaluate(const std::vector<double>& u, std::vector<double>& value,
                            std::vector<double>& slope) const {
  const auto rows = u.size();
  value.resize(rows), slope.resize(rows);
  if (rows == 0) return;
  const kernels::Batch at("u", rows, 1), y("kappa", rows, 1), du("slope", rows, 1);
  std::copy(u.begin(), u.end(), at.data());
  const auto ones = [](int, kernels::ConstBatch, kernels::Batch dy) {
    std::fill(dy.data(), dy.data() + dy.size(), 1.0);
  };
  formula_.evaluate_and_pullback(at, y, ones, du);
  std::copy(y.data(), y.data() + rows, value.begin());
  std::copy(du.data(), du.data() + rows, slope.begin());
}

}  // namespace aleator::pde::diffusion
