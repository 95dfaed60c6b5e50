#include "prob/prior/prior.hpp"

namespace aleator::prob {

std::vector<double> spread(const std::vector<double>& values, int dimension, const std::string& key) {
  if (static_cast<int>(values.size()) == dimension) return values;
  if (values.size() == 1) return std::vector<double>(static_cast<std::size_t>(dimension), values[0]);
  throw deck::KeyError(key, std::to_string(values.size()) + " values for " + std::to_string(dimension) + " parameters",
                       "give one value for all parameters, or one for each");
}

}  // namespace aleator::prob
