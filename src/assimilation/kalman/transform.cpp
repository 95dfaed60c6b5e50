#include "assimilation/kalman/transform.hpp"

#include <cmath>

namespace aleator::assimilation {

Transform transform_of(const math::Matrix& s, const std::vector<double>& b) {
  const int n = s.rows;
  const math::SymmetricEigen e = math::eigen_symmetric(math::multiply_transposed(s, s));
  Transform t{math::transposed_multiply(e.vectors, b), math::Matrix(n, n), 0.0};
  math::Matrix scaled = e.vectors;
  for (int k = 0; k < n; ++k) {
    const double total = n - 1.0 + std::max(0.0, e.values[k]), share = (n - 1.0) / total;
    t.w[k] /= total;
    t.log_determinant -= std::log(share);
    for (int j = 0; j < n; ++j) scaled(j, k) *= std::sqrt(share);
  }
  t.w = math::multiply(e.vectors, t.w);
  t.root = math::multiply_transposed(scaled, e.vectors);
  return t;
}

}  // namespace aleator::assimilation
