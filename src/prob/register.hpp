#pragma once
/// What      The menu of this folder: priors.
/// Parallel  local.
#include "deck/registry.hpp"

namespace aleator::prob {

void register_components(deck::Registry& registry);

}  // namespace aleator::prob
