#pragma once
/// What      Preconditioned Crank–Nicolson: a random walk that leaves the prior invariant, so that its acceptance does not
///           fall with the dimension of a discretised field.
/// Method    z' = sqrt(1 - beta^2) z + beta xi, xi ~ N(0, I); accept with min(1, L(z') / L(z)) (Cotter, Roberts, Stuart,
///           White 2013, eq. 4.4). beta = tanh(epsilon) is tuned during the warm-up.
/// Parallel  collective over the ensemble; same bits on any number of ranks.
/// Cost      one model run a member and step.
/// Fails     as sampler/mcmc/metropolis.hpp.
#include "sampler/mcmc/metropolis.hpp"

namespace aleator::sampler {

struct Pcn {
  struct Params : ChainParams {
    Params() { covariance = Covariance::prior; }  // what the proposal is reversible with respect to
    double target_acceptance = 0.234;
  };
  using State = ChainState;
  static deck::Schema<Params> schema();
  Plan plan() const { return chain_plan(params); }
  std::string objection(const Problem&) const { return {}; }

  State init(const Problem& problem, const Context& context) const;
  StepInfo step(const Problem& problem, const Context& context, State& s) const;
  static Vector move(const Problem& problem, const Context& context, const MoveSetting& setting, Ensemble& e);

  Params params;
};

}  // namespace aleator::sampler
