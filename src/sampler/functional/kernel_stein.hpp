#pragma once
/// What      Half the squared kernel Stein discrepancy of the particles to the posterior.
/// Method    F = 1/2 integral k_pi drho drho with the Stein kernel of k = exp(-|r|^2 / (2 l^2)), r = x - y, s = grad log pi
///           (Liu, Lee, Jordan 2016; Chwialkowski, Strathmann, Gretton 2016):
///             k_pi(x, y) = k (s_x . s_y + (s_x - s_y) . r / l^2 + d / l^2 - |r|^2 / l^4).
///           grad dF/drho (x) = 1/J sum_j grad_x k_pi(x, z_j) (Korba, Aubin-Frankowski, Majewski, Ablin 2021), in which the
///           Hessian of log pi meets one vector a particle, sum_j k (s_j + r / l^2) / J: differences of the gradient.
///           A Gaussian kernel does not see particles that wander off: the entropy and the reference must hold them.
/// Parallel  collective; same bits on any number of ranks. Every rank holds all particles and scores.
/// Cost      2 J model runs with adjoint, J^2 (9 d + 30) flops; no memory beyond the points.
/// Fails     objects to problems without a gradient.
#include "deck/schema.hpp"
#include "sampler/functional/measure_functional.hpp"

namespace aleator::sampler {

class KernelStein final : public MeasureFunctional {
 public:
  struct Params {
    double length_scale = 1.0;
  };
  static deck::Schema<Params> schema();
  explicit KernelStein(const Params& params) : params_(params) {}

  std::string objection(const Problem& problem) const override;
  bool is_least_at_posterior() const override { return true; }
  bool needs_gradient() const override { return true; }
  double evaluate(const Problem& problem, const Context& context, const Ensemble& ensemble, const Batch& force,
                  RunCount& count) const override;

 private:
  Params params_;
};

}  // namespace aleator::sampler
