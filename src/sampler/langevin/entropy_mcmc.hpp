#pragma once
/// What      Entropy-MCMC: chains that seek flat regions of the posterior, with stochastic gradients.
/// Method    Li, Zhang 2024: parameters z are coupled to a guide a, together of the density
///           exp(-U(z) - |z - a|^2 / (2 eta)), sampled by Langevin dynamics; |.| is taken in C^-1 (stochastic.hpp), so that eta
///           counts in units of the posterior's covariance. The marginal of z is the posterior; that of a is the posterior
///           smoothed by N(0, eta C), which favours wide modes over narrow ones: draws are of a (draws_of = "guide"), or of z.
///             z' = z + h (C (g(z) - z) - (z - a) / eta) + sqrt(2 h) C^1/2 xi,  a' = a + h (z - a) / eta + sqrt(2 h) C^1/2 xi'
///           with g as in sampler/sgld. For a normal posterior a has the covariance (1 + eta) C, beside the bias of the step.
/// Parallel  collective over the ensemble; same bits on any number of ranks.
/// Cost      as sampler/sgld, and d normals more.
/// Fails     as stochastic.hpp. A guide without a density at a draw comes back to its parameters.
#include "sampler/langevin/stochastic.hpp"

namespace aleator::sampler {

struct EntropyMcmc {
  enum class DrawsOf { guide, parameters };
  struct Params : StochasticParams {
    double step = 0.05;
    double coupling = 1.0;
    DrawsOf draws_of = DrawsOf::guide;
  };
  struct State : StochasticState {  // the ensemble's positions are those of the draws
    Batch partner;                  ///< z where they are a, a where they are z; local rows x d
    void fields(io::Archive& archive);
  };
  static deck::Schema<Params> schema();
  Plan plan() const;
  std::string objection(const Problem& problem) const { return stochastic_objection(params, problem); }

  State init(const Problem& problem, const Context& context) const;
  StepInfo step(const Problem& problem, const Context& context, State& s) const;

  Params params;

 private:
  Vector move(const Context& context, State& s) const;
};

}  // namespace aleator::sampler
