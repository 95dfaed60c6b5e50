#pragma once
/// What      Ensemble transform Kalman filter: a deterministic square root, with random rotations that keep the mean.
/// Method    Bishop, Etherton, Majumdar 2001; Hunt, Kostelich, Szunyogh 2007; rotations: Sakov, Oke 2008.
///           w = ((N - 1) I + S S^T)^-1 S delta, T = (I + S S^T / (N - 1))^-1/2 (assimilation/kalman/transform.hpp),
///           x_j = mean + sum_k (w_k + T_jk) a_k. Symbols: a anomalies (N x d), S those of H x over the errors' sd (N x p),
///           delta innovation over sd. Mean and covariance are those of Kalman's formula for the sample covariance, exactly.
/// Parallel  as Experiment: a replicate's analysis is done whole by one thread.
/// Cost      a cycle: N model runs, O(N p (d + p)) flops for p < N, else O(N^2 (d + p)); rotations O(N d^2) for d < N and many
///           members, else O(N^2 (N + d)).
/// Fails     NumericsError when fewer than two members are finite, or the analysis is not.
#include "assimilation/ensemble.hpp"

namespace aleator::assimilation {

struct Etkf {
  struct Params : EnsembleParams {
    bool rotate = true;
    Params() { members = 24, inflation = 1.013; }
  };
  struct State : BaseState {};
  static deck::Schema<Params> schema();
  int members() const { return params.members; }
  std::string objection(const model::StateInfo&, bool) const { return ""; }

  State init(const Experiment& experiment) const;
  void step(const Experiment& experiment, const Cycle& cycle, State& s) const;

  Params params;
};

}  // namespace aleator::assimilation
