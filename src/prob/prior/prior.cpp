#include "prob/prior/prior.hpp"

#include <fmt/format.h>

namespace aleator::prob {

std::vector<std::string> parameter_names(const std::vector<Variable>& variables) {
  std::vector<std::string> names;
  for (const Variable& variable : variables)
    for (int k = 0; k < variable.size; ++k)
      names.push_back(variable.size == 1 ? variable.name : fmt::format("{}[{}]", variable.name, k));
  return names;
}

std::vector<double> spread(const std::vector<double>& values, int count, const std::string& key,
                           const std::string& things) {
  if (static_cast<int>(values.size()) == count) return values;
  if (values.size() == 1) return std::vector<double>(static_cast<std::size_t>(count), values[0]);
  throw deck::KeyError(key, std::to_string(values.size()) + " values for " + std::to_string(count) + " " + things,
                       "give one value for all " + things + ", or one for each");
}

}  // namespace aleator::prob
