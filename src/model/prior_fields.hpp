#pragma once
/// What      Whether the fields of a prior are those that a model takes: at the same places among the parameters, on the same
///           cells or mesh, on a box of the same size.
/// Method    Compares prob::field_parts with Shape::input_fields.
/// Parallel  local; the same on every rank.
/// Cost      -
/// Fails     KeyError at `prior`. Boxes of different sizes are warned of: the prior's lengths, such as a range, then mean others
///           than the model's.
#include <string>

#include "model/forward_model.hpp"
#include "prob/prior/prior.hpp"

namespace aleator::model {

/// The names are those of the blocks.
void refuse_other_fields(const prob::Prior& prior, const std::string& prior_name, const Shape& shape,
                         const std::string& model_name);

}  // namespace aleator::model
