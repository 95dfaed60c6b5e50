#pragma once
/// What      Transitional Markov chain Monte Carlo: from the prior to the posterior through powers of the likelihood, with the
///           evidence; the form without bias of the chains' lengths (BASIS) is the default.
/// Method    Ching, Chen 2007, section 4: the next exponent makes the coefficient of variation of the weights w = L^h equal to
///           a target delta, which is ESS / J = 1 / (1 + delta^2); chains start from particles drawn by their weights, one drawn
///           n times starting a chain of n states; proposals N(z, beta^2 C), C the other half's weighted covariance before the
///           resampling (shapes.hpp).
///           Wu, Angelikopoulos, Papadimitriou, Koumoutsakos 2017 (BASIS): a chain has at most `chain_length` states, and with 1
///           (n chains of one state each) nothing depends on n; `burn_in` moves before a chain's first state, and with
///           chains of one state more until the particles have forgotten where the level began. Betz, Papaioannou, Beck, Straub
///           2016: beta follows the acceptance 0.21 / d + 0.23. Resampling is systematic. Symbols: z position,
///           L likelihood, J particles. Evidence and error as in sampler/smc/tempering.hpp.
/// Parallel  collective; particles are exchanged between ranks when resampled and when chains grow; same bits on any number of
///           ranks. Chains longer than one state grow in step, so that the longest sets the number of passes of a level.
/// Cost      a level: J model runs and those of the burn-in for each chain, O(J d^2) flops a move.
/// Fails     NumericsError when every particle has likelihood zero, or after `max_levels`; objects to fewer than
///           2.1 d (1 + delta^2) particles.
#include <functional>

#include "sampler/smc/memory.hpp"
#include "sampler/smc/tempering.hpp"

namespace aleator::sampler {

struct Tmcmc {
  struct Params {
    int particles = 2048;
    double variation = 1.0;
    double beta = 0.2;
    bool adapt = true;
    int chain_length = 1;
    int burn_in = 20, max_burn_in = 200;
    double correlation = 0.1;
    int max_levels = 200;
  };
  using State = TemperedState;
  static deck::Schema<Params> schema();
  Plan plan() const { return {Plan::Kind::particles, params.particles, 1, true}; }
  std::string objection(const Problem& problem) const;

  State init(const Problem& problem, const Context& context) const;
  /// One level: reweight, resample, let the chains grow.
  StepInfo step(const Problem& problem, const Context& context, State& s) const;

  Params params;

 private:
  /// ESS / J at which the weights vary by `variation`.
  double ess_share() const { return 1.0 / (1.0 + params.variation * params.variation); }
  /// That of J particles is known to half of it.
  double least_correlation() const;
  /// How many moves it took; `move` makes so many and says what is remembered.
  int burn_in(bool all_move, const std::function<Memory(int count)>& move) const;
};

}  // namespace aleator::sampler
