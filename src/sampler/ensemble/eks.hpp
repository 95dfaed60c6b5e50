#pragma once
/// What      Ensemble Kalman sampler: an interacting Langevin diffusion towards the posterior, without derivatives.
/// Method    Garbuno-Inigo, Hoffmann, Li, Stuart 2020, with the correction for finite J of Garbuno-Inigo, Nuesken, Reich 2020:
///           dz_j = -C_zr r_j dt - C z_j dt + (d + 1) / J (z_j - mean) dt + sqrt(2 C) dW_j, the prior's part implicit:
///           z_j <- (I + h C)^-1 (z_j - h C_zr r_j + h (d + 1) / J (z_j - mean)) + sqrt(2 h) C^1/2 xi_j, C = Z'^T Z' / J;
///           with few coordinates in C and C_zr themselves, C^1/2 the Cholesky factor, else in the J x J products of the members,
///           C^1/2 xi_j = Z'^T xi_j / sqrt(J). The correction is taken where J > d + 1.
///           Inflation f adds (f^2 - 1) (z_j - mean) dt: dC/dt = -2 C P C + 2 f^2 C, which settles at f^2 times the posterior's.
///           Step h = step / (|D|_F + 1), D_ij = r'_i . r_j / J (Kovachki, Stuart 2019).
///           Symbols: z position, r whitened residual, ' deviations from the mean.
///           Exact in the limit of J and 1 / h for linear models; else biased.
/// Parallel  collective; same bits on any number of ranks.
/// Cost      a step: J model runs and 4 J d (d + p) flops, p data; with d (d + p) above J^2 / 10 6 J^2 d flops, O(J^3).
/// Fails     NumericsError when too few members have a model run.
#include "sampler/ensemble/forecast.hpp"

namespace aleator::sampler {

struct Eks {
  struct Params {
    int members = 256;
    double step = 0.5;
    double end_time = 12.0;
    double inflation = 1.0;
    int max_iterations = 500;
  };
  struct State : BaseState {
    double time = 0.0;
    void fields(io::Archive& archive);
  };
  static deck::Schema<Params> schema();
  Plan plan() const { return {Plan::Kind::ensemble, params.members, 1, false, 1, true, true}; }
  std::string objection(const Problem& problem) const { return noise_objection(problem); }

  State init(const Problem& problem, const Context& context) const;
  StepInfo step(const Problem& problem, const Context& context, State& s) const;

  Params params;
};

}  // namespace aleator::sampler
