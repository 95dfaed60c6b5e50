#pragma once
// What the tests of models on the periodic square have in common.
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <vector>

#include "model/forward_model.hpp"

namespace test_spectral {

using aleator::kernels::Batch;
using aleator::kernels::ConstBatch;
using aleator::model::ForwardModel;

template <class F>
Batch field(int n, double length, const F& f) {
  Batch u("u", 1, n * n);
  for (int j = 0; j < n; ++j)
    for (int i = 0; i < n; ++i) u(0, i + n * j) = f((i + 0.5) * length / n, (j + 0.5) * length / n);
  return u;
}

inline Batch rows_of(const ForwardModel& model, int rows) {
  Batch u("u", rows, model.shape().inputs);
  for (int i = 0; i < rows; ++i)
    for (int k = 0; k < model.shape().inputs; ++k) u(i, k) = 2.0 * std::sin(1.3 * i + 0.7 * k * k + 0.11 * k) + 0.3;
  return u;
}

inline double sum(const std::vector<double>& values) {
  double total = 0.0;
  for (const double value : values) total += value;
  return total;
}

inline double sum_of_squares(const std::vector<double>& values) {
  double total = 0.0;
  for (const double value : values) total += value * value;
  return total;
}

inline double weight_of(int k) { return std::sin(1.0 + 2.0 * k); }

inline void weights(int, ConstBatch, Batch dy) {
  for (std::size_t k = 0; k < dy.extent(1); ++k) dy(0, k) = weight_of(static_cast<int>(k));
}

inline void expect_dot_products(const ForwardModel& model) {
  const int d = model.shape().inputs, p = model.shape().outputs;
  const Batch u = rows_of(model, 1), y("y", 1, p), y2("y", 1, p), du("du", 1, d), v("v", 1, d), jv("J v", 1, p);
  for (int k = 0; k < d; ++k) v(0, k) = std::cos(3.0 * k);
  ASSERT_TRUE(model.adjoint()->evaluate_and_pullback(u, y, weights, du).ok());
  ASSERT_TRUE(model.tangent()->evaluate_and_pushforward(u, v, y2, jv).ok());
  double left = 0.0, right = 0.0, size = 0.0;
  for (int k = 0; k < d; ++k) left += du(0, k) * v(0, k), size += std::fabs(du(0, k) * v(0, k));
  for (int k = 0; k < p; ++k) right += jv(0, k) * weight_of(k);
  EXPECT_NEAR(left, right, 1e-10 * size);
  EXPECT_GT(std::fabs(left), 1e-6 * size);
  EXPECT_EQ(std::memcmp(y.data(), y2.data(), p * sizeof(double)), 0);
}

// Along one direction, and along three single parameters.
inline void expect_gradient(const ForwardModel& model) {
  const int d = model.shape().inputs, p = model.shape().outputs;
  const Batch u = rows_of(model, 1), y("y", 1, p), du("du", 1, d), moved("u", 1, d);
  ASSERT_TRUE(model.adjoint()->evaluate_and_pullback(u, y, weights, du).ok());
  constexpr double h = 1e-4;
  for (int test = 0; test < 4; ++test) {
    double exact = 0.0, difference = 0.0;
    const auto direction = [&](int k) { return test == 0 ? std::cos(3.0 * k) : (k == (37 * test) % d ? 1.0 : 0.0); };
    for (int k = 0; k < d; ++k) exact += du(0, k) * direction(k);
    for (const double sign : {1.0, -1.0}) {
      for (int k = 0; k < d; ++k) moved(0, k) = u(0, k) + sign * h * direction(k);
      ASSERT_TRUE(model.evaluate(moved, y).ok());
      for (int k = 0; k < p; ++k) difference += sign * weight_of(k) * y(0, k) / (2 * h);
    }
    EXPECT_NEAR(exact, difference, 1e-6 * std::fabs(exact));
  }
}

inline void expect_same_bits(const ForwardModel& model) {
  const int d = model.shape().inputs, p = model.shape().outputs, rows = 5;
  const Batch u = rows_of(model, rows), y("y", rows, p), du("du", rows, d), one_y("y", 1, p), one_du("du", 1, d);
  ASSERT_TRUE(model.adjoint()->evaluate_and_pullback(u, y, weights, du).ok());
  for (int row = 0; row < rows; ++row) {
    const ConstBatch alone(&u(row, 0), 1, d);
    ASSERT_TRUE(model.adjoint()->evaluate_and_pullback(alone, one_y, weights, one_du).ok());
    EXPECT_EQ(std::memcmp(&y(row, 0), &one_y(0, 0), p * sizeof(double)), 0);
    EXPECT_EQ(std::memcmp(&du(row, 0), &one_du(0, 0), d * sizeof(double)), 0);
    ASSERT_TRUE(model.evaluate(alone, one_y).ok());
    EXPECT_EQ(std::memcmp(&y(row, 0), &one_y(0, 0), p * sizeof(double)), 0);
  }
}

}  // namespace test_spectral
