#include "assimilation/scores.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace aleator::assimilation {

Moments moments_of(const Members& x, const double* w) {
  const int d = x.states;
  Moments m{std::vector<double>(static_cast<std::size_t>(d)), std::vector<double>(static_cast<std::size_t>(d)), 0.0};
  double squares = 0.0;
  for (int j = 0; j < x.count; ++j) {
    const double weight = w == nullptr ? 1.0 / x.count : w[j];
    squares += weight * weight;
    for (int i = 0; i < d; ++i) m.mean[i] += weight * x[j][i];
  }
  for (int j = 0; j < x.count; ++j) {
    const double weight = (w == nullptr ? 1.0 / x.count : w[j]) / std::max(1.0 / x.count, 1.0 - squares);
    for (int i = 0; i < d; ++i) m.variance[i] += weight * (x[j][i] - m.mean[i]) * (x[j][i] - m.mean[i]);
  }
  if (x.count == 1) std::fill(m.variance.begin(), m.variance.end(), 0.0);
  double sum = 0.0;
  for (const double variance : m.variance) sum += variance;
  m.spread = std::sqrt(sum / d);
  return m;
}

double effective_members(int members, const double* w) {
  if (w == nullptr) return members;
  double squares = 0.0;
  for (int j = 0; j < members; ++j) squares += w[j] * w[j];
  return 1.0 / squares;
}

double root_mean_square_error(const double* mean, const double* truth, int states) {
  double sum = 0.0;
  for (int i = 0; i < states; ++i) sum += (mean[i] - truth[i]) * (mean[i] - truth[i]);
  return std::sqrt(sum / states);
}

double squared_errors_over_variances(const Moments& m, const double* truth) {
  double sum = 0.0, states = 0.0;
  for (std::size_t i = 0; i < m.mean.size(); ++i) {
    if (!(m.variance[i] > 0.0)) continue;
    sum += (m.mean[i] - truth[i]) * (m.mean[i] - truth[i]) / m.variance[i];
    ++states;
  }
  return states > 0.0 ? sum / states : std::numeric_limits<double>::quiet_NaN();
}

int rank_bins(int members) { return members <= 40 ? members + 1 : 20; }

namespace {

// Of n + 1 ranks; each bin takes its share of the interval that belongs to the rank: where there are fewer bins, and where
// weights make the rank no whole number.
void add_rank(double rank, int members, int bins, double* histogram) {
  const double width = static_cast<double>(bins) / (members + 1), low = rank * width, high = low + width;
  for (int bin = static_cast<int>(low); bin < bins && bin < high; ++bin)
    histogram[bin] += std::max(0.0, std::min(high, bin + 1.0) - std::max(low, static_cast<double>(bin))) / width;
}

}  // namespace

double crps_and_ranks(const Members& x, const double* w, const double* truth, double* histogram) {
  const int n = x.count, bins = rank_bins(n);
  std::vector<std::pair<double, double>> sorted(static_cast<std::size_t>(n));  // value, weight
  double total = 0.0;
  for (int i = 0; i < x.states; ++i) {
    double below = 0.0, error = 0.0, difference = 0.0, passed = 0.0;
    for (int j = 0; j < n; ++j) {
      const double weight = w == nullptr ? 1.0 / n : w[j];
      sorted[j] = {x[j][i], weight};
      error += weight * std::abs(x[j][i] - truth[i]);
      if (x[j][i] < truth[i]) below += weight;
    }
    std::sort(sorted.begin(), sorted.end());
    for (const auto& [value, weight] : sorted) {  // E|X - X'| / 2 = sum_j w_j x_j (2 W_j - w_j - 1)
      difference += weight * value * (2.0 * passed + weight - 1.0);
      passed += weight;
    }
    total += error - difference;
    add_rank(w == nullptr ? std::round(below * n) : below * n, n, bins, histogram);
  }
  return total / x.states;
}

}  // namespace aleator::assimilation
