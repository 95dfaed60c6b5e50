#pragma once
/// What      Independent parameters of one law each, by the law's quantile function: gamma, beta, Student t and others.
/// Method    u = Q(Phi(z)); below the median from the lower tail p = Phi(z), above it from the upper tail q = Phi(-z), so that
///           both tails keep their relative accuracy. du/dz = phi(z) / p(u), taken as exp(log phi - log p).
///           A law is a class that holds one parameter's values and has from_tails, tail, log_density and slope.
/// Parallel  local, row by row; thread-safe.
/// Cost      one quantile a parameter: 0.05 to 2 us.
/// Fails     KeyError for sizes that do not fit.
#include <cmath>
#include <limits>
#include <utility>

#include "math/special.hpp"
#include "prob/prior/prior.hpp"

namespace aleator::prob {

/// A probability by its smaller side: P(U <= u) where `is_lower`, else P(U > u).
struct Tail {
  double probability = 0.5;
  bool is_lower = true;
};

/// Law: double quantile(Tail) const; Tail tail(double u) const; double log_density(double u) const (-infinity outside the
/// support); double slope(double u) const (d log p / du).
template <typename Law>
class Independent : public Prior, private DensitySlope {
 public:
  explicit Independent(std::vector<Law> laws) : laws_(std::move(laws)) {}

  int dimension() const override { return static_cast<int>(laws_.size()); }
  void to_parameters(const double* z, double* u) const override {
    for (std::size_t k = 0; k < laws_.size(); ++k)
      u[k] = laws_[k].quantile({math::normal_cdf(-std::abs(z[k])), z[k] < 0.0});
  }
  void to_latent(const double* u, double* z) const override {
    for (std::size_t k = 0; k < laws_.size(); ++k) {
      if (laws_[k].log_density(u[k]) == -std::numeric_limits<double>::infinity()) {
        z[k] = std::numeric_limits<double>::quiet_NaN();
        continue;
      }
      const Tail tail = laws_[k].tail(u[k]);
      const double quantile = math::normal_quantile(tail.probability);
      z[k] = tail.is_lower ? quantile : -quantile;
    }
  }
  void pullback(const double* z, const double* g_u, double* g_z) const override {
    constexpr double half_log_two_pi = 0.918938533204672741780329736406;
    for (std::size_t k = 0; k < laws_.size(); ++k) {
      const double u = laws_[k].quantile({math::normal_cdf(-std::abs(z[k])), z[k] < 0.0});
      g_z[k] = g_u[k] * std::exp(-0.5 * z[k] * z[k] - half_log_two_pi - laws_[k].log_density(u));
    }
  }
  double log_density(const double* u) const override {
    double sum = 0.0;
    for (std::size_t k = 0; k < laws_.size(); ++k) sum += laws_[k].log_density(u[k]);
    return sum;
  }
  const DensitySlope* density_slope() const override { return this; }

 private:
  void log_density_gradient(const double* u, double* g) const override {
    for (std::size_t k = 0; k < laws_.size(); ++k) g[k] = laws_[k].slope(u[k]);
  }
  std::vector<Law> laws_;
};

}  // namespace aleator::prob
