#include "model/forward_model.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <map>
#include <numeric>

namespace aleator::model {

int InputField::size() const {
  if (cells.empty()) return owner.empty() ? 0 : 1 + *std::max_element(owner.begin(), owner.end());
  return std::accumulate(cells.begin(), cells.end(), 1, std::multiplies<>());
}

std::vector<int> Shape::input_grid() const {
  if (input_fields.size() != 1 || input_fields[0].size() != inputs) return {};
  return {input_fields[0].cells.rbegin(), input_fields[0].cells.rend()};
}

std::vector<std::string> output_names(const Shape& shape) {
  std::vector<std::string> names = shape.output_names;
  for (int i = static_cast<int>(names.size()); i < shape.outputs; ++i) names.push_back(fmt::format("y[{}]", i));
  std::map<std::string, int> seen;
  for (std::string& name : names)
    if (const int times = ++seen[name]; times > 1) name += fmt::format(" ({})", times);
  return names;
}

}  // namespace aleator::model
