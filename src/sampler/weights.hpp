#pragma once
/// What      Weighted members: effective sample size, the tempering exponent that reaches a given one, resampling.
/// Method    ESS = (sum w)^2 / sum w^2 (Kong, Liu, Wong 1994); exponent by bracketing (Alefeld, Potra, Shi 1995), of very
///           many members Newton's method from the exponent of a few of them; systematic resampling (Kitagawa 1996).
/// Parallel  pure functions of the weights of all members, the same on every rank.
/// Cost      O(J); the exponent about 12 passes, of very many members 4.
/// Fails     NumericsError when no weight is positive.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

namespace aleator::sampler {

/// log(exp(a) + exp(b))
inline double log_add(double a, double b) {
  const double high = std::max(a, b), low = std::min(a, b);
  return low == -std::numeric_limits<double>::infinity() ? high : high + std::log1p(std::exp(low - high));
}

/// ESS of weights proportional to exp(log_weights), as a share of their number, in (0, 1].
double effective_share(const std::vector<double>& log_weights);

/// The largest increment h <= limit with ESS of exp(h log_likelihood) at least `share` of the members.
double increment_for_share(const std::vector<double>& log_likelihood, double share, double limit);

/// Weights proportional to exp(log_weights) whose sum is 1, and log sum exp(log_weights).
struct Weights {
  std::vector<double> share;
  double log_sum;
};
Weights normalised(const std::vector<double>& log_weights);

/// As many ancestors with families of one size would leave as much: 1 / sum of squared shares. NaN without ancestors.
double effective_ancestors(std::vector<std::int64_t> ancestors);

/// source[i] = member copied to place i; u is uniform on (0, 1].
std::vector<std::int64_t> systematic_resampling(const std::vector<double>& log_weights, double u);
/// The same for `places` places.
std::vector<std::int64_t> systematic_resampling(const std::vector<double>& log_weights, double u, std::int64_t places);
std::vector<std::int64_t> systematic_resampling(const Weights& weights, double u, std::int64_t places);

}  // namespace aleator::sampler
