#include "prob/prior/prior.hpp"

namespace aleator::prob {

std::vector<double> spread(const std::vector<double>& values, int count, const std::string& key,
                           const std::string& things) {
  if (static_cast<int>(values.size()) == count) return values;
  if (values.size() == 1) return std::vector<double>(static_cast<std::size_t>(count), values[0]);
  throw deck::KeyError(key, std::to_string(values.size()) + " values for " + std::to_string(count) + " " + things,
                       "give one value for all " + things + ", or one for each");
}

}  // namespace aleator::prob
