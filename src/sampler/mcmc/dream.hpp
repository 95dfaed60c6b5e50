#pragma once
/// What      Differential evolution with an archive, DREAM(ZS): steps are differences of states that chains had before, so that
///           scale, correlation and the way between modes are learned without a covariance.
/// Method    ter Braak, Vrugt 2008; Vrugt and others 2009. z' = z + (1 + e) gamma sum_(i <= delta) (Z_ai - Z_bi) + epsilon in a
///           random subset of d' coordinates, Z archive, gamma = 2.38 / sqrt(2 delta d'), e ~ U(-0.05, 0.05),
///           epsilon ~ 1e-6 N(0, I), delta uniform on 1 ... `pairs`; each coordinate is in the subset with crossover probability
///           m / n_CR, m drawn with probabilities p_m that the warm-up learns from the squared jumps. In a share of the steps
///           gamma = 1, one pair, all coordinates, from mode to mode. Snooker steps: along z - Z_c by the difference of two
///           projections, with gamma ~ U(1.2, 2.2) and the factor (|z' - Z_c| / |z - Z_c|)^(d-1).
///           The archive holds draws from the prior, then the latest states of the warm-up. After it nothing adapts, nor does
///           the archive grow: the chains are then plain Markov chains that do not depend on each other.
/// Parallel  collective; the archive is on every rank. Same bits on any number of ranks.
/// Cost      one model run a member and step; in the warm-up an all-gather of J d doubles at every `archive_interval`.
/// Fails     as sampler/mcmc/metropolis.hpp; objects to an archive of fewer than 2 d + 2 states.
#include "sampler/mcmc/metropolis.hpp"

namespace aleator::sampler {

struct Dream {
  struct Params : ChainLength {
    int archive = 2000;
    int archive_interval = 10;
    int pairs = 3;
    int crossovers = 3;
    double snooker = 0.1;
    double unit_jumps = 0.1;
  };
  struct State : BaseState {
    std::vector<double> archive;        ///< Z, state after state
    std::int64_t archived = 0;          ///< states put into it since the start
    std::vector<double> crossover;      ///< p_m
    std::vector<double> jumps, chosen;  ///< of each m: sum of squared jumps in standard deviations, and their number
    void fields(io::Archive& archive);
  };
  static deck::Schema<Params> schema();
  Plan plan() const { return chain_plan(params); }
  std::string objection(const Problem& problem) const;

  State init(const Problem& problem, const Context& context) const;
  StepInfo step(const Problem& problem, const Context& context, State& s) const;

  Params params;
};

}  // namespace aleator::sampler
