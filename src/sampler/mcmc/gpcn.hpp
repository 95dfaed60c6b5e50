#pragma once
/// What      Generalised preconditioned Crank-Nicolson: the prior-reversible random walk of sampler/pcn whose steps are as short
///           along each direction as the data leave room there. No gradients when sampling.
/// Method    Rudolf, Sprungk 2018: proposals N(A z, beta^2 C_H), C_H = (I + H)^-1, A = (I - beta^2 C_H)^1/2, which
///           are reversible with respect to N(0, I) for any symmetric H >= 0: accept with min(1, L(z') / L(z)). H is the mean
///           Gauss-Newton Hessian of many states (low_rank_hessian.hpp). With V its eigenvectors, D = 1 / (1 + lambda), c = V z:
///             z' = rho z + beta xi outside the subspace, rho = sqrt(1 - beta^2), beta = tanh(epsilon),
///             c' = (1 - beta^2 D)^1/2 c + beta D^1/2 V xi in it.
///           Without any informed direction it is pCN. The warm-up learns the subspace as that of sampler/dili (subspace.hpp).
/// Parallel  collective over the ensemble; same bits on any number of ranks.
/// Cost      one model run a member and step, and 4 r d flops; in the warm-up four Hessians of `points` states each.
/// Fails     as sampler/mcmc/metropolis.hpp; objects to problems without a gradient.
#include "sampler/mcmc/subspace.hpp"

namespace aleator::sampler {

struct Gpcn {
  struct Params : ChainParams, SubspaceParams {
    Params() { covariance = Covariance::prior; }  // what the proposal is reversible with respect to
    double target_acceptance = 0.234;
  };
  struct State : ChainState {
    LowRankHessian subspace;  ///< V and lambda
    void fields(io::Archive& archive);
  };
  static deck::Schema<Params> schema();
  Plan plan() const { return chain_plan(params); }
  std::string objection(const Problem& problem) const { return hessian_objection(problem); }

  State init(const Problem& problem, const Context& context) const;
  StepInfo step(const Problem& problem, const Context& context, State& s) const;

  Params params;
};

/// z' of every member for noise xi; reversible with respect to N(0, I).
Batch gpcn_proposal(const LowRankHessian& subspace, double beta, const Batch& position, const Batch& xi);

}  // namespace aleator::sampler
