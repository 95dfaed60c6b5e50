#pragma once
/// What      Several independent priors side by side: u = (u_1, u_2, …), each part a prior block of the deck.
/// Method    block-wise.
/// Parallel  local, row by row.
/// Cost      the sum of the parts.
/// Fails     KeyError when no part is named, or one twice.
#include <memory>

#include "prob/prior/prior.hpp"

namespace aleator::prob {

class Product : public Prior, private DensitySlope {
 public:
  struct Params {
    std::vector<std::string> parts;
  };
  struct Part {
    std::string name;
    std::shared_ptr<const Prior> prior;
  };
  static deck::Schema<Params> schema();
  explicit Product(std::vector<Part> parts);
  const std::vector<Part>& parts() const { return parts_; }

  bool is_continuous() const override;
  int dimension() const override { return dimension_; }
  int latent_dimension() const override { return latent_dimension_; }
  void to_parameters(const double* z, double* u) const override;
  void to_latent(const double* u, double* z) const override;
  void pullback(const double* z, const double* g_u, double* g_z) const override;
  double log_density(const double* u) const override;
  bool has_density() const override;
  /// Null unless every part has one.
  const DensitySlope* density_slope() const override;
  std::vector<Variable> variables(const std::string& name) const override;

 private:
  void log_density_gradient(const double* u, double* g) const override;
  std::vector<Part> parts_;
  int dimension_ = 0, latent_dimension_ = 0;
};

}  // namespace aleator::prob
