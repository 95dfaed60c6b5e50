#include "model/curvature.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "core/log.hpp"
#include "model/gradient_check.hpp"

namespace aleator::model {
namespace {

double norm(const double* values, std::size_t size) {
  double sum = 0.0;
  for (std::size_t k = 0; k < size; ++k) sum = std::hypot(sum, values[k]);
  return sum;
}

double distance(const Batch& a, const Batch& b) {
  double sum = 0.0;
  for (std::size_t k = 0; k < a.extent(1); ++k) sum = std::hypot(sum, a(0, k) - b(0, k));
  return sum;
}

}  // namespace

RowStatus hessian_by_differences(const Adjoint& adjoint, ConstBatch u, ConstBatch dy, ConstBatch v, Batch h) {
  constexpr double most_apart = 1e4;  // an input that is 0 but for rounding must not stop the others
  const double step = std::cbrt(std::numeric_limits<double>::epsilon());
  std::vector<double> e(u.extent(0), 0.0);
  for (std::size_t row = 0; row < e.size(); ++row) {
    double longest = 0.0;
    for (std::size_t k = 0; k < u.extent(1); ++k) longest = std::max(longest, std::abs(v(row, k)));
    double largest = 0.0, least = std::numeric_limits<double>::infinity();  // relative changes of the inputs by v
    for (std::size_t k = 0; k < u.extent(1); ++k) {
      if (v(row, k) == 0.0) continue;
      const double change = std::abs(v(row, k)) / (u(row, k) == 0.0 ? 1.0 : std::abs(u(row, k)));
      largest = std::max(largest, change);
      if (std::abs(v(row, k)) >= 0.01 * longest) least = std::min(least, change);
    }
    if (largest > 0.0) e[row] = step / std::min(largest, most_apart * least);
  }
  return hessian_by_differences(adjoint, u, dy, v, e, h);
}

// Rows u + e v of all, then rows u - e v.
RowStatus hessian_by_differences(const Adjoint& adjoint, ConstBatch u, ConstBatch dy, ConstBatch v,
                                 const std::vector<double>& e, Batch h) {
  const std::size_t rows = u.extent(0), d = u.extent(1), p = dy.extent(1);
  const Batch beside("beside", 2 * rows, d), slopes("slopes", 2 * rows, d), y("y", 2 * rows, p);
  for (std::size_t row = 0; row < rows; ++row) {
    for (std::size_t k = 0; k < d; ++k) {
      beside(row, k) = u(row, k) + e[row] * v(row, k);
      beside(rows + row, k) = u(row, k) - e[row] * v(row, k);
    }
  }
  const auto cotangent = [&](int first_row, ConstBatch some, Batch dy_tile) {
    for (std::size_t row = 0; row < some.extent(0); ++row)
      for (std::size_t i = 0; i < p; ++i) dy_tile(row, i) = dy((static_cast<std::size_t>(first_row) + row) % rows, i);
  };
  RowStatus status;
  for (const FailedRow& failed : adjoint.evaluate_and_pullback(beside, y, cotangent, slopes).failed)
    status.failed.push_back({failed.row % static_cast<int>(rows), "beside the input: " + failed.reason});
  for (std::size_t row = 0; row < rows; ++row)
    for (std::size_t k = 0; k < d; ++k)
      h(row, k) = e[row] > 0.0 ? (slopes(row, k) - slopes(rows + row, k)) / (2.0 * e[row]) : 0.0;
  return status;
}

void CurvatureCheck::once(const ForwardModel& model, ConstBatch u, ConstBatch dy, const std::string& name) {
  if (tries_ == most_tries || u.extent(0) == 0 || model.adjoint() == nullptr) return;
  const int tried = tries_ + 1;
  tries_ = most_tries;  // the model asks again when it is run here
  const auto first = Kokkos::make_pair<std::size_t, std::size_t>(0, 1);
  const ConstBatch here = Kokkos::subview(u, first, Kokkos::ALL), sens = Kokkos::subview(dy, first, Kokkos::ALL);
  const Batch v("v", 1, u.extent(1)), own("own", 1, u.extent(1)), fine("fine", 1, u.extent(1)),
      coarse("coarse", 1, u.extent(1));
  for (std::size_t k = 0; k < u.extent(1); ++k)
    v(0, k) = scattered_weight(static_cast<int>(k)) * (u(0, k) == 0.0 ? 1.0 : std::abs(u(0, k)));
  if (!model.curvature()->apply_hessian(here, sens, v, own).ok() ||
      !hessian_by_differences(*model.adjoint(), here, sens, v, {1e-4}, fine).ok() ||
      !hessian_by_differences(*model.adjoint(), here, sens, v, {1e-3}, coarse).ok()) {
    tries_ = tried;
    return;
  }
  const double size = norm(&fine(0, 0), u.extent(1));
  if (!(distance(fine, coarse) <= 0.02 * size)) {
    tries_ = tried;
    return;
  }
  const double off = distance(own, fine);
  if (off <= 0.05 * std::max(size, norm(&own(0, 0), u.extent(1)))) return;
  core::warn(
      "{}: a product with its Hessian has norm {:.6g} and is {:.6g} off the difference of its gradients, of norm "
      "{:.6g}: "
      "second derivatives are not those of its gradient, and what is made of them is wrong",
      name, norm(&own(0, 0), u.extent(1)), off, size);
}

}  // namespace aleator::model
