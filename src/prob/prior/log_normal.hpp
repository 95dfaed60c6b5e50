#pragma once
/// What      Independent log-normal parameters: ln u_k ~ N(mean_log, sd_log^2).
/// Method    u = exp(mean_log + sd_log z). Density with respect to du: N(ln u; mean_log, sd_log^2) / u, with its mode at
///           exp(mean_log - sd_log^2). A prior written as exp(-(ln u)^2 / (2 s^2)) du (Aristoff, Bangerth 2023) is
///           mean_log = s^2, sd_log = s: the factor u that turns du into d ln u shifts the mean by s^2.
/// Parallel  local, row by row.
/// Cost      one exp a parameter.
/// Fails     KeyError for sizes that do not fit.
#include "prob/prior/prior.hpp"

namespace aleator::prob {

class LogNormal : public Prior, private DensitySlope {
 public:
  struct Params {
    int dimension = 1;
    std::vector<double> mean_log = {0.0};
    std::vector<double> sd_log = {1.0};
    bool normalised = true;
  };
  static deck::Schema<Params> schema();
  explicit LogNormal(const Params& params);

  int dimension() const override { return static_cast<int>(mean_log_.size()); }
  void to_parameters(const double* z, double* u) const override;
  void to_latent(const double* u, double* z) const override;
  void pullback(const double* z, const double* g_u, double* g_z) const override;
  double log_density(const double* u) const override;
  bool has_density() const override { return is_normalised_; }
  const DensitySlope* density_slope() const override { return this; }

 private:
  void log_density_gradient(const double* u, double* g) const override;
  std::vector<double> mean_log_, sd_log_;
  bool is_normalised_;
  double log_constant_ = 0.0;  // added to log_density
};

}  // namespace aleator::prob
