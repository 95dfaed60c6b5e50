#include "assimilation/variational/climatology.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/error.hpp"

namespace aleator::assimilation {

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
  double size = 0.0, spread = 0.0;
  for (int n = 0; n < all.rows; ++n)
    for (int i = 0; i < d; ++i) {
      size = std::max(size, std::abs(all(n, i)));
      all(n, i) = (all(n, i) - mean[i]) / std::sqrt(all.rows - 1.0);
      spread = std::max(spread, std::abs(all(n, i)) * std::sqrt(all.rows - 1.0));
    }
  for (const double value : mean)
    if (!std::isfinite(value))
      throw core::NumericsError(
          fmt::format("the run that gives the climatology diverged: {}", experiment.last_failure()));
  // With B = 0 the data would count for nothing.
  if (!(spread > 1e-10 * size))
    throw core::NumericsError(
        "the model comes to rest: its states do not vary, so there is no climatology to take a background covariance "
        "from; "
        "set model_noise_sd, or take filter/etkf or filter/enkf");
  return math::transposed_multiply(all, all);
}

}  // namespace aleator::assimilation
