#pragma once
/// What      The menu of this folder: forward models of ordinary differential equations.
/// Parallel  local.
#include "deck/registry.hpp"

namespace aleator::ode {

void register_components(deck::Registry& registry);

}  // namespace aleator::ode
