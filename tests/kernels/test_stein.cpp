// The direction of Stein variational gradient descent against its definition, pair by pair.
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <vector>

#include "kernels/random.hpp"
#include "kernels/stein.hpp"

namespace aleator::kernels {
namespace {

struct Particles {
  Batch x, s;
};

Particles particles(int n, int d) {
  Particles p{Batch("x", n, d), Batch("s", n, d)};
  Rng(3).normals({Purpose::test, 0}, 0, p.x);
  Rng(3).normals({Purpose::test, 1}, 0, p.s);
  for (int i = 0; i < n; ++i) p.x(i, 0) += 50.0;  // far from the origin
  return p;
}

// phi_i = 1/n sum_j k_ij s_j + grad_(x_j) k_ij
double direction(const Particles& p, double l, int i, int c, const std::vector<double>& weights) {
  const int n = static_cast<int>(p.x.extent(0)), d = static_cast<int>(p.x.extent(1));
  double sum = 0.0;
  for (int j = 0; j < n; ++j) {
    double square = 0.0;
    for (int k = 0; k < d; ++k) square += (p.x(i, k) - p.x(j, k)) * (p.x(i, k) - p.x(j, k));
    sum += (weights.empty() ? 1.0 : weights[j]) * std::exp(-0.5 * square / (l * l)) *
           (p.s(j, c) + (p.x(i, c) - p.x(j, c)) / (l * l));
  }
  return sum / n;
}

template <typename Real>
double largest_error(int n, int d, double l, const std::vector<double>& weights = {}) {
  const Particles p = particles(n, d);
  const Batch phi("phi", n, d);
  SteinDirection<Real>(p.x, p.s, l, weights).apply(0, phi);
  double error = 0.0;
  for (int i = 0; i<n; i += n> 1000 ? 7 : 1)
    for (int c = 0; c < d; ++c) error = std::max(error, std::abs(phi(i, c) - direction(p, l, i, c, weights)));
  return error;
}

TEST(Stein, IsTheDefinition) {
  for (const int n : {1, 7, 8, 300, 521})  // one lane, whole packs, several chunks
    for (const int d : {1, 3, 10})
      for (const double l : {0.05, 1.0, 20.0}) {  // values underflow, matter, and are all near one
        const double scale = 1.0 / std::min(l, 1.0);
        EXPECT_LT(largest_error<double>(n, d, l), 1e-12 * scale) << n << " " << d << " " << l;
        EXPECT_LT(largest_error<float>(n, d, l), 2e-5 * scale) << n << " " << d << " " << l;
      }
}

TEST(
    Stein,
    BlocksMeetEachOtherOnce) {  // rings of an odd and of an even number of blocks, whole and broken, and more blocks than groups
  for (const int n : {1000, 1024, 1100, 1280, 4500}) {
    std::vector<double> weights(n);
    for (int j = 0; j < n; ++j) weights[j] = 0.5 + 0.001 * j;
    EXPECT_LT(largest_error<double>(n, 2, 1.0, weights), 1e-12) << n;
    EXPECT_LT(largest_error<float>(n, 2, 1.0, weights), 2e-5) << n;
  }
}

template <typename Real>
void expect_rows_alone(int n, int first, int count) {
  const int d = 4;
  const Particles p = particles(n, d);
  const SteinDirection<Real> direction(p.x, p.s, 1.3);
  const Batch all("all", n, d), some("some", count, d);
  direction.apply(0, all);
  direction.apply(first, some);
  for (int r = 0; r < count; ++r)
    for (int k = 0; k < d; ++k) EXPECT_EQ(some(r, k), all(first + r, k)) << n << " " << first << " " << r;
}

TEST(Stein, RowsDoNotDependOnWhichOthersAreAskedFor) {
  for (const auto& [n, first, count] :
       {std::array<int, 3>{77, 31, 23}, {1000, 0, 500}, {1000, 500, 500}, {1100, 250, 300}, {1100, 1099, 1}}) {
    expect_rows_alone<double>(n, first, count);
    expect_rows_alone<float>(n, first, count);
  }
}

}  // namespace
}  // namespace aleator::kernels
