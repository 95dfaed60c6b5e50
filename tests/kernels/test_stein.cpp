// The direction of Stein variational gradient descent against its definition, pair by pair.
#include <gtest/gtest.h>

#include <cmath>

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
double direction(const Particles& p, double l, int i, int c) {
  const int n = static_cast<int>(p.x.extent(0)), d = static_cast<int>(p.x.extent(1));
  double sum = 0.0;
  for (int j = 0; j < n; ++j) {
    double square = 0.0;
    for (int k = 0; k < d; ++k) square += (p.x(i, k) - p.x(j, k)) * (p.x(i, k) - p.x(j, k));
    sum += std::exp(-0.5 * square / (l * l)) * (p.s(j, c) + (p.x(i, c) - p.x(j, c)) / (l * l));
  }
  return sum / n;
}

template <typename Real>
double largest_error(int n, int d, double l) {
  const Particles p = particles(n, d);
  const Batch phi("phi", n, d);
  SteinDirection<Real>(p.x, p.s, l).apply(0, phi);
  double error = 0.0;
  for (int i = 0; i < n; ++i)
    for (int c = 0; c < d; ++c) error = std::max(error, std::abs(phi(i, c) - direction(p, l, i, c)));
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

TEST(Stein, RowsDoNotDependOnWhichOthersAreAskedFor) {
  const Particles p = particles(77, 4);
  const SteinDirection<double> direction(p.x, p.s, 1.3);
  const Batch all("all", 77, 4), some("some", 23, 4);
  direction.apply(0, all);
  direction.apply(31, some);
  for (int r = 0; r < 23; ++r)
    for (int k = 0; k < 4; ++k) EXPECT_EQ(some(r, k), all(31 + r, k));
}

}  // namespace
}  // namespace aleator::kernels
