#pragma once
/// What      Stochastic-gradient Langevin dynamics: chains whose steps cost a few of the data instead of all.
/// Method    z' = z + h C (g(z) - z) + sqrt(2 h) C^1/2 xi (Welling, Teh 2011), g an unbiased estimate of grad log-likelihood from
///           a batch (minibatches.hpp; with control variates Baker, Fearnhead, Fox, Nemeth 2019), C as in stochastic.hpp. No
///           Metropolis test. With `blocks` the structured variant (Alexos, Boyd, Mandt 2022).
///           Bias: the step's, and the gradients' noise. For a normal posterior and gradients with noise about the true one the
///           variance along a coordinate of C^-1/2 z is (2 + h s) / (2 - h), s = the variance of (C^1/2 g) there.
/// Parallel  collective over the ensemble; same bits on any number of ranks.
/// Cost      a batch with adjoint and 4 r d flops a chain and step; start and draws as stochastic.hpp.
/// Fails     as stochastic.hpp; a chain whose proposal cannot be evaluated stays where it is.
#include "sampler/langevin/stochastic.hpp"

namespace aleator::sampler {

struct Sgld {
  struct Params : StochasticParams {
    double step = 0.1;
  };
  using State = StochasticState;
  static deck::Schema<Params> schema();
  Plan plan() const { return stochastic_plan(params); }
  std::string objection(const Problem& problem) const { return stochastic_objection(params, problem); }

  State init(const Problem& problem, const Context& context) const;
  StepInfo step(const Problem& problem, const Context& context, State& s) const;

  Params params;
};

}  // namespace aleator::sampler
