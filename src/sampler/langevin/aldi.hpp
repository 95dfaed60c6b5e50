#pragma once
/// What      Affine-invariant interacting Langevin dynamics, with the posterior's gradient or without.
/// Method    Garbuno-Inigo, Nuesken, Reich 2020: with C the members' covariance, C = L L^T (divisor J),
///           z_j += h (C grad log pi(z_j) + (d + 1) / J (z_j - mean)) + sqrt(2 h) L xi_j.
///           Without gradients C grad log pi(z_j) is replaced by -C_zr r_j - C z_j, r = R^-1/2 (G(T(z)) - data).
///           The term (d + 1) / J makes the posterior invariant for finite J > d + 1. Step h = step / max(1, |L^T grad log pi|
///           / sqrt(d)) in the warm-up, where the ensemble is still wide; afterwards half as
///           cautious, which is h = step where it has come to rest.
///           Biased by O(h), and without gradients by the model's nonlinearity over the ensemble.
/// Parallel  collective; same bits on any number of ranks.
/// Cost      a model run (with adjoint, if it is used) and O(d^2), or O(d p), flops a member and step.
/// Fails     NumericsError when the members lie in a hyperplane; objects to J <= d + 1.
#include "sampler/sampler.hpp"

namespace aleator::sampler {

struct Aldi {
  enum class Gradient { automatic, exact, ensemble };
  struct Params {
    int chains = 128;
    int warmup = 500;
    int draws = 200;
    int thin = 5;
    double step = 0.05;
    Gradient gradient = Gradient::automatic;
    bool finite_ensemble_correction = true;
  };
  struct State : BaseState {
    Batch residual;  ///< r_j, local rows x p; no columns with exact gradients
    void fields(io::Archive& archive);
  };
  static deck::Schema<Params> schema();
  Plan plan() const { return {Plan::Kind::chains, params.chains, params.draws, false}; }
  std::string objection(const Problem& problem) const;

  State init(const Problem& problem, const Context& context) const;
  StepInfo step(const Problem& problem, const Context& context, State& s) const;

  bool uses_gradient(const Problem& problem) const;
  Params params;
};

}  // namespace aleator::sampler
