#pragma once
/// What      A Metropolis move that draws one coordinate of a member anew, from wherever the prior or the posterior has it.
/// Method    coordinate k, uniform among all or some, is drawn from q_k = 1/2 N(0, 1) + 1/2 N(m_k, s_k^2), the prior's law and
///           the marginal that the warm-up has learned, and accepted with min(1, pi(z') q_k(z_k) / (pi(z) q_k(z_k')))
///           (Tierney 1994, section 2.3.3, for one coordinate). A coordinate that the data bind in one mode and leave free in
///           another crosses over in one move, both ways, where a local move must walk through what lies between.
/// Parallel  collective over the ensemble; same bits on any number of ranks.
/// Cost      one model run, no adjoint, a member.
/// Fails     -
#include "sampler/mcmc/metropolis.hpp"

namespace aleator::sampler {

/// m_k and s_k; empty: nothing learned, q_k is the prior's law.
struct Marginals {
  const std::vector<double>& mean;
  std::vector<double> deviation;
};

/// Those of learned proposals.
Marginals marginals_of(const ChainState& s);

struct CoordinateSetting {
  const std::vector<int>& coordinates;  ///< to choose from; empty: all
  const Marginals& marginals;
  std::int64_t step = 0;  ///< picks the random numbers
};

/// Moves every member; the ensemble's gradients, if any, are those of the old positions afterwards.
void coordinate_move(const Problem& problem, const Context& context, const CoordinateSetting& setting, Ensemble& e);

}  // namespace aleator::sampler
