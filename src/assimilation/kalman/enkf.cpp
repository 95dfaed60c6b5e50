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
  forecast_and_move_members(params, experiment, cycle, s, [&](int, const Members& x, const Observed& seen) {
    Covariances c = sample_covariances(x, seen, 1.0);
    if (s.tapers) localise(experiment.info(), *s.tapers, seen.index, c.xy, c.yy);
    math::add_to_diagonal(c.yy, 1.0);
    return c;
  });
}

}  // namespace aleator::assimilation
