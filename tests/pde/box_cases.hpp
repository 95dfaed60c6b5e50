#pragma once
// Problems for the tests of the diffusion model on boxes: manufactured solutions, and one with everything in it.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>

#include "field/transfer.hpp"
#include "pde/diffusion/box_diffusion.hpp"

namespace aleator::pde::diffusion {

using model::Batch;
using parallel::Comm;
using parallel::ProcessGrid;

constexpr double pi = 3.14159265358979323846;

inline std::shared_ptr<ProcessGrid> one_group() {
  return std::make_shared<ProcessGrid>(Comm::world(), Comm::world().size());
}

// u = prod of cos(pi x_d + 0.3 d), a = 1 + x/2 + y/3 + z/4 at the cells' centres.
inline double wave(double x, int d) { return std::cos(pi * x + 0.3 * d); }
inline double wave_slope(double x, int d) { return -pi * std::sin(pi * x + 0.3 * d); }
inline double exact(const double* x, int dimension) {
  double u = 1.0;
  for (int d = 0; d < dimension; ++d) u *= wave(x[d], d);
  return u;
}
inline double exact_slope(const double* x, int dimension, int along) {
  double g = 1.0;
  for (int d = 0; d < dimension; ++d) g *= d == along ? wave_slope(x[d], d) : wave(x[d], d);
  return g;
}
inline double coefficient(const double* x, int dimension) {
  double a = 1.0;
  for (int d = 0; d < dimension; ++d) a += x[d] / (d + 2);
  return a;
}
// The factor 1 + bend u^2 of the coefficient.
inline double kappa(double u, double bend) { return 1.0 + bend * u * u; }
// kappa (a d pi^2 u - grad a . grad u) - a kappa' |grad u|^2
inline double source(const double* x, int dimension, double bend) {
  const double u = exact(x, dimension), a = coefficient(x, dimension);
  double linear = a * dimension * pi * pi * u, squares = 0.0;
  for (int d = 0; d < dimension; ++d) {
    const double g = exact_slope(x, dimension, d);
    linear -= g / (d + 2), squares += g * g;
  }
  return kappa(u, bend) * linear - a * 2 * bend * u * squares;
}

enum class Sides { fixed, mixed };

inline BoxSetup manufactured(int dimension, int n, Sides sides, double bend = 0.0) {
  BoxSetup setup;
  setup.grid.elements.assign(static_cast<std::size_t>(dimension), n);
  setup.grid.lengths.assign(static_cast<std::size_t>(dimension), 1.0);
  setup.cells = setup.grid.elements;
  for (int d = 0; d < dimension; ++d) setup.source_box.insert(setup.source_box.end(), {0.0, 1.0});
  setup.source_function = [=](const double* x) { return source(x, dimension, bend); };
  if (bend != 0.0) setup.kappa = std::make_shared<Nonlinearity>(fmt::format("1 + {} * u^2", bend));
  for (int s = 0; s < 2 * dimension; ++s) {
    BoxSide& side = setup.sides[s];
    const auto flux = [=](const double* x) {
      return (s % 2 == 0 ? -1 : 1) * coefficient(x, dimension) * kappa(exact(x, dimension), bend) *
             exact_slope(x, dimension, s / 2);
    };
    side.function = [=](const double* x) { return exact(x, dimension); };
    if (sides == Sides::fixed) continue;
    if (s % 3 == 1) side.kind = BoxSide::Kind::flux, side.function = flux;
    if (s % 3 == 0) {
      side.kind = BoxSide::Kind::exchange, side.rate = 2.5;
      side.function = [=](const double* x) { return exact(x, dimension) + flux(x) / 2.5; };
    }
  }
  setup.points.push_back(std::vector<double>(static_cast<std::size_t>(dimension), 0.4));
  return setup;
}

inline Batch coefficients_of(const BoxSetup& setup) {
  const int dimension = setup.grid.dimension();
  Batch u("u", 1, setup.coefficients());
  field::IndexBox cells;
  for (int d = 0; d < dimension; ++d) cells.last[d] = setup.cells[d];
  field::for_each_index(cells, [&](int i, int j, int k) {
    const double x[3] = {(i + 0.5) / cells.last[0], (j + 0.5) / cells.last[1], (k + 0.5) / cells.last[2]};
    u(0, cells.at(i, j, k)) = coefficient(x, dimension);
  });
  return u;
}

inline field::Norms error_at(int dimension, int n, Sides sides, Preconditioner preconditioner, double bend = 0.0) {
  const BoxSetup setup = manufactured(dimension, n, sides, bend);
  const BoxDiffusion model(setup, {1e-11, 200, preconditioner, {}}, one_group());
  const Batch y("y", 1, 1);
  EXPECT_TRUE(model.evaluate(coefficients_of(setup), y).ok());
  return field::norms_of_difference(
      model.grid(), model.solution(), [=](const double* x) { return exact(x, dimension); },
      [=](const double* x, double* g) {
        for (int d = 0; d < dimension; ++d) g[d] = exact_slope(x, dimension, d);
      });
}

inline void expect_orders(int dimension, int n, Sides sides, Preconditioner preconditioner, double bend = 0.0) {
  const field::Norms coarse = error_at(dimension, n, sides, preconditioner, bend),
                     fine = error_at(dimension, 2 * n, sides, preconditioner, bend);
  EXPECT_NEAR(std::log2(coarse.l2 / fine.l2), 2.0, 0.1) << dimension << " dimensions";
  EXPECT_NEAR(std::log2(coarse.h1_seminorm / fine.h1_seminorm), 1.0, 0.1) << dimension << " dimensions";
}

// All kinds of sides, sources and outputs in one problem of unequal edges.
inline BoxSetup everything(int dimension) {
  BoxSetup s;
  const std::vector<int> elements{12, 8, 6}, cells{4, 2, 3};
  const std::vector<double> lengths{2.0, 1.0, 0.5};
  for (int d = 0; d < dimension; ++d) {
    s.grid.elements.push_back(elements[d]), s.grid.lengths.push_back(lengths[d]), s.cells.push_back(cells[d]);
    s.source_box.insert(s.source_box.end(), {0.1 * lengths[d], 0.6 * lengths[d]});
  }
  s.source = 3.0;
  const auto at = [&](double share, double last) {
    std::vector<double> x;
    for (int d = 0; d < dimension; ++d) x.push_back(share * lengths[d]);
    if (last != 0.0) x.push_back(last);
    return x;
  };
  s.wells = {at(0.7, -0.8), at(0.31, 0.4)};
  s.points = {at(0.45, 0.0), at(1.0, 0.0)};
  std::vector<double> patch;
  for (int d = 0; d < dimension; ++d) patch.insert(patch.end(), {0.2 * lengths[d], 0.55 * lengths[d]});
  s.patches = {patch};
  s.is_average = true;
  s.sides[0].value = 0.5;
  s.sides[1].kind = BoxSide::Kind::exchange, s.sides[1].rate = 1.5, s.sides[1].value = -0.2;
  if (dimension > 1) s.sides[2].kind = s.sides[3].kind = BoxSide::Kind::flux, s.sides[3].value = 0.3;
  if (dimension > 2) s.sides[4].kind = BoxSide::Kind::flux, s.sides[5].value = 0.1;
  s.outflow_sides = {0, 1};
  if (dimension > 2) s.outflow_sides.push_back(5);
  return s;
}

inline double some(int k) { return std::sin(1.0 + 2.3 * k); }

inline Batch positive_row(int columns) {
  Batch u("u", 1, columns);
  for (int k = 0; k < columns; ++k) u(0, k) = std::exp(0.8 * some(k));
  return u;
}

struct Derivatives {
  Batch y, gradient, dy;
};

// Gradient of r . y and the directional derivative of y.
inline Derivatives derivatives_of(const BoxDiffusion& box, const Batch& u, const Batch& du,
                                  const std::vector<double>& r) {
  const model::ForwardModel& model = box;
  const int p = model.shape().outputs, d = model.shape().inputs;
  Derivatives result{Batch("y", 1, p), Batch("gradient", 1, d), Batch("dy", 1, p)};
  const auto cotangent = [&](int, model::ConstBatch, Batch dy) {
    for (int k = 0; k < p; ++k) dy(0, k) = r[static_cast<std::size_t>(k)];
  };
  EXPECT_TRUE(model.adjoint()->evaluate_and_pullback(u, result.y, cotangent, result.gradient).ok());
  EXPECT_TRUE(model.tangent()->evaluate_and_pushforward(u, du, result.y, result.dy).ok());
  return result;
}

/// The model on one group of all ranks and on every rank alone: the same outputs, tangent and gradient to solver tolerance, and
/// the same bits on the ranks of the group, over which samplers are replicated. `newton_steps`: of the latter.
inline void expect_group_and_alone_agree(const BoxSetup& setup, int* newton_steps = nullptr) {
  const int d = setup.coefficients(), p = setup.outputs();
  const Batch u = positive_row(d), du("du", 1, d);
  Kokkos::deep_copy(du, 0.1);
  const std::vector<double> r(static_cast<std::size_t>(p), 1.0);
  const BoxDiffusion together(setup, {1e-12, 200, Preconditioner::boomeramg, {}}, one_group()),
      alone(setup, {1e-12, 200, Preconditioner::cholmod, {}}, std::make_shared<ProcessGrid>());
  const Derivatives a = derivatives_of(together, u, du, r), b = derivatives_of(alone, u, du, r);
  for (int k = 0; k < p; ++k) {
    EXPECT_NEAR(a.y(0, k), b.y(0, k), 1e-10);
    EXPECT_NEAR(a.dy(0, k), b.dy(0, k), 1e-10);
    EXPECT_EQ(Comm::world().max(a.y(0, k)), Comm::world().min(a.y(0, k)));
  }
  for (int k = 0; k < d; ++k) {
    EXPECT_NEAR(a.gradient(0, k), b.gradient(0, k), 1e-9);
    EXPECT_EQ(Comm::world().max(a.gradient(0, k)), Comm::world().min(a.gradient(0, k)));
  }
  if (newton_steps != nullptr) *newton_steps = alone.newton_steps();
}

// Transposes of each other, and finite differences.
inline void expect_derivatives(const BoxSetup& setup) {
  const BoxDiffusion box(setup, {1e-13, 200, Preconditioner::automatic, {}}, one_group());
  const int d = setup.coefficients(), p = setup.outputs();
  const Batch u = positive_row(d), du("du", 1, d);
  std::vector<double> r;
  for (int k = 0; k < p; ++k) r.push_back(some(k + 50));
  for (int k = 0; k < d; ++k) du(0, k) = some(k + 90);
  const Derivatives at = derivatives_of(box, u, du, r);
  double left = 0.0, right = 0.0;
  for (int k = 0; k < p; ++k) left += r[static_cast<std::size_t>(k)] * at.dy(0, k);
  for (int k = 0; k < d; ++k) right += at.gradient(0, k) * du(0, k);
  EXPECT_NEAR(left, right, 1e-10 * std::abs(left));
  const double h = 1e-5;
  const Batch plus("plus", 1, d), minus("minus", 1, d), y_plus("y", 1, p), y_minus("y", 1, p);
  for (int k = 0; k < d; ++k) plus(0, k) = u(0, k) + h * du(0, k), minus(0, k) = u(0, k) - h * du(0, k);
  ASSERT_TRUE(box.evaluate(plus, y_plus).ok() && box.evaluate(minus, y_minus).ok());
  for (int k = 0; k < p; ++k)
    EXPECT_NEAR(at.dy(0, k), (y_plus(0, k) - y_minus(0, k)) / (2 * h), 1e-6 * std::max(0.1, std::abs(at.dy(0, k))))
        << setup.grid.dimension() << " dimensions, output " << box.shape().output_names[static_cast<std::size_t>(k)];
}

}  // namespace aleator::pde::diffusion
