#include "model/gradient_check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "core/log.hpp"

namespace aleator::model {
namespace {

constexpr int directions = 2;
constexpr double steps[] = {1e-4, 1e-3};
constexpr double believed = 0.02, missed = 0.05;

}  // namespace

// The bits of a product with the golden ratio.
double scattered_weight(int k, int i) {
  const std::uint64_t bits = static_cast<std::uint64_t>(directions * k + i + 1) * 0x9E3779B97F4A7C15ULL;
  return (bits >> 63 == 0 ? 1.0 : -1.0) * (0.5 + static_cast<double>((bits << 1) >> 11) * 0x1p-53);
}

namespace {

// How far entry k of u moves along direction i.
double move(ConstBatch u, int i, int k) { return scattered_weight(k, i) * (u(0, k) == 0.0 ? 1.0 : std::abs(u(0, k))); }

// Of the sum f of the outputs: so that each counts, but for those that are rounded around 0.
std::vector<double> weights_of(ConstBatch y) {
  constexpr double rounding = 1e-10;
  const int m = static_cast<int>(y.extent(1));
  double largest = 0.0;
  for (int j = 0; j < m; ++j) largest = std::max(largest, std::abs(y(0, j)));
  std::vector<double> weights;
  for (int j = 0; j < m; ++j) {
    const double size = std::abs(y(0, j)) > rounding * largest ? std::abs(y(0, j)) : largest;
    weights.push_back(scattered_weight(j) / (size > 0.0 ? size : 1.0));
  }
  return weights;
}

// Derivatives of f along the directions against differences of its values.
GradientDoubt doubt_of(const char* what, const std::vector<double>& slopes, const ForwardModel& model, ConstBatch u,
                       const std::vector<double>& weights) {
  const int n = model.shape().inputs, m = model.shape().outputs;
  constexpr int sizes = 2, rows = 2 * directions * sizes;
  const Batch near("u", rows, n), y("y", rows, m);
  for (int row = 0; row < rows; ++row)
    for (int k = 0; k < n; ++k)
      near(row, k) = u(0, k) + (row % 2 == 0 ? 1.0 : -1.0) * steps[row / 2 % sizes] * move(u, row / 2 / sizes, k);
  if (!model.evaluate(near, y).ok()) return {};
  const auto difference = [&](int i, int size) {
    const int row = 2 * (sizes * i + size);
    double sum = 0.0;
    for (int j = 0; j < m; ++j) sum += weights[static_cast<std::size_t>(j)] * (y(row, j) - y(row + 1, j));
    return sum / (2.0 * steps[size]);
  };
  GradientDoubt doubt;
  for (int i = 0; i < directions; ++i) {
    const double slope = slopes[static_cast<std::size_t>(i)], fine = difference(i, 0), coarse = difference(i, 1);
    if (!(std::abs(fine - coarse) <= believed * std::max(std::abs(fine), std::abs(coarse)))) continue;
    doubt.is_known = true;
    if (std::abs(slope - fine) <= missed * std::max(std::abs(slope), std::abs(fine))) continue;
    doubt.text = fmt::format("{} gives {:.6g} where differences of the values give {:.6g}", what, slope, fine);
  }
  return doubt;
}

}  // namespace

GradientDoubt gradient_doubt(const ForwardModel& model, ConstBatch u) {
  const int n = model.shape().inputs, m = model.shape().outputs;
  std::vector<double> weights;
  const Batch here("u", 1, n), y("y", 1, m), du("du", 1, n);
  for (int k = 0; k < n; ++k) here(0, k) = u(0, k);
  const Cotangent cotangent = [&](int, ConstBatch y_tile, Batch dy) {
    weights = weights_of(y_tile);
    for (int j = 0; j < m; ++j) dy(0, j) = weights[static_cast<std::size_t>(j)];
  };
  if (!model.adjoint()->evaluate_and_pullback(here, y, cotangent, du).ok()) return {};
  std::vector<double> slopes(directions, 0.0);
  for (int i = 0; i < directions; ++i)
    for (int k = 0; k < n; ++k) slopes[static_cast<std::size_t>(i)] += du(0, k) * move(u, i, k);
  return doubt_of("the gradient", slopes, model, u, weights);
}

GradientDoubt tangent_doubt(const ForwardModel& model, ConstBatch u) {
  const int n = model.shape().inputs, m = model.shape().outputs;
  const Batch here("u", directions, n), du("du", directions, n), y("y", directions, m), dy("dy", directions, m);
  for (int i = 0; i < directions; ++i)
    for (int k = 0; k < n; ++k) here(i, k) = u(0, k), du(i, k) = move(u, i, k);
  if (!model.tangent()->evaluate_and_pushforward(here, du, y, dy).ok()) return {};
  const std::vector<double> weights = weights_of(y);
  std::vector<double> slopes(directions, 0.0);
  for (int i = 0; i < directions; ++i)
    for (int j = 0; j < m; ++j) slopes[static_cast<std::size_t>(i)] += weights[static_cast<std::size_t>(j)] * dy(i, j);
  return doubt_of("the tangent", slopes, model, u, weights);
}

void GradientCheck::once(const ForwardModel& model, ConstBatch u, const std::string& name, Derivative derivative) {
  if (tries_ == most_tries || u.extent(0) == 0) return;
  const int tried = tries_ + 1;
  tries_ = most_tries;  // the model asks again when it is run here
  const GradientDoubt doubt = derivative == Derivative::gradient ? gradient_doubt(model, u) : tangent_doubt(model, u);
  if (!doubt.is_known) tries_ = tried;
  if (doubt.text.empty()) return;
  std::string at;
  for (std::size_t k = 0; k < std::min<std::size_t>(u.extent(1), 8); ++k)
    at += fmt::format("{}{:.6g}", k == 0 ? "" : ", ", u(0, k));
  core::warn(
      "{}: at u = ({}{}) {} (relative change along a random direction): its derivatives are not those of its values; "
      "chains lose efficiency by it, methods without a Metropolis step are wrong",
      name, at, u.extent(1) > 8 ? ", …" : "", doubt.text);
}

}  // namespace aleator::model
