#include "field/grid.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "field/functional.hpp"
#include "field/transfer.hpp"

namespace aleator::field {
namespace {

using parallel::Comm;

const std::vector<GridShape> shapes{{{17}, {2.0}}, {{9, 6}, {1.0, 0.5}}, {{5, 7, 6}, {1.0, 2.0, 0.5}}};

// A different number at every node, by its place in files.
double number_of(const GridShape& shape, const double* x) {
  double number = 0.0, stride = 1.0;
  for (int d = 0; d < shape.dimension(); ++d) {
    number += stride * std::round(x[d] / shape.spacing(d));
    stride *= shape.elements[d] + 1;
  }
  return number;
}

// 1 + 2 x + 3 y x …: in the span of multilinear elements.
double multilinear(int dimension, const double* x) {
  double value = 1.0;
  for (int d = 0; d < dimension; ++d) value *= 1.0 + (d + 2.0) * x[d];
  return value;
}

TEST(GridMpi, GatherPutsEveryNodeInTheOrderOfFiles) {
  for (const GridShape& shape : shapes) {
    const Grid grid(Comm::world(), shape);
    const math::VecHandle v = grid.new_vector();
    grid.fill(v, [&](const double* x) { return number_of(shape, x); });
    const std::vector<double> all = grid.gather(v);
    ASSERT_EQ(static_cast<std::int64_t>(all.size()), shape.nodes());
    for (std::size_t n = 0; n < all.size(); ++n) ASSERT_EQ(all[n], static_cast<double>(n));
  }
}

TEST(GridMpi, HalosHoldTheNeighboursValuesAndSumsReachEveryNode) {
  for (const GridShape& shape : shapes) {
    const Grid grid(Comm::world(), shape);
    const math::VecHandle v = grid.new_vector(), ghosted = grid.new_ghosted(), counts = grid.new_vector();
    grid.fill(v, [&](const double* x) { return number_of(shape, x); });
    grid.fill_ghosted(v, ghosted);
    double* values = nullptr;
    VecGetArray(ghosted, &values);
    const IndexBox& box = grid.ghosted_nodes();
    for_each_index(box, [&](int i, int j, int k) {
      ASSERT_EQ(values[box.at(i, j, k)], number_of(shape, grid.position(i, j, k).data()));
      values[box.at(i, j, k)] = 0.0;
    });
    // Each element gives 1 to its corners: a node gets the number of its elements, 2^d inside, half for every side it lies on.
    std::int64_t elements = 0;
    for_each_index(grid.owned_elements(), [&](int i, int j, int k) {
      ++elements;
      for (int c = 0; c < 1 << shape.dimension(); ++c)
        values[box.at(i + (c & 1), j + (c >> 1 & 1), k + (c >> 2 & 1))] += 1.0;
    });
    EXPECT_EQ(Comm::world().sum(elements), shape.all_elements());
    VecRestoreArray(ghosted, &values);
    grid.sum_ghosted(ghosted, counts);
    const std::vector<double> sums = grid.gather(counts);
    IndexBox whole;
    for (int d = 0; d < shape.dimension(); ++d) whole.last[d] = shape.elements[d] + 1;
    for_each_index(whole, [&](int i, int j, int k) {
      const int index[3] = {i, j, k};
      double expected = 1.0;
      for (int d = 0; d < shape.dimension(); ++d)
        expected *= index[d] == 0 || index[d] == shape.elements[d] ? 1.0 : 2.0;
      ASSERT_EQ(sums[static_cast<std::size_t>(whole.at(i, j, k))], expected);
    });
  }
}

TEST(FunctionalsMpi, AreExactForMultilinearFieldsAndTheirTransposeIsTheirTranspose) {
  for (const GridShape& shape : shapes) {
    const int d = shape.dimension();
    const Grid grid(Comm::world(), shape);
    Functionals f(grid);
    std::vector<double> point, box;
    double integral = 1.0;
    for (int a = 0; a < d; ++a) {
      point.push_back(shape.lengths[a] * (0.3 + 0.2 * a));
      const double b = 0.13 * shape.lengths[a], e = 0.71 * shape.lengths[a];
      box.insert(box.end(), {b, e});
      integral *= (e - b) + (a + 2.0) * (e * e - b * b) / 2;
    }
    f.add_point(point);
    f.add_box(box, 1.0);
    f.add_point(shape.lengths);  // the last corner
    const math::VecHandle v = grid.new_vector(), w = grid.new_vector();
    grid.fill(v, [&](const double* x) { return multilinear(d, x); });
    const std::vector<double> y = f.apply(v);
    EXPECT_NEAR(y[0], multilinear(d, point.data()), 1e-13 * std::abs(y[0]));
    EXPECT_NEAR(y[1], integral, 1e-13 * std::abs(y[1]));
    EXPECT_NEAR(y[2], multilinear(d, shape.lengths.data()), 1e-13 * std::abs(y[2]));
    const std::vector<double> r{0.3, -1.7, 0.9};
    double* values = nullptr;
    VecGetArray(w, &values);
    f.add_transposed(r.data(), values);
    VecRestoreArray(w, &values);
    double product = 0.0;
    VecDot(v, w, &product);
    EXPECT_NEAR(product, r[0] * y[0] + r[1] * y[1] + r[2] * y[2], 1e-12 * std::abs(product));
  }
}

TEST(TransferMpi, KeepsMultilinearFieldsBetweenGridsThatDoNotMatchAndRestrictsByItsTranspose) {
  for (const GridShape& shape : shapes) {
    const int d = shape.dimension();
    GridShape other = shape;
    for (int a = 0; a < d; ++a) other.elements[a] += 4 - a;
    const Grid from(Comm::world(), shape), to(Comm::world(), other);
    const Transfer transfer(from, to);
    const math::VecHandle u = from.new_vector(), v = to.new_vector(), exact = to.new_vector(), back = from.new_vector();
    from.fill(u, [&](const double* x) { return multilinear(d, x); });
    to.fill(exact, [&](const double* x) { return multilinear(d, x); });
    transfer.interpolate(u, v);
    double error = 0.0, left = 0.0, right = 0.0;
    VecAXPY(v, -1.0, exact);
    VecNorm(v, NORM_INFINITY, &error);
    EXPECT_LT(error, 1e-12);
    to.fill(v, [&](const double* x) { return std::sin(3.0 * x[0] + d); });
    transfer.restrict_to(v, back);
    VecDot(back, u, &left);
    VecDot(v, exact, &right);
    EXPECT_NEAR(left, right, 1e-12 * std::abs(right));
  }
}

TEST(NormsMpi, AreThoseOfAPolynomialIntegratedByHand) {
  // u = 0, exact = x y: |.|_0^2 = 1/9, |.|_1^2 = integral of x^2 + y^2 = 2/3 on the unit square.
  const Grid grid(Comm::world(), {{4, 5}, {1.0, 1.0}});
  const math::VecHandle zero = grid.new_vector();
  VecSet(zero, 0.0);
  const Norms norms = norms_of_difference(
      grid, zero, [](const double* x) { return x[0] * x[1]; },
      [](const double* x, double* g) { g[0] = x[1], g[1] = x[0]; });
  EXPECT_NEAR(norms.l2, 1.0 / 3.0, 1e-14);
  EXPECT_NEAR(norms.h1_seminorm, std::sqrt(2.0 / 3.0), 1e-14);
}

}  // namespace
}  // namespace aleator::field
