#include "math/special.hpp"

#include <algorithm>
#include <boost/math/special_functions/erf.hpp>
#include <cmath>
#include <limits>

#include "math/expression/operations.hpp"

namespace aleator::math {
namespace {

constexpr double kSqrtHalf = 0.70710678118654752440;      // 1 / sqrt 2
constexpr double kSqrtTwo = 1.41421356237309504880;       // sqrt 2
constexpr double kHalfLogTwoPi = 0.91893853320467274178;  // log(2 pi) / 2

// Double arithmetic throughout: Boost's default goes through long double, several times slower for nothing gained here.
using QuantilePolicy = boost::math::policies::policy<boost::math::policies::promote_double<false>>;
// From here on the terms of Stirling's series that are left out are below 2e-15.
constexpr double kStirling = 20.0;

// lnGamma(x) - (x - 1/2) ln x + x - ln(2 pi) / 2.
double stirling_rest(double x) {
  const double r = 1.0 / (x * x);
  return (1.0 / 12.0 - r * (1.0 / 360.0 - r * (1.0 / 1260.0 - r / 1680.0))) / x;
}

// ln x - 1 / (2 x) - psi(x).
double digamma_rest(double x) {
  const double r = 1.0 / (x * x);
  return r * (1.0 / 12.0 - r * (1.0 / 120.0 - r * (1.0 / 252.0 - r / 240.0)));
}

}  // namespace

double normal_cdf(double x) { return 0.5 * std::erfc(-x * kSqrtHalf); }

double log_normal_cdf(double x) {
  if (x > 0.0) return std::log1p(-0.5 * std::erfc(x * kSqrtHalf));
  if (x > -20.0 || std::isnan(x)) return std::log(normal_cdf(x));
  if (std::isinf(x)) return x;
  // Phi(x) = phi(x)/|x| (1 - 1/x^2 + 3/x^4 - 15/x^6 + 105/x^8 - 945/x^10 ...); at |x| = 20 the first term left out is
  // 3e-12.
  const double r = 1.0 / (x * x);
  const double series = -r * (1.0 - r * (3.0 - r * (15.0 - r * (105.0 - r * 945.0))));
  return -0.5 * x * x - kHalfLogTwoPi - std::log(-x) + std::log1p(series);
}

double normal_quantile(double p) {
  if (!(p >= 0.0 && p <= 1.0)) return std::numeric_limits<double>::quiet_NaN();
  if (p == 0.0) return -std::numeric_limits<double>::infinity();
  if (p == 1.0) return std::numeric_limits<double>::infinity();
  return -kSqrtTwo * boost::math::erfc_inv(2.0 * p, QuantilePolicy());
}

double log_rising_ratio(double x, double k) {
  if (x < kStirling) return operations::log_gamma(x + k) - operations::log_gamma(x) - k * std::log(x);
  return (x + k - 0.5) * std::log1p(k / x) - k + stirling_rest(x + k) - stirling_rest(x);
}

double digamma_difference(double x, double k) {
  if (k == 0.0) return 0.0;
  if (x < kStirling) return operations::digamma(x + k) - operations::digamma(x);
  return std::log1p(k / x) + 0.5 * k / (x * (x + k)) + digamma_rest(x) - digamma_rest(x + k);
}

double log_sum_exp(const double* values, std::size_t count) {
  double largest = -std::numeric_limits<double>::infinity();
  for (std::size_t i = 0; i < count; ++i) {
    if (std::isnan(values[i])) return values[i];
    largest = std::max(largest, values[i]);
  }
  if (std::isinf(largest)) return largest;
  double sum = 0.0;
  for (std::size_t i = 0; i < count; ++i) sum += std::exp(values[i] - largest);
  return largest + std::log(sum);
}

double log_sum_exp(const std::vector<double>& values) { return log_sum_exp(values.data(), values.size()); }

}  // namespace aleator::math
