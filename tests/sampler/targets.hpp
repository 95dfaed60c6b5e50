#pragma once
// Posteriors with known moments and evidence, and what to compare samples with them by.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include "inverse/likelihood/gaussian.hpp"
#include "inverse/model/linear.hpp"
#include "inverse/problem/bayes.hpp"
#include "math/dense.hpp"
#include "prob/diagnostics.hpp"
#include "prob/prior/normal.hpp"
#include "sampler/sampler.hpp"

namespace aleator::sampler::test {

using Row = std::vector<double>;

/// Moments and evidence of a posterior, in the parameters u.
struct Exact {
  Row mean;
  math::Matrix covariance;
  double log_evidence = 0.0;
};

inline std::string table(const Row& values, std::size_t columns) {
  std::string text;
  for (std::size_t i = 0; i < values.size(); ++i)
    text += fmt::format("{:.17g}{}", values[i], (i + 1) % columns == 0 ? "\n" : " ");
  return text;
}

/// Data = A u + noise with a Gaussian prior.
struct LinearGaussian {
  math::Matrix a, prior_covariance;
  Row prior_mean, noise_sd, data;

  std::shared_ptr<inverse::BayesProblem> problem() const {
    prob::Normal::Params prior{a.cols, prior_mean, {1.0}, {}};
    for (int i = 0; i < a.cols; ++i)
      prior.covariance.emplace_back(prior_covariance.row(i), prior_covariance.row(i) + a.cols);
    inverse::GaussianLikelihood::Params likelihood{{"data.txt", table(data, 1)}, noise_sd, {}, true};
    return std::make_shared<inverse::BayesProblem>(
        inverse::BayesProblem::Params{},
        inverse::BayesProblem::Parts{std::make_shared<inverse::LinearModel>(a.a, a.rows, a.cols),
                                     std::make_shared<prob::Normal>(prior),
                                     std::make_shared<inverse::GaussianLikelihood>(likelihood)});
  }

