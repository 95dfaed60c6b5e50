#include "assimilation/variational/hybrid.hpp"

#include "assimilation/kalman/gain.hpp"

namespace aleator::assimilation {

deck::Schema<Hybrid::Params> Hybrid::schema() {
  deck::Schema<Params> s("Ensemble Kalman filter with part of its covariance from the climatology",
                         "Hamill, Snyder 2000");
  add_ensemble_keys(s);
  s.key("share", &Params::share, "1", "share of the fixed covariance; 0: filter/enkf without localisation",
        deck::between(0.0, 1.0))
      .key("scale", &Params::scale, "1", "fixed covariance over that of the model's climatology", deck::positive())
      .key("climatology_samples", &Params::climatology_samples, "1", "states from which the climatology is estimated",
           deck::at_least(32));
  return s;
}

Hybrid::State Hybrid::init(const Experiment& experiment) const {
  State s;
  s.start(experiment, params.members, params.inflation);
  return s;
}

void Hybrid::step(const Experiment& experiment, const Cycle& cycle, State& s) const {
  if (!s.background) s.background = background_of(experiment, params.scale, params.climatology_samples);
  forecast_and_move_members(params, experiment, cycle, s, [&](int r, const Members& x, const Observed& seen) {
    Covariances c = sample_covariances(x, seen, 1.0 - params.share);
    const ObservedBackground b = observed_background(experiment, *s.background, seen.index);
    math::add_scaled(c.xy, params.share, b.c_xy), math::add_scaled(c.yy, params.share, b.c_yy);
    math::add_to_diagonal(c.yy, 1.0);
    s.innovation_ratio[r] = innovation_ratio(c.yy, seen);
    return c;
  });
}

}  // namespace aleator::assimilation
