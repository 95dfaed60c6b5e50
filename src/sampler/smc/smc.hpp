#pragma once
/// What      Sequential Monte Carlo by tempering: particles go from the prior to the posterior, and the evidence falls out.
/// Method    targets pi_t = N(z; 0, I) L(z)^beta_t; the next beta_t keeps the ESS of the weights L^(beta_t - beta_(t-1)) at
///           a share of the particles (Jasra, Stephens, Doucet, Tsagaris 2011); systematic resampling; Metropolis moves with
///           the particles' covariance, that of the other half for each half, their scale tuned to the acceptance, repeated
///           until the positions have forgotten where the level began (mean correlation below a threshold, Kantas, Beskos,
///           Jasra 2014).
///           log Z = sum of bridges between the levels, its standard error from the particles' ancestors (tempering.hpp).
///           Waste-free (Dau, Chopin 2022), with chain_length P > 1: M = J / P particles are resampled, each is the start of
///           a chain of P states, and all J states are the particles of the next level.
/// Parallel  collective; particles are exchanged between ranks when resampled; same bits on any number of ranks.
/// Cost      a level: J (moves) model runs, moves x O(J d^2) flops; waste-free J - M model runs. Blocks of particles make
///           several moves while they are in cache.
/// Fails     NumericsError when every particle has likelihood zero; objects to fewer than 2 d starts of moves that learn a
///           covariance, and to moves without the gradient that they need.
#include "sampler/mcmc/inner_move.hpp"
#include "sampler/smc/tempering.hpp"

namespace aleator::sampler {

struct Smc {
  using Move = InnerMove;
  struct Params : MoveChoice {
    int particles = 2048;
    int chain_length = 1;
    double ess_share = 0.5;
    int min_moves = 5;
    int max_moves = 200;
    double correlation = 0.03;
    int max_levels = 200;
  };
  using State = TemperedState;
  static deck::Schema<Params> schema();
  Plan plan() const { return {Plan::Kind::particles, params.particles, 1, true, params.chain_length}; }
  std::string objection(const Problem& problem) const;

  State init(const Problem& problem, const Context& context) const;
  /// One level: reweight, resample, move.
  StepInfo step(const Problem& problem, const Context& context, State& s) const;

  Params params;

 private:
  /// The number of places, of particles or of starts of chains, that children of the first half have.
  std::int64_t resample(const Context& context, const Weights& weights, State& s) const;
};

}  // namespace aleator::sampler
