#pragma once
/// What      The menu of this folder: linear model, Gaussian likelihood, Bayes' problem.
/// Parallel  local.
#include "deck/registry.hpp"

namespace aleator::inverse {

void register_components(deck::Registry& registry);

}  // namespace aleator::inverse
