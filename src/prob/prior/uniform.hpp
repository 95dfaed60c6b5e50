#pragma once
/// What      Independent uniform parameters on [low, high].
/// Method    u = low + (high - low) Phi(z), Phi the standard normal distribution function.
/// Parallel  local, row by row.
/// Cost      one erfc a parameter.
/// Fails     KeyError for sizes that do not fit or bounds that are not finite and ordered.
#include "prob/prior/prior.hpp"

namespace aleator::prob {

class Uniform : public Prior, private DensitySlope {
 public:
  struct Params {
    int dimension = 1;
    std::vector<double> low = {0.0};
    std::vector<double> high = {1.0};
  };
  static deck::Schema<Params> schema();
  explicit Uniform(const Params& params);

  int dimension() const override { return static_cast<int>(low_.size()); }
  void to_parameters(const double* z, double* u) const override;
  void to_latent(const double* u, double* z) const override;
  void pullback(const double* z, const double* g_u, double* g_z) const override;
  double log_density(const double* u) const override;
  const DensitySlope* density_slope() const override { return this; }

 private:
  void log_density_gradient(const double* u, double* g) const override;
  std::vector<double> low_, high_;
};

}  // namespace aleator::prob
