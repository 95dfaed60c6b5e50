#pragma once
/// What      Affine-invariant ensemble sampler: members move along the lines through one another, so that neither scale nor
///           correlation of the posterior matters, and nothing is tuned.
/// Method    Goodman, Weare 2010; halves as Foreman-Mackey, Hogg, Lang, Goodman 2013 (emcee). The even members move, then the odd
///           ones: z' = x + s (z - x), x a member of the other half drawn at random, s = ((a - 1) u + 1)^2 / a with u uniform, so
///           that s has density ~ s^-1/2 on (1/a, a); accepted with min(1, s^(d-1) pi(z') / pi(z)).
/// Parallel  collective; a half's positions are gathered on every rank. Same bits on any number of ranks.
/// Cost      one model run a member and step, and two all-gathers of J d / 2 doubles.
/// Fails     NumericsError when every member has likelihood zero at its start; objects to fewer than 2 d + 2 members.
#include "sampler/mcmc/metropolis.hpp"

namespace aleator::sampler {

struct Stretch {
  struct Params : ChainLength {
    Params() { chains = 128; }
    double stretch = 2.0;
  };
  using State = BaseState;
  static deck::Schema<Params> schema();
  Plan plan() const { return chain_plan(params); }
  std::string objection(const Problem& problem) const;

  State init(const Problem& problem, const Context& context) const;
  StepInfo step(const Problem& problem, const Context& context, State& s) const;

  Params params;
};

}  // namespace aleator::sampler
