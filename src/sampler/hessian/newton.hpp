#pragma once
/// What      The point of largest posterior density (in latent coordinates: least J(z) = |z|^2 / 2 - log-likelihood).
/// Method    inexact Gauss-Newton: (I + H) p = -grad J by conjugate gradients to |rest| <= min(1/2, sqrt(|g| / |g_0|)) |g|
///           (Eisenstat, Walker 1996; Petra, Martin, Stadler, Ghattas 2014), then steps of 1, 1/2, 1/4 ... along p until J falls
///           by 1e-4 of what its slope says (Armijo 1966). H as in low_rank_hessian.hpp.
/// Parallel  every rank computes the same: one row is too little to share.
/// Cost      a step: a gradient, a run a halving, and a product with H an iteration of the conjugate gradients; their number
///           does not depend on d but on how many directions are informed.
/// Fails     NumericsError when the start has no density. Where no step lowers J it stops: is_stuck.
#include "sampler/hessian/low_rank_hessian.hpp"

namespace aleator::sampler {

struct Newton {
  std::vector<double> z, gradient;  ///< gradient of J
  double objective = 0.0;           ///< J
  double first_norm = 0.0;          ///< |grad J| at the start
  int iterations = 0, cg_iterations = 0;
  bool is_stuck = false;

  /// Begins at `start`.
  static Newton at(const std::vector<double>& start, const Problem& problem, const Context& context, RunCount& count);
  double gradient_norm() const;
  /// Along p, a direction of descent: 1, 1/2, 1/4, … of it until the objective falls.
  void go_along(const std::vector<double>& p, const Problem& problem, const Context& context, RunCount& count);
  void step(const Problem& problem, const Context& context, RunCount& count);
  void fields(io::Archive& archive, const std::string& name);
};

/// Of the members and z = 0 the one with the largest posterior density, the first of equals; NumericsError when all have none.
std::vector<double> best_start(const Problem& problem, const Context& context, const Ensemble& e, RunCount& count);

}  // namespace aleator::sampler
