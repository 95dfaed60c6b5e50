#pragma once
/// What      The menu of this folder: models that live outside Aleator.
/// Parallel  local.
#include "deck/registry.hpp"

namespace aleator::external {

void register_components(deck::Registry& registry);

}  // namespace aleator::external
