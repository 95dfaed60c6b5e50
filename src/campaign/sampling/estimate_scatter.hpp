#pragma once
/// What      How far a log-likelihood scatters that is an estimate by a filter: what decides how well chains on it move.
/// Method    The standard deviation of 32 estimates at one place, whose parameters differ in their last bits and so have random
///           numbers of their own (docs/theory/particle_mcmc.md).
/// Parallel  local; the same on every rank.
/// Cost      32 likelihoods, each of all members and times.
/// Fails     never: NaN where the problem offers no model::Sequence, or has no likelihood there.
#include <vector>

#include "model/problem.hpp"

namespace aleator::campaign {

/// `u`: parameters in model space, such as the posterior mean.
double estimate_scatter(const model::Problem& problem, const std::vector<double>& u);

}  // namespace aleator::campaign
