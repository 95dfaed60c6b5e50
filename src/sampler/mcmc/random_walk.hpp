#pragma once
/// What      Random-walk Metropolis with an adaptive covariance, many chains at once.
/// Method    z' = z + epsilon L xi, xi ~ N(0, I) (Metropolis 1953; Haario, Saksman, Tamminen 2001, pooled over chains);
///           epsilon is tuned to the acceptance 0.234 (Roberts, Gelman, Gilks 1997). Symbols: z position, L L^T covariance.
/// Parallel  collective over the ensemble; same bits on any number of ranks.
/// Cost      one model run and d^2 flops a member and step.
/// Fails     as sampler/mcmc/metropolis.hpp.
#include "sampler/mcmc/metropolis.hpp"

namespace aleator::sampler {

struct RandomWalk {
  struct Params : ChainParams {
    double target_acceptance = 0.234;
  };
  using State = ChainState;
  static deck::Schema<Params> schema();
  Plan plan() const { return chain_plan(params); }
  std::string objection(const Problem&) const { return {}; }

  State init(const Problem& problem, const Context& context) const;
  StepInfo step(const Problem& problem, const Context& context, State& s) const;
  /// One Metropolis move of every member; also the move of tempered samplers.
  static Vector move(const Problem& problem, const Context& context, const MoveSetting& setting, Ensemble& e);

  Params params;
};

}  // namespace aleator::sampler
