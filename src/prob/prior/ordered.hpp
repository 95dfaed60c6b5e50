#pragma once
/// What      Parameters in rising order u_1 < … < u_d: the order statistics of d independent draws of one law. Cut points of
///           ordered answers, and means of mixtures, whose components have no names otherwise.
/// Method    of d independent uniforms the largest is V_d^(1/d), the next smaller ones follow as U_(k) = U_(k+1) V_k^(1/k)
///           (Lurie, Hartley 1972), in logarithms, V_k = Phi(z_k); u_k is the law's quantile of U_(k), by way of
///           w_k = Phi^-1(U_(k)) and the law's own map. Density: d! times that of the independent draws.
/// Parallel  local, row by row; thread-safe.
/// Cost      the law's, and d normal quantiles.
/// Fails     KeyError: a prior that is not one law for all its parameters.
#include <memory>

#include "prob/prior/prior.hpp"

namespace aleator::prob {

class Ordered : public Prior, private DensitySlope {
 public:
  struct Params {
    std::string values;
  };
  static deck::Schema<Params> schema();
  Ordered(const Params& params, std::shared_ptr<const Prior> values);

  bool is_continuous() const override { return values_->is_continuous(); }
  int dimension() const override { return values_->dimension(); }
  void to_parameters(const double* z, double* u) const override;
  /// NaN where u is not in rising order.
  void to_latent(const double* u, double* z) const override;
  void pullback(const double* z, const double* g_u, double* g_z) const override;
  double log_density(const double* u) const override;
  bool has_density() const override { return values_->has_density(); }
  const DensitySlope* density_slope() const override { return values_->density_slope() != nullptr ? this : nullptr; }

 private:
  void log_density_gradient(const double* u, double* g) const override {
    values_->density_slope()->log_density_gradient(u, g);
  }
  std::vector<double> ordered_normals(const double* z) const;
  std::shared_ptr<const Prior> values_;
  double log_factorial_;
};

}  // namespace aleator::prob
