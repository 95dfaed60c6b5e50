#pragma once
/// What      Unadjusted Langevin algorithm: the discretised overdamped diffusion without a Metropolis test.
/// Method    z <- z + h C grad log pi(z) + sqrt(2 h) L xi, C = L L^T (Roberts, Tweedie 1996). The warm-up runs sampler/mala,
///           which learns C and finds the posterior; then nothing adapts and no step is refused, but where the model fails.
///           Biased by O(h): the stationary variance of N(0, C) is C / (1 - h / 2); h >= 2 diverges.
/// Parallel  collective over the ensemble; same bits on any number of ranks.
/// Cost      one model run with adjoint and 2 d^2 flops a member and step.
/// Fails     as sampler/mcmc/metropolis.hpp; objects to problems without a gradient.
#include "sampler/mcmc/metropolis.hpp"

namespace aleator::sampler {

struct Ula {
  struct Params : ChainParams {
    double step = 0.1;
  };
  using State = ChainState;
  static deck::Schema<Params> schema();
  Plan plan() const;
  std::string objection(const Problem& problem) const { return gradient_objection(problem); }

  State init(const Problem& problem, const Context& context) const;
  StepInfo step(const Problem& problem, const Context& context, State& s) const;

  Params params;
};

/// Members whose candidate has a model run go there; returns 1 for those, 0 for the others.
Vector go_unless_failed(const Candidates& candidates, Ensemble& ensemble);

}  // namespace aleator::sampler
