#pragma once
/// What      Points given in a table of parameters u, in the latent coordinates of a problem.
/// Method    z = T^-1(u) by model::LatentInverse.
/// Parallel  pure functions; every rank computes all.
/// Cost      the prior's inverse map of each point.
/// Fails     points_objection: why they cannot be taken there.
#include "deck/registry.hpp"
#include "sampler/sampler.hpp"

namespace aleator::sampler {

/// Rows of latent coordinates.
Batch latent_points(const Problem& problem, const deck::File& points);
/// Empty where the table fits the problem's parameters and every point has finite latent coordinates.
std::string points_objection(const Problem& problem, const deck::File& points);

}  // namespace aleator::sampler
