#pragma once
/// What      Underdamped (kinetic) Langevin dynamics without a Metropolis test, by the BAOAB splitting.
/// Method    dz = L v dt, dv = L^T grad log pi(z) dt - gamma v dt + sqrt(2 gamma) dW. A step h (Leimkuhler, Matthews 2013):
///           B v += h / 2 L^T grad, A z += h / 2 L v, O v = exp(-gamma h) v + sqrt(1 - exp(-2 gamma h)) xi exactly, A, B.
///           The warm-up runs sampler/mala, which learns C = L L^T and finds the posterior; then nothing adapts and no step is
///           refused, but where the model fails (the member stays and turns round). Biased by O(h^2); for Gaussian posteriors the
///           positions have no bias below the stability limit h = 2.
/// Parallel  collective over the ensemble; same bits on any number of ranks.
/// Cost      one model run with adjoint and 3 d^2 flops a member and step.
/// Fails     as sampler/mcmc/metropolis.hpp; objects to problems without a gradient.
#include "sampler/mcmc/metropolis.hpp"

namespace aleator::sampler {

struct Underdamped {
  struct Params : ChainParams {
    double step = 0.5;
    double friction = 1.0;
  };
  struct State : ChainState {
    Batch velocity;  ///< v, local rows x d
    void fields(io::Archive& archive);
  };
  static deck::Schema<Params> schema();
  Plan plan() const;
  std::string objection(const Problem& problem) const { return gradient_objection(problem); }

  State init(const Problem& problem, const Context& context) const;
  StepInfo step(const Problem& problem, const Context& context, State& s) const;

  Params params;
};

}  // namespace aleator::sampler
