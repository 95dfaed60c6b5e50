#pragma once
/// What      u ~ N(m, C): independent (sd) or correlated (covariance).
/// Method    u = m + L z with C = L L^T (Cholesky); symbols: mean m, sd the diagonal of L when there is no covariance.
/// Parallel  local, row by row.
/// Cost      O(d), or O(d^2) with a covariance.
/// Fails     KeyError: sizes that do not fit, a covariance that is not symmetric and positive definite.
#include "math/dense.hpp"
#include "prob/prior/prior.hpp"

namespace aleator::prob {

class Normal : public Prior, private DensitySlope {
 public:
  struct Params {
    int dimension = 1;
    std::vector<double> mean = {0.0};
    std::vector<double> sd;
    std::vector<std::vector<double>> covariance;
  };
  static deck::Schema<Params> schema();
  explicit Normal(const Params& params);

  int dimension() const override { return static_cast<int>(mean_.size()); }
  void to_parameters(const double* z, double* u) const override;
  void to_latent(const double* u, double* z) const override;
  void pullback(const double* z, const double* g_u, double* g_z) const override;
  double log_density(const double* u) const override;
  const DensitySlope* density_slope() const override { return this; }

 private:
  void log_density_gradient(const double* u, double* g) const override;
  std::vector<double> mean_, sd_;
  math::Matrix factor_;  // L; empty when independent
};

}  // namespace aleator::prob
