#pragma once
/// What      A functional F(rho) of laws of particles in latent coordinates, and what moves a particle to lessen it.
/// Method    interface. dF/drho is the first variation; rho is the law of the members, each with weight 1 / J.
/// Parallel  evaluate is collective; same bits on any number of ranks.
/// Cost      the functional's.
/// Fails     the functional's.
#include "sampler/hessian/low_rank_hessian.hpp"

namespace aleator::sampler {

class MeasureFunctional {
 public:
  virtual ~MeasureFunctional() = default;
  /// Why it cannot be evaluated for this problem, or empty.
  virtual std::string objection(const Problem& problem) const = 0;
  /// Whether the posterior is its minimiser.
  virtual bool is_least_at_posterior() const { return false; }
  /// Whether Ensemble::gradient must hold the gradient of the log-likelihood.
  virtual bool needs_gradient() const = 0;
  /// F(rho), and in force(r, k) the gradient of dF/drho at the local member r. `count`: model runs of all ranks.
  virtual double evaluate(const Problem& problem, const Context& context, const Ensemble& ensemble, const Batch& force,
                          RunCount& count) const = 0;
};

}  // namespace aleator::sampler
