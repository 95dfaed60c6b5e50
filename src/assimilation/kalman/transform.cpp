#include "assimilation/kalman/transform.hpp"

#include <algorithm>
#include <cmath>

#include "math/gemm.hpp"

namespace aleator::assimilation {
namespace {

math::Matrix product(const math::ConstMatrixView& a, const math::ConstMatrixView& b, int rows, int cols) {
  math::Matrix c(rows, cols);
  math::add_product(1.0, a, b, math::view(c));
  return c;
}

// a + D diag(c) D^T a
math::Matrix combine(const math::Matrix& directions, const std::vector<double>& c, math::Matrix a) {
  math::Matrix along = product(math::ConstMatrixView(directions).transposed(), a, directions.cols, a.cols);
  for (int k = 0; k < along.rows; ++k)
    for (int i = 0; i < along.cols; ++i) along(k, i) *= c[k];
  math::add_product(1.0, directions, along, math::view(a));
  return a;
}

}  // namespace

math::Matrix Transform::times(const math::Matrix& a) const { return combine(directions, root, a); }
math::Matrix Transform::inverse_times(const math::Matrix& a) const { return combine(directions, inverse_root, a); }

Transform transform_of(const math::Matrix& s, const std::vector<double>& delta, const std::vector<double>& g) {
  const int n = s.rows, p = s.cols;
  const bool is_small_in_data = p < n;
  const math::ConstMatrixView view = s;
  math::SymmetricEigen e = math::eigen_symmetric(is_small_in_data ? product(view.transposed(), view, p, p)
                                                                  : product(view, view.transposed(), n, n));
  Transform t;
  t.directions = is_small_in_data ? product(view, e.vectors, n, p) : std::move(e.vectors);
  // of the mean, in the directions: (L + N - 1)^-1 Z^T delta, or (L + N - 1)^-1 V^T (S delta + g)
  std::vector<double> pull = g.empty() ? std::vector<double>(static_cast<std::size_t>(n), 0.0) : g, along;
  if (!is_small_in_data) {
    const std::vector<double> of_data = math::multiply(s, delta);
    for (int j = 0; j < n; ++j) pull[j] += of_data[j];
  }
  along = math::transposed_multiply(t.directions, pull);
  const std::vector<double> of_data = is_small_in_data ? math::transposed_multiply(e.vectors, delta) : along;
  for (std::size_t k = 0; k < e.values.size(); ++k) {
    const double total = n - 1.0 + std::max(0.0, e.values[k]), size = std::sqrt(total / (n - 1.0));
    t.log_determinant += 2.0 * std::log(size);
    t.root.push_back(is_small_in_data ? -1.0 / ((n - 1.0) * size * (1.0 + size)) : 1.0 / size - 1.0);
    t.inverse_root.push_back(is_small_in_data ? 1.0 / ((n - 1.0) * (1.0 + size)) : size - 1.0);
    along[k] = is_small_in_data ? (of_data[k] - along[k] / (n - 1.0)) / total : along[k] / total;
  }
  t.w = math::multiply(t.directions, along);
  if (is_small_in_data)  // Woodbury: (g - D (L + N - 1)^-1 D^T g) / (N - 1)
    for (int j = 0; j < n; ++j) t.w[j] += pull[j] / (n - 1.0);
  return t;
}

}  // namespace aleator::assimilation
