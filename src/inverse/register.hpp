#pragma once
/// What      The menu of this folder: the linear model, likelihoods, targets, problems.
/// Parallel  local.
#include "deck/registry.hpp"

namespace aleator::inverse {

void register_components(deck::Registry& registry);

}  // namespace aleator::inverse
