#pragma once
/// What      Delayed acceptance: chains on cheaper problems (a coarser mesh, a surrogate, a formula) propose, the problem itself
///           decides. Exact however wrong the cheaper problems are; the better they are, the fewer runs of the dear one.
/// Method    levels 0 (cheapest) to L (the problem itself), all with the prior N(0, I) in latent coordinates. A move of level l
///           is a subchain of n_(l-1) moves of level l - 1 from z to z', accepted with
///             min(1, L_l(z') L_(l-1)(z) / (L_l(z) L_(l-1)(z')))
///           (Christen, Fox 2005, algorithm 1, for one level and n = 1; Liu 2001, surrogate transition; Dodwell, Ketelsen,
///           Scheichl, Teckentrup 2019 and Lykkegaard, Dodwell, Fox, Mingas, Scheichl 2023, algorithm 2, for more). Level 0 moves
///           by a Metropolis kernel, whose scale and covariance are learned in the warm-up.
///           In the first fifth of the warm-up the chains follow level 0 alone: from a start far away, where the levels differ
///           most, a chain might never be let go.
/// Parallel  collective over the ensemble; same bits on any number of ranks.
/// Cost      a step: at most one model run a member (none where the subchain has not moved), n_(L-1) moves of level L - 1, and so
///           on: n_0 ... n_(L-1) runs of level 0.
/// Fails     KeyError: numbers of `subchain` that do not fit. NumericsError: a chain ends its warm-up where a cheaper problem has
///           density zero, from where it could never move. Objects to problems of other dimensions.
#include "sampler/mcmc/inner_move.hpp"

namespace aleator::sampler {

struct DelayedAcceptance {
  struct Params : ChainParams {
    std::vector<std::string> coarse;
    std::vector<int> subchain = {10};
    Kernel kernel = Kernel::automatic;
  };
  struct State : ChainState {
    std::vector<Ensemble>
        coarse;  ///< the chains at each coarse level, the cheapest first; where the chains are between steps
    std::vector<std::int64_t> moves;  ///< of every level so far
    std::vector<double> runs;         ///< model runs of every level so far, over all ranks
    void fields(io::Archive& archive);
  };
  static deck::Schema<Params> schema();
  Plan plan() const { return chain_plan(params); }
  std::string objection(const Problem& problem) const;

  State init(const Problem& problem, const Context& context) const;
  StepInfo step(const Problem& problem, const Context& context, State& s) const;

  Params params;
  std::vector<std::shared_ptr<const Problem>> coarse;  ///< the cheapest first

 private:
  /// What the moves of one step add up.
  struct Tally {
    std::vector<double> runs;  ///< of every level, on this rank
    Vector acceptance;         ///< of level 0, summed over its moves
    int base_moves = 0;
  };
  InnerMove base_move() const { return move_for(params.kernel, *coarse.front()); }
  int levels() const { return static_cast<int>(coarse.size()); }
  int subchain(int level) const { return params.subchain[params.subchain.size() == 1 ? 0 : level]; }
  /// Steps at the start of the warm-up that only follow the cheapest level.
  std::int64_t exploration() const { return static_cast<std::int64_t>(0.2 * params.warmup); }
  Vector explore(const Problem& problem, const Context& context, State& s, Tally& tally) const;
  Vector move(int level, const Problem& problem, const Context& context, State& s, Tally& tally) const;
  void follow(const Context& context, State& s) const;
};

}  // namespace aleator::sampler
