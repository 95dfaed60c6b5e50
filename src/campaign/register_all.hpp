#pragma once
/// What      The whole menu: every folder's components, and the settings and jobs of this one.
/// Parallel  local.
#include "deck/registry.hpp"

namespace aleator::campaign {

deck::Registry register_all();

}  // namespace aleator::campaign
