#include "assimilation/variational/climatology.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/error.hpp"

namespace aleator::assimilation {
namespace {

// Beside errors a thousand times as large as the climatology's spread, data count for nothing: `anomalies` are its deviations,
// over the root of their number.
void refuse_rest(const Experiment& experiment, const math::Matrix& anomalies) {
  constexpr double least = 1e-3;
  const std::vector<double>& noise = experiment.statistics().noise_sd;
  double largest = 0.0;
  for (std::size_t o = 0; o < experiment.info().observed.size(); ++o) {
    double squares = 0.0;
    for (int n = 0; n < anomalies.rows; ++n) {
      double seen = 0.0;
      for (const auto& [i, weight] : experiment.info().observed[o].weights) seen += weight * anomalies(n, i);
      squares += seen * seen;
    }
    largest = std::max(largest, std::sqrt(squares) / noise[std::min(o, noise.size() - 1)]);
  }
  if (largest < least)
    throw core::UserError(
        fmt::format("the model comes to rest: in its climatology nothing observed varies by more than {:.2g} of the "
                    "data's errors, so that "
                    "there is no background covariance; set model_noise_sd, or take filter/etkf or filter/enkf",
                    largest));
}

}  // namespace

math::Matrix climatological_covariance(const Experiment& experiment, double interval, int samples) {
  constexpr int trajectories = 16;
  const int d = experiment.states(), times = std::max(1, samples / trajectories);
  const Statistics& statistics = experiment.statistics();
  const kernels::Rng rng(0);  // B is a given of the method, the same for every seed and replicate
  std::vector<double> x(static_cast<std::size_t>(trajectories) * d), xi(static_cast<std::size_t>(d));
  for (int j = 0; j < trajectories; ++j)
    statistics.draw(rng, {Purpose::climatology}, j, statistics.initial_mean.data(), &x[j * d]);
  math::Matrix all(times * trajectories, d);
  const auto time = [&](int step) { return experiment.info().start + step * interval; };
  for (int step = 0; step < 2 * times; ++step) {
    experiment.run({time(step), time(step + 1)}, x.data(), trajectories);
    for (int j = 0; j < trajectories && !statistics.model_noise_sd.empty(); ++j) {
      rng.row_of_normals({Purpose::climatology, 1 + step}, j, xi.data(), d);
      for (int i = 0; i < d; ++i) x[j * d + i] += statistics.model_noise_sd[i] * xi[i];
    }
    if (step >= times) std::copy(x.begin(), x.end(), all.row((step - times) * trajectories));
  }
  std::vector<double> mean(static_cast<std::size_t>(d));
  for (int n = 0; n < all.rows; ++n)
    for (int i = 0; i < d; ++i) mean[i] += all(n, i) / all.rows;
  for (int n = 0; n < all.rows; ++n)
    for (int i = 0; i < d; ++i) all(n, i) = (all(n, i) - mean[i]) / std::sqrt(all.rows - 1.0);
  for (const double value : mean)
    if (!std::isfinite(value))
      throw core::NumericsError(
          fmt::format("the run that gives the climatology diverged: {}", experiment.last_failure()));
  refuse_rest(experiment, all);
  return math::transposed_multiply(all, all);
}

}  // namespace aleator::assimilation
