// A twin experiment without the program around it.
#pragma once
#include <memory>
#include <vector>

#include "assimilation/scores.hpp"
#include "model/forward_model.hpp"

namespace aleator::assimilation {

/// Time mean over the replicates of the analysis error, after the first `spin_up` cycles; `x`: the last ensembles.
template <class Algorithm>
double time_mean_error(const Algorithm& filter, const Experiment& experiment, int cycles, int spin_up,
                       typename Algorithm::State* last = nullptr, const typename Algorithm::State* first = nullptr) {
  const int d = experiment.states(), p = experiment.observables();
  const double length = experiment.info().times[0] - experiment.info().start;
  std::vector<double> truth(static_cast<std::size_t>(experiment.replicates()) * d), noise(static_cast<std::size_t>(p));
  for (int r = 0; r < experiment.replicates(); ++r) experiment.draw_initial(r, 0, &truth[r * d]);
  typename Algorithm::State s = first == nullptr ? filter.init(experiment) : *first;
  double sum = 0.0;
  for (int k = 0; k < cycles; ++k, ++s.cycle) {
    const model::Interval interval{k * length, (k + 1) * length};
    const Batch data("data", experiment.replicates(), p);
    experiment.run(interval, truth.data(), experiment.replicates());
    for (int r = 0; r < experiment.replicates(); ++r) {
      experiment.rng(r).row_of_normals({Purpose::observation_noise, k}, 0, noise.data(), p);
      experiment.observe(&truth[r * d], &data(r, 0));
      for (int i = 0; i < p; ++i) data(r, i) += experiment.statistics().noise_sd[i] * noise[i];
    }
    filter.step(experiment, {k, interval, data}, s);
    for (int r = 0; r < experiment.replicates() && k >= spin_up; ++r) {
      const double* const w = s.weights.empty() ? nullptr : &s.weights[static_cast<std::size_t>(r) * s.members];
      sum += root_mean_square_error(moments_of(s.of(experiment, r), w).mean.data(), &truth[r * d], d);
    }
  }
  if (last != nullptr) *last = s;
  return sum / experiment.replicates() / (cycles - spin_up);
}

}  // namespace aleator::assimilation
