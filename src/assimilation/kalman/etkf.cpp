#include "assimilation/kalman/etkf.hpp"

#include <algorithm>

#include "assimilation/kalman/transform.hpp"

namespace aleator::assimilation {

deck::Schema<Etkf::Params> Etkf::schema() {
  deck::Schema<Params> s("Ensemble transform Kalman filter: a deterministic square root",
                         "Bishop, Etherton, Majumdar 2001; Hunt, Kostelich, Szunyogh 2007; Sakov, Oke 2008");
  add_ensemble_keys(s);
  s.key("rotate", &Params::rotate, "",
        "turn the anomalies by a random rotation that keeps the mean, after each analysis");
  return s;
}

Etkf::State Etkf::init(const Experiment& experiment) const {
  State s;
  s.start(experiment, params.members, params.inflation);
  return s;
}

void Etkf::step(const Experiment& experiment, const Cycle& cycle, State& s) const {
  forecast(experiment, cycle, params.on_divergence, s);
  experiment.each_replicate([&](int r) {
    const Members x = s.of(experiment, r);
    Observed seen = observed(experiment, cycle, r, x);
    s.log_likelihood[r] = 0.0;
    if (seen.index.empty()) return;
    adapt_inflation(params, s.inflation[r], x, seen);
    const std::vector<double> b = math::multiply(seen.anomalies, seen.innovation);  // S delta
    Transform t = transform_of(seen.anomalies, b);
    constexpr double log_two_pi = 1.8378770664093454836;
    s.log_likelihood[r] = -0.5 * (math::dot(seen.innovation, seen.innovation) - math::dot(b, t.w) + t.log_determinant +
                                  log_two_pi * static_cast<double>(seen.innovation.size())) -
                          seen.log_sd;
    if (params.rotate) t.root = math::multiply(random_rotation(x.count, experiment.rng(r), cycle.number), t.root);
    for (int j = 0; j < x.count; ++j)
      for (int k = 0; k < x.count; ++k) t.root(j, k) += t.w[k];
    const std::vector<double> mean = mean_of(x);
    const math::Matrix moved = math::multiply(t.root, anomalies_of(x, mean));
    for (int j = 0; j < x.count; ++j)
      for (int i = 0; i < x.states; ++i) x[j][i] = mean[i] + moved(j, i);
    inflate_analysis(params, x);
    check_finite(x, cycle);
  });
}

}  // namespace aleator::assimilation
