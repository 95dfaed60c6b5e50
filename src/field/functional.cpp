#include "field/functional.hpp"

#include <algorithm>
#include <cmath>

namespace aleator::field {

AxisWeights interpolation_weights(const GridShape& shape, int axis, double x) {
  if (axis >= shape.dimension()) return {0, {1.0}};
  const double at = x / shape.spacing(axis);
  const int e = std::clamp(static_cast<int>(std::floor(at)), 0, shape.elements[axis] - 1);
  return {e, {1.0 - (at - e), at - e}};
}

AxisWeights integration_weights(const GridShape& shape, int axis, double begin, double end) {
  if (axis >= shape.dimension()) return {0, {1.0}};
  const double h = shape.spacing(axis), b = begin / h, e = end / h;
  const int n = shape.elements[axis];
  AxisWeights w;
  w.first = std::clamp(static_cast<int>(std::floor(b)), 0, n - 1);
  const int last = std::clamp(static_cast<int>(std::ceil(e)), w.first + 1, n);
  w.weight.assign(static_cast<std::size_t>(last - w.first) + 1, 0.0);
  for (int i = w.first; i < last; ++i) {
    const double s = std::clamp(b - i, 0.0, 1.0), t = std::clamp(e - i, 0.0, 1.0);
    const double rising = 0.5 * h * (t * t - s * s);  // of the hat that rises over element i
    w.weight[static_cast<std::size_t>(i - w.first)] += h * (t - s) - rising;
    w.weight[static_cast<std::size_t>(i - w.first) + 1] += rising;
  }
  return w;
}

void Functionals::add_product(const std::array<AxisWeights, 3>& axes, double scale) {
  IndexBox support;
  for (int d = 0; d < 3; ++d) {
    support.first[d] = axes[d].first;
    support.last[d] = axes[d].first + static_cast<int>(axes[d].weight.size());
  }
  const IndexBox& owned = grid_.owned_nodes();
  for_each_index(support, [&](int i, int j, int k) {
    if (!owned.holds(i, j, k)) return;
    place_.push_back(owned.at(i, j, k));
    weight_.push_back(scale * axes[0].weight[i - axes[0].first] * axes[1].weight[j - axes[1].first] *
                      axes[2].weight[k - axes[2].first]);
  });
  begin_.push_back(place_.size());
}

void Functionals::add_point(const std::vector<double>& x) {
  std::array<AxisWeights, 3> axes;
  for (int d = 0; d < 3; ++d) axes[d] = interpolation_weights(grid_.shape(), d, d < grid_.dimension() ? x[d] : 0.0);
  add_product(axes, 1.0);
}

void Functionals::add_box(const std::vector<double>& box, double scale) {
  std::array<AxisWeights, 3> axes;
  for (int d = 0; d < 3; ++d)
    axes[d] = d < grid_.dimension() ? integration_weights(grid_.shape(), d, box[2 * d], box[2 * d + 1])
                                    : AxisWeights{0, {1.0}};
  add_product(axes, scale);
}

void Functionals::add(std::vector<std::int64_t> places, std::vector<double> weights) {
  place_.insert(place_.end(), places.begin(), places.end());
  weight_.insert(weight_.end(), weights.begin(), weights.end());
  begin_.push_back(place_.size());
}

void Functionals::apply_local(const double* owned, double* y) const {
  for (int k = 0; k < count(); ++k) {
    y[k] = 0.0;
    for (std::size_t e = begin_[k]; e < begin_[k + 1]; ++e) y[k] += weight_[e] * owned[place_[e]];
  }
}

void Functionals::add_transposed(const double* r, double* owned) const {
  for (int k = 0; k < count(); ++k)
    for (std::size_t e = begin_[k]; e < begin_[k + 1]; ++e) owned[place_[e]] += r[k] * weight_[e];
}

std::vector<double> Functionals::apply(Vec global) const {
  std::vector<double> y(static_cast<std::size_t>(count()));
  const double* v = nullptr;
  math::check_petsc(VecGetArrayRead(global, &v), "to open a field");
  apply_local(v, y.data());
  math::check_petsc(VecRestoreArrayRead(global, &v), "to close a field");
  grid_.comm().sum(y.data(), y.size());
  return y;
}

}  // namespace aleator::field
