#pragma once
/// What      The pieces of a Kalman update in the observations' space, for filters that form the covariance with them.
/// Method    All in units of the observations' errors, in which R = I: x_j += C_xy (C_yy + I)^-1 (delta + e_j - s_j).
/// Parallel  pure functions of one replicate, safe on any thread.
/// Cost      tapers d p; a member's increment p^2 + d p.
/// Fails     -
#include <memory>
#include <vector>

#include "assimilation/ensemble.hpp"

namespace aleator::assimilation {

inline constexpr const char* no_places =
    "localises by distance, but the states of this model have no places; filter/etkf and filter/enkf without radius do "
    "without";

void scale(math::Matrix& a, double factor);

/// Sample covariances of states with observables (d x p) and of observables (p x p), times `weight`.
struct Covariances {
  math::Matrix xy, yy;
};
Covariances sample_covariances(const Members& x, const Observed& seen, double weight);

/// taper(distance(state, observable)), d x p.
std::shared_ptr<const math::Matrix> tapers_of(const model::StateInfo& info, double radius);
/// c_xy (d x p) and c_yy (p x p) times the tapers; `index`: the observables present.
void localise(const model::StateInfo& info, const math::Matrix& tapers, const std::vector<int>& index,
              math::Matrix& c_xy, math::Matrix& c_yy);

/// Mean over the data of the innovations' squares, over their variances on the diagonal of c_yy (with that of the errors, 1).
double innovation_ratio(const math::Matrix& c_yy, const Observed& seen);
/// log N(y; H x mean, H P H^T + R) from the Cholesky factor of C_yy + I.
double gaussian_log_density(const math::Matrix& factor, const Observed& seen);

/// e_j, N x p: normals with mean zero over the members.
math::Matrix perturbations(const Experiment& experiment, const Cycle& cycle, int replicate, const Observed& seen,
                           int members);

/// x += C_xy (C_yy + I)^-1 (delta + e - s).
void add_increment(const math::Matrix& c_xy, const math::Matrix& factor, const Observed& seen, const double* s,
                   const double* e, double* x);

/// The cycle of a filter that moves each member by the gain, with data perturbed for it. Its
/// covariances (with the errors' own, I, on the diagonal of C_yy) are covariances(replicate, members, seen).
template <typename CovariancesOf>
void forecast_and_move_members(const EnsembleParams& params, const Experiment& experiment, const Cycle& cycle,
                               BaseState& s, const CovariancesOf& covariances) {
  forecast_and_analyse(params, experiment, cycle, s, 0.0, [&](int r, const Members& x, const Observed& seen) {
    const Covariances c = covariances(r, x, seen);
    const math::Matrix factor = math::cholesky(c.yy);
    s.log_likelihood[r] = gaussian_log_density(factor, seen);
    const math::Matrix e = perturbations(experiment, cycle, r, seen, x.count);
    for (int j = 0; j < x.count; ++j) add_increment(c.xy, factor, seen, seen.anomalies.row(j), e.row(j), x[j]);
  });
}

}  // namespace aleator::assimilation
