#include "math/multigrid/multigrid.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include "kernels/random.hpp"

namespace aleator::math {
namespace {

using Field = std::vector<double>;

Field normals(std::size_t count, int step) {
  kernels::Batch z("z", 1, count);
  kernels::Rng(5).normals({kernels::Purpose::test, step}, 0, z);
  return Field(z.data(), z.data() + count);
}

double dot(const Field& a, const Field& b) {
  double sum = 0.0;
  for (std::size_t k = 0; k < a.size(); ++k) sum += a[k] * b[k];
  return sum;
}

// Zero on the boundary.
Field inner(const Multigrid::Grid& g, Field f) {
  for (int j = 0; j <= g.ny; ++j)
    for (int i = 0; i <= g.nx; ++i)
      if (i == 0 || j == 0 || i == g.nx || j == g.ny) f[static_cast<std::size_t>(i + (g.nx + 1) * j)] = 0.0;
  return f;
}

// A u by the definition: element by element, the matrix of bilinear functions by 2 x 2 Gauss points.
Field operate_slowly(const Multigrid::Grid& g, const Field& a, const Field& u) {
  Field out(u.size(), 0.0);
  const double gauss = 0.5 / std::sqrt(3.0);
  for (int j = 0; j < g.ny; ++j)
    for (int i = 0; i < g.nx; ++i) {
      const int node[4] = {i + (g.nx + 1) * j, i + 1 + (g.nx + 1) * j, i + (g.nx + 1) * (j + 1),
                           i + 1 + (g.nx + 1) * (j + 1)};
      for (const double x : {0.5 - gauss, 0.5 + gauss})
        for (const double y : {0.5 - gauss, 0.5 + gauss}) {
          const double dx[4] = {-(1 - y) / g.hx, (1 - y) / g.hx, -y / g.hx, y / g.hx};
          const double dy[4] = {-(1 - x) / g.hy, -x / g.hy, (1 - x) / g.hy, x / g.hy};
          double ux = 0.0, uy = 0.0;
          for (int q = 0; q < 4; ++q) ux += dx[q] * u[node[q]], uy += dy[q] * u[node[q]];
          const double weight = 0.25 * g.hx * g.hy * a[static_cast<std::size_t>(i + g.nx * j)];
          for (int q = 0; q < 4; ++q) out[node[q]] += weight * (dx[q] * ux + dy[q] * uy);
        }
    }
  return inner(g, out);
}

// A coefficient of jumps: a is `contrast` in about half of the blocks of 4 x 4 elements, 1 in the others.
Field blocks(const Multigrid::Grid& g, double contrast) {
  Field a(static_cast<std::size_t>(g.nx) * g.ny);
  const Field z = normals(a.size(), 3);
  for (int j = 0; j < g.ny; ++j)
    for (int i = 0; i < g.nx; ++i)
      a[static_cast<std::size_t>(i + g.nx * j)] =
          z[static_cast<std::size_t>(i / 4 + (g.nx / 4 + 1) * (j / 4))] > 0 ? contrast : 1;
  return a;
}

const std::vector<Multigrid::Grid> grids = {{2, 2, 0.5, 0.5},   {3, 3, 0.3, 0.3},   {8, 8, 0.1, 0.1},
                                            {7, 12, 0.2, 0.15}, {33, 20, 1.0, 1.2}, {64, 64, 0.01, 0.01},
                                            {5, 2, 1.0, 1.0},   {2, 9, 1.0, 1.0}};

TEST(Multigrid, OperatorIsThatOfBilinearElements) {
  for (const Multigrid::Grid& g : grids) {
    Multigrid solver(g);
    Field a = normals(solver.elements(), 1);
    for (double& value : a) value = std::exp(value);
    const Field u = inner(g, normals(solver.nodes(), 2)), exact = operate_slowly(g, a, u);
    Field out(u.size(), 7.0);
    solver.set_coefficient(a.data());
    solver.apply(u.data(), out.data());
    for (std::size_t k = 0; k < u.size(); ++k)
      EXPECT_NEAR(out[k], exact[k], 1e-11) << g.nx << " x " << g.ny;  // sums of 9
  }
}

TEST(Multigrid, PreconditionerIsSymmetricAndPositive) {
  for (const Multigrid::Grid& g : grids) {
    Multigrid solver(g);
    solver.set_coefficient(blocks(g, 1e4).data());
    const Field r = inner(g, normals(solver.nodes(), 2)), s = inner(g, normals(solver.nodes(), 4));
    Field mr(r.size()), ms(r.size());
    solver.precondition(r.data(), mr.data());
    solver.precondition(s.data(), ms.data());
    EXPECT_GT(dot(r, mr), 0.0);
    EXPECT_NEAR(dot(s, mr), dot(r, ms), 2e-5 * std::sqrt(dot(r, mr) * dot(s, ms))) << g.nx << " x " << g.ny;  // float32
  }
}

TEST(Multigrid, SolvesToTheToleranceAsked) {
  for (const Multigrid::Grid& g : grids) {
    Multigrid solver(g);
    const Field a = blocks(g, 1e3), b = inner(g, normals(solver.nodes(), 6));
    Field u(b.size(), 1.0), back(b.size());
    solver.set_coefficient(a.data());
    const Multigrid::Result result = solver.solve(b.data(), u.data(), 1e-10);
    EXPECT_TRUE(result.is_converged);
    solver.apply(u.data(), back.data());
    double error = 0.0;
    for (std::size_t k = 0; k < b.size(); ++k) error += (back[k] - b[k]) * (back[k] - b[k]);
    EXPECT_LT(std::sqrt(error / dot(b, b)), 1e-8) << g.nx << " x " << g.ny;  // energy norm 1e-10, contrast 1e3
  }
}

// 4 x 4 discs of radius 0.07 in which a is `contrast`.
Field discs(int n, double contrast) {
  Field a(static_cast<std::size_t>(n) * n, 1.0);
  for (int j = 0; j < n; ++j)
    for (int i = 0; i < n; ++i) {
      const double x = (i + 0.5) / n * 5, y = (j + 0.5) / n * 5;
      const double dx = x - std::clamp(std::round(x), 1.0, 4.0), dy = y - std::clamp(std::round(y), 1.0, 4.0);
      if (std::hypot(dx, dy) < 0.35) a[static_cast<std::size_t>(i + n * j)] = contrast;
    }
  return a;
}

int iterations(int n, double contrast) {
  const Multigrid::Grid g{n, n, 1.0 / n, 1.0 / n};
  Multigrid solver(g);
  solver.set_coefficient(discs(n, contrast).data());
  Field b = inner(g, Field(solver.nodes(), 1.0 / (n * n))), u(b.size());
  const Multigrid::Result result = solver.solve(b.data(), u.data(), 1e-8);
  EXPECT_TRUE(result.is_converged) << n << " " << contrast;
  return result.iterations;
}

TEST(Multigrid, IterationsDoNotGrowWithTheMeshNorMuchWithTheContrast) {
  for (const int n : {32, 128, 512}) {
    EXPECT_LE(iterations(n, 1.0), 6) << n;
    EXPECT_LE(iterations(n, 1e6), 12) << n;
    EXPECT_LE(iterations(n, 1e-6), 12) << n;
  }
}

TEST(Multigrid, GradientIsThatOfTheBilinearForm) {
  const Multigrid::Grid g{6, 5, 0.2, 0.3};
  Multigrid solver(g);
  const Field u = normals(solver.nodes(), 1), lambda = inner(g, normals(solver.nodes(), 2));
  Field gradient(solver.elements());
  solver.gradient(lambda.data(), u.data(), gradient.data());
  for (std::size_t e = 0; e < gradient.size(); ++e) {
    Field one(gradient.size(), 0.0);
    one[e] = 1.0;
    EXPECT_NEAR(gradient[e], -dot(lambda, operate_slowly(g, one, u)), 1e-12);
  }
}

TEST(Multigrid, BitsDoNotDependOnWhatWasSolvedBefore) {
  const Multigrid::Grid g{40, 24, 0.1, 0.1};
  Multigrid used(g), fresh(g);
  const Field a = blocks(g, 100), b = inner(g, normals(used.nodes(), 6));
  Field u(b.size()), v(b.size());
  used.set_coefficient(blocks(g, 1e5).data());
  used.solve(b.data(), u.data(), 1e-6);
  for (Multigrid* solver : {&used, &fresh}) solver->set_coefficient(a.data());
  used.solve(b.data(), u.data(), 1e-8);
  fresh.solve(b.data(), v.data(), 1e-8);
  EXPECT_EQ(std::memcmp(u.data(), v.data(), u.size() * sizeof(double)), 0);
}

TEST(Multigrid, ASolveThatFailsLeavesNothingBehind) {
  const Multigrid::Grid g{40, 24, 0.1, 0.1};
  Multigrid used(g), fresh(g);
  const Field a = blocks(g, 100), b = inner(g, normals(used.nodes(), 6));
  Field u(b.size()), v(b.size()), huge = a;
  huge[37] = 1e300;
  used.set_coefficient(huge.data());
  EXPECT_TRUE(used.solve(b.data(), u.data(), 1e-6).is_converged);  // beyond float32, in which the cycle works
  std::fill(huge.begin(), huge.end(), std::numeric_limits<double>::quiet_NaN());
  used.set_coefficient(huge.data());
  EXPECT_FALSE(used.solve(b.data(), u.data(), 1e-6).is_converged);
  for (Multigrid* solver : {&used, &fresh}) solver->set_coefficient(a.data());
  EXPECT_TRUE(used.solve(b.data(), u.data(), 1e-8).is_converged);
  fresh.solve(b.data(), v.data(), 1e-8);
  EXPECT_EQ(std::memcmp(u.data(), v.data(), u.size() * sizeof(double)), 0);
}

// This rank's rows of an array of the whole grid.
Field rows_of(const Field& whole, int width, int first, int end) {
  return Field(whole.begin() + static_cast<std::ptrdiff_t>(first) * width,
               whole.begin() + static_cast<std::ptrdiff_t>(end) * width);
}

bool same_bits(const Field& a, const Field& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(double)) == 0;
}

// Sums are taken in the order of the rows and every node's arithmetic is the same: nothing may differ, not even by rounding.
TEST(MultigridMpi, InStripsTheBitsAreThoseOfOneRank) {
  const parallel::Comm world = parallel::Comm::world();
  bool was_shared = false;
  for (const Multigrid::Grid& g : std::vector<Multigrid::Grid>{
           {64, 64, 0.01, 0.01}, {40, 33, 0.1, 0.1}, {17, 130, 0.1, 0.12}, {200, 37, 0.1, 0.1}, {9, 9, 0.1, 0.1}}) {
    Multigrid one(g), strips(g, world, 64);
    was_shared = was_shared || strips.is_shared();
    const int node = g.nx + 1, first = strips.first_row(), end = strips.node_end(), last = strips.element_end();
    const auto mine = [&](const Field& whole) { return rows_of(whole, node, first, end); };
    const auto my_elements = [&](const Field& whole) { return rows_of(whole, g.nx, first, last); };
    const Field a = blocks(g, 1e4), da = normals(one.elements(), 9), b = inner(g, normals(one.nodes(), 6)),
                v = inner(g, normals(one.nodes(), 7));
    one.set_coefficient(a.data()), strips.set_coefficient(my_elements(a).data());
    Field u(one.nodes()), w(strips.nodes());
    const Multigrid::Result whole = one.solve(b.data(), u.data(), 1e-9),
                            shared = strips.solve(mine(b).data(), w.data(), 1e-9);
    EXPECT_EQ(whole.iterations, shared.iterations);
    EXPECT_EQ(whole.residual, shared.residual);
    EXPECT_TRUE(shared.is_converged && same_bits(mine(u), w)) << g.nx << " x " << g.ny;
    one.precondition(b.data(), u.data()), strips.precondition(mine(b).data(), w.data());
    EXPECT_TRUE(same_bits(mine(u), w)) << g.nx << " x " << g.ny;
    one.apply(v.data(), u.data()), strips.apply(mine(v).data(), w.data());
    EXPECT_TRUE(same_bits(mine(u), w)) << g.nx << " x " << g.ny;
    one.apply_derivative(da.data(), v.data(), u.data());
    strips.apply_derivative(my_elements(da).data(), mine(v).data(), w.data());
    EXPECT_TRUE(same_bits(mine(u), w)) << g.nx << " x " << g.ny;
    Field slope(one.elements()), my_slope(strips.elements());
    one.gradient(b.data(), v.data(), slope.data());
    strips.gradient(mine(b).data(), mine(v).data(), my_slope.data());
    EXPECT_TRUE(same_bits(my_elements(slope), my_slope)) << g.nx << " x " << g.ny;
  }
  EXPECT_EQ(was_shared, world.size() > 1);
}

}  // namespace
}  // namespace aleator::math
