#pragma once
/// What      Dimension-independent, likelihood-informed proposals: in the few directions in which the data say something, steps
///           with the curvature and the slope of the posterior; in all others the prior's Crank-Nicolson step.
/// Method    Cui, Law, Marzouk 2016 (operator-weighted proposals, section 3), with weights such that a normal posterior is
///           proposed exactly. With V (r x d) the eigenvectors of the mean Hessian H of many states (likelihood-informed
///           subspace), c = V z, D = 1 / (1 + lambda), rho = sqrt(1 - beta^2), beta = tanh(epsilon):
///             z' = rho z + beta xi outside the subspace,
///             c' = c + (1 - rho) delta(z) + beta D^(1/2) V xi in it, |delta| in D^-1 limited to 2 sqrt(r),
///           drift = "gradient": delta = D (V grad log L(z) - c), the Newton step (Hessian-informed MALA; Petra, Martin, Stadler,
///           Ghattas 2014; Beskos, Girolami, Lan, Farrell, Stuart 2017); "mean": delta = mean of c - c (Hessian-informed pCN;
///           Pinski, Simpson, Stuart, Weber 2015; Rudolf, Sprungk 2018). Without any informed direction both are pCN.
///           Warm-up: H, and with it V and D = 1 / (1 + lambda), anew at the end of every other window, the last at 0.9 of it.
/// Parallel  collective over the ensemble; same bits on any number of ranks.
/// Cost      one model run a member and step, with adjoint for drift = "gradient", and 8 r d flops; in the warm-up four
///           Hessians of `points` states each (low_rank_hessian.hpp).
/// Fails     as sampler/mcmc/metropolis.hpp; objects to problems without a gradient.
#include "sampler/mcmc/subspace.hpp"

namespace aleator::sampler {

struct Dili {
  enum class Drift { gradient, mean };
  struct Params : ChainLength, SubspaceParams {
    Drift drift = Drift::gradient;
    double target_acceptance = 0.574;
  };
  struct State : ChainState {
    LowRankHessian subspace;   ///< V and lambda
    std::vector<double> mean;  ///< of c, for drift = "mean"
    void fields(io::Archive& archive);
  };
  static deck::Schema<Params> schema();
  Plan plan() const { return chain_plan(params); }
  std::string objection(const Problem& problem) const { return hessian_objection(problem); }

  State init(const Problem& problem, const Context& context) const;
  StepInfo step(const Problem& problem, const Context& context, State& s) const;

  Params params;

 private:
  Vector move(const Problem& problem, const Context& context, State& s) const;
  void learn_mean(const Problem& problem, const Context& context, State& s) const;
};

}  // namespace aleator::sampler
