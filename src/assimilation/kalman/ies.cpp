#include "assimilation/kalman/ies.hpp"

#include <algorithm>
#include <cmath>

#include "assimilation/kalman/transform.hpp"
#include "core/log.hpp"

namespace aleator::assimilation {
namespace {

// One replicate's window.
struct Window {
  std::vector<double> mean;  // at the window's beginning
  math::Matrix anomalies;    // N x d
  std::vector<double> w;
  Transform transform;  // T
  bool is_done = false;

  // x_j = mean + sum_k (w_k + T_jk) a_k, of which `moved` is the part with T.
  void place(const Members& x, const math::Matrix& moved) const {
    const std::vector<double> shift = math::transposed_multiply(anomalies, w);
    for (int j = 0; j < x.count; ++j)
      for (int i = 0; i < x.states; ++i) x[j][i] = mean[i] + shift[i] + moved(j, i);
  }

  // One Gauss-Newton step from the ensemble at the window's end.
  void improve(const Observed& seen, double tolerance) {
    const int n = anomalies.rows;
    std::vector<double> towards_mean(w);
    for (double& value : towards_mean) value *= -(n - 1.0);
    transform = transform_of(transform.inverse_times(seen.anomalies), seen.innovation, towards_mean);
    double squares = 0.0;
    for (int j = 0; j < n; ++j) w[j] += transform.w[j], squares += transform.w[j] * transform.w[j];
    is_done = std::sqrt(squares * n) < tolerance;  // in units of the spread
  }
};

}  // namespace

deck::Schema<Ies::Params> Ies::schema() {
  deck::Schema<Params> s("Iterative ensemble Kalman smoother over one cycle", "Bocquet, Sakov 2014");
  add_ensemble_keys(s);
  s.key("max_iterations", &Params::max_iterations, "1", "most Gauss-Newton steps a cycle", deck::at_least(1))
      .key("tolerance", &Params::tolerance, "1", "stop when a step is shorter, in units of the ensemble's spread",
           deck::positive())
      .key("rotate", &Params::rotate, "", "turn the anomalies by a random rotation that keeps the mean")
      .check("adaptation", [](const Params& p) {
        return p.adaptation == 0.0 ? std::string()
                                   : std::string("filter/ies has a fixed inflation: adaptation must be 0");
      });
  return s;
}

std::string Ies::objection(const model::StateInfo&, bool has_model_noise) const {
  return has_model_noise ? "fits a trajectory of the model without noise: leave model_noise_sd out, or take filter/etkf"
                         : "";
}

Ies::State Ies::init(const Experiment& experiment) const {
  State s;
  s.start(experiment, params.members, params.inflation);
  return s;
}

void Ies::step(const Experiment& experiment, const Cycle& cycle, State& s) const {
  const int n = params.members;
  const auto has_data = [&cycle](int r) {
    for (std::size_t o = 0; o < cycle.data.extent(1); ++o)
      if (!std::isnan(cycle.data(r, o))) return true;
    return false;
  };
  bool is_silent = true;
  for (int r = 0; r < experiment.replicates(); ++r) is_silent = is_silent && !has_data(r);
  if (is_silent) {
    std::fill(s.log_likelihood.begin(), s.log_likelihood.end(), std::nan(""));
    return forecast(experiment, cycle, params.on_divergence, s);
  }
  std::vector<Window> windows(static_cast<std::size_t>(experiment.replicates()));
  experiment.each_replicate([&](int r) {
    Window& window = windows[r];
    const Members x = s.of(experiment, r);
    window.mean = mean_of(x), window.anomalies = anomalies_of(x, window.mean);
    window.w.assign(static_cast<std::size_t>(n), 0.0);
    window.transform.directions = math::Matrix(n, 0);
    s.log_likelihood[r] = std::nan("");
  });
  const auto all_done = [&] {
    return std::all_of(windows.begin(), windows.end(), [](const Window& window) { return window.is_done; });
  };
  for (int iteration = 0; iteration < params.max_iterations && !all_done(); ++iteration) {
    experiment.advance(cycle.interval, s.x.data(), n);
    replace_diverged(experiment, cycle, params.on_divergence, s);
    if (iteration == 0) note_forecast(experiment, cycle, s);
    experiment.each_replicate([&](int r) {
      const Members x = s.of(experiment, r);
      const Observed seen = observed(experiment, cycle, r, x);
      Window& window = windows[r];
      if (seen.index.empty()) window.is_done = true;
      if (!window.is_done) window.improve(seen, params.tolerance);
      window.place(x, window.transform.times(window.anomalies));
    });
  }
  if (!all_done() && !s.has_warned) {
    s.has_warned = true;
    core::warn(
        "filter/ies: {}: max_iterations = {} did not reduce the last step below tolerance = {}; the analysis is that "
        "of an unfinished minimisation (said once)",
        cycle.label(), params.max_iterations, params.tolerance);
  }
  experiment.each_replicate([&](int r) {
    math::Matrix moved = windows[r].transform.times(windows[r].anomalies);
    if (params.rotate && has_data(r)) rotate(moved, experiment.rng(r), cycle.number);
    windows[r].place(s.of(experiment, r), moved);
  });
  experiment.advance(cycle.interval, s.x.data(), n);
  replace_diverged(experiment, cycle, params.on_divergence, s);
  experiment.each_replicate([&](int r) {
    if (has_data(r)) inflate_analysis(params, s.of(experiment, r));
    check_finite(s.of(experiment, r), cycle);
  });
}

}  // namespace aleator::assimilation
