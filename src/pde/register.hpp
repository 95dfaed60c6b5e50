#pragma once
/// What      The menu of this folder: forward models of partial differential equations.
/// Parallel  local.
#include "deck/registry.hpp"

namespace aleator::pde {

void register_components(deck::Registry& registry);

}  // namespace aleator::pde
