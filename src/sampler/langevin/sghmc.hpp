#pragma once
/// What      Stochastic-gradient Hamiltonian Monte Carlo: Langevin dynamics with momentum, each step with a few of the data.
/// Method    dz = C^1/2 v dt, dv = C^1/2 (g(z) - z) dt - gamma v dt + sqrt(2 gamma) dW (Chen, Fox, Guestrin 2014; C as in
///           stochastic.hpp, the estimate of gradient noise taken as zero), by the splitting BAOAB (Leimkuhler, Matthews 2013; of
///           stochastic gradients Chen, Ding, Carin 2015): half a kick, half a drift, friction and noise exactly, half a drift,
///           half a kick. No Metropolis test. With `blocks` the structured variant (Alexos, Boyd, Mandt 2022).
///           Bias: O(h^2) of the step (none for normal laws), O(h) of the gradients' noise: s h / (2 gamma) of the variance along
///           a coordinate of C^-1/2 z, s = the variance of (C^1/2 g) there.
/// Parallel  collective over the ensemble; same bits on any number of ranks.
/// Cost      as sampler/sgld.
/// Fails     as stochastic.hpp; a chain whose next state cannot be evaluated stays where it is and turns back.
#include "sampler/langevin/stochastic.hpp"

namespace aleator::sampler {

struct Sghmc {
  struct Params : StochasticParams {
    double step = 0.3;
    double friction = 1.0;
  };
  struct State : StochasticState {
    Batch velocity;  ///< v, local rows x d
    void fields(io::Archive& archive);
  };
  static deck::Schema<Params> schema();
  Plan plan() const { return stochastic_plan(params); }
  std::string objection(const Problem& problem) const { return stochastic_objection(params, problem); }

  State init(const Problem& problem, const Context& context) const;
  StepInfo step(const Problem& problem, const Context& context, State& s) const;

  Params params;
};

}  // namespace aleator::sampler
