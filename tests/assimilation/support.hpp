// Linear models whose Kalman filter is known, and experiments on them.
#pragma once
#include <cmath>
#include <limits>
#include <memory>
#include <vector>

#include "assimilation/filter.hpp"
#include "math/dense.hpp"

namespace aleator::assimilation {

constexpr double missing = std::numeric_limits<double>::quiet_NaN();

/// x <- M x at every advance, whatever the times; rows in `fails` become NaN.
class LinearModel : public model::StateSpace {
 public:
  explicit LinearModel(math::Matrix m) : m_(std::move(m)) {
    info_.names.resize(static_cast<std::size_t>(m_.rows));
    for (int i = 0; i < m_.rows; ++i) info_.names[i] = "x_" + std::to_string(i);
    info_.initial.assign(static_cast<std::size_t>(m_.rows), 0.0);
  }
  const model::StateInfo& info() const override { return info_; }
  model::RowStatus initial(kernels::ConstBatch, kernels::Batch x) const override {
    for (std::size_t row = 0; row < x.extent(0); ++row)
      std::copy(info_.initial.begin(), info_.initial.end(), &x(row, 0));
    return {};
  }
  model::RowStatus advance(model::Interval, kernels::ConstBatch, kernels::Batch x) const override {
    model::RowStatus status;
    for (int row = 0; row < static_cast<int>(x.extent(0)); ++row) {
      std::vector<double> old(&x(row, 0), &x(row, 0) + m_.rows);
      old = math::multiply(m_, old);
      std::copy(old.begin(), old.end(), &x(row, 0));
    }
    for (const int row : fails) {
      if (row >= static_cast<int>(x.extent(0))) continue;
      for (int i = 0; i < m_.rows; ++i) x(row, i) = missing;
      status.failed.push_back({row, "the tank is empty"});
    }
    return status;
  }
  model::StateInfo info_;
  std::vector<int> fails;
  math::Matrix m_;
};

/// Three states that turn and decay, two observables, one of which mixes two states.
inline LinearModel three_states() {
  LinearModel model(math::Matrix(3, 3));
  model.m_.a = {0.9, 0.3, 0.0, -0.3, 0.9, 0.1, 0.2, 0.0, 0.8};
  model.info_.initial = {1.0, -0.5, 0.3};
  model.info_.observed = {{"x_0", {{0, 1.0}}}, {"mixed", {{1, 1.0}, {2, 0.5}}}};
  return model;
}

inline Statistics statistics_of(const LinearModel& model, int replicates, double model_noise) {
  Statistics s;
  s.noise_sd = {0.5, 0.4};
  s.initial_mean = model.info_.initial;
  s.initial_sd = {1.0, 0.8, 0.6};
  if (model_noise > 0.0) s.model_noise_sd = {model_noise, model_noise, 0.5 * model_noise};
  s.replicates = replicates, s.seed = 5;
  return s;
}

/// Mean, covariance and log-likelihood of Kalman's filter.
struct Kalman {
  std::vector<double> mean;
  math::Matrix covariance;
  double log_likelihood = 0.0;

  void step(const LinearModel& model, const Statistics& s, const std::vector<double>& y) {
    mean = math::multiply(model.m_, mean);
    covariance = math::multiply_transposed(math::multiply(model.m_, covariance), model.m_);
    for (std::size_t i = 0; i < s.model_noise_sd.size(); ++i)
      covariance(static_cast<int>(i), static_cast<int>(i)) += s.model_noise_sd[i] * s.model_noise_sd[i];
    for (std::size_t k = 0; k < y.size(); ++k)  // one datum after the other, which is the same for independent errors
      if (!std::isnan(y[k])) assimilate(model.info_.observed[k], s.noise_sd[k], y[k]);
  }
  void assimilate(const model::LinearObservable& h, double sd, double y) {
    const int d = covariance.rows;
    std::vector<double> p_h(static_cast<std::size_t>(d));
    double variance = sd * sd, residual = y;
    for (int i = 0; i < d; ++i)
      for (const auto& [j, weight] : h.weights) p_h[i] += covariance(i, j) * weight;
    for (const auto& [j, weight] : h.weights) variance += weight * p_h[j], residual -= weight * mean[j];
    for (int i = 0; i < d; ++i) mean[i] += p_h[i] * residual / variance;
    for (int i = 0; i < d; ++i)
      for (int j = 0; j < d; ++j) covariance(i, j) -= p_h[i] * p_h[j] / variance;
    log_likelihood -= 0.5 * (residual * residual / variance + std::log(2.0 * 3.14159265358979323846 * variance));
  }
};

inline Kalman prior_of(const Statistics& s) {
  const int d = static_cast<int>(s.initial_mean.size());
  Kalman k{s.initial_mean, math::Matrix(d, d)};
  for (int i = 0; i < d; ++i) k.covariance(i, i) = s.initial_sd[i] * s.initial_sd[i];
  return k;
}

/// Five times two data; one is missing.
inline std::vector<std::vector<double>> some_data() {
  return {{1.2, -0.7}, {0.4, missing}, {0.3, -1.1}, {-0.2, -0.4}, {0.1, 0.5}};
}

/// One cycle of a filter with the same data for all replicates.
template <class Algorithm>
void one_step(const Algorithm& filter, const Experiment& experiment, const std::vector<double>& y,
              typename Algorithm::State& s) {
  const Batch data("data", experiment.replicates(), y.size());
  for (int r = 0; r < experiment.replicates(); ++r)
    for (std::size_t k = 0; k < y.size(); ++k) data(r, k) = y[k];
  filter.step(experiment, {s.cycle, {static_cast<double>(s.cycle), s.cycle + 1.0}, data}, s);
  ++s.cycle;
}

inline math::Matrix sample_covariance(const Members& x, const std::vector<double>& mean) {
  math::Matrix c(x.states, x.states);
  for (int j = 0; j < x.count; ++j)
    for (int i = 0; i < x.states; ++i)
      for (int k = 0; k < x.states; ++k) c(i, k) += (x[j][i] - mean[i]) * (x[j][k] - mean[k]) / (x.count - 1.0);
  return c;
}

}  // namespace aleator::assimilation
