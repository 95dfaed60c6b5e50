#include "math/kronecker.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "core/error.hpp"

namespace aleator::math {
namespace {

std::vector<double> wavy(int n) {
  std::vector<double> v(static_cast<std::size_t>(n));
  for (int i = 0; i < n; ++i) v[i] = std::sin(1.0 + 0.7 * i * i);
  return v;
}

TEST(Kronecker, ProductAlongEachAxisIsTheSumByHand) {
  const int shape[3] = {4, 5, 3};  // outer to inner
  for (int axis = 0; axis < 3; ++axis)
    for (const bool is_transposed : {false, true}) {
      const int n = shape[axis], m = 6;
      int outer = 1, inner = 1;
      for (int k = 0; k < axis; ++k) outer *= shape[k];
      for (int k = axis + 1; k < 3; ++k) inner *= shape[k];
      Matrix a = is_transposed ? Matrix(n, m) : Matrix(m, n);
      a.a = wavy(m * n);
      const std::vector<double> in = wavy(outer * n * inner);
      std::vector<double> out(static_cast<std::size_t>(outer) * m * inner);
      (is_transposed ? transposed_multiply_along_axis : multiply_along_axis)(a, {outer, inner}, in.data(), out.data());
      for (int o = 0; o < outer; ++o)
        for (int i = 0; i < m; ++i)
          for (int k = 0; k < inner; ++k) {
            double sum = 0.0;
            for (int j = 0; j < n; ++j) sum += (is_transposed ? a(j, i) : a(i, j)) * in[(o * n + j) * inner + k];
            EXPECT_NEAR(out[(o * m + i) * inner + k], sum, 1e-14);
          }
    }
}

TEST(Kronecker, SecondDifferencesHaveTheirKnownEigenpairs) {
  // 2 - 2 cos(pi k / (n + 1)), vectors sin(pi i k / (n + 1)).
  const int n = 50;
  const SymmetricEigen e = eigen_tridiagonal(std::vector<double>(n, 2.0), std::vector<double>(n - 1, -1.0));
  for (int k = 1; k <= n; ++k) {
    EXPECT_NEAR(e.values[k - 1], 2.0 - 2.0 * std::cos(M_PI * k / (n + 1)), 1e-14);
    for (int i = 1; i <= n; ++i)
      EXPECT_NEAR(e.vectors(i - 1, k - 1), std::sqrt(2.0 / (n + 1)) * std::sin(M_PI * i * k / (n + 1)), 1e-12);
  }
  EXPECT_EQ(eigen_tridiagonal({3.0}, {}).values[0], 3.0);
  EXPECT_THROW(eigen_tridiagonal({1.0, std::nan("")}, {0.5}), core::NumericsError);
}

}  // namespace
}  // namespace aleator::math
