#include "prob/discrepancy.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "kernels/random.hpp"

namespace aleator::prob {
namespace {

using kernels::ConstBatch;

constexpr std::uint64_t fixed_seed = 0;  // a diagnostic's own: the same distance for the same samples

std::vector<double> sorted_projection(const ConstBatch& x, const double* direction) {
  std::vector<double> values(x.extent(0));
  for (std::size_t row = 0; row < values.size(); ++row)
    for (std::size_t k = 0; k < x.extent(1); ++k) values[row] += direction[k] * x(row, k);
  std::sort(values.begin(), values.end());
  return values;
}

// Integral over u in (0, 1) of the squared difference of the quantile functions, which are steps of 1 / n and 1 / m.
double squared_wasserstein(const std::vector<double>& a, const std::vector<double>& b) {
  const auto n = static_cast<double>(a.size()), m = static_cast<double>(b.size());
  double sum = 0.0, from = 0.0;
  for (std::size_t i = 0, j = 0; i < a.size() && j < b.size();) {
    const double end_a = static_cast<double>(i + 1) / n, end_b = static_cast<double>(j + 1) / m,
                 to = std::min(end_a, end_b);
    sum += (to - from) * (a[i] - b[j]) * (a[i] - b[j]);
    from = to;
    if (end_a <= end_b) ++i;
    if (end_b <= end_a) ++j;
  }
  return sum;
}

}  // namespace

// With r = x - y and q = 1 + |r|^2: k = q^(-1/2), grad_x k = -r q^(-3/2) = -grad_y k,
// tr grad_x grad_y k = d q^(-3/2) - 3 |r|^2 q^(-5/2).
double stein_kernel(const double* x, const double* score_x, const double* y, const double* score_y, int dimension) {
  double squares = 0.0, scores = 0.0, along = 0.0;
  for (int k = 0; k < dimension; ++k) {
    const double r = x[k] - y[k];
    squares += r * r;
    scores += score_x[k] * score_y[k];
    along += r * (score_x[k] - score_y[k]);
  }
  const double inverse = 1.0 / (1.0 + squares), root = std::sqrt(inverse);
  return root * (scores + inverse * (dimension + along - 3.0 * squares * inverse));
}

double sliced_wasserstein(const ConstBatch& a, const ConstBatch& b, int projections) {
  if (a.extent(0) == 0 || b.extent(0) == 0) return std::numeric_limits<double>::quiet_NaN();
  const int d = static_cast<int>(a.extent(1));
  const kernels::Batch directions("directions", projections, d);
  kernels::Rng(fixed_seed).normals({kernels::Purpose::rotation}, 0, directions);
  const kernels::Vector squared("squared", projections);
  kernels::for_each_row(projections, [=](int row) {
    double* const direction = &directions(row, 0);
    double length = 0.0;
    for (int k = 0; k < d; ++k) length += direction[k] * direction[k];
    for (int k = 0; k < d; ++k) direction[k] /= std::sqrt(length);
    squared(row) = squared_wasserstein(sorted_projection(a, direction), sorted_projection(b, direction));
  });
  double sum = 0.0;
  for (int row = 0; row < projections; ++row) sum += squared(row);
  return std::sqrt(sum / projections);
}

namespace {

void set_spread(const ConstBatch& x, const ConstBatch& score, SteinDiscrepancy& result) {
  const std::size_t n = x.extent(0), d = x.extent(1);
  std::vector<double> mean(d, 0.0), mean_score(d, 0.0),
      products(n, 0.0);  // less both means: the same sum, and less scatter
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t k = 0; k < d; ++k)
      mean[k] += x(i, k) / static_cast<double>(n), mean_score[k] += score(i, k) / static_cast<double>(n);
  result.spread = 0.0;
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t k = 0; k < d; ++k)
      products[i] -= (score(i, k) - mean_score[k]) * (x(i, k) - mean[k]) / static_cast<double>(d);
    result.spread += products[i] / static_cast<double>(n);
  }
  std::vector<double> sorted = products;
  const auto middle = sorted.begin() + static_cast<std::ptrdiff_t>(n / 2);
  std::nth_element(sorted.begin(), middle, sorted.end());
  result.typical_spread = *middle;
  double squares = 0.0;
  for (const double product : products) squares += (product - result.spread) * (product - result.spread);
  result.spread_error = n > 1 ? std::sqrt(squares / (static_cast<double>(n) * (static_cast<double>(n) - 1.0))) : 0.0;
}

}  // namespace

SteinDiscrepancy stein_discrepancy(const ConstBatch& x, const ConstBatch& score, int bootstraps) {
  const int n = static_cast<int>(x.extent(0)), d = static_cast<int>(x.extent(1));
  const kernels::Batch kernel("kernel", n, n), signs("signs", bootstraps, n);
  kernels::for_each_row(n, [=](int i) {
    for (int j = 0; j < n; ++j) kernel(i, j) = stein_kernel(&x(i, 0), &score(i, 0), &x(j, 0), &score(j, 0), d);
  });
  kernels::Rng(fixed_seed).normals({kernels::Purpose::rotation, 1}, 0, signs);
  double diagonal = 0.0, all = 0.0;
  for (int i = 0; i < n; ++i) {
    diagonal += kernel(i, i);
    for (int j = 0; j < n; ++j) all += kernel(i, j);
  }
  const double squared_n = static_cast<double>(n) * n;
  const kernels::Vector replicate("replicate", bootstraps);  // sum over i != j of e_i e_j k_0, e = +-1
  kernels::for_each_row(bootstraps, [=](int b) {
    double sum = 0.0;
    for (int i = 0; i < n; ++i) {
      double row = 0.0;
      for (int j = 0; j < i; ++j) row += std::copysign(kernel(i, j), kernel(i, j) * signs(b, j));
      sum += signs(b, i) > 0.0 ? row : -row;
    }
    replicate(b) = 2.0 * sum;
  });
  SteinDiscrepancy result;
  result.value = std::sqrt(std::max(0.0, all / squared_n));
  result.expected = std::sqrt(diagonal / squared_n);
  int reached = 0;
  for (int b = 0; b < bootstraps; ++b) reached += replicate(b) >= all - diagonal ? 1 : 0;
  result.p_value = (1.0 + reached) / (bootstraps + 1.0);
  set_spread(x, score, result);
  return result;
}

}  // namespace aleator::prob
