#include "assimilation/ensemble.hpp"

#include <algorithm>
#include <cmath>

#include "math/gemm.hpp"

namespace aleator::assimilation {

Observed observed(const Experiment& experiment, const Cycle& cycle, int replicate, const Members& x) {
  const std::vector<model::LinearObservable>& all = experiment.info().observed;
  const std::vector<double> sd = experiment.noise_sd(replicate);
  Observed seen;
  for (int k = 0; k < static_cast<int>(all.size()); ++k)
    if (!std::isnan(cycle.data(replicate, k))) seen.index.push_back(k);
  const int p = static_cast<int>(seen.index.size());
  seen.anomalies = math::Matrix(x.count, p);
  std::vector<double> mean(static_cast<std::size_t>(p));
  for (int j = 0; j < x.count; ++j)
    for (int o = 0; o < p; ++o) {
      double sum = 0.0;
      for (const auto& [i, weight] : all[seen.index[o]].weights) sum += weight * x[j][i];
      seen.anomalies(j, o) = sum;
      mean[o] += sum;
    }
  for (int o = 0; o < p; ++o) {
    mean[o] /= x.count;
    const int k = seen.index[o];
    seen.innovation.push_back((cycle.data(replicate, k) - mean[o]) / sd[k]);
    seen.log_sd += std::log(sd[k]);
  }
  for (int j = 0; j < x.count; ++j)
    for (int o = 0; o < p; ++o) seen.anomalies(j, o) = (seen.anomalies(j, o) - mean[o]) / sd[seen.index[o]];
  return seen;
}

std::vector<double> mean_of(const Members& x) {
  std::vector<double> mean(static_cast<std::size_t>(x.states));
  for (int j = 0; j < x.count; ++j)
    for (int i = 0; i < x.states; ++i) mean[i] += x[j][i];
  for (double& value : mean) value /= x.count;
  return mean;
}

math::Matrix anomalies_of(const Members& x, const std::vector<double>& mean) {
  math::Matrix a(x.count, x.states);
  for (int j = 0; j < x.count; ++j)
    for (int i = 0; i < x.states; ++i) a(j, i) = x[j][i] - mean[i];
  return a;
}

void inflate(const Members& x, double factor) {
  const std::vector<double> mean = mean_of(x);
  for (int j = 0; j < x.count; ++j)
    for (int i = 0; i < x.states; ++i) x[j][i] = mean[i] + factor * (x[j][i] - mean[i]);
}

void adapt_inflation(const EnsembleParams& params, double& factor, const Members& x, Observed& seen) {
  if (params.adaptation == 0.0) return;
  double squares = 0.0, trace = 0.0;
  for (const double delta : seen.innovation) squares += delta * delta;
  for (const double value : seen.anomalies.a) trace += value * value;
  trace /= x.count - 1.0;
  if (trace > 0.0) {
    constexpr double least = 0.81, most = 9.0;
    const double p = static_cast<double>(seen.innovation.size()), variance = factor * factor;
    factor = std::sqrt(std::clamp(variance + params.adaptation * ((squares - p) / trace - variance), least, most));
  }
  inflate(x, factor);
  for (double& value : seen.anomalies.a) value *= factor;
}

void inflate_analysis(const EnsembleParams& params, const Members& x) {
  if (params.adaptation == 0.0 && params.inflation != 1.0) inflate(x, params.inflation);
}

// B diag(1, Q) B with B the reflection that exchanges e_1 and (1, ..., 1) / sqrt(n), and Q from a QR decomposition of normals
// with a positive diagonal of R (Stewart 1980).
math::Matrix random_rotation(int n, const kernels::Rng& rng, std::int64_t step) {
  math::Matrix q(n, n);
  q(0, 0) = 1.0;
  std::vector<double> row(static_cast<std::size_t>(n));
  for (int i = 1; i < n; ++i) {  // Gram and Schmidt twice: as orthogonal as Householder, and the diagonal is positive
    rng.row_of_normals({Purpose::rotation, step}, i, row.data() + 1, n - 1);
    for (int pass = 0; pass < 2; ++pass)
      for (int k = 1; k < i; ++k) {
        double product = 0.0;
        for (int j = 1; j < n; ++j) product += row[j] * q(k, j);
        for (int j = 1; j < n; ++j) row[j] -= product * q(k, j);
      }
    double norm = 0.0;
    for (int j = 1; j < n; ++j) norm += row[j] * row[j];
    for (int j = 1; j < n; ++j) q(i, j) = row[j] / std::sqrt(norm);
  }
  const double root = 1.0 / std::sqrt(static_cast<double>(n));
  std::vector<double> v(static_cast<std::size_t>(n), -root);  // B = I - 2 v v^T / v^T v
  v[0] += 1.0;
  const double scale = n > 1 ? 2.0 / (2.0 - 2.0 * root) : 0.0;
  for (int i = 0; i < n; ++i) {
    double product = 0.0;
    for (int j = 0; j < n; ++j) product += q(i, j) * v[j];
    for (int j = 0; j < n; ++j) q(i, j) -= scale * product * v[j];
  }
  for (int j = 0; j < n; ++j) {
    double product = 0.0;
    for (int i = 0; i < n; ++i) product += v[i] * q(i, j);
    for (int i = 0; i < n; ++i) q(i, j) -= scale * product * v[i];
  }
  return q;
}

namespace {

// Uniform on the n x d matrices with orthonormal columns of sum zero.
math::Matrix random_frame(int n, int d, const kernels::Rng& rng, std::int64_t step) {
  math::Matrix w(n, d);
  std::vector<double> mean(static_cast<std::size_t>(d));
  for (int j = 0; j < n; ++j) {
    rng.row_of_normals({Purpose::rotation, step}, j, w.row(j), d);
    for (int k = 0; k < d; ++k) mean[k] += w(j, k) / n;
  }
  for (int j = 0; j < n; ++j)
    for (int k = 0; k < d; ++k) w(j, k) -= mean[k];
  math::orthonormalise_columns(w);
  return w;
}

}  // namespace

void rotate(math::Matrix& anomalies, const kernels::Rng& rng, std::int64_t step) {
  constexpr int few = 16;  // members: then the whole of Q costs nothing worth a word
  const int n = anomalies.rows, d = anomalies.cols;
  if (n <= few || d >= n - 1) {
    anomalies = math::multiply(random_rotation(n, rng, step), anomalies);
    return;
  }
  const math::Matrix r = math::orthonormalise_columns(anomalies), w = random_frame(n, d, rng, step);
  std::fill(anomalies.a.begin(), anomalies.a.end(), 0.0);
  math::add_product(1.0, w, r, math::view(anomalies));
}

double taper(double distance, double radius) {
  const double r = distance / (std::sqrt(10.0 / 3.0) * radius);
  if (r <= 1.0) return 1.0 + r * r * (-5.0 / 3.0 + r * (5.0 / 8.0 + r * (0.5 - 0.25 * r)));
  if (r >= 2.0) return 0.0;
  const double outer = 4.0 - 2.0 / (3.0 * r) + r * (-5.0 + r * (5.0 / 3.0 + r * (5.0 / 8.0 + r * (-0.5 + r / 12.0))));
  return std::max(0.0, outer);  // rounded, it is less just inside its support
}

int place_of(const model::LinearObservable& observable) {
  if (observable.place >= 0) return observable.place;
  int place = observable.weights.front().first;
  double largest = 0.0;
  for (const auto& [i, weight] : observable.weights)
    if (std::abs(weight) > largest) largest = std::abs(weight), place = i;
  return place;
}

double distance(const model::StateInfo& info, int state, int observable, Along circles) {
  const int other = place_of(info.observed[static_cast<std::size_t>(observable)]);
  double squares = 0.0;
  for (const model::Coordinate& along : info.coordinates) {
    double gap = std::abs(along.position[state] - along.position[other]);
    if (along.period > 0.0) {
      constexpr double pi = 3.14159265358979323846;
      gap = std::min(gap, along.period - gap);
      if (circles == Along::chord) gap = along.period / pi * std::sin(pi * gap / along.period);
    }
    squares += gap * gap;
  }
  return std::sqrt(squares);
}

}  // namespace aleator::assimilation
