#include "prob/pareto.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace aleator::prob {

GeneralisedPareto fit_pareto(const std::vector<double>& x) {
  // Zhang, Stephens: k(b) = mean log(1 - b x), the profile posterior of b on a grid of m points.
  const double n = static_cast<double>(x.size());
  const int m = 30 + static_cast<int>(std::sqrt(n));
  const double quartile = x[static_cast<std::size_t>(std::floor(n / 4.0 + 0.5)) - 1];
  const auto shape = [&](double b) {
    double sum = 0.0;
    for (const double value : x) sum += std::log1p(-b * value);
    return sum / n;
  };
  std::vector<double> b, log_profile;
  for (int j = 1; j <= m; ++j) {
    b.push_back(1.0 / x.back() + (1.0 - std::sqrt(m / (j - 0.5))) / (3.0 * quartile));
    const double k = shape(b.back());
    log_profile.push_back(n * (std::log(-b.back() / k) - k - 1.0));
  }
  const double top = *std::max_element(log_profile.begin(), log_profile.end());
  double sum = 0.0, mean = 0.0;
  for (int j = 0; j < m; ++j) {
    const double weight = std::exp(log_profile[static_cast<std::size_t>(j)] - top);
    sum += weight, mean += weight * b[static_cast<std::size_t>(j)];
  }
  mean /= sum;
  const double k = shape(mean);
  constexpr double prior_size = 10.0, prior_shape = 0.5;
  return {(k * n + prior_shape * prior_size) / (n + prior_size), -k / mean};
}

namespace {

constexpr std::size_t least_tail = 5;

std::size_t tail_size(std::size_t s) {
  return static_cast<std::size_t>(std::min(0.2 * static_cast<double>(s), 3.0 * std::sqrt(static_cast<double>(s))));
}

}  // namespace

double smooth_weights(std::vector<double>& log_weights) {
  const std::size_t s = log_weights.size(), tail = tail_size(s);
  const double top = *std::max_element(log_weights.begin(), log_weights.end());
  if (tail < least_tail || s <= tail || !std::isfinite(top)) return std::numeric_limits<double>::infinity();
  std::vector<std::size_t> order(s);
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return log_weights[a] < log_weights[b]; });
  const double cut =
      std::exp(std::max(log_weights[order[s - tail - 1]] - top, std::log(std::numeric_limits<double>::min())));
  std::vector<double> exceedances;
  for (std::size_t i = s - tail; i < s; ++i) exceedances.push_back(std::exp(log_weights[order[i]] - top) - cut);
  if (exceedances.back() <= 0.0) return -std::numeric_limits<double>::infinity();  // all equal: no tail
  for (double& value : exceedances) value = std::max(value, 1e-300);
  const GeneralisedPareto fit = fit_pareto(exceedances);
  for (std::size_t i = 0; i < tail; ++i) {
    const double p = (static_cast<double>(i) + 0.5) / static_cast<double>(tail);
    const double quantile =
        std::abs(fit.k) < 1e-12 ? -fit.sigma * std::log1p(-p) : fit.sigma * std::expm1(-fit.k * std::log1p(-p)) / fit.k;
    log_weights[order[s - tail + i]] = std::min(0.0, std::log(cut + quantile)) + top;
  }
  return fit.k;
}

double tail_shape(std::vector<double> draws) {
  const std::size_t tail = tail_size(draws.size());
  if (tail < least_tail) return std::numeric_limits<double>::quiet_NaN();
  double heavier = -std::numeric_limits<double>::infinity();
  for (int side = 0; side < 2; ++side) {
    if (side == 1)
      for (double& x : draws) x = -x;
    std::partial_sort(draws.begin(), draws.begin() + static_cast<std::ptrdiff_t>(tail + 1), draws.end());
    std::vector<double> below;  // by how much, ascending; copies of the first that is not in the tail tell nothing
    for (std::size_t i = tail; i-- > 0;)
      if (draws[i] < draws[tail]) below.push_back(draws[tail] - draws[i]);
    if (below.size() >= least_tail && std::isfinite(below.back())) heavier = std::max(heavier, fit_pareto(below).k);
  }
  return heavier;
}

}  // namespace aleator::prob
