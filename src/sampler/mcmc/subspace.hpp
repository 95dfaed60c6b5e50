#pragma once
/// What      The likelihood-informed subspace of chains, learned in their warm-up: what sampler/dili, gpcn and nuts share.
/// Method    eigenpairs of the mean Hessian at the states of several chains (Cui, Law, Marzouk 2016), anew in the
///           warm-up at times that the sampler chooses.
/// Parallel  collective; same bits on any number of ranks.
/// Cost      four Hessians of `points` states each (sampler/hessian/low_rank_hessian.hpp).
/// Fails     as low_rank_hessian.hpp.
#include "sampler/hessian/low_rank_hessian.hpp"
#include "sampler/mcmc/metropolis.hpp"

namespace aleator::sampler {

struct SubspaceParams {
  int rank = 100;
  double least_eigenvalue = 0.1;
  int points = 8;
};

/// `needs`: what else the deck must say for them to have an effect, in words, and whether it does.
template <typename Params>
deck::Schema<Params>& add_subspace_keys(deck::Schema<Params>& s, const std::string& needs = "",
                                        bool (*holds)(const Params&) = nullptr) {
  const auto hold = [&] {
    if (holds != nullptr) s.only_with(needs, holds);
  };
  s.key("rank", &Params::rank, "1", "dimension of the likelihood-informed subspace, at most", deck::at_least(1)),
      hold();
  s.key("least_eigenvalue", &Params::least_eigenvalue, "1",
        "of the mean Hessian for a direction to be informed; the prior's precision is 1", deck::positive()),
      hold();
  s.key("points", &Params::points, "1", "chains whose states' Hessians are averaged", deck::at_least(1)), hold();
  return s;
}

/// The subspace of the present states of some chains.
RunCount learn_subspace(const SubspaceParams& params, const Problem& problem, const Context& context,
                        const Ensemble& ensemble, LowRankHessian& subspace);

/// At the end of a step: learns the subspace anew where the warm-up's window `ended_window` asks for it (see end_step), counts
/// the model runs, and says whether it did.
bool learn_subspace(const SubspaceParams& params, int ended_window, const Problem& problem, const Context& context,
                    ChainState& s, LowRankHessian& subspace);

}  // namespace aleator::sampler
