#pragma once
/// What      Hybrid of ensemble and climatology: an ensemble Kalman filter whose covariance is a mixture of the ensemble's and a
///           fixed one, so that few members do not lose the truth.
/// Method    Hamill, Snyder 2000: P = (1 - share) P_ensemble + share B, B = scale x climatological covariance; perturbed
///           observations as in filter/enkf.
/// Parallel  as Experiment: a replicate's analysis is done whole by one thread.
/// Cost      once 2 x climatology_samples model runs; a cycle: N model runs, O(N p (d + p) + p^3) flops.
/// Fails     NumericsError when fewer than two members are finite, or the analysis is not.
#include "assimilation/variational/background.hpp"

namespace aleator::assimilation {

struct Hybrid {
  struct Params : EnsembleParams {
    double share = 0.3;
    double scale = 0.02;
    int climatology_samples = 2000;
    Params() { members = 20; }
  };
  struct State : BaseState {
    std::shared_ptr<const math::Matrix> background;  ///< B; no part of the checkpoint, since it follows from the deck
  };
  static deck::Schema<Params> schema();
  int members() const { return params.members; }
  std::string objection(const model::StateInfo&, bool) const { return ""; }

  State init(const Experiment& experiment) const;
  void step(const Experiment& experiment, const Cycle& cycle, State& s) const;

  Params params;
};

}  // namespace aleator::assimilation
