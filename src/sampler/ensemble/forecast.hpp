#pragma once
/// What      The members' model runs as ensemble Kalman methods need them, and the basis their gains are small in.
/// Method    Residuals are whitened, r_j = R^-1/2 (G(T(z_j)) - data), so that the noise is N(0, I). With the deviations
///           R' = r_j - mean (rows) over n usable members, C_rr = R'^T R' / (n - 1) = V Lambda V^T; from the smaller of the two
///           Gram matrices of R'. Members whose misfit no other could be told from beside (largest_usable) count as failed.
/// Parallel  collective; results are the same on every rank.
/// Cost      a model run a member; J p min(J, p) flops.
/// Fails     NumericsError when fewer than two members have a successful model run.
#include "math/dense.hpp"
#include "sampler/sampler.hpp"

namespace aleator::sampler {

struct Forecast {
  math::Matrix residual;        ///< J x p, r_j; zero for members without a model run
  std::vector<double> weights;  ///< J: 1 / n, or 0 for members without a model run
  int usable = 0;               ///< n
  double mean_misfit = 0.0;     ///< Phi_j = |r_j|^2 / 2
  double misfit_variance = 0.0;
};

/// Of misfits (NaN: the model failed) the largest that an ensemble can hold: 1 / eps times their median, beside which nothing is
/// left of the others' digits. A model that blew up without saying so has a larger one.
double largest_usable(std::vector<double> misfits);

/// Runs the model for every member and sets the ensemble's log-likelihoods. `method` names it in messages.
Forecast run_members(const Problem& problem, const Context& context, Ensemble& ensemble, const std::string& method);

struct KalmanBasis {
  std::vector<double> mean;    ///< p, of the residuals
  std::vector<double> lambda;  ///< k
  math::Matrix directions;     ///< V, p x k
  math::Matrix coordinates;    ///< B = R' V, J x k
};
KalmanBasis kalman_basis(const Forecast& forecast);

/// I - 1 weights^T, J x J, without the rows of members that have no model run: of positions or residuals, their deviations.
math::Matrix centring_of(const Forecast& forecast);
/// scale r'_i . r_j, J x J.
math::Matrix deviation_products(const Forecast& forecast, const math::Matrix& centring, double scale);

/// Members without a model run become copies of the next one that has one.
void replace_failed(const Context& context, const Forecast& forecast, Ensemble& ensemble);

/// The data misfit controller (Iglesias, Yang 2021, eq. 22): h = max(p / (2 mean Phi), sqrt(p / (2 var Phi))).
double controlled_step(const Forecast& forecast);

/// The end of a method: the log-likelihoods of the members as they stand, for diagnostics.
void evaluate_last(const Problem& problem, const Context& context, BaseState& s);

/// J x columns numbers N(0, 1), the same on every rank.
math::Matrix shared_normals(const Context& context, kernels::Stream stream, int rows, int columns);

/// The objection of a method that needs additive Gaussian noise; empty where the problem has it.
std::string noise_objection(const Problem& problem);

}  // namespace aleator::sampler
