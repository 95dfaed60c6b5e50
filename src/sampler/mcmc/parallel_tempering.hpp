#pragma once
/// What      Parallel tempering: for every chain a ladder of replicas from the prior to the posterior that exchange their
///           states, so that chains cross between modes; and the evidence.
/// Method    targets pi_k = N(z; 0, I) L(z)^beta_k, 0 = beta_0 < ... < beta_K = 1. An iteration moves every replica by Metropolis
///           moves at its temperature (at beta_0: an independent draw from the prior), then swaps neighbours k, k + 1 with
///           probability min(1, (L_k / L_(k+1))^(beta_(k+1) - beta_k)), for even k and odd k by turns: non-reversible (Okabe and
///           others 2001; Syed, Bouchard-Cote, Deligiannidis, Doucet 2022). Warm-up: windows, each ending with a ladder in equal
///           steps of the communication barrier (sampler/mcmc/ladder) and, early on, as many temperatures as it asks for.
///           Evidence: Z = prod_k E_k[(L^(Delta_k / 2))] / E_(k+1)[L^(-Delta_k / 2)], the geometric bridge (Meng, Wong 1996),
///           Delta_k = beta_(k+1) - beta_k; its standard error from the scatter between the chains, which are independent.
/// Parallel  collective; all replicas of a chain lie on its rank, so that swaps exchange nothing between ranks. Same bits on
///           any number of ranks.
/// Cost      an iteration: 1 + moves K model runs a chain (with HMC: 1 + moves leapfrogs K).
/// Fails     NumericsError when every chain has likelihood zero; objects to moves without the gradient that they need.
#include "sampler/mcmc/inner_move.hpp"

namespace aleator::sampler {

struct ParallelTempering {
  struct Params : ChainParams, MoveChoice {
    Params() { chains = 32, warmup = 1000; }
    int temperatures = 0;
    int moves = 0;
  };
  /// The chain at beta_K = 1, and the ladder below it.
  struct State : ChainState {
    std::vector<double> temper;   ///< beta_0 ... beta_K
    std::vector<ChainState> hot;  ///< levels 0 ... K - 1
    std::int64_t moves = 0;       ///< since the start, picks the random numbers
    double swaps = 0.0;           ///< iterations counted in `rejected` and `bridge`
    Batch rejected;               ///< local rows x K: sums of the swaps' rejection probabilities
    Batch bridge;          ///< local rows x 2 K: logs of the sums of L_k^(Delta_k / 2), then of L_(k+1)^(-Delta_k / 2)
    Batch last_end;        ///< local rows x (K + 1): where the replica was last, 1: prior, -1: posterior, 0: neither
    Vector round_trips;    ///< local rows: arrivals at the posterior from the prior
    double barrier = 0.0;  ///< Lambda(1)
    double swap_rate = 0.0, least_swap_rate = 0.0, mean_round_trips = 0.0;  ///< as last reported
    void fields(io::Archive& archive);
    int pairs() const { return static_cast<int>(temper.size()) - 1; }
    ChainState& level(int k) { return k == pairs() ? *this : hot[static_cast<std::size_t>(k)]; }
  };
  static deck::Schema<Params> schema();
  Plan plan() const { return chain_plan(params); }
  std::string objection(const Problem& problem) const { return gradient_objection(params, problem); }

  State init(const Problem& problem, const Context& context) const;
  StepInfo step(const Problem& problem, const Context& context, State& s) const;
  /// Moves between swaps: `moves`, or what a kernel takes to forget where it began (docs/theory/parallel_tempering.md).
  int moves_for(int dimension) const;

  Params params;
};

}  // namespace aleator::sampler
