#include "assimilation/variational/background.hpp"

#include <algorithm>
#include <cmath>

namespace aleator::assimilation {

std::shared_ptr<const math::Matrix> background_of(const Experiment& experiment, double scale, int samples) {
  const model::StateInfo& info = experiment.info();
  double interval = experiment.statistics().cycle_length;
  if (interval == 0.0) interval = (info.times.back() - info.start) / static_cast<double>(info.times.size());
  if (info.map_step > 0.0) interval = std::max(1.0, std::round(interval / info.map_step)) * info.map_step;
  auto b = std::make_shared<math::Matrix>(climatological_covariance(experiment, interval, samples));
  for (double& value : b->a) value *= scale;
  return b;
}

ObservedBackground observed_background(const Experiment& experiment, const math::Matrix& b,
                                       const std::vector<int>& index) {
  const auto& all = experiment.info().observed;
  const std::vector<double>& sd = experiment.statistics().noise_sd;
  const int d = b.rows, p = static_cast<int>(index.size());
  ObservedBackground seen{math::Matrix(d, p), math::Matrix(p, p)};
  for (int o = 0; o < p; ++o)
    for (int i = 0; i < d; ++i)
      for (const auto& [state, weight] : all[index[o]].weights) seen.c_xy(i, o) += weight * b(i, state) / sd[index[o]];
  for (int o = 0; o < p; ++o)
    for (int l = 0; l < p; ++l)
      for (const auto& [state, weight] : all[index[l]].weights)
        seen.c_yy(l, o) += weight * seen.c_xy(state, o) / sd[index[l]];
  return seen;
}

}  // namespace aleator::assimilation
