#pragma once
/// What      A Metropolis move that redraws, from the prior, coordinates of a member that lie in the prior's tail.
/// Method    coordinates with z_k > c (upper) or z_k < -c (lower), each picked with probability `share`, are drawn anew
///           from N(0, 1) restricted to that tail: the set of those in the tail stays the same, so the proposal is
///           reversible with respect to N(0, I) and the acceptance is min(1, L(z') / L(z)). Where the data say "large"
///           but not how large, almost every proposal is accepted, and means that hang on rare large values
///           (E exp(sigma z)) converge many times faster than by a local move.
/// Parallel  collective over the ensemble; same bits on any number of ranks.
/// Cost      one model run, no adjoint, and one inverse normal distribution function a redrawn coordinate.
/// Fails     -
#include "sampler/mcmc/metropolis.hpp"

namespace aleator::sampler {

enum class Tail { none, upper, lower };

struct TailSetting {
  Tail tail = Tail::upper;
  double threshold = 0.5;  ///< c
  double share = 1.0;      ///< probability with which a coordinate in the tail is redrawn
  std::int64_t step = 0;   ///< picks the random numbers
};

/// Moves every member; the ensemble's gradients, if any, are those of the old positions afterwards.
void tail_move(const Problem& problem, const Context& context, const TailSetting& setting, Ensemble& e);

}  // namespace aleator::sampler
