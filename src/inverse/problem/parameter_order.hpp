#pragma once
/// What      Whether a prior gives the parameters that are taken, in their order.
/// Method    Parameters go by their order; one of the prior that has the name of another input was meant for that one.
/// Parallel  local; the same on every rank.
/// Cost      linear in the names.
/// Fails     KeyError at `prior`.
#include <string>
#include <vector>

#include "model/forward_model.hpp"
#include "prob/prior/prior.hpp"

namespace aleator::inverse {

/// `taken`: names of the inputs, none where they are not known; `taker`: "model 'plate'". Names that all belong to one array tell
/// nothing, and one block has no order.
void refuse_other_order(const std::vector<prob::Variable>& given, const std::vector<std::string>& taken,
                        const std::string& taker);

/// The same for a model's inputs, with their number and fields.
void refuse_other_parameters(const prob::Prior& prior, const std::string& prior_name, const model::Shape& shape,
                             const std::string& model_name);

}  // namespace aleator::inverse
