#pragma once
/// What      Consensus-based sampling and optimisation: members go to their weighted mean and spread by their weighted
///           covariance.
/// Method    Carrillo, Hoffmann, Stuart, Vaes 2022, eq. 2.2 with f = -log posterior density in latent coordinates:
///           w_j ~ exp(-beta f(z_j)), m = sum w_j z_j, C = sum w_j (z_j - m)(z_j - m)^T,
///           z_j <- m + alpha (z_j - m) + sqrt((1 - alpha^2) / lambda) C^1/2 xi_j;
///           lambda = 1 / (1 + beta) samples, lambda = 1 goes to the mode.
///           beta from step to step such that the weights' effective size is half of J (section 5); C^1/2 xi_j = sum_i
///           sqrt(w_i) (z_i - m) xi_ij. No derivatives, no assumption on the noise. Exact for Gaussian posteriors as J grows.
/// Parallel  collective; same bits on any number of ranks.
/// Cost      a step: J model runs, 4 J^2 d flops.
/// Fails     NumericsError when no member has a positive posterior density.
#include "sampler/sampler.hpp"

namespace aleator::sampler {

struct Cbs {
  enum class Goal { posterior, mode };
  struct Params {
    int members = 512;
    Goal goal = Goal::posterior;
    double alpha = 0.0;
    double effective_share = 0.5;
    int iterations = 60;
  };
  struct State : BaseState {};
  static deck::Schema<Params> schema();
  Plan plan() const {
    return {Plan::Kind::ensemble, params.members, 1, false, 1, params.goal == Goal::posterior, true};
  }
  std::string objection(const Problem&) const { return {}; }

  State init(const Problem& problem, const Context& context) const;
  StepInfo step(const Problem& problem, const Context& context, State& s) const;

  Params params;
};

}  // namespace aleator::sampler
