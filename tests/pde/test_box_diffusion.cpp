#include "pde/diffusion/box_diffusion.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "box_cases.hpp"
#include "pde/diffusion/component.hpp"
#include "support/models.hpp"

namespace aleator::pde::diffusion {
namespace {

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

TEST(BoxDiffusionMpi, AdjointAndTangentAreTransposesAndMatchFiniteDifferences) {
  for (int dimension = 1; dimension <= 3; ++dimension) expect_derivatives(everything(dimension));
}

TEST(BoxDiffusionMpi, OnOneGroupAndOnEveryRankAloneTheAnswersAgree) {
  for (int dimension = 1; dimension <= 3; ++dimension) expect_group_and_alone_agree(everything(dimension));
}

TEST(BoxDiffusion, ARowHasTheSameBitsWhateverCameBefore) {
  for (const Preconditioner preconditioner :
       {Preconditioner::gamg, Preconditioner::boomeramg, Preconditioner::cholmod}) {
    const BoxSetup setup = everything(2);
    const BoxDiffusion model(setup, {1e-9, 200, preconditioner, {}}, std::make_shared<ProcessGrid>());
    test_models::expect_same_bits(model, test_models::rows_around(std::vector<double>(setup.coefficients(), 1.5), 3));
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

// The deck's source fills its box, which is not all of a longer domain: u = x (3 / 2 - x) / 2 up to 1, then straight to 0 at 2.
TEST(BoxDiffusion, TheSourceOfALongDomainStaysInItsBox) {
  Params params;
  params.dimension = 1, params.elements = {40}, params.lengths = {2.0}, params.cells = {1}, params.source = 1.0;
  params.source_box = {0.0, 1.0}, params.fixed = {{"x0", 0.0}}, params.sensor_points = {{0.5}, {1.0}, {1.7}};
  const std::vector<double> y = test_models::outputs_at(*make(params, std::make_shared<ProcessGrid>()), {1.0});
  EXPECT_NEAR(y[0], 0.25, 1e-9);
  EXPECT_NEAR(y[1], 0.25, 1e-9);
  EXPECT_NEAR(y[2], 0.075, 1e-9);
  params.source_box = {};
  EXPECT_NEAR(test_models::outputs_at(*make(params, std::make_shared<ProcessGrid>()), {1.0})[2], 0.255, 1e-9);
}

// Coefficients that no solver can work with fail their row at most, and leave no trace in the next.
TEST(BoxDiffusion, AnAbsurdRowLeavesTheOthersAlone) {
  const BoxSetup setup = everything(2);
  for (const Preconditioner preconditioner :
       {Preconditioner::gamg, Preconditioner::boomeramg, Preconditioner::cholmod, Preconditioner::mumps}) {
    const BoxDiffusion model(setup, {1e-9, 200, preconditioner, {}}, std::make_shared<ProcessGrid>());
    const int d = setup.coefficients(), p = setup.outputs();
    const Batch u("u", 5, d), y("y", 5, p);
    for (int row = 0; row < 5; ++row)
      for (int k = 0; k < d; ++k) u(row, k) = row % 2 == 0 ? 1.5 : k % 2 == 0 ? 1.7e308 : 1e-308;
    const model::RowStatus status = model.evaluate(u, y);
    for (const model::FailedRow& failed : status.failed) EXPECT_EQ(failed.row % 2, 1) << failed.reason;
    for (const int row : {2, 4})
      for (int i = 0; i < p; ++i) EXPECT_EQ(y(row, i), y(0, i)) << static_cast<int>(preconditioner);
  }
}

// Sides that meet share what leaves at their edges.
TEST(BoxDiffusionMpi, FixedSidesThatMeetShareTheirEdges) {
  for (const std::size_t dimension : {2, 3}) {
    BoxSetup box;
    box.grid = {std::vector<int>(dimension, 4), std::vector<double>(dimension, 1.0)};
    box.cells = std::vector<int>(dimension, 1);
    box.source = 1.0;
    for (std::size_t d = 0; d < dimension; ++d) box.source_box.insert(box.source_box.end(), {0.0, 1.0});
    for (int s = 0; s < 2 * static_cast<int>(dimension); ++s) box.outflow_sides.push_back(s);
    const BoxDiffusion model(box, {1e-13, 200, Preconditioner::automatic, {}}, one_group());
    const Batch u("u", 1, 1), y("y", 1, box.outflow_sides.size());
    u(0, 0) = 1.0;
    ASSERT_TRUE(model.evaluate(u, y).ok());
    for (std::size_t s = 0; s < box.outflow_sides.size(); ++s) EXPECT_NEAR(y(0, s), 0.5 / dimension, 1e-10);
  }
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
  for (const int domain : {0, 1, 2}) EXPECT_FALSE(is_box(domain));  // the multigrid works in groups too
  params.mesh = 32, params.dimension = 3;
  EXPECT_TRUE(is_box(1));
  params.dimension = 2, params.inclusions = {{0.5, 0.5, 0.2}};
  EXPECT_FALSE(is_box(2));
}

}  // namespace
}  // namespace aleator::pde::diffusion
