#pragma once
/// What      Special functions used by priors, likelihoods, diagnostics and weights.
/// Method    Phi(x) = erfc(-x / sqrt 2) / 2; its inverse from Boost's erfc_inv; log-sum-exp about the largest term; differences
///           of ln Gamma and of its derivative psi term by term of Stirling's series where the argument is large.
/// Parallel  none; pure functions, safe on any thread.
/// Cost      some 10 to 50 ns a value.
/// Fails     never throws; arguments outside the domain give NaN.
#include <cstddef>
#include <vector>

namespace aleator::math {

/// Phi(x), the standard normal distribution function; full relative accuracy in the lower tail.
double normal_cdf(double x);

/// log Phi(x), finite for every finite x (normal_cdf underflows below x = -38).
double log_normal_cdf(double x);

/// Phi^{-1}(p): -inf at 0, +inf at 1, NaN outside [0, 1].
double normal_quantile(double p);

/// ln(Gamma(x + k) / (Gamma(x) x^k)), x > 0, k >= 0: nothing is lost at large x, where the two ln Gamma cancel.
double log_rising_ratio(double x, double k);

/// psi(x + k) - psi(x), x > 0, k >= 0; likewise. +inf where psi(x) overflows.
double digamma_difference(double x, double k);

/// log(sum_i exp(v_i)) without overflow: -inf for no terms or when all are -inf, NaN when any is NaN.
double log_sum_exp(const double* values, std::size_t count);
double log_sum_exp(const std::vector<double>& values);

}  // namespace aleator::math
