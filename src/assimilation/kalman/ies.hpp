#pragma once
/// What      Iterative ensemble Kalman smoother with a window of one cycle: fits the state at the window's beginning to the data
///           at its end, for models that are far from linear in between.
/// Method    Bocquet, Sakov 2014 (IEnKS, lag 1, with the transform): Gauss-Newton in the members' space.
///           x_0(w) = mean + A^T w, members spread by T; y_j = H M(x_0j), Y = T^-1 (y - mean y) / sd;
///           D = (N - 1) I + Y Y^T, w <- w - D^-1 ((N - 1) w - Y (data - mean y) / sd), T = (D / (N - 1))^-1/2.
///           Symbols: A anomalies at the beginning (N x d), w weights of the mean (N), T transform (N x N).
/// Parallel  as Experiment; the iterations of all replicates are run together, one that has converged keeps its weights.
/// Cost      a cycle: N model runs for each iteration and once more, O(N p (d + p)) flops an iteration for
///           p < N, else O(N^2 (d + p)); rotations as filter/etkf.
/// Fails     NumericsError when fewer than two members are finite, or the analysis is not.
#include "assimilation/ensemble.hpp"

namespace aleator::assimilation {

struct Ies {
  struct Params : EnsembleParams {
    int max_iterations = 10;
    double tolerance = 1e-3;
    bool rotate = true;
    Params() { members = 24, inflation = 1.02; }
  };
  struct State : BaseState {
    bool has_warned = false;
  };
  static deck::Schema<Params> schema();
  int members() const { return params.members; }
  std::string objection(const model::StateInfo& info, bool has_model_noise) const;

  State init(const Experiment& experiment) const;
  void step(const Experiment& experiment, const Cycle& cycle, State& s) const;

  Params params;
};

}  // namespace aleator::assimilation
