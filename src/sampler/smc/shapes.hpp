#pragma once
/// What      The shapes of the proposals of particles: factors of covariances that two halves of them learn from each other.
/// Method    cross-fitting: a covariance of the very particles that it moves knows their chance deviations, moves them least
///           where they lie too close together, and what they remember of the level's start makes errors of O(d^2 / J) of the
///           evidence (docs/theory/smc.md). So the children of the first half of the particles move with the weighted
///           covariance of the second, and the other way round.
/// Parallel  collective; the same on every rank.
/// Cost      J d^2 / 2 flops, of very many particles a part of them (PooledMoments::stride_of), and two factorisations.
/// Fails     never: no factors where a half has too few particles, or where failures are imputed from the nearest of all.
#include "sampler/smc/tempering.hpp"

namespace aleator::sampler {

struct Shapes {
  std::vector<double> first, second;  ///< L, d x d; empty: the prior's, I
  std::int64_t border = 0;            ///< places from here on have the second; 0: all have the first
};

/// Of the weighted particles before they are resampled; both factors empty where a half has too few.
Shapes shapes_of_halves(const Problem& problem, const Context& context, const Level& level, const Ensemble& e);
/// The places that children of the first half of `particles` have: those before this one. `source` rises.
std::int64_t border_of(const std::vector<std::int64_t>& source, std::int64_t particles);

}  // namespace aleator::sampler
