#include "pde/diffusion/box_diffusion.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "field/transfer.hpp"
#include "pde/diffusion/component.hpp"

namespace aleator::pde::diffusion {
namespace {

using model::Batch;
using parallel::Comm;
using parallel::ProcessGrid;

constexpr double pi = 3.14159265358979323846;

std::shared_ptr<ProcessGrid> one_group() { return std::make_shared<ProcessGrid>(Comm::world(), Comm::world().size()); }

// u = prod of cos(pi x_d + 0.3 d), a = 1 + x/2 + y/3 + z/4 at the cells' centres.
double wave(double x, int d) { return std::cos(pi * x + 0.3 * d); }
double wave_slope(double x, int d) { return -pi * std::sin(pi * x + 0.3 * d); }
double exact(const double* x, int dimension) {
  double u = 1.0;
  for (int d = 0; d < dimension; ++d) u *= wave(x[d], d);
  return u;
}
double exact_slope(const double* x, int dimension, int along) {
  double g = 1.0;
  for (int d = 0; d < dimension; ++d) g *= d == along ? wave_slope(x[d], d) : wave(x[d], d);
  return g;
}
double coefficient(const double* x, int dimension) {
  double a = 1.0;
  for (int d = 0; d < dimension; ++d) a += x[d] / (d + 2);
  return a;
}
double source(const double* x, int dimension) {  // - grad a . grad u + a d pi^2 u
  double f = coefficient(x, dimension) * dimension * pi * pi * exact(x, dimension);
  for (int d = 0; d < dimension; ++d) f -= exact_slope(x, dimension, d) / (d + 2);
  return f;
}

enum class Sides { fixed, mixed };

BoxSetup manufactured(int dimension, int n, Sides sides) {
  BoxSetup setup;
  setup.grid.elements.assign(static_cast<std::size_t>(dimension), n);
  setup.grid.lengths.assign(static_cast<std::size_t>(dimension), 1.0);
  setup.cells = setup.grid.elements;
  for (int d = 0; d < dimension; ++d) setup.source_box.insert(setup.source_box.end(), {0.0, 1.0});
  setup.source_function = [dimension](const double* x) { return source(x, dimension); };
  for (int s = 0; s < 2 * dimension; ++s) {
    BoxSide& side = setup.sides[s];
    const auto flux = [=](const double* x) {
      return (s % 2 == 0 ? -1 : 1) * coefficient(x, dimension) * exact_slope(x, dimension, s / 2);
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

Batch coefficients_of(const BoxSetup& setup) {
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

field::Norms error_at(int dimension, int n, Sides sides, Preconditioner preconditioner) {
  const BoxSetup setup = manufactured(dimension, n, sides);
  const BoxDiffusion model(setup, {1e-11, 200, preconditioner, {}}, one_group());
  const Batch y("y", 1, 1);
  EXPECT_TRUE(model.evaluate(coefficients_of(setup), y).ok());
  return field::norms_of_difference(
      model.grid(), model.solution(), [=](const double* x) { return exact(x, dimension); },
      [=](const double* x, double* g) {
        for (int d = 0; d < dimension; ++d) g[d] = exact_slope(x, dimension, d);
      });
}

void expect_orders(int dimension, int n, Sides sides, Preconditioner preconditioner) {
  const field::Norms coarse = error_at(dimension, n, sides, preconditioner),
                     fine = error_at(dimension, 2 * n, sides, preconditioner);
  EXPECT_NEAR(std::log2(coarse.l2 / fine.l2), 2.0, 0.1) << dimension << " dimensions";
  EXPECT_NEAR(std::log2(coarse.h1_seminorm / fine.h1_seminorm), 1.0, 0.1) << dimension << " dimensions";
}

TEST(BoxDiffusionMpi, ConvergesAtSecondOrderWithFixedSides) {
  expect_orders(1, 32, Sides::fixed, Preconditioner::automatic);
  expect_orders(2, 16, Sides::fixed, Preconditioner::automatic);
  expect_orders(3, 8, Sides::fixed, Preconditioner::boomeramg);
}

TEST(BoxDiffusionMpi, ConvergesAtSecondOrderWithFluxAndExchangeSides) {
  expect_orders(1, 32, Sides::mixed, Preconditioner::boomeramg);
  expect_orders(2, 16, Sides::mixed, Preconditioner::gamg);
  expect_orders(3, 8, Sides::mixed, Preconditioner::boomeramg);
}

// All kinds of sides, sources and outputs in one problem of unequal edges.
BoxSetup everything(int dimension) {
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

double some(int k) { return std::sin(1.0 + 2.3 * k); }

Batch positive_row(int columns) {
  Batch u("u", 1, columns);
  for (int k = 0; k < columns; ++k) u(0, k) = std::exp(0.8 * some(k));
  return u;
}

struct Derivatives {
  Batch y, gradient, dy;
};

// Gradient of r . y and the directional derivative of y.
Derivatives derivatives_of(const BoxDiffusion& box, const Batch& u, const Batch& du, const std::vector<double>& r) {
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

TEST(BoxDiffusionMpi, AdjointAndTangentAreTransposesAndMatchFiniteDifferences) {
  for (int dimension = 1; dimension <= 3; ++dimension) {
    const BoxSetup setup = everything(dimension);
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
          << dimension << " dimensions, output " << box.shape().output_names[static_cast<std::size_t>(k)];
  }
}

TEST(BoxDiffusionMpi, OnOneGroupAndOnEveryRankAloneTheAnswersAgree) {
  for (int dimension = 1; dimension <= 3; ++dimension) {
    const BoxSetup setup = everything(dimension);
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
      // The ranks of a group hold the same bits: samplers are replicated over it.
      EXPECT_EQ(Comm::world().max(a.y(0, k)), Comm::world().min(a.y(0, k)));
    }
    for (int k = 0; k < d; ++k) {
      EXPECT_NEAR(a.gradient(0, k), b.gradient(0, k), 1e-9);
      EXPECT_EQ(Comm::world().max(a.gradient(0, k)), Comm::world().min(a.gradient(0, k)));
    }
  }
}

TEST(BoxDiffusionMpi, WhatFlowsInFlowsOut) {
  // A slab with a = 2 between u = 1 and u = 0 and closed sides: u = 1 - x / 2, flux a / 2 = 1 over an area of 0.5.
  BoxSetup slab;
  slab.grid = {{8, 4, 4}, {2.0, 1.0, 0.5}};
  slab.cells = {1, 1, 1};
  slab.source_box = {0, 2, 0, 1, 0, 0.5};
  slab.sides[0].value = 1.0;
  for (int s = 2; s < 6; ++s) slab.sides[s].kind = BoxSide::Kind::flux;
  slab.outflow_sides = {0, 1};
  slab.points = {{0.5, 0.3, 0.2}};
  const BoxDiffusion model(slab, {1e-13, 200, Preconditioner::automatic, {}}, one_group());
  const Batch u("u", 1, 1), y("y", 1, 3);
  u(0, 0) = 2.0;
  ASSERT_TRUE(model.evaluate(u, y).ok());
  EXPECT_NEAR(y(0, 0), 0.75, 1e-11);
  EXPECT_NEAR(y(0, 1), -0.5, 1e-11);
  EXPECT_NEAR(y(0, 2), 0.5, 1e-11);
  // With sources, wells, fluxes and an exchange side: all that comes in goes out.
  const BoxSetup full = everything(2);
  const BoxDiffusion other(full, {1e-13, 200, Preconditioner::automatic, {}}, one_group());
  const Batch theta = positive_row(full.coefficients()), z("z", 1, full.outputs());
  ASSERT_TRUE(other.evaluate(theta, z).ok());
  const double comes = 3.0 * (0.5 * 2.0) * (0.5 * 1.0) - 0.8 + 0.4 + 0.3 * 2.0;
  EXPECT_NEAR(z(0, 3) + z(0, 4), comes, 1e-10);
}

TEST(BoxDiffusionMpi, AgreesWithTheOtherSolversOfTheUnitSquare) {
  Params params;
  params.mesh = 16, params.coefficients = 4, params.sensor_grid = 5;
  const auto old = make(params);
  params.solver = Solver::petsc;
  const auto box = make(params, one_group());
  ASSERT_EQ(box->shape().output_names, old->shape().output_names);
  const Batch u = positive_row(16), y("y", 1, 25), z("z", 1, 25);
  ASSERT_TRUE(old->evaluate(u, y).ok() && box->evaluate(u, z).ok());
  for (int k = 0; k < 25; ++k) EXPECT_NEAR(y(0, k), z(0, k), 1e-9);
}

TEST(BoxDiffusionMpi, ASolverThatDoesNotConvergeIsAFailedRowThatSaysWhy) {
  const BoxSetup setup = everything(3);
  const BoxDiffusion model(setup, {1e-13, 1, Preconditioner::boomeramg, {}}, one_group());
  const int d = setup.coefficients();
  const Batch u("u", 2, d), y("y", 2, setup.outputs());
  Kokkos::deep_copy(u, 1.0);
  u(1, 2) = -1.0;
  const model::RowStatus status = model.evaluate(u, y);
  ASSERT_EQ(status.failed.size(), 2u);
  EXPECT_THAT(status.failed[0].reason,
              testing::AllOf(testing::HasSubstr("cg with hypre"), testing::HasSubstr("1 iteration"),
                             testing::HasSubstr("max_iterations")));
  EXPECT_THAT(status.failed[1].reason, testing::HasSubstr("theta_2 = -1 is not positive"));
  EXPECT_TRUE(std::isnan(y(0, 0)) && std::isnan(y(1, 0)));
}

TEST(BoxDiffusionMpi, OptionsReachPetscAndUnknownOnesAreRefused) {
  const BoxSetup setup = everything(2);
  const Batch u = positive_row(setup.coefficients()), y("y", 1, setup.outputs());
  const BoxDiffusion plain(setup, {1e-8, 200, Preconditioner::boomeramg, {}}, one_group()),
      jacobi(setup, {1e-8, 200, Preconditioner::boomeramg, {{"pc_type", "jacobi"}}}, one_group()),
      wrong(setup, {1e-8, 200, Preconditioner::boomeramg, {{"ksp_typo", "cg"}}}, one_group());
  ASSERT_TRUE(plain.evaluate(u, y).ok() && jacobi.evaluate(u, y).ok());
  EXPECT_GT(jacobi.iterations(), 2 * plain.iterations());
  try {
    wrong.evaluate(u, y);
    FAIL() << "ksp_typo was accepted";
  } catch (const core::UserError& error) {
    EXPECT_THAT(error.what(), testing::HasSubstr("ksp_typo"));
  }
}

TEST(BoxDiffusion, PetscIsChosenWhereTheDeckNeedsIt) {
  Params params;
  params.sensor_grid = 3;
  const auto is_box = [&](int domain) {
    return dynamic_cast<const BoxDiffusion*>(make(params, std::make_shared<ProcessGrid>(domain)).get()) != nullptr;
  };
  EXPECT_FALSE(is_box(1));
  EXPECT_TRUE(is_box(2));
  EXPECT_FALSE(is_box(0));
  params.mesh = 1024;
  EXPECT_TRUE(is_box(0));
  params.mesh = 32, params.dimension = 3;
  EXPECT_TRUE(is_box(1));
  params.dimension = 2, params.inclusions = {{0.5, 0.5, 0.2}};
  EXPECT_FALSE(is_box(2));
}

}  // namespace
}  // namespace aleator::pde::diffusion
