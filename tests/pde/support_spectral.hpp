#pragma once
// What the tests of models on the periodic square have in common.
#include <cmath>
#include <vector>

#include "support/models.hpp"

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

inline void weights(int first, ConstBatch y, Batch dy) { aleator::test_models::same_weights(first, y, dy); }
inline void expect_dot_products(const ForwardModel& model) {
  aleator::test_models::expect_dot_products(model, rows_of(model, 1));
}
inline void expect_gradient(const ForwardModel& model) {
  aleator::test_models::expect_gradient(model, rows_of(model, 1));
}
inline void expect_same_bits(const ForwardModel& model) {
  aleator::test_models::expect_same_bits(model, rows_of(model, 5));
}

}  // namespace test_spectral
