#pragma once
/// What      Three-dimensional variational assimilation: one trajectory, corrected with a fixed background covariance.
/// Method    Lorenc 1986; the minimum of |x - x_f|^2_B^-1 + |y - H x|^2_R^-1 in closed form for linear H and Gaussian errors:
///           x = x_f + B H^T (H B H^T + R)^-1 (y - H x_f), B = scale x climatological covariance.
/// Parallel  as Experiment.
/// Cost      once 2 x climatology_samples model runs; a cycle: one model run, O(p d + p^3) flops.
/// Fails     NumericsError when the model diverges.
#include <memory>

#include "assimilation/variational/climatology.hpp"

namespace aleator::assimilation {

struct ThreeDVar {
  struct Params {
    double scale = 0.1;
    int climatology_samples = 2000;
  };
  struct State : BaseState {
    std::shared_ptr<const math::Matrix> background;  ///< B; no part of the checkpoint, since it follows from the deck
  };
  static deck::Schema<Params> schema();
  int members() const { return 1; }
  std::string objection(const model::StateInfo&, bool) const { return ""; }

  State init(const Experiment& experiment) const;
  void step(const Experiment& experiment, const Cycle& cycle, State& s) const;

  Params params;
};

}  // namespace aleator::assimilation
