#include "assimilation/filter.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "core/error.hpp"

namespace aleator::assimilation {
namespace {

bool is_finite(const double* x, int d) {
  double sum = 0.0;  // x - x is NaN for NaN and infinity
  for (int i = 0; i < d; ++i) sum += x[i] - x[i];
  return sum == 0.0;
}

[[noreturn]] void stop(const Cycle& cycle, const std::string& what, const std::string& why) {
  throw core::NumericsError(
      fmt::format("{}: {}{}{}; try more members, a larger inflation, a smaller localisation radius, "
                  "a shorter time between observations or a shorter dt of the model",
                  cycle.label(), what, why.empty() ? "" : ": ", why));
}

// Diverged members become draws from the Gaussian of the sound ones: mean + sum_k xi_k anomaly_k / sqrt(n - 1).
void redraw(const Members& x, const std::vector<char>& is_sound, const kernels::Rng& rng, int cycle) {
  const int d = x.states;
  std::vector<int> sound;
  for (int j = 0; j < x.count; ++j)
    if (is_sound[j]) sound.push_back(j);
  std::vector<double> mean(static_cast<std::size_t>(d)), xi(sound.size());
  for (const int j : sound)
    for (int i = 0; i < d; ++i) mean[i] += x[j][i] / static_cast<double>(sound.size());
  for (int j = 0; j < x.count; ++j) {
    if (is_sound[j]) continue;
    rng.row_of_normals({Purpose::resampling, cycle}, j, xi.data(), static_cast<int>(xi.size()));
    std::copy(mean.begin(), mean.end(), x[j]);
    for (std::size_t k = 0; k < sound.size(); ++k)
      for (int i = 0; i < d; ++i)
        x[j][i] += xi[k] * (x[sound[k]][i] - mean[i]) / std::sqrt(static_cast<double>(sound.size()) - 1.0);
  }
}

// Mean over the data of (y - H mean)^2 / (variance of H x + sd^2), in which `own` is the model's noise that members do not have
// yet; NaN without data, or where these have a density of their own.
double ratio_of_innovations(const Experiment& experiment, const Cycle& cycle, int r, const Members& x,
                            const std::vector<double>& w, const std::vector<double>& own) {
  if (experiment.density() != nullptr) return std::numeric_limits<double>::quiet_NaN();
  const std::vector<double> sd = experiment.noise_sd(r);
  std::vector<double> seen(w.size());
  double sum = 0.0, squares_of_weights = 0.0;
  for (const double weight : w) squares_of_weights += weight * weight;
  int count = 0;
  for (int k = 0; k < experiment.observables(); ++k) {
    if (std::isnan(cycle.data(r, k))) continue;
    double mean = 0.0, squares = 0.0, noise = 0.0;
    for (int j = 0; j < x.count; ++j) {
      seen[j] = 0.0;
      for (const auto& [i, weight] : experiment.info().observed[static_cast<std::size_t>(k)].weights)
        seen[j] += weight * x[j][i];
      mean += w[j] * seen[j];
    }
    for (int j = 0; j < x.count; ++j) squares += w[j] * (seen[j] - mean) * (seen[j] - mean);
    if (squares_of_weights < 1.0) squares /= 1.0 - squares_of_weights;
    for (const auto& [i, weight] : experiment.info().observed[static_cast<std::size_t>(k)].weights)
      if (!own.empty()) noise += weight * weight * own[i] * own[i];
    const double delta = cycle.data(r, k) - mean;
    sum += delta * delta / (squares + noise + sd[k] * sd[k]);
    ++count;
  }
  return sum / count;
}

}  // namespace

void BaseState::start(const Experiment& experiment, int member_count, double inflation_at_start) {
  members = member_count;
  const auto r = static_cast<std::size_t>(experiment.replicates());
  const auto d = static_cast<std::size_t>(experiment.states());
  x.resize(r * members * d);
  forecast_mean.assign(r * d, 0.0), forecast_spread.assign(r, 0.0), replaced.assign(r, 0.0);
  innovation_ratio.assign(r, std::numeric_limits<double>::quiet_NaN());
  inflation.assign(r, inflation_at_start);
  log_likelihood.assign(r, std::numeric_limits<double>::quiet_NaN());
  for (int i = 0; i < experiment.replicates(); ++i)
    for (int j = 0; j < members; ++j) experiment.draw_initial(i, 1 + j, of(experiment, i)[j]);
}

void BaseState::fields(io::Archive& archive, const Experiment& experiment) {
  archive.field("cycle", cycle);
  bool has_weights = !weights.empty();
  archive.field("has_weights", has_weights);
  experiment.fields(archive, "x", x, members * experiment.states());
  if (has_weights) experiment.fields(archive, "weights", weights, members);
  experiment.fields(archive, "forecast_mean", forecast_mean, experiment.states());
  experiment.fields(archive, "forecast_spread", forecast_spread, 1);
  experiment.fields(archive, "innovation_ratio", innovation_ratio, 1);
  experiment.fields(archive, "log_likelihood", log_likelihood, 1);
  experiment.fields(archive, "inflation", inflation, 1);
  experiment.fields(archive, "replaced", replaced, 1);
}

void replace_diverged(const Experiment& experiment, const Cycle& cycle, OnDivergence on_divergence, BaseState& s) {
  experiment.each_replicate(
      [&](int r) {
        const Members x = s.of(experiment, r);
        std::vector<char> is_sound(static_cast<std::size_t>(x.count));
        int healthy = 0;
        for (int j = 0; j < x.count; ++j) healthy += is_sound[j] = is_finite(x[j], x.states) ? 1 : 0;
        if (healthy == x.count) return;
        const std::string count = fmt::format("{} of {} members diverged", x.count - healthy, x.count);
        if (on_divergence == OnDivergence::stop)
          stop(cycle, count + " (on_divergence = \"stop\")", experiment.last_failure());
        if (healthy < 2) stop(cycle, count, experiment.last_failure());
        redraw(x, is_sound, experiment.rng(r), cycle.number);
        s.replaced[r] += x.count - healthy;
      },
      static_cast<std::int64_t>(s.members) * experiment.states());
}

void note_forecast(const Experiment& experiment, const Cycle& cycle, BaseState& s, bool is_before_noise) {
  experiment.each_replicate(
      [&](int r) {
        const Members x = s.of(experiment, r);
        const int d = x.states;
        double* const mean = s.forecast_mean.data() + static_cast<std::ptrdiff_t>(r) * d;
        const double* const w =
            s.weights.empty() ? nullptr : s.weights.data() + static_cast<std::ptrdiff_t>(r) * x.count;
        std::vector<double> share(static_cast<std::size_t>(x.count), 1.0 / x.count);
        if (w != nullptr) {  // weights of particles that have diverged are missing from the sum
          const double total = std::accumulate(w, w + x.count, 0.0);
          for (int j = 0; j < x.count; ++j) share[j] = w[j] / total;
        }
        double squares = 0.0, sum_of_squares = 0.0;
        std::fill_n(mean, d, 0.0);
        for (int j = 0; j < x.count; ++j) {
          sum_of_squares += share[j] * share[j];
          for (int i = 0; i < d; ++i) mean[i] += share[j] * x[j][i];
        }
        for (int j = 0; j < x.count; ++j) {
          double sum = 0.0;
          for (int i = 0; i < d; ++i) sum += (x[j][i] - mean[i]) * (x[j][i] - mean[i]);
          squares += share[j] * sum;
        }
        const double bias = 1.0 - sum_of_squares;  // (N - 1) / N for equal weights
        const std::vector<double> noise = is_before_noise ? experiment.model_noise_sd(r) : std::vector<double>();
        double variance = bias > 0.0 ? squares / bias / d : 0.0;
        for (const double sd : noise) variance += sd * sd / static_cast<double>(noise.size());
        s.forecast_spread[r] = std::sqrt(variance);
        s.innovation_ratio[r] = ratio_of_innovations(experiment, cycle, r, x, share, noise);
      },
      static_cast<std::int64_t>(s.members) * experiment.states());
}

void forecast(const Experiment& experiment, const Cycle& cycle, OnDivergence on_divergence, BaseState& s) {
  experiment.advance(cycle.interval, s.x.data(), s.members);
  experiment.add_noise(cycle.number, s.x.data(), s.members, 1);
  replace_diverged(experiment, cycle, on_divergence, s);
  note_forecast(experiment, cycle, s);
}

void check_finite(const Members& x, const Cycle& cycle) {
  for (int j = 0; j < x.count; ++j)
    if (!is_finite(x[j], x.states))
      stop(cycle, "the analysis is not finite: the ensemble has collapsed or exploded", "");
}

void check_forecast(const Experiment& experiment, const Members& x, const Cycle& cycle) {
  for (int j = 0; j < x.count; ++j)
    if (!is_finite(x[j], x.states))
      throw core::NumericsError(
          fmt::format("{}: the forecast is not finite{}{}; try a shorter dt of the model, a smaller "
                      "scale of the background, or a shorter time between observations",
                      cycle.label(), experiment.last_failure().empty() ? "" : ": ", experiment.last_failure()));
}

}  // namespace aleator::assimilation
