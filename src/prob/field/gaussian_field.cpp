#include "prob/field/gaussian_field.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <utility>

#include "math/dense.hpp"

namespace aleator::prob {

GaussianField::GaussianField(int size, const std::string& parts, const std::vector<double>& mean, Transform transform)
    : mean_(spread(mean, size, "mean", parts)), transform_(transform) {}

void GaussianField::to_parameters(const double* z, double* u) const {
  apply(z, u);
  const std::size_t n = mean_.size();
  for (std::size_t i = 0; i < n; ++i) u[i] += mean_[i];
  if (transform_ == Transform::exp)
    for (std::size_t i = 0; i < n; ++i) u[i] = std::exp(u[i]);
}

bool GaussianField::to_field(const double* u, double* x, double* log_jacobian) const {
  double sum = 0.0;
  for (std::size_t i = 0; i < mean_.size(); ++i) {
    if (transform_ == Transform::exp && !(u[i] > 0.0)) return false;
    const double value = transform_ == Transform::exp ? std::log(u[i]) : u[i];
    if (!std::isfinite(value)) return false;
    x[i] = value - mean_[i], sum += value;
  }
  if (log_jacobian != nullptr) *log_jacobian = transform_ == Transform::exp ? sum : 0.0;
  return true;
}

void GaussianField::to_latent(const double* u, double* z) const {
  const std::unique_ptr<double[]> x(new double[mean_.size()]);
  if (to_field(u, x.get())) return solve(x.get(), z);
  for (int k = 0; k < latent_dimension(); ++k) z[k] = std::numeric_limits<double>::quiet_NaN();
}

double GaussianField::density_of_latent(const double* u) const {
  std::vector<double> z(static_cast<std::size_t>(latent_dimension()));
  to_latent(u, z.data());
  if (std::isnan(z[0])) return -std::numeric_limits<double>::infinity();
  return -0.5 * math::dot(z, z) - 0.5 * std::log(2.0 * M_PI) * static_cast<double>(z.size());
}

void GaussianField::pullback(const double* z, const double* g_u, double* g_z) const {
  if (transform_ == Transform::none) return apply_transposed(g_u, g_z);
  const std::unique_ptr<double[]> g_x(new double[mean_.size()]);
  to_parameters(z, g_x.get());
  for (std::size_t i = 0; i < mean_.size(); ++i) g_x[i] *= g_u[i];  // du_i / dx_i = u_i
  apply_transposed(g_x.get(), g_z);
}

BoxField::BoxField(Box box, const std::vector<double>& mean, Transform transform)
    : GaussianField(box.size(), "cells", mean, transform), box_(std::move(box)) {}

int BoxField::value_at(const std::vector<double>& point, std::size_t number) const {
  if (static_cast<int>(point.size()) != box_.axes())
    throw deck::KeyError("points",
                         fmt::format("point {} has {} coordinates, not {}", number, point.size(), box_.axes()));
  int cell = 0;
  for (int axis = 0; axis < box_.axes(); ++axis) {
    const double x = point[axis];
    if (!(x >= 0.0 && x <= box_.lengths[axis]))
      throw deck::KeyError(
          "points", fmt::format("point {} lies outside the box: {} is not in [0, {}]", number, x, box_.lengths[axis]));
    cell += box_.inner(axis) * std::min(static_cast<int>(x / box_.spacing(axis)), box_.cells[axis] - 1);
  }
  return cell;
}

}  // namespace aleator::prob
