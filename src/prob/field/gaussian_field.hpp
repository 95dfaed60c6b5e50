#pragma once
/// What      Base of the priors on the cells of a box: a normal field m + S z, or its exponential.
/// Method    u = m + S z or exp(m + S z). A component brings S, S^T, its inverse and the density.
/// Parallel  local, row by row, safe on any thread.
/// Cost      that of S, and one exp or log a cell.
/// Fails     KeyError: a mean that does not fit. to_latent is NaN and the density zero where exp(...) cannot be u.
#include "prob/field/box.hpp"
#include "prob/prior/prior.hpp"

namespace aleator::prob {

class GaussianField : public Prior {
 public:
  int dimension() const override { return static_cast<int>(mean_.size()); }
  std::vector<int> grid() const override { return box_.cells; }
  std::vector<double> lengths() const override { return box_.lengths; }
  void to_parameters(const double* z, double* u) const override;
  void to_latent(const double* u, double* z) const override;
  void pullback(const double* z, const double* g_u, double* g_z) const override;
  /// x = S z.
  virtual void apply(const double* z, double* x) const = 0;
  /// g_z = S^T g_x.
  virtual void apply_transposed(const double* g_x, double* g_z) const = 0;
  /// u = x + mean, or its exponential.
  const std::vector<double>& mean() const { return mean_; }
  Transform transform() const { return transform_; }
  const Box& box() const { return box_; }
  /// x = u - m or ln u - m; false outside the support. `log_jacobian`: ln of |det du/dx|.
  bool to_field(const double* u, double* x, double* log_jacobian = nullptr) const;

 protected:
  GaussianField(Box box, const std::vector<double>& mean, Transform transform);
  /// z = S^-1 x, in the sense of Prior::to_latent.
  virtual void solve(const double* x, double* z) const = 0;

 private:
  Box box_;
  std::vector<double> mean_;
  Transform transform_;
};

}  // namespace aleator::prob
