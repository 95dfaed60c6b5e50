#include "assimilation/kalman/enkf.hpp"

#include <cmath>

#include "assimilation/kalman/gain.hpp"

namespace aleator::assimilation {

deck::Schema<Enkf::Params> Enkf::schema() {
  deck::Schema<Params> s("Ensemble Kalman filter with perturbed observations",
                         "Evensen 1994; Burgers, van Leeuwen, Evensen 1998; Houtekamer, Mitchell 2001");
  add_ensemble_keys(s);
  s.key("radius", &Params::radius, "as the model's coordinates",
        "localisation radius: covariances are tapered, to zero from 3.65 radii on; not set: they are not",
        deck::positive());
  return s;
}

std::string Enkf::objection(const model::StateInfo& info, bool) const {
  return params.radius && info.coordinates.empty() ? no_places : "";
}

Enkf::State Enkf::init(const Experiment& experiment) const {
  State s;
  s.start(experiment, params.members, params.inflation);
  return s;
}

void Enkf::step(const Experiment& experiment, const Cycle& cycle, State& s) const {
  if (params.radius && !s.tapers) s.tapers = tapers_of(experiment.info(), *params.radius);
  forecast(experiment, cycle, params.on_divergence, s);
  experiment.each_replicate([&](int r) {
    const Members x = s.of(experiment, r);
    Observed seen = observed(experiment, cycle, r, x);
    s.log_likelihood[r] = 0.0;
    if (seen.index.empty()) return;
    adapt_inflation(params, s.inflation[r], x, seen);
    Covariances c = sample_covariances(x, seen, 1.0);
    if (s.tapers) localise(experiment.info(), *s.tapers, seen.index, c.xy, c.yy);
    math::add_to_diagonal(c.yy, 1.0);
    const math::Matrix factor = math::cholesky(c.yy);
    s.log_likelihood[r] = gaussian_log_density(factor, seen);
    const math::Matrix e = perturbations(experiment, cycle, r, seen, x.count);
    for (int j = 0; j < x.count; ++j) add_increment(c.xy, factor, seen, seen.anomalies.row(j), e.row(j), x[j]);
    inflate_analysis(params, x);
    check_finite(x, cycle);
  });
}

}  // namespace aleator::assimilation
