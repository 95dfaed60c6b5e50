#pragma once
/// What      Piecewise constant fields, such as materials or facies: another prior's field x cut at thresholds.
/// Method    level sets (Iglesias, Lu, Stuart 2016): u = v_0 + sum_i (v_i - v_(i-1)) H((x - t_i) / w), H the step function for
///           width w = 0 and Phi, the normal distribution function, for w > 0; t thresholds, v values.
/// Parallel  local, row by row.
/// Cost      that of the field, and one step or Phi a threshold and cell.
/// Fails     KeyError: thresholds that do not rise, numbers that do not fit. With w = 0 the derivative is zero wherever it
///           exists: the problem has no gradient. to_latent takes the middle of the nearest value's interval.
///           There is no density in du: log_density is NaN.
#include <memory>

#include "prob/prior/prior.hpp"

namespace aleator::prob {

class Levelset : public Prior {
 public:
  struct Params {
    std::string field;
    std::vector<double> thresholds = {0.0};
    std::vector<double> values = {1.0, 2.0};
    double width = 0.0;
  };
  static deck::Schema<Params> schema();
  Levelset(const Params& params, std::shared_ptr<const Prior> field);

  int dimension() const override { return field_->dimension(); }
  int latent_dimension() const override { return field_->latent_dimension(); }
  std::vector<int> grid() const override { return field_->grid(); }
  std::vector<double> lengths() const override { return field_->lengths(); }
  std::shared_ptr<const io::Simplices> mesh() const override { return field_->mesh(); }
  void to_parameters(const double* z, double* u) const override;
  void to_latent(const double* u, double* z) const override;
  void pullback(const double* z, const double* g_u, double* g_z) const override;
  bool is_continuous() const override { return width_ > 0.0 && field_->is_continuous(); }
  double log_density(const double* u) const override;
  bool has_density() const override { return false; }

 private:
  double value_at(double x) const;
  double slope_at(double x) const;

  std::shared_ptr<const Prior> field_;
  std::vector<double> thresholds_, values_, middles_;
  double width_;
};

}  // namespace aleator::prob
