#include "prob/field/matern_spde.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "field_helpers.hpp"
#include "math/dense.hpp"

namespace aleator::prob {
namespace {

using Boundary = MaternSpde::Boundary;

MaternSpde::Params params(std::vector<int> cells, Row range, double alpha, Boundary boundary) {
  MaternSpde::Params p;
  p.cells = std::move(cells), p.range = std::move(range), p.alpha = alpha, p.boundary = boundary, p.sd = 1.7;
  return p;
}

struct Setting {
  MaternSpde::Params p;
  double nu;
};

// In each the box is some four ranges wide and l = range / sqrt(8 nu) some ten cells, so that boundary and cells matter
// little.
std::vector<Setting> settings() {
  return {{params({400}, {0.2}, 1.5, Boundary::robin), 1.0},
          {params({400}, {0.2}, 2.3, Boundary::neumann), 1.8},
          {params({128, 128}, {0.25}, 2.0, Boundary::robin), 1.0},
          {params({160, 100}, {0.2, 0.3}, 2.5, Boundary::neumann), 1.5},
          {params({128, 128}, {0.25}, 3.2, Boundary::dirichlet), 2.2},
          {params({40, 48, 48}, {0.45, 0.4, 0.4}, 3.0, Boundary::robin), 1.5}};
}

int middle(const Box& box) {
  int cell = 0;
  for (int k = box.axes() - 1; k >= 0; --k) cell = cell * box.cells[k] + box.cells[k] / 2;
  return cell;
}

TEST(MaternSpde, VarianceAndCorrelationInsideAreTheClosedForms) {
  for (const Setting& s : settings()) {
    const Box box = make_box(s.p.cells, s.p.lengths);
    const int cell = middle(box);
    const Row c = covariance_row(MaternSpde(s.p), cell);
    const double variance = s.p.sd * s.p.sd;
    EXPECT_NEAR(c[cell] / variance, 1.0, 0.02) << box.axes() << " axes, nu = " << s.nu;
    for (int axis = 0; axis < box.axes(); ++axis) {
      const double range = s.p.range.size() == 1 ? s.p.range[0] : s.p.range[axis], h = box.spacing(axis);
      for (const double part : {0.25, 0.5, 1.0}) {
        const int steps = static_cast<int>(std::lround(part * range / h));
        const double r = std::sqrt(8.0 * s.nu) * steps * h / range;
        EXPECT_NEAR(c[cell + steps * box.inner(axis)] / variance, matern_covariance(s.nu, r), 0.02)
            << box.axes() << " axes, nu = " << s.nu << ", along " << axis << " at " << steps << " cells";
      }
    }
  }
}

// Largest |variance / sd^2 - 1| over the cells of one side of a square, corners apart.
double inflation(Boundary boundary, double alpha) {
  const MaternSpde::Params p = params({64, 64}, {0.25}, alpha, boundary);
  const MaternSpde prior(p);
  double worst = 0.0;
  for (int j = 16; j < 48; j += 4)
    worst = std::max(worst, std::abs(covariance_row(prior, 64 * j)[64 * j] / (p.sd * p.sd) - 1.0));
  return worst;
}

TEST(MaternSpde, RobinHoldsTheVarianceAtTheBoundary) {
  // Reflection doubles the variance at a Neumann boundary, and the mean stands on a Dirichlet boundary (half a cell away).
  for (const double alpha : {1.5, 2.0}) {
    EXPECT_NEAR(inflation(Boundary::neumann, alpha), 1.0, 0.2);
    EXPECT_GT(inflation(Boundary::dirichlet, alpha), 0.5);
    EXPECT_LT(inflation(Boundary::robin, alpha), 0.2 * inflation(Boundary::neumann, alpha));
  }
}

// Of independent values through the operator on cells without end: the trapezoidal rule, which converges exponentially.
double variance_without_end(const std::vector<double>& l_over_h, double alpha) {
  constexpr int n = 96;
  const auto symbol = [&](std::size_t axis, int k) {
    return axis < l_over_h.size() ? 2.0 * std::pow(l_over_h[axis], 2) * (1.0 - std::cos(M_PI * (k + 0.5) / n)) : 0.0;
  };
  double sum = 0.0;
  const int ny = l_over_h.size() > 1 ? n : 1, nz = l_over_h.size() > 2 ? n : 1;
  for (int k = 0; k < nz; ++k)
    for (int j = 0; j < ny; ++j)
      for (int i = 0; i < n; ++i) sum += std::pow(1.0 + symbol(0, i) + symbol(1, j) + symbol(2, k), -alpha);
  return sum / n / ny / nz;
}

// However coarse the cells: 1.4 a length in the plane, where the continuous field's constant gives 11 % too much.
TEST(MaternSpde, TheVarianceInsideIsThatAskedForOnCoarseCellsToo) {
  const auto expect_sd = [](MaternSpde::Params p, double length) {
    p.lengths = {length};
    const MaternSpde prior(p);
    const int cell = middle(make_box(p.cells, p.lengths));
    EXPECT_NEAR(covariance_row(prior, cell)[cell] / (p.sd * p.sd), 1.0, 2e-4) << p.cells.size() << " axes";
  };
  expect_sd(params({64, 64}, {0.25}, 2.0, Boundary::robin), 4.0);
  expect_sd(params({200}, {0.3}, 0.8, Boundary::neumann), 20.0);
  expect_sd(params({48, 60}, {0.6, 0.4}, 1.3, Boundary::robin), 12.0);
  expect_sd(params({24, 24, 24}, {0.5}, 3.5, Boundary::robin), 4.0);
}

// The dense matrix of the finite-volume operator and, through its eigenpairs, the covariance: no Kronecker product.
math::Matrix dense_covariance(const MaternSpde::Params& p, double nu) {
  const Box box = make_box(p.cells, p.lengths);
  const int n = box.size();
  math::Matrix a(n, n);
  std::vector<double> l_over_h;
  for (int axis = 0; axis < box.axes(); ++axis) {
    const double l = spread(p.range, box.axes(), "", "")[axis] / std::sqrt(8.0 * nu), h = box.spacing(axis);
    l_over_h.push_back(l / h);
    for (int c = 0; c < n; ++c) {
      const int at = c / box.inner(axis) % box.cells[axis];
      for (const int side : {-1, 1}) {
        const bool is_inside = at + side >= 0 && at + side < box.cells[axis];
        const double beta = p.boundary == Boundary::neumann ? 0.0 : 1.0 / (1.42 * l);
        double flux = is_inside ? 1.0 / h : 1.0 / (0.5 * h + 1.0 / beta);  // resistances of half a cell and of 1 / beta
        if (!is_inside && p.boundary == Boundary::dirichlet) flux = 2.0 / h;
        a(c, c) += l * l * flux / h;
        if (is_inside) a(c, c + side * box.inner(axis)) -= l * l * flux / h;
      }
    }
  }
  math::add_to_diagonal(a, 1.0);
  const math::SymmetricEigen e = math::eigen_symmetric(a);
  const double s2 = p.sd * p.sd / variance_without_end(l_over_h, p.alpha);
  math::Matrix scaled = e.vectors;
  for (int i = 0; i < n; ++i)
    for (int k = 0; k < n; ++k) scaled(i, k) *= s2 * std::pow(e.values[k], -p.alpha);
  return math::multiply_transposed(scaled, e.vectors);
}

TEST(MaternSpde, CovarianceAndDensityAreThoseOfTheDenseOperator) {
  for (const Boundary boundary : {Boundary::neumann, Boundary::dirichlet, Boundary::robin}) {
    MaternSpde::Params oblong = params({5, 5}, {0.3, 0.3}, 1.7, boundary);
    oblong.lengths = {1.0, 1.4};
    for (const MaternSpde::Params& p : {params({17}, {0.3}, 1.4, boundary), params({6, 6}, {0.3, 0.5}, 1.7, boundary),
                                        oblong, params({3, 4, 5}, {0.5, 0.3, 0.4}, 2.5, boundary)}) {
      const double nu = p.alpha - 0.5 * static_cast<double>(p.cells.size());
      const math::Matrix dense = dense_covariance(p, nu);
      const MaternSpde prior(p);
      const int n = prior.dimension();
      for (int i = 0; i < n; ++i) {
        const Row c = covariance_row(prior, i);
        for (int j = 0; j < n; ++j) EXPECT_NEAR(c[j], dense(i, j), 1e-11 * dense(0, 0) + 1e-12);
      }
      const math::Matrix factor = math::cholesky(dense);
      const Row u = wave(n);
      const double expected = -0.5 * math::dot(u, math::solve_cholesky(factor, u)) -
                              0.5 * math::log_det_cholesky(factor) - 0.5 * n * std::log(2.0 * M_PI);
      EXPECT_NEAR(prior.log_density(u.data()) / expected, 1.0, 1e-10);
    }
  }
}

TEST(MaternSpde, FirstLatentCoordinateIsTheSmoothestAndLargestMode) {
  const MaternSpde prior(params({12, 9}, {0.5}, 2.0, Boundary::neumann));
  const auto energy = [&](int k) {
    Row e(108, 0.0);
    e[k] = 1.0;
    const Row u = to_parameters(prior, e);
    return math::dot(u, u);
  };
  Row first(108, 0.0);
  first[0] = 1.0;
  const Row constant = to_parameters(prior, first);  // with Neumann the constant field
  for (const double value : constant) EXPECT_NEAR(value, constant[0], 1e-12);
  for (int k = 1; k < 108; ++k) EXPECT_LT(energy(k), energy(0));
}

TEST(MaternSpde, RefusesAPowerWithoutVariance) {
  EXPECT_THROW(MaternSpde(params({8, 8}, {0.3}, 1.0, Boundary::robin)), deck::KeyError);
  EXPECT_THROW(MaternSpde(params({8, 8}, {0.3, 0.3, 0.3}, 2.0, Boundary::robin)), deck::KeyError);
}

}  // namespace
}  // namespace aleator::prob
