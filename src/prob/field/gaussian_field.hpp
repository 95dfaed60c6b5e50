#pragma once
/// What      Bases of the priors that are normal fields m + S z, or their exponentials: one value for each part of a domain;
///           those whose parts are the cells of a box.
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
  /// Which value is that at a point; `number` (from 1) stands for the point in messages. KeyError at `points`: outside.
  virtual int value_at(const std::vector<double>& point, std::size_t number) const = 0;
  /// x = u - m or ln u - m; false outside the support. `log_jacobian`: ln of |det du/dx|.
  bool to_field(const double* u, double* x, double* log_jacobian = nullptr) const;

 protected:
  /// `parts`: what the domain's parts are called.
  GaussianField(int size, const std::string& parts, const std::vector<double>& mean, Transform transform);
  /// z = S^-1 x, in the sense of Prior::to_latent.
  virtual void solve(const double* x, double* z) const = 0;
  /// ln N(z; 0, I) at the z of to_latent, of fields that have no density in du; -infinity where there is none.
  double density_of_latent(const double* u) const;

 private:
  std::vector<double> mean_;
  Transform transform_;
};

class BoxField : public GaussianField {
 public:
  std::vector<int> grid() const final { return box_.cells; }
  std::vector<double> lengths() const final { return box_.lengths; }
  int value_at(const std::vector<double>& point, std::size_t number) const final;
  const Box& box() const { return box_; }

 protected:
  BoxField(Box box, const std::vector<double>& mean, Transform transform);

 private:
  Box box_;
};

}  // namespace aleator::prob
