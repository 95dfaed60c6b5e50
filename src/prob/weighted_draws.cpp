#include "prob/weighted_draws.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace aleator::prob {
namespace {

constexpr double kNoValue = std::numeric_limits<double>::quiet_NaN();

struct WeightedValue {
  double value;
  double weight;
};

double ess_of(const std::vector<WeightedValue>& set) {
  double squares = 0;
  for (const auto& s : set) squares += s.weight * s.weight;
  return 1.0 / squares;
}

/// Particles of positive weight, weights scaled to sum 1, in the order given; empty when the set has no summary.
std::vector<WeightedValue> normalised(const WeightedDraws& draws) {
  std::vector<WeightedValue> set;
  double largest = 0, sum = 0;
  for (int j = 0; j < draws.count; ++j) {
    const double x = draws.value[j * draws.stride];
    const double w = draws.weight ? draws.weight[j] : 1.0;
    if (!(w >= 0.0) || std::isinf(w) || (w > 0.0 && !std::isfinite(x))) return {};
    if (w > 0.0) set.push_back({x, w});
    largest = std::max(largest, w);
  }
  for (auto& s : set) sum += (s.weight /= largest);  // scaled first: tiny or huge weights neither vanish nor overflow
  for (auto& s : set) s.weight /= sum;
  return set;
}

/// Q_p = sum_i x_(i) (F(t_i) - F(t_{i-1})), t_i = w_(1) + ... + w_(i), F(t) = clip(n t - h + 1, 0, 1), h = p (n - 1) +
/// 1, n = ESS.
double quantile_of_sorted(const std::vector<WeightedValue>& set, double n, double p) {
  const double h = p * (n - 1.0) + 1.0;
  double t = 0, before = 0, quantile = 0;
  for (std::size_t i = 0; i < set.size(); ++i) {
    t += set[i].weight;
    const double f = i + 1 == set.size() ? 1.0 : std::clamp(n * t - h + 1.0, 0.0, 1.0);
    quantile += set[i].value * (f - before);
    before = f;
  }
  return quantile;
}

std::vector<double> quantiles_of(std::vector<WeightedValue> set, const std::vector<double>& p) {
  std::vector<double> result(p.size(), kNoValue);
  if (set.empty()) return result;
  std::sort(set.begin(), set.end(), [](const WeightedValue& a, const WeightedValue& b) {
    return a.value < b.value || (a.value == b.value && a.weight < b.weight);
  });
  const double n = ess_of(set);
  for (std::size_t i = 0; i < p.size(); ++i) {
    if (p[i] >= 0.0 && p[i] <= 1.0) result[i] = quantile_of_sorted(set, n, p[i]);
  }
  return result;
}

}  // namespace

WeightedSummary summarise(const WeightedDraws& draws) {
  const auto set = normalised(draws);
  if (set.empty()) return {kNoValue, kNoValue, kNoValue, kNoValue, kNoValue, kNoValue, kNoValue};
  double shift = 0;
  for (const auto& s : set) shift += s.weight * (s.value - set[0].value);
  const double mean = set[0].value + shift;
  double spread = 0, error = 0, concentration = 0;
  for (const auto& s : set) {
    const double d = s.value - mean;
    spread += s.weight * d * d;
    error += s.weight * s.weight * d * d;
    concentration += s.weight * s.weight;
  }
  const double sd = set.size() > 1 ? std::sqrt(spread / (1.0 - concentration)) : kNoValue;
  const auto q = quantiles_of(set, {0.05, 0.50, 0.95});
  return {mean, sd, set.size() > 1 ? std::sqrt(error) : kNoValue, 1.0 / concentration, q[0], q[1], q[2]};
}

double weight_ess(const std::vector<double>& weights) {
  const WeightedDraws draws{weights.data(), static_cast<int>(weights.size()), 1, weights.data()};
  const auto set = normalised(draws);
  return set.empty() ? kNoValue : ess_of(set);
}

std::vector<double> quantiles(const WeightedDraws& draws, const std::vector<double>& p) {
  return quantiles_of(normalised(draws), p);
}

}  // namespace aleator::prob