  /// Kalman's formulas: S = A C A^T + R, K = C A^T S^-1, mean m + K (d - A m), covariance C - K A C, evidence N(d; A m, S).
  Exact exact() const {
    const math::Matrix ac = math::multiply(a, prior_covariance);
    math::Matrix s = math::multiply_transposed(ac, a);
    for (int i = 0; i < a.rows; ++i)
      s(i, i) += noise_sd[static_cast<std::size_t>(i)] * noise_sd[static_cast<std::size_t>(i)];
    const math::Matrix factor = math::cholesky(s);
    Row rest = math::multiply(a, prior_mean);
    for (std::size_t i = 0; i < rest.size(); ++i) rest[i] = data[i] - rest[i];
    const Row weight = math::solve_cholesky(factor, rest);
    Exact e{math::transposed_multiply(ac, weight), prior_covariance, 0.0};
    for (std::size_t k = 0; k < prior_mean.size(); ++k) e.mean[k] += prior_mean[k];
    math::add_scaled(e.covariance, -1.0, math::transposed_multiply(ac, math::solve_cholesky(factor, ac)));
    e.log_evidence =
        -0.5 * math::dot(rest, weight) - 0.5 * math::log_det_cholesky(factor) - 0.5 * a.rows * std::log(2.0 * M_PI);
    return e;
  }
};

/// Four parameters, six data; the posterior's standard deviations are 0.2 to 0.5 of the prior's, its correlations up to 0.8.
inline LinearGaussian linear_gaussian() {
  LinearGaussian p;
  p.a = math::Matrix(6, 4);
  p.a.a = {0.62, -1.31, 0.25, 0.77,  -0.48, 0.91, 1.16, -0.05, 1.43, 0.34, -0.82, 0.59,
           0.08, -0.67, 1.05, -1.22, -0.95, 0.13, 0.41, 0.86,  0.29, 1.07, -0.36, 0.52};
  p.prior_covariance = math::Matrix(4, 4);
  p.prior_covariance.a = {1.0, 0.5, 0.2, 0.0, 0.5, 1.5, 0.3, -0.2, 0.2, 0.3, 0.8, 0.1, 0.0, -0.2, 0.1, 1.2};
  p.prior_mean = {0.5, -1.0, 0.0, 2.0};
  p.noise_sd = {0.5, 0.7, 0.6, 0.9, 0.5, 0.8};
  p.data = {2.9, -0.6, 1.8, -3.1, 0.7, 0.4};
  return p;
}

/// Positions in u: row r, parameter k at [r * d + k].
inline Row parameters_of(const Problem& problem, const Batch& position) {
  Batch u("u", position.extent(0), position.extent(1));
  problem.parameters(position, u);
  return {u.data(), u.data() + u.size()};
}

/// Values whose expectation under the posterior is 0: u_k - mean_k, then (u_i - mean_i)(u_j - mean_j) - C_ij.
inline Row centred_moments(const double* u, const Exact& exact) {
  Row f;
  const int d = static_cast<int>(exact.mean.size());
  for (int k = 0; k < d; ++k) f.push_back(u[k] - exact.mean[static_cast<std::size_t>(k)]);
  for (int i = 0; i < d; ++i)
    for (int j = 0; j <= i; ++j)
      f.push_back(f[static_cast<std::size_t>(i)] * f[static_cast<std::size_t>(j)] - exact.covariance(i, j));
  return f;
}

inline Context serial(std::uint64_t seed) { return {parallel::Comm::self(), kernels::Rng(seed)}; }

/// Largest |z| over all first and second moments of a chain sampler, standard errors from its own autocorrelations.
template <typename Algorithm>
double largest_chain_z(const Algorithm& algorithm, const Problem& problem, const Exact& exact, std::uint64_t seed) {
  const Context context = serial(seed);
  auto state = algorithm.init(problem, context);
  std::vector<Row> moments;  // moments[i]: draw after draw, chain after chain
  for (bool is_finished = false; !is_finished;) {
    const StepInfo info = algorithm.step(problem, context, state);
    is_finished = info.is_finished;
    if (!info.is_draw) continue;
    const Row u = parameters_of(problem, state.ensemble.position);
    const std::size_t d = exact.mean.size();
    for (std::size_t row = 0; row * d < u.size(); ++row) {
      const Row f = centred_moments(&u[row * d], exact);
      moments.resize(f.size());
      for (std::size_t i = 0; i < f.size(); ++i) moments[i].push_back(f[i]);
    }
  }
  const int chains = static_cast<int>(algorithm.plan().members), draws = algorithm.plan().draws;
  double largest = 0.0;
  for (const Row& values : moments) {
    const prob::ScalarSummary s = prob::summarise(prob::Draws{values.data(), chains, draws, 1, chains});
    largest = std::max(largest, std::abs(s.mean / s.mcse));
  }
  return largest;
}

/// The same for particles: descendants of one ancestor count as one (Chan, Lai 2013; Lee, Whiteley 2018):
/// variance of the mean = sum_e (sum_(i in e) f_i)^2 / J^2 for f centred at its mean.
inline double largest_particle_z(const BaseState& state, const Problem& problem, const Exact& exact) {
  const Row u = parameters_of(problem, state.ensemble.position);
  const std::size_t d = exact.mean.size(), members = state.ancestors.size();
  std::vector<Row> f;
  for (std::size_t i = 0; i < members; ++i) f.push_back(centred_moments(&u[i * d], exact));
  double largest = 0.0;
  for (std::size_t m = 0; m < f[0].size(); ++m) {
    double mean = 0.0, variance = 0.0;
    for (const Row& values : f) mean += values[m] / static_cast<double>(members);
    for (std::size_t begin = 0, end; begin < members; begin = end) {  // resampling keeps descendants together
      double group = 0.0;
      for (end = begin; end < members && state.ancestors[end] == state.ancestors[begin]; ++end)
        group += f[end][m] - mean;
      variance += group * group;
    }
    largest = std::max(largest, std::abs(mean) * static_cast<double>(members) / std::sqrt(variance));
  }
  return largest;
}

/// Steps until the sampler says that it is finished.
template <typename Algorithm>
typename Algorithm::State run_to_end(const Algorithm& algorithm, const Problem& problem, const Context& context) {
  auto state = algorithm.init(problem, context);
  while (!algorithm.step(problem, context, state).is_finished) {
  }
  return state;
}

/// Means over the members of what centred_moments() gives.
inline Row mean_moments(const Problem& problem, const Ensemble& ensemble, const Exact& exact) {
  const Row u = parameters_of(problem, ensemble.position);
  const std::size_t d = exact.mean.size(), members = u.size() / d;
  Row mean;
  for (std::size_t i = 0; i < members; ++i) {
    const Row f = centred_moments(&u[i * d], exact);
    mean.resize(f.size(), 0.0);
    for (std::size_t m = 0; m < f.size(); ++m) mean[m] += f[m] / static_cast<double>(members);
  }
  return mean;
}

/// Largest |z| of the entries' means over runs whose expectation is 0, by the scatter of the runs.
inline double largest_z_of_runs(const std::vector<Row>& runs) {
  const auto count = static_cast<double>(runs.size());
  double largest = 0.0;
  for (std::size_t m = 0; m < runs[0].size(); ++m) {
    double sum = 0.0, squares = 0.0;
    for (const Row& run : runs) sum += run[m], squares += run[m] * run[m];
    const double average = sum / count, variance = (squares - count * average * average) / (count - 1);
    largest = std::max(largest, std::abs(average) / std::sqrt(variance / count));
  }
  return largest;
}

/// For members that interact standard errors are measured: independent ensembles, each of which estimates the moments.
/// Largest |z| over all first and second moments of the last ensembles.
template <typename Algorithm>
double largest_ensemble_z(const Algorithm& algorithm, const Problem& problem, const Exact& exact, int ensembles) {
  std::vector<Row> means;
  for (int n = 0; n < ensembles; ++n) {
    const auto s = run_to_end(algorithm, problem, serial(100 + static_cast<std::uint64_t>(n)));
    means.push_back(mean_moments(problem, s.ensemble, exact));
  }
  return largest_z_of_runs(means);
}

}  // namespace aleator::sampler::test
