// x_k = phi x_(k-1) + q c xi, y_k = x_k + r b eta: the likelihood of (phi, c) or (phi, c, b) is known by Kalman's filter, the
// posterior of (phi, c) by quadrature.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "assimilation/particle/particle.hpp"
#include "assimilation/target/state_space.hpp"
#include "inverse/problem/target.hpp"
#include "prob/prior/normal.hpp"
#include "sampler/targets.hpp"

namespace aleator::assimilation::test {

class Ar1 : public model::ForwardModel, private model::StateSpace {
 public:
  Ar1(int times, double limit) : limit_(limit) {
    shape_.inputs = 1, shape_.outputs = times;
    info_.names = {"x"}, info_.initial = {0.0}, info_.observed = {{"x", {{0, 1.0}}}};
    for (int k = 1; k <= times; ++k) info_.times.push_back(k);
  }
  const model::Shape& shape() const override { return shape_; }
  model::RowStatus evaluate(ConstBatch, Batch) const override { return {}; }
  const model::StateSpace* state_space() const override { return this; }

 private:
  const model::StateInfo& info() const override { return info_; }
  model::RowStatus initial(ConstBatch, Batch x) const override {
    Kokkos::deep_copy(x, 0.0);
    return {};
  }
  model::RowStatus advance(model::Interval, ConstBatch u, Batch x) const override {
    model::RowStatus status;
    for (std::size_t row = 0; row < x.extent(0); ++row) {
      x(row, 0) *= u(row, 0);
      if (u(row, 0) <= limit_) continue;
      x(row, 0) = std::numeric_limits<double>::quiet_NaN();
      status.failed.push_back({static_cast<int>(row), "too far"});
    }
    return status;
  }
  double limit_;
  model::Shape shape_;
  model::StateInfo info_;
};

/// Rows of the same parameters but for their last bits.
inline Batch rows_near(const std::vector<double>& u, int rows) {
  const Batch all("u", rows, u.size());
  for (int row = 0; row < rows; ++row)
    for (std::size_t k = 0; k < u.size(); ++k) all(row, k) = u[k] * (1.0 + 1e-15 * row);
  return all;
}

constexpr double twelve_data[] = {0.9, 1.7, 0.6, 0.2, -0.9, -0.4, 0.8, 1.9, 2.4, 1.1, 0.3, -0.8};

struct Ar1Case {
  std::vector<double> data = std::vector<double>(twelve_data, twelve_data + 12);
  double noise = 0.5, model_noise = 0.8, limit = 1e9;
  bool unknown_noise = false;
  int seed = 1;

  std::shared_ptr<StateSpaceTarget> target(std::shared_ptr<Filter> filter, const std::string& component) const {
    StateSpaceTarget::Params params;
    std::string text;
    for (std::size_t k = 0; k < data.size(); ++k) text += fmt::format("{} {:.17g}\n", k + 1, data[k]);
    params.observations = {"data.txt", text};
    params.noise_sd = {noise}, params.model_noise_sd = {model_noise}, params.initial_sd = {1.0};
    params.unknown_model_noise_scale = true, params.unknown_noise_scale = unknown_noise, params.seed = seed;
    return std::make_shared<StateSpaceTarget>(
        params, StateSpaceTarget::Parts{std::make_shared<Ar1>(static_cast<int>(data.size()), limit), std::move(filter),
                                        component});
  }
  std::shared_ptr<StateSpaceTarget> target(int members,
                                           Particle::Proposal proposal = Particle::Proposal::bootstrap) const {
    Particle::Params filter;
    filter.members = members, filter.proposal = proposal;
    return target(std::make_shared<Erased<Particle>>(filter), "filter/particle");
  }

  /// Kalman's filter: mean and variance of the state after the data so far.
  struct Kalman {
    double mean = 0.0, variance = 1.0;
  };
  /// One datum; the log of its density given those before.
  double step(const std::vector<double>& u, double y, Kalman& k) const {
    const double b = u.size() > 2 ? u[2] : 1.0;
    k.mean *= u[0], k.variance = u[0] * u[0] * k.variance + u[1] * u[1] * model_noise * model_noise;
    const double s = k.variance + b * b * noise * noise, gain = k.variance / s, r = y - k.mean;
    k.mean += gain * r, k.variance *= 1.0 - gain;
    return -0.5 * (r * r / s + std::log(2.0 * M_PI * s));
  }
  double log_likelihood(const std::vector<double>& u) const {
    Kalman k;
    double sum = 0.0;
    for (const double y : data) sum += step(u, y, k);
    return sum;
  }

  /// Prior phi ~ N(0.5, 0.3^2), c ~ N(1.5, 0.25^2), which is negative with probability 1e-9.
  std::shared_ptr<inverse::TargetProblem> problem(std::shared_ptr<const model::Target> of) const {
    return std::make_shared<inverse::TargetProblem>(
        inverse::TargetProblem::Params{},
        std::make_shared<prob::Normal>(prob::Normal::Params{2, {0.5, 1.5}, {0.3, 0.25}, {}}), std::move(of));
  }

  /// By the trapezoidal rule on 201 x 201 points within six standard deviations of the prior.
  sampler::test::Exact exact() const {
    double weights = 0.0, step = 0.06;
    std::vector<double> first(2);
    math::Matrix second(2, 2);
    for (int i = -100; i <= 100; ++i)
      for (int j = -99; j <= 100; ++j) {
        const double z[2] = {step * i, step * j}, u[2] = {0.5 + 0.3 * z[0], 1.5 + 0.25 * z[1]};
        const double w =
            std::exp(-0.5 * (z[0] * z[0] + z[1] * z[1]) + log_likelihood({u[0], u[1]})) * step * step / (2.0 * M_PI);
        weights += w;
        for (int k = 0; k < 2; ++k) {
          first[k] += w * u[k];
          for (int l = 0; l < 2; ++l) second(k, l) += w * u[k] * u[l];
        }
      }
    sampler::test::Exact e{{first[0] / weights, first[1] / weights}, math::Matrix(2, 2), std::log(weights)};
    for (int k = 0; k < 2; ++k)
      for (int l = 0; l < 2; ++l) e.covariance(k, l) = second(k, l) / weights - e.mean[k] * e.mean[l];
    return e;
  }
};

}  // namespace aleator::assimilation::test
