#pragma once
/// What      Ensemble Kalman inversion: moves J members from the prior towards the posterior, or its mode, without derivatives.
/// Method    In whitened residuals r_j = R^-1/2 (G(T(z_j)) - d) and their basis (sampler/ensemble/forecast.hpp):
///           stochastic: z_j += C_zr (C_rr + I / h)^-1 (eta_j / sqrt(h) - r_j), eta_j ~ N(0, I) (Iglesias, Law, Stuart 2013);
///           square_root (ETKI): the mean moves by the same gain, deviations by Z' <- (I + h R' R'^T / (n - 1))^-1/2 Z' (Bishop,
///           Etherton, Majumdar 2001; as an inversion Huang, Huang, Reich, Stuart 2022). Both until the steps sum to 1.
///           goal = minimum: z_j -= gain times (r_j, sqrt(lambda) z_j), the residual with Tikhonov's term (Chada, Stuart, Tong
///           2020), until the misfit of the mean is that of the noise: |r|^2 <= p (discrepancy principle).
///           Sparse coefficients: exponent = q < 2 takes lambda sum |z_k|^q in place of lambda |z|^2, by iterating in
///           v = sign(z) |z|^(q/2), where it is |v|^2 (Lee 2021).
///           Steps by the data misfit controller (Iglesias, Yang 2021). Localisation: entries of C_zr with sample
///           correlation rho are multiplied by max(0, 1 - 4 / (n rho^2)): what chance makes goes, what is significant stays
///           (correlation-based soft thresholds: Luo, Bhakta 2020; the factor is Breiman's garrote, 1995).
///           The standard error of means counts what a member adds to the gain (BaseState's influence; Efron 1982, the
///           infinitesimal jackknife).
///           Symbols: z position (J x d), d data, R noise covariance, h step, t time, n usable members.
///           Exact as J grows when the model is linear; else biased, whatever J.
/// Parallel  collective; same bits on any number of ranks; columns of z are exchanged in panels, no copy of z is made.
/// Cost      a step: J model runs, 4 J min(J, p) d flops (8 J^2 d with Tikhonov's term) and O(J p min(J, p)).
/// Fails     NumericsError when too few members have a model run or the ensemble has collapsed before the posterior.
#include "sampler/ensemble/forecast.hpp"

namespace aleator::sampler {

struct Eki {
  enum class StepRule { fixed, misfit_controlled };
  enum class Update { stochastic, square_root };
  enum class Goal { posterior, minimum };
  enum class Localisation { none, correlation };
  struct Params {
    int members = 512;
    Goal goal = Goal::posterior;
    Update update = Update::stochastic;
    StepRule step = StepRule::misfit_controlled;
    double fixed_step = 0.1;
    double inflation = 1.0;
    Localisation localisation = Localisation::none;
    double regularisation = 0.0;
    double exponent = 2.0;
    int max_iterations = 100;
  };
  struct State : BaseState {
    double time = 0.0;  ///< t
    void fields(io::Archive& archive);
  };
  static deck::Schema<Params> schema();
  Plan plan() const {
    return {Plan::Kind::ensemble, params.members, 1, false, 1, params.goal == Goal::posterior, true};
  }
  std::string objection(const Problem& problem) const { return noise_objection(problem); }

  State init(const Problem& problem, const Context& context) const;
  StepInfo step(const Problem& problem, const Context& context, State& s) const;

  Params params;
};

}  // namespace aleator::sampler
