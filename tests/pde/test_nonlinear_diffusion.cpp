#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "box_cases.hpp"
#include "deck/diagnostics.hpp"
#include "pde/diffusion/component.hpp"

namespace aleator::pde::diffusion {
namespace {

BoxSetup bent(int dimension, const std::string& kappa) {
  BoxSetup setup = everything(dimension);
  setup.kappa = std::make_shared<Nonlinearity>(kappa);
  return setup;
}

TEST(NonlinearDiffusionMpi, ConvergesAtSecondOrderWithFixedSides) {
  expect_orders(1, 32, Sides::fixed, Preconditioner::automatic, 1.5);
  expect_orders(2, 16, Sides::fixed, Preconditioner::automatic, 1.5);
  expect_orders(3, 8, Sides::fixed, Preconditioner::boomeramg, 1.5);
}

TEST(NonlinearDiffusionMpi, ConvergesAtSecondOrderWithFluxAndExchangeSides) {
  expect_orders(1, 32, Sides::mixed, Preconditioner::automatic, 1.5);
  expect_orders(2, 16, Sides::mixed, Preconditioner::gamg, 1.5);
  expect_orders(3, 8, Sides::mixed, Preconditioner::automatic, 1.5);
}

TEST(NonlinearDiffusionMpi, AdjointAndTangentAreTransposesAndMatchFiniteDifferences) {
  for (int dimension = 1; dimension <= 3; ++dimension) expect_derivatives(bent(dimension, "exp(0.8 * u) + u^2"));
}

// By factors of the Jacobian, and by a Krylov method with the symmetric part's multigrid, on the transpose too.
TEST(NonlinearDiffusionMpi, OnOneGroupAndOnEveryRankAloneTheAnswersAgree) {
  for (int dimension = 1; dimension <= 3; ++dimension) {
    int newton_steps = 0;
    expect_group_and_alone_agree(bent(dimension, "exp(0.8 * u)"), &newton_steps);
    EXPECT_LE(newton_steps, 8);  // quadratic convergence
  }
}

// Between fixed ends without sources Kirchhoff's integral of kappa = exp(u) is linear: exp(u) = 1 + x (e^2 - 1); the flux is
// theta (e^2 - 1). Outflows are exact whatever the mesh is only up to its order: 256 elements, 1e-5.
TEST(NonlinearDiffusionMpi, KirchhoffsTransformationGivesTheFlux) {
  BoxSetup rod;
  rod.grid = {{256}, {1.0}};
  rod.cells = {1};
  rod.source_box = {0, 1};
  rod.sides[1].value = 2.0;
  rod.points = {{0.5}};
  rod.outflow_sides = {0, 1};
  rod.kappa = std::make_shared<Nonlinearity>("exp(u)");
  const BoxDiffusion model(rod, {1e-12, 200, Preconditioner::automatic, {}}, one_group());
  const Batch u("u", 1, 1), y("y", 1, 3);
  u(0, 0) = 0.7;
  ASSERT_TRUE(model.evaluate(u, y).ok());
  const double flux = 0.7 * (std::exp(2.0) - 1.0);
  EXPECT_NEAR(y(0, 0), std::log(0.5 * (1.0 + std::exp(2.0))), 1e-5);
  EXPECT_NEAR(y(0, 1), flux, 1e-4);
  EXPECT_NEAR(y(0, 2), -flux, 1e-4);
  EXPECT_NEAR(y(0, 1) + y(0, 2), 0.0, 1e-9);
}

TEST(NonlinearDiffusionMpi, ConstantKappaIsTheLinearProblem) {
  const BoxSetup setup = everything(2);
  const Batch theta = positive_row(setup.coefficients()), y("y", 1, setup.outputs()), z("z", 1, setup.outputs());
  const BoxDiffusion linear(setup, {1e-12, 200, Preconditioner::automatic, {}}, one_group()),
      doubled(bent(2, "2"), {1e-12, 200, Preconditioner::automatic, {}}, one_group());
  const Batch twice("u", 1, setup.coefficients());
  for (int k = 0; k < setup.coefficients(); ++k) twice(0, k) = 2 * theta(0, k);
  ASSERT_TRUE(linear.evaluate(twice, y).ok() && doubled.evaluate(theta, z).ok());
  for (int k = 0; k < setup.outputs(); ++k) EXPECT_NEAR(y(0, k), z(0, k), 1e-10);
}

TEST(NonlinearDiffusionMpi, AMethodThatDoesNotConvergeIsAFailedRowThatSaysWhatToTry) {
  const BoxSetup setup = bent(2, "exp(2 * u)");
  const Batch u = positive_row(setup.coefficients()), y("y", 1, setup.outputs());
  const auto reason = [&](const BoxSetup& of, int steps) {
    const BoxDiffusion model(of, {1e-10, 200, Preconditioner::automatic, {}, steps}, one_group());
    const model::RowStatus status = model.evaluate(u, y);
    EXPECT_TRUE(std::isnan(y(0, 0)));
    return status.failed.size() == 1 ? status.failed[0].reason : std::string("nothing failed");
  };
  EXPECT_THAT(reason(setup, 1),
              testing::AllOf(testing::HasSubstr("Newton's method did not solve"), testing::HasSubstr("after 1 step"),
                             testing::HasSubstr("residual"), testing::HasSubstr("max_newton_steps")));
  EXPECT_THAT(reason(bent(2, "u - 1"), 30),
              testing::AllOf(testing::HasSubstr("kappa(u) = u - 1 is"), testing::HasSubstr("newton_start")));
}

TEST(NonlinearDiffusion, ItsKeysAreChecked) {
  Params params;
  params.sensor_grid = 3, params.kappa = "1 + v^2";
  EXPECT_THROW(make(params), deck::KeyError);
  params.kappa = "1 + u^2";
  const auto model = make(params);
  EXPECT_NE(dynamic_cast<const BoxDiffusion*>(model.get()), nullptr);
  const Batch u = positive_row(64);
  std::vector<model::GridField> fields = model->states()->states(&u(0, 0));
  ASSERT_EQ(fields.size(), 3u);
  EXPECT_EQ(fields[2].name, "theta kappa(u)");
  EXPECT_GT(fields[2].values[16 * 32 + 16], fields[0].values[16 * 32 + 16]);
}

}  // namespace
}  // namespace aleator::pde::diffusion
