#pragma once
/// What      The no-U-turn sampler: Hamiltonian trajectories that choose their own length, many chains in step.
/// Method    Hoffman, Gelman 2014, with multinomial weights (Betancourt 2017), as in Stan; trees in sampler/mcmc/nuts_tree.
///           Warm-up as Stan's: a start (75), windows of 25, 50, 100, … that learn the metric, an end (50) that tunes the step
///           alone; here the metric and the step are those of all chains, the step by dual averaging of the mean acceptance
///           statistic. In the first half of the warm-up chains left behind go on from copies of others. After the warm-up
///           nothing adapts, and the chains are plain Markov chains. metric = hessian: L = (I + H)^-1/2 with the mean Hessian of
///           the states of some chains, by its largest eigenpairs (sampler/hessian/low_rank_hessian.hpp), at the start and at the
///           ends of the windows. Symbols: z position, rho momentum, epsilon step, L factor of the inverse metric.
/// Parallel  collective over the ensemble; same bits on any number of ranks. Each round is one leapfrog of those chains
///           whose trajectory has not ended, evaluated as one batch.
/// Cost      at most 2^max_depth - 1 model runs with adjoint a chain and step; beside them O(d) a run, 4 d^2 with a dense
///           metric, 8 r d with r eigenpairs of the Hessian.
/// Fails     NumericsError when every chain has likelihood zero; objects to problems without a gradient.
#include "sampler/mcmc/metropolis.hpp"
#include "sampler/mcmc/nuts_tree.hpp"
#include "sampler/mcmc/subspace.hpp"

namespace aleator::sampler {

struct Nuts {
  enum class Metric { unit, diagonal, dense, hessian };
  struct Params : ChainLength, SubspaceParams {
    Params() { warmup = 1000; }
    double target_acceptance = 0.8;
    int max_depth = 10;
    Metric metric = Metric::diagonal;
  };
  struct State : BaseState {
    double log_step = 0.0;
    DualAveraging step_size;
    std::vector<double> deviations;  ///< diagonal metric: L = diag(deviations); empty: I
    std::vector<double> lower;       ///< dense metric: L; empty: I
    LowRankHessian subspace;         ///< metric of the Hessian: L = (I + H)^-1/2
    PooledVariances variances;
    PooledMoments moments;
    std::int64_t divergences = 0;   ///< trajectories after the warm-up that diverged, of all chains
    std::int64_t cut_short = 0;     ///< those that max_depth ended
    std::int64_t left_support = 0;  ///< those that ended where the density is zero
    std::vector<NutsTree> trees;    ///< scratch, one for each local chain
    void fields(io::Archive& archive);
  };
  static deck::Schema<Params> schema();
  Plan plan() const;
  std::string objection(const Problem& problem) const;

  State init(const Problem& problem, const Context& context) const;
  StepInfo step(const Problem& problem, const Context& context, State& s) const;
  /// Grows one trajectory of every chain in s.trees; the chains do not move yet. Returns the model runs of this rank.
  std::int64_t grow(const Problem& problem, const Context& context, double epsilon, int depth, State& s) const;

  Params params;
};

}  // namespace aleator::sampler
