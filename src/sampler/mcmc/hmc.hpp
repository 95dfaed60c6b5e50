#pragma once
/// What      Hamiltonian Monte Carlo with an adaptive covariance as inverse mass matrix, many chains in step.
/// Method    momenta rho ~ N(0, I) in whitened coordinates; leapfrog z += epsilon L rho, rho += epsilon L^T grad log pi(z);
///           accept with min(1, exp(-change of energy)) (Duane et al. 1987; Neal 2011, ch. 5). The step epsilon differs
///           from trajectory to trajectory by up to `jitter`, against orbits that close; acceptance 0.8.
///           Symbols: z position, L L^T covariance, g gradient of the log-likelihood, pi(z) = N(z; 0, I) exp(temper
///           log-likelihood).
///           After each trajectory, optionally, tail moves and coordinate moves (sampler/mcmc/{tail,coordinate}_move.hpp): every
///           state counts in the means.
/// Parallel  collective over the ensemble; same bits on any number of ranks.
/// Cost      `leapfrogs` model runs with adjoint, and leapfrogs x 2 d^2 flops, a member and step.
/// Fails     as sampler/mcmc/metropolis.hpp; objects to problems without a gradient, and to
///           coordinates that the problem does not have.
#include "sampler/mcmc/metropolis.hpp"
#include "sampler/mcmc/tail_move.hpp"

namespace aleator::sampler {

struct Hmc {
  struct Params : ChainParams {
    double target_acceptance = 0.8;
    int leapfrogs = 10;
    double jitter = 0.3;
    Tail tail = Tail::none;
    std::vector<double> tail_threshold = {0.5};
    std::vector<double> tail_share = {1.0};
    int tail_moves = 8;
    int coordinate_moves = 0;
    std::vector<int> coordinates;
  };
  using State = ChainState;
  static deck::Schema<Params> schema();
  Plan plan() const { return chain_plan(params); }
  std::string objection(const Problem& problem) const;

  State init(const Problem& problem, const Context& context) const;
  StepInfo step(const Problem& problem, const Context& context, State& s) const;
  /// One trajectory of every member.
  Vector move(const Problem& problem, const Context& context, const MoveSetting& setting, Ensemble& e) const;

  Params params;
};

}  // namespace aleator::sampler
