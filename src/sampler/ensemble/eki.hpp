#pragma once
/// What      Ensemble Kalman inversion: moves J members from the prior towards the posterior without derivatives.
/// Method    Iglesias, Law, Stuart 2013, with the data misfit controller for the steps (Iglesias, Yang 2021, eq. 22):
///           z_j += C_zg (C_gg + R / h)^-1 (d + sqrt(1 / h) eta_j - g_j), eta_j ~ N(0, R), until the steps sum to 1.
///           Symbols: z position (J x d), g = G(T(z)) (J x p), d data, R noise covariance, h step, t time.
///           Exact as J grows when the model is linear; else biased, whatever J.
/// Parallel  collective; same bits on any number of ranks.
/// Cost      a step: J model runs, one reduction of p (p + d) doubles, O(J p (p + d) + p^3) flops.
/// Fails     NumericsError when C_gg + R / h is not positive definite or too few members have a model run.
#include "sampler/sampler.hpp"

namespace aleator::sampler {

struct Eki {
  enum class StepRule { fixed, misfit_controlled };
  struct Params {
    int members = 512;
    StepRule step = StepRule::misfit_controlled;
    double fixed_step = 0.1;
    int max_iterations = 100;
  };
  struct State : BaseState {
    double time = 0.0;  ///< t
    void fields(io::Archive& archive);
  };
  static deck::Schema<Params> schema();
  Plan plan() const { return {Plan::Kind::ensemble, params.members, 1, false}; }
  std::string objection(const Problem& problem) const;

  State init(const Problem& problem, const Context& context) const;
  StepInfo step(const Problem& problem, const Context& context, State& s) const;

  Params params;
};

}  // namespace aleator::sampler
