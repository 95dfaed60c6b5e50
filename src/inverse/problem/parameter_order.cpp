#include "inverse/problem/parameter_order.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <unordered_map>

#include "model/prior_fields.hpp"

namespace aleator::inverse {
namespace {

using prob::array_of;

// Whether the names tell one input from another: not those of the entries of one array.
bool are_telling(const std::vector<std::string>& names) {
  return std::any_of(names.begin(), names.end(), [&](const std::string& name) {
    return name.find('[') == std::string::npos || array_of(name) != array_of(names[0]);
  });
}

}  // namespace

void refuse_other_order(const std::vector<prob::Variable>& given, const std::vector<std::string>& taken,
                        const std::string& taker) {
  if (taken.empty() || !are_telling(taken) || given.size() < 2) return;
  const std::vector<std::string> names = prob::parameter_names(given);
  std::unordered_map<std::string_view, std::size_t> place;  // fields have 10^5 names
  for (std::size_t k = 0; k < taken.size(); ++k) place.emplace(array_of(taken[k]), k);
  for (std::size_t k = 0; k < names.size(); ++k) {
    const auto meant = place.find(array_of(names[k]));
    if (array_of(names[k]) == array_of(taken[k]) || meant == place.end()) continue;
    throw deck::KeyError("prior",
                         fmt::format("gives '{}' as parameter {}, but {} takes '{}' there, and '{}' as parameter {}",
                                     names[k], k + 1, taker, taken[k], taken[meant->second], meant->second + 1),
                         fmt::format("parameters go by their order, which is: {}", fmt::join(taken, ", ")));
  }
}

void refuse_other_parameters(const prob::Prior& prior, const std::string& prior_name, const model::Shape& shape,
                             const std::string& model_name) {
  if (prior.dimension() != shape.inputs)
    throw deck::KeyError("prior", fmt::format("has {} parameters, but model '{}' takes {}", prior.dimension(),
                                              model_name, shape.inputs));
  refuse_other_order(prior.variables(prior_name), shape.input_names, fmt::format("model '{}'", model_name));
  model::refuse_other_fields(prior, prior_name, shape, model_name);
}

}  // namespace aleator::inverse
