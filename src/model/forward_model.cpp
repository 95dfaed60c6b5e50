#include "model/forward_model.hpp"

#include <fmt/format.h>

#include <map>

namespace aleator::model {

std::vector<std::string> output_names(const Shape& shape) {
  std::vector<std::string> names = shape.output_names;
  for (int i = static_cast<int>(names.size()); i < shape.outputs; ++i) names.push_back(fmt::format("y[{}]", i));
  std::map<std::string, int> seen;
  for (std::string& name : names)
    if (const int times = ++seen[name]; times > 1) name += fmt::format(" ({})", times);
  return names;
}

}  // namespace aleator::model
