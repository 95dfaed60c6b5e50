#include "kernels/symmetric_eigen.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <limits>
#include <vector>

#include "kernels/random.hpp"

namespace aleator::kernels {
namespace {

constexpr int W = native_lanes;
using P = Pack<W>;

// Lane `lane` holds G G^T of rank 3 plus a diagonal that makes two eigenvalues equal in odd lanes.
double entry(int n, int seed, int i, int j) {
  double sum = i == j ? 1.0 + (seed % 2 == 0 ? 0.3 * i : 0.0) : 0.0;
  for (int k = 0; k < 3; ++k)
    sum += std::sin(1.0 + i * 3.1 + k * 1.7 + seed) * std::sin(1.0 + j * 3.1 + k * 1.7 + seed);
  return sum * (n > 1 ? 1.0 : 2.0);
}

std::vector<P> lower_triangles(int n, const std::vector<int>& seeds) {
  std::vector<P> a(static_cast<std::size_t>(n) * n);
  for (int i = 0; i < n; ++i)
    for (int j = 0; j < n; ++j)
      for (int lane = 0; lane < W; ++lane)
        a[i * n + j][lane] = j > i ? std::numeric_limits<double>::quiet_NaN() : entry(n, seeds[lane], i, j);
  return a;
}

TEST(SymmetricEigen, PairsSatisfyTheirEquation) {
  for (const int n : {1, 2, 7, 20}) {
    std::vector<int> seeds;
    for (int lane = 0; lane < W; ++lane) seeds.push_back(lane);
    std::vector<P> a = lower_triangles(n, seeds), v(a.size());
    symmetric_eigen<W>(n, a.data(), v.data());
    for (int lane = 0; lane < W; ++lane)
      for (int i = 0; i < n; ++i)
        for (int k = 0; k < n; ++k) {
          double product = 0.0, gram = 0.0;
          for (int j = 0; j < n; ++j) {
            product += entry(n, lane, i, j) * v[j * n + k][lane];
            gram += v[j * n + i][lane] * v[j * n + k][lane];
          }
          EXPECT_NEAR(product, a[k * n + k][lane] * v[i * n + k][lane], 1e-13 * n);
          EXPECT_NEAR(gram, i == k ? 1.0 : 0.0, 1e-14 * n);
        }
  }
}

// A matrix gives the same bits in any lane and beside any others, also beside one that needs no sweep or is not finite.
TEST(SymmetricEigen, ALaneDoesNotSeeTheOthers) {
  constexpr int n = 7;
  std::vector<int> one(W, 4), other(W, 9);
  other[W - 1] = 4;
  std::vector<P> a = lower_triangles(n, one), b = lower_triangles(n, other), v(a.size()), w(a.size());
  for (int i = 0; i < n; ++i)
    for (int j = 0; j <= i; ++j) b[i * n + j][0] = i == j ? 1.0 : 0.0;
  if (W > 2) b[n][1] = std::numeric_limits<double>::quiet_NaN();
  symmetric_eigen<W>(n, a.data(), v.data());
  symmetric_eigen<W>(n, b.data(), w.data());
  for (int i = 0; i < n * n; ++i) {
    EXPECT_EQ(v[i][0], w[i][W - 1]);
    EXPECT_EQ(w[i][0], i % (n + 1) == 0 ? 1.0 : 0.0);
  }
  for (int i = 0; i < n; ++i) EXPECT_EQ(a[i * n + i][0], b[i * n + i][W - 1]);
}

}  // namespace
}  // namespace aleator::kernels
