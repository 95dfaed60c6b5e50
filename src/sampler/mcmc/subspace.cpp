#include "sampler/mcmc/subspace.hpp"

#include "core/log.hpp"

namespace aleator::sampler {

RunCount learn_subspace(const SubspaceParams& params, const Problem& problem, const Context& context,
                        const Ensemble& ensemble, LowRankHessian& subspace) {
  HessianSettings settings;
  settings.most = params.rank, settings.least = params.least_eigenvalue, settings.most_steps = 2;
  RunCount count;
  subspace = mean_hessian(problem, context, some_members(ensemble, params.points, context), settings, count);
  return count;
}

bool learn_subspace(const SubspaceParams& params, int ended_window, const Problem& problem, const Context& context,
                    ChainState& s, LowRankHessian& subspace) {
  constexpr int last_window = 7;  // of the warm-up: it ends at 0.9 of it
  if (ended_window < 0 || ended_window % 2 == 0) return false;
  learn_subspace(params, problem, context, s.ensemble, subspace).add_to(s);
  if (ended_window == last_window && subspace.rank() == params.rank && params.rank < problem.dimension())
    core::warn(
        "likelihood-informed subspace: all {} eigenvalues kept exceed {}, the last is {:.3g}; a larger rank would mix "
        "better",
        params.rank, params.least_eigenvalue, subspace.values.back());
  return true;
}

}  // namespace aleator::sampler
