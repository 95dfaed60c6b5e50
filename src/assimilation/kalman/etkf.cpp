#include "assimilation/kalman/etkf.hpp"

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
  forecast_and_analyse(params, experiment, cycle, s, 0.0, [&](int r, const Members& x, const Observed& seen) {
    const Transform t = transform_of(seen.anomalies, seen.innovation);
    // delta^T (I + S^T S / (N - 1))^-1 delta = |delta - S^T w|^2 + (N - 1) |w|^2: no difference of large numbers.
    std::vector<double> left = math::transposed_multiply(seen.anomalies, t.w);
    for (std::size_t i = 0; i < left.size(); ++i) left[i] -= seen.innovation[i];
    constexpr double log_two_pi = 1.8378770664093454836;
    s.log_likelihood[r] = -0.5 * (math::dot(left, left) + (x.count - 1.0) * math::dot(t.w, t.w) + t.log_determinant +
                                  log_two_pi * static_cast<double>(seen.innovation.size())) -
                          seen.log_sd;
    const std::vector<double> mean = mean_of(x);
    const math::Matrix anomalies = anomalies_of(x, mean);
    const std::vector<double> shift = math::transposed_multiply(anomalies, t.w);
    math::Matrix moved = t.times(anomalies);
    if (params.rotate) rotate(moved, experiment.rng(r), cycle.number);
    for (int j = 0; j < x.count; ++j)
      for (int i = 0; i < x.states; ++i) x[j][i] = mean[i] + shift[i] + moved(j, i);
  });
}

}  // namespace aleator::assimilation
