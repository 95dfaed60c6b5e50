#pragma once
/// What      Which parameters of a posterior are fields: those that its prior knows, and those that its model does.
/// Method    The prior's come first; a field of the model's counts where none of the prior's has a part of it. One field that is
///           all parameters has no name.
/// Parallel  local.
/// Cost      -
/// Fails     -
#include <vector>

#include "model/problem.hpp"
#include "prob/prior/field_parts.hpp"

namespace aleator::campaign {

std::vector<prob::FieldPart> fields_of(const model::Problem& problem);

}  // namespace aleator::campaign
