#include "assimilation/kalman/gain.hpp"

#include <cmath>

namespace aleator::assimilation {

void scale(math::Matrix& a, double factor) {
  for (double& value : a.a) value *= factor;
}

std::shared_ptr<const math::Matrix> tapers_of(const model::StateInfo& info, double radius) {
  const int d = static_cast<int>(info.names.size()), p = static_cast<int>(info.observed.size());
  auto tapers = std::make_shared<math::Matrix>(d, p);
  for (int i = 0; i < d; ++i)
    for (int k = 0; k < p; ++k) (*tapers)(i, k) = taper(distance(info, i, k, Along::chord), radius);
  return tapers;
}

void localise(const model::StateInfo& info, const math::Matrix& tapers, const std::vector<int>& index,
              math::Matrix& c_xy, math::Matrix& c_yy) {
  const int p = static_cast<int>(index.size());
  for (int i = 0; i < c_xy.rows; ++i)
    for (int k = 0; k < p; ++k) c_xy(i, k) *= tapers(i, index[k]);
  for (int l = 0; l < p; ++l)
    for (int k = 0; k < p; ++k) c_yy(l, k) *= tapers(place_of(info.observed[index[l]]), index[k]);
}

Covariances sample_covariances(const Members& x, const Observed& seen, double weight) {
  Covariances c{math::transposed_multiply(anomalies_of(x, mean_of(x)), seen.anomalies),
                math::transposed_multiply(seen.anomalies, seen.anomalies)};
  scale(c.xy, weight / (x.count - 1.0)), scale(c.yy, weight / (x.count - 1.0));
  return c;
}

double innovation_ratio(const math::Matrix& c_yy, const Observed& seen) {
  double sum = 0.0;
  for (std::size_t o = 0; o < seen.innovation.size(); ++o)
    sum += seen.innovation[o] * seen.innovation[o] / c_yy(static_cast<int>(o), static_cast<int>(o));
  return sum / static_cast<double>(seen.innovation.size());
}

double gaussian_log_density(const math::Matrix& factor, const Observed& seen) {
  constexpr double log_two_pi = 1.8378770664093454836;
  const std::vector<double> white = math::solve_lower(factor, seen.innovation);
  return -0.5 * (math::dot(white, white) + math::log_det_cholesky(factor) +
                 log_two_pi * static_cast<double>(white.size())) -
         seen.log_sd;
}

math::Matrix perturbations(const Experiment& experiment, const Cycle& cycle, int replicate, const Observed& seen,
                           int members) {
  const int p = static_cast<int>(seen.index.size());
  math::Matrix e(members, p);
  std::vector<double> all(static_cast<std::size_t>(experiment.observables())), mean(static_cast<std::size_t>(p));
  for (int j = 0; j < members; ++j) {
    experiment.rng(replicate).row_of_normals({Purpose::proposal, cycle.number}, j, all.data(),
                                             static_cast<int>(all.size()));
    for (int o = 0; o < p; ++o) mean[o] += (e(j, o) = all[seen.index[o]]) / members;
  }
  for (int j = 0; j < members; ++j)
    for (int o = 0; o < p; ++o) e(j, o) -= mean[o];
  return e;
}

void add_increment(const math::Matrix& c_xy, const math::Matrix& factor, const Observed& seen, const double* s,
                   const double* e, double* x) {
  std::vector<double> r(seen.innovation);
  for (std::size_t o = 0; o < r.size(); ++o) r[o] += e[o] - s[o];
  r = math::solve_cholesky(factor, std::move(r));
  for (int i = 0; i < c_xy.rows; ++i) {
    const double* const row = c_xy.row(i);
    double sum = 0.0;
    for (std::size_t o = 0; o < r.size(); ++o) sum += row[o] * r[o];
    x[i] += sum;
  }
}

}  // namespace aleator::assimilation
