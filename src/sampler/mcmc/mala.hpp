#pragma once
/// What      Metropolis-adjusted Langevin algorithm with an adaptive covariance as preconditioner, many chains at once.
/// Method    z' = z + L (b(z) + epsilon xi), b = clip(epsilon^2 / 2 L^T grad log pi(z)) (Roberts, Tweedie 1996; Roberts,
///           Stramer 2002). clip limits |b| to epsilon sqrt(d), the length of the noise (their truncated variant): far from
///           the mode the gradient may be arbitrarily large. Acceptance 0.574 (Roberts, Rosenthal 1998).
///           Symbols: z position, g gradient of the log-likelihood, pi(z) = N(z; 0, I) exp(temper log-likelihood).
/// Parallel  collective over the ensemble; same bits on any number of ranks.
/// Cost      one model run with adjoint and 3 d^2 flops a member and step.
/// Fails     as sampler/mcmc/metropolis.hpp; objects to problems without a gradient.
#include "sampler/mcmc/metropolis.hpp"

namespace aleator::sampler {

struct Mala {
  static constexpr double optimal_acceptance = 0.574;
  struct Params : ChainParams {
    double target_acceptance = optimal_acceptance;
  };
  using State = ChainState;
  static deck::Schema<Params> schema();
  Plan plan() const { return chain_plan(params); }
  std::string objection(const Problem& problem) const { return gradient_objection(problem); }

  State init(const Problem& problem, const Context& context) const;
  StepInfo step(const Problem& problem, const Context& context, State& s) const;
  static Vector move(const Problem& problem, const Context& context, const MoveSetting& setting, Ensemble& e);

  Params params;
};

/// A step of the warm-up of dynamics that accept everything after it: MALA's, by which they learn the covariance.
StepInfo warm_up_by_mala(const ChainParams& params, const Problem& problem, const Context& context, ChainState& s);

}  // namespace aleator::sampler
