#pragma once
/// What      Delayed rejection adaptive Metropolis: a random walk that, where its bold step is refused, tries a shorter one
///           before it stays.
/// Method    Haario, Laine, Mira, Saksman 2006. First z' = z + epsilon L xi with the random walk's alpha_1. Where it is refused,
///           z'' = z + gamma epsilon L xi'', accepted with (Mira 2001)
///             alpha_2 = min(1, [pi(z'') q(z'' -> z') (1 - alpha_1(z'', z'))] / [pi(z) q(z -> z') (1 - alpha_1(z, z'))]),
///           q(z'' -> z') / q(z -> z') = exp((|xi|^2 - |xi - gamma xi''|^2) / 2). Adaptation: the warm-up of all chains
///           (sampler/mcmc/metropolis), epsilon by alpha_1.
/// Parallel  collective over the ensemble; same bits on any number of ranks. The second evaluation holds refused rows only.
/// Cost      one model run and d^2 flops a member and step, and as much again for each refused first proposal.
/// Fails     as sampler/mcmc/metropolis.hpp.
#include "sampler/mcmc/metropolis.hpp"

namespace aleator::sampler {

struct Dram {
  struct Params : ChainParams {
    double target_acceptance = 0.234;
    double second_scale = 0.2;
  };
  using State = ChainState;
  static deck::Schema<Params> schema();
  Plan plan() const { return chain_plan(params); }
  std::string objection(const Problem&) const { return {}; }

  State init(const Problem& problem, const Context& context) const;
  StepInfo step(const Problem& problem, const Context& context, State& s) const;

  Params params;
};

}  // namespace aleator::sampler
