#pragma once
/// What      Rows to try a forward model at, and what must hold for every model with derivatives.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <stdexcept>
#include <vector>

#include "model/forward_model.hpp"

namespace aleator::test_models {

using model::Batch;
using model::ConstBatch;
using model::ForwardModel;

/// Between -1 and 1, without a pattern.
inline double number(int row, int column) { return std::sin(1.0 + 12.9898 * row + 78.233 * column); }

inline Batch random_batch(int rows, int columns, int salt) {
  const Batch b("b", rows, columns);
  for (int row = 0; row < rows; ++row)
    for (int k = 0; k < columns; ++k) b(row, k) = number(row + 100 * salt, k);
  return b;
}

/// Within 10 % of the centre.
inline Batch rows_around(const std::vector<double>& centre, int rows) {
  const Batch u("u", rows, centre.size());
  for (int row = 0; row < rows; ++row)
    for (std::size_t k = 0; k < centre.size(); ++k)
      u(row, k) = centre[k] * (1.0 + 0.1 * number(row, static_cast<int>(k)));
  return u;
}

/// The cotangent with given values: the gradient of sum_i w_i y_i.
inline model::Cotangent weights(const Batch& w) {
  return [w](int first, ConstBatch y, Batch dy) {
    for (std::size_t row = 0; row < y.extent(0); ++row)
      for (std::size_t i = 0; i < y.extent(1); ++i) dy(row, i) = w(first + static_cast<int>(row), i);
  };
}

/// The same weights for every row.
inline void same_weights(int, ConstBatch y, Batch dy) {
  for (std::size_t row = 0; row < y.extent(0); ++row)
    for (std::size_t k = 0; k < y.extent(1); ++k) dy(row, k) = std::sin(1.0 + 2.0 * static_cast<double>(k));
}

/// Outputs at one row.
inline std::vector<double> outputs_at(const ForwardModel& model, const std::vector<double>& u) {
  const Batch in("u", 1, u.size()), out("y", 1, model.shape().outputs);
  for (std::size_t k = 0; k < u.size(); ++k) in(0, k) = u[k];
  const model::RowStatus status = model.evaluate(in, out);
  if (!status.ok()) throw std::runtime_error(status.failed[0].reason);
  return std::vector<double>(out.data(), out.data() + out.extent(1));
}

inline double distance(const std::vector<double>& a, const std::vector<double>& b) {
  double most = 0.0;
  for (std::size_t i = 0; i < a.size(); ++i) most = std::max(most, std::abs(a[i] - b[i]));
  return most;
}

/// (w, J v) = (J^T w, v) up to rounding at the first row of u, and the same outputs from both.
inline void expect_dot_products(const ForwardModel& model, const Batch& u_all) {
  const int d = model.shape().inputs, p = model.shape().outputs;
  const ConstBatch u(u_all.data(), 1, d);
  const Batch y("y", 1, p), y2("y", 1, p), du("du", 1, d), v("v", 1, d), jv("J v", 1, p), w("w", 1, p);
  for (int k = 0; k < d; ++k) v(0, k) = std::cos(3.0 * k);
  same_weights(0, y, w);
  ASSERT_TRUE(model.adjoint()->evaluate_and_pullback(u, y, same_weights, du).ok());
  ASSERT_TRUE(model.tangent()->evaluate_and_pushforward(u, v, y2, jv).ok());
  double left = 0.0, right = 0.0, size = 0.0;
  for (int k = 0; k < d; ++k) left += du(0, k) * v(0, k), size += std::fabs(du(0, k) * v(0, k));
  for (int k = 0; k < p; ++k) right += jv(0, k) * w(0, k);
  EXPECT_NEAR(left, right, 1e-10 * size);
  EXPECT_GT(std::fabs(left), 1e-6 * size);
  EXPECT_EQ(std::memcmp(y.data(), y2.data(), p * sizeof(double)), 0);
}

/// Along one direction, and along three single parameters; steps of h times `scale`.
inline void expect_gradient(const ForwardModel& model, const Batch& u_all, double scale = 1.0) {
  const int d = model.shape().inputs, p = model.shape().outputs;
  const ConstBatch u(u_all.data(), 1, d);
  const Batch y("y", 1, p), du("du", 1, d), moved("u", 1, d), w("w", 1, p);
  same_weights(0, y, w);
  ASSERT_TRUE(model.adjoint()->evaluate_and_pullback(u, y, same_weights, du).ok());
  const double h = 1e-4 * scale;
  for (int test = 0; test < 4; ++test) {
    double exact = 0.0, difference = 0.0;
    const auto direction = [&](int k) { return test == 0 ? std::cos(3.0 * k) : (k == (37 * test) % d ? 1.0 : 0.0); };
    for (int k = 0; k < d; ++k) exact += du(0, k) * direction(k);
    for (const double sign : {1.0, -1.0}) {
      for (int k = 0; k < d; ++k) moved(0, k) = u(0, k) + sign * h * direction(k);
      ASSERT_TRUE(model.evaluate(moved, y).ok());
      for (int k = 0; k < p; ++k) difference += sign * w(0, k) * y(0, k) / (2 * h);
    }
    EXPECT_NEAR(exact, difference, 1e-6 * std::fabs(exact));
  }
}

/// Values and gradients of each row alone are those in company.
inline void expect_same_bits(const ForwardModel& model, const Batch& u) {
  const int d = model.shape().inputs, p = model.shape().outputs, rows = static_cast<int>(u.extent(0));
  const Batch y("y", rows, p), du("du", rows, d), one_y("y", 1, p), one_du("du", 1, d);
  ASSERT_TRUE(model.adjoint()->evaluate_and_pullback(u, y, same_weights, du).ok());
  for (int row = rows - 1; row >= 0; --row) {
    const ConstBatch alone(&u(row, 0), 1, d);
    ASSERT_TRUE(model.adjoint()->evaluate_and_pullback(alone, one_y, same_weights, one_du).ok());
    EXPECT_EQ(std::memcmp(&y(row, 0), &one_y(0, 0), p * sizeof(double)), 0);
    EXPECT_EQ(std::memcmp(&du(row, 0), &one_du(0, 0), d * sizeof(double)), 0);
    ASSERT_TRUE(model.evaluate(alone, one_y).ok());
    EXPECT_EQ(std::memcmp(&y(row, 0), &one_y(0, 0), p * sizeof(double)), 0);
  }
}

}  // namespace aleator::test_models
