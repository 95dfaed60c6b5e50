#pragma once
/// What      What the Kalman filters of an ensemble have in common: their keys, the ensemble in the observations' space,
///           inflation, localisation, random rotations.
/// Method    Inflation: the analysis anomalies times a fixed factor, or the forecast anomalies times the square root of a
///           variance factor a estimated from the innovations, a <- (1 - g) a + g (delta^T delta - p) / tr(S^T S / (N - 1))
///           (Wang, Bishop 2003; Li, Kalnay, Miyoshi 2009). Localisation: Gaspari, Cohn 1999, eq. 4.10, with half-width
///           sqrt(10/3) radius, which resembles exp(-distance^2 / (2 radius^2)). Rotations: orthogonal matrices Q that keep the
///           mean, uniform on those (Sakov, Oke 2008). Q A for anomalies A = U R (QR, N x d) is W R with W = Q U uniform on
///           the frames of d orthonormal columns of sum zero: normals, centred, and made orthonormal.
/// Parallel  pure functions of one replicate, safe on any thread.
/// Cost      O(N (d + p)); a rotation O(N^2 (N + d)), of more than 128 and more than d + 1 members O(N d^2).
/// Fails     -
#include <vector>

#include "assimilation/filter.hpp"
#include "math/dense.hpp"

namespace aleator::assimilation {

struct EnsembleParams {
  int members = 40;
  double inflation = 1.0;
  double adaptation = 0.0;
  OnDivergence on_divergence = OnDivergence::replace;
};

template <class Params>
void add_ensemble_keys(deck::Schema<Params>& s) {
  s.key("members", &EnsembleParams::members, "1", "number of members N", deck::at_least(2))
      .key("inflation", &EnsembleParams::inflation, "1",
           "factor of the anomalies after each analysis; with adaptation: of those before it, at the start",
           deck::positive())
      .key("adaptation", &EnsembleParams::adaptation, "1",
           "gain with which the inflation follows the innovations; 0: it stays as it is; 0.002 is a start",
           deck::between(0.0, 1.0))
      .choice("on_divergence", &EnsembleParams::on_divergence, "what a member means that is not finite",
              {{"replace", OnDivergence::replace, "it is drawn anew from the Gaussian of the others, and counted"},
               {"stop", OnDivergence::stop, "the run ends with exit code 3"}});
}

/// The observations of one time that are not missing, and the ensemble there in units of their errors.
struct Observed {
  std::vector<int> index;          ///< which observables
  std::vector<double> innovation;  ///< delta = (y - H x mean) / sd
  math::Matrix anomalies;          ///< S = (H x_j - H x mean) / sd, N x p
  double log_sd = 0.0;             ///< sum of log sd
};
Observed observed(const Experiment& experiment, const Cycle& cycle, int replicate, const Members& x);

std::vector<double> mean_of(const Members& x);
/// x_j - mean, N x d.
math::Matrix anomalies_of(const Members& x, const std::vector<double>& mean);
/// x_j <- mean + factor (x_j - mean).
void inflate(const Members& x, double factor);

/// Adaptive inflation of the forecast: the new factor, applied to the members and to S.
void adapt_inflation(const EnsembleParams& params, double& factor, const Members& x, Observed& seen);
/// Fixed inflation of the analysis.
void inflate_analysis(const EnsembleParams& params, const Members& x);

/// The cycle of a filter whose members stand for a Gaussian: the forecast, and for every replicate that has data the forecast's
/// inflation, analysis(replicate, members, seen) and the analysis' inflation. `without_data`: the log-likelihood of none, 0, or
/// NaN of filters that know no likelihood.
template <typename Analysis>
void forecast_and_analyse(const EnsembleParams& params, const Experiment& experiment, const Cycle& cycle, BaseState& s,
                          double without_data, const Analysis& analysis) {
  forecast(experiment, cycle, params.on_divergence, s);
  experiment.each_replicate([&](int r) {
    const Members x = s.of(experiment, r);
    Observed seen = observed(experiment, cycle, r, x);
    s.log_likelihood[r] = without_data;
    if (seen.index.empty()) return;
    adapt_inflation(params, s.inflation[r], x, seen);
    analysis(r, x, seen);
    inflate_analysis(params, x);
    check_finite(x, cycle);
  });
}

/// N x N, orthogonal, rows and columns summing to 1.
math::Matrix random_rotation(int n, const kernels::Rng& rng, std::int64_t step);
/// anomalies <- Q anomalies, Q a random rotation. Of many members with few states only what Q makes of these is drawn.
void rotate(math::Matrix& anomalies, const kernels::Rng& rng, std::int64_t step);

/// 1 at distance 0, 0 from 3.65 radius on.
double taper(double distance, double radius);
/// Between a state and an observable, which is where its largest weight is: along the circle where a coordinate is periodic, or
/// along its chord, as in the space that the circle lies in: there a taper is a correlation, however long its radius.
enum class Along { circle, chord };
double distance(const model::StateInfo& info, int state, int observable, Along circles = Along::circle);
/// The state at which an observable lies.
int place_of(const model::LinearObservable& observable);

}  // namespace aleator::assimilation
