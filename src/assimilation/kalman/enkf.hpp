#pragma once
/// What      Ensemble Kalman filter with perturbed observations, localised where a radius is given.
/// Method    Burgers, van Leeuwen, Evensen 1998: x_j += K (y + e_j - H x_j), e_j ~ N(0, R) with mean zero over the members,
///           K = P H^T (H P H^T + R)^-1, P the sample covariance, tapered by distance (Houtekamer, Mitchell 2001).
///           Symbols: x members (N x d), p observations, R diagonal. The log-likelihood is that of the Gaussian forecast.
/// Parallel  as Experiment: a replicate's analysis is done whole by one thread.
/// Cost      a cycle: N model runs, O(N p (d + p) + p^3) flops; localised O(p d) tapers once.
/// Fails     NumericsError when fewer than two members are finite, or the analysis is not.
#include <memory>
#include <optional>

#include "assimilation/ensemble.hpp"

namespace aleator::assimilation {

struct Enkf {
  struct Params : EnsembleParams {
    std::optional<double> radius;
    Params() { inflation = 1.06; }
  };
  struct State : BaseState {
    std::shared_ptr<const math::Matrix> tapers;  ///< d x p; no part of the checkpoint, since it follows from the deck
  };
  static deck::Schema<Params> schema();
  int members() const { return params.members; }
  std::string objection(const model::StateInfo& info, bool has_model_noise) const;

  State init(const Experiment& experiment) const;
  void step(const Experiment& experiment, const Cycle& cycle, State& s) const;

  Params params;
};

}  // namespace aleator::assimilation
