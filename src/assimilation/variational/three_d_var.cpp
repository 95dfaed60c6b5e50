#include "assimilation/variational/three_d_var.hpp"

#include <algorithm>

#include "assimilation/kalman/gain.hpp"
#include "assimilation/variational/background.hpp"

namespace aleator::assimilation {

deck::Schema<ThreeDVar::Params> ThreeDVar::schema() {
  deck::Schema<Params> s("Variational assimilation with a fixed background covariance (3D-Var)", "Lorenc 1986");
  s.key("scale", &Params::scale, "1", "background covariance over that of the model's climatology", deck::positive())
      .key("climatology_samples", &Params::climatology_samples, "1", "states from which the climatology is estimated",
           deck::at_least(32));
  return s;
}

ThreeDVar::State ThreeDVar::init(const Experiment& experiment) const {
  State s;
  s.start(experiment, 1, 1.0);
  const std::vector<double>& mean = experiment.statistics().initial_mean;  // what is followed is the mean
  for (int r = 0; r < experiment.replicates(); ++r) std::copy(mean.begin(), mean.end(), s.of(experiment, r)[0]);
  return s;
}

void ThreeDVar::step(const Experiment& experiment, const Cycle& cycle, State& s) const {
  if (!s.background) s.background = background_of(experiment, params.scale, params.climatology_samples);
  experiment.advance(cycle.interval, s.x.data(), 1);  // without the model's noise: the mean
  note_forecast(experiment, cycle, s);
  experiment.each_replicate([&](int r) {
    const Members x = s.of(experiment, r);
    check_forecast(experiment, x, cycle);
    const Observed seen = observed(experiment, cycle, r, x);
    s.log_likelihood[r] = 0.0;
    if (seen.index.empty()) return;
    ObservedBackground b = observed_background(experiment, *s.background, seen.index);
    math::add_to_diagonal(b.c_yy, 1.0);
    s.innovation_ratio[r] = innovation_ratio(b.c_yy, seen);
    const math::Matrix factor = math::cholesky(b.c_yy);
    s.log_likelihood[r] = gaussian_log_density(factor, seen);
    const std::vector<double> none(seen.index.size(), 0.0);
    add_increment(b.c_xy, factor, seen, none.data(), none.data(), x[0]);
  });
}

}  // namespace aleator::assimilation
