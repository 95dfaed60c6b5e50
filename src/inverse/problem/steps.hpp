#pragma once
/// What      Small steps in latent coordinates: what the derivatives of a problem are differenced by.
/// Method    rows z_r + side h_r v_r with |h_r v_r| = step in the largest entry.
/// Parallel  local.
/// Cost      one prior map a row and side.
/// Fails     -
#include <algorithm>
#include <cmath>
#include <vector>

#include "model/problem.hpp"

namespace aleator::inverse {

/// The prior's map is smooth and exact to rounding: central differences err by some 1e-10.
constexpr double step_of_prior = 1e-5;

/// The factors h_r; 0 where v_r = 0.
inline std::vector<double> lengths_of_steps(model::ConstBatch v, double step) {
  std::vector<double> h(v.extent(0), 0.0);
  for (std::size_t row = 0; row < h.size(); ++row) {
    double largest = 0.0;
    for (std::size_t k = 0; k < v.extent(1); ++k) largest = std::max(largest, std::abs(v(row, k)));
    if (largest > 0.0) h[row] = step / largest;
  }
  return h;
}

/// z_r + side h_r v_r
inline model::Batch beside(model::ConstBatch z, model::ConstBatch v, const std::vector<double>& h, double side) {
  const model::Batch moved = kernels::new_batch(z.extent(0), z.extent(1));
  for (std::size_t row = 0; row < z.extent(0); ++row)
    for (std::size_t k = 0; k < z.extent(1); ++k) moved(row, k) = z(row, k) + side * h[row] * v(row, k);
  return moved;
}

/// T(z_r + side h_r v_r)
inline model::Batch parameters_beside(const model::Problem& problem, model::ConstBatch z, model::ConstBatch v,
                                      const std::vector<double>& h, double side) {
  const model::Batch u = kernels::new_batch(z.extent(0), problem.parameter_dimension());
  problem.parameters(beside(z, v, h, side), u);
  return u;
}

/// (above - below) / (2 h), into `above`; 0 where h = 0.
inline void divide_difference(const model::Batch& above, model::ConstBatch below, const std::vector<double>& h) {
  for (std::size_t row = 0; row < above.extent(0); ++row)
    for (std::size_t k = 0; k < above.extent(1); ++k)
      above(row, k) = h[row] > 0.0 ? (above(row, k) - below(row, k)) / (2.0 * h[row]) : 0.0;
}

inline bool is_finite(const double* values, std::size_t count) {
  double doubt = 0.0;  // 0, or NaN
  for (std::size_t k = 0; k < count; ++k) doubt += 0.0 * values[k];
  return !std::isnan(doubt);
}

/// Rows with an entry that is not finite become 0.
inline void clear_rows_that_are_not_finite(const model::Batch& values) {
  for (std::size_t row = 0; row < values.extent(0); ++row)
    if (!is_finite(&values(row, 0), values.extent(1)))
      for (std::size_t k = 0; k < values.extent(1); ++k) values(row, k) = 0.0;
}

}  // namespace aleator::inverse
