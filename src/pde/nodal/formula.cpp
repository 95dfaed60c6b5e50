#include "pde/nodal/formula.hpp"

#include <fmt/format.h>

#include <cmath>

#include "deck/registry.hpp"
#include "math/expression/formula.hpp"

namespace aleator::pde::nodal {

std::vector<double> formula_values(const std::string& key, const std::string& text, int dimension,
                                   const std::vector<double>& points, int entry) {
  const auto count = static_cast<int>(points.size()) / dimension;
  const kernels::Batch at("points", count, dimension), y("values", count, 1);
  for (int i = 0; i < count; ++i)
    for (int a = 0; a < dimension; ++a) at(i, a) = points[static_cast<std::size_t>(i * dimension + a)];
  try {
    const std::vector<std::string> axes = {"x", "y", "z"};
    const math::Formula formula({{axes.begin(), axes.begin() + dimension}, {}, {}, {text}});
    if (formula.outputs() != 1)
      throw deck::KeyError(key, "a formula is not one number for a place, but several", "", {entry, -1});
    formula.evaluate(at, y);
  } catch (const math::FormulaError& error) {
    throw deck::KeyError(key, error.what(), error.hint, {entry, static_cast<int>(error.at)});
  }
  for (int i = 0; i < count; ++i)
    if (!std::isfinite(y(i, 0)))
      throw deck::KeyError(key,
                           fmt::format("is {} at ({:.6g})", y(i, 0), fmt::join(&at(i, 0), &at(i, 0) + dimension, ", ")),
                           "", {entry, -1});
  return {y.data(), y.data() + count};
}

}  // namespace aleator::pde::nodal
