// ODE models as states in time: the same steps as the model's outputs, rows of their own, failures told.
#include "model/state_space.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "ode/lorenz63.hpp"
#include "ode/lorenz96.hpp"
#include "ode/sir.hpp"

namespace aleator::ode {
namespace {

using kernels::Batch;

// From observation to observation the states go through the same bits as in evaluate(), with parameters or without.
TEST(StateSpace, AdvancesByTheStepsOfTheModel) {
  Lorenz96::Params params;
  params.variables = 7, params.times = {0.11, 0.3}, params.forcing = 5.0;
  const auto model = Lorenz96::make(params);
  const model::StateSpace& space = *model->state_space();
  constexpr int rows = 37;  // several tiles, the last not full
  const Batch u("u", rows, 1), y("y", rows, 14), x("x", rows, 7);
  for (int row = 0; row < rows; ++row) {
    u(row, 0) = 4.0 + 0.1 * row;
    for (int i = 0; i < 7; ++i) x(row, i) = space.info().initial[i];
  }
  ASSERT_TRUE(model->evaluate(u, y).ok());
  double from = 0.0;
  for (int k = 0; k < 2; ++k) {
    ASSERT_TRUE(space.advance({from, params.times[k]}, u, x).ok());
    from = params.times[k];
    for (int row = 0; row < rows; ++row)
      for (int i = 0; i < 7; ++i) EXPECT_EQ(x(row, i), y(row, 7 * k + i));
  }
  const Batch alone("x", 1, 7);
  for (int i = 0; i < 7; ++i) alone(0, i) = space.info().initial[i];
  ASSERT_TRUE(space.advance({0.0, 0.11}, {}, alone).ok());
  for (int i = 0; i < 7; ++i) EXPECT_EQ(alone(0, i), y(10, i));  // forcing 5
}

TEST(StateSpace, SaysWhatIsObservedWhere) {
  Lorenz96::Params params;
  params.times = {1.0}, params.observe = {"x_3", "x_39"};
  const auto model = Lorenz96::make(params);
  const model::StateInfo& info = model->state_space()->info();
  EXPECT_EQ(info.names[3], "x_3");
  EXPECT_EQ(info.observed[1].weights, (std::vector<std::pair<int, double>>{{39, 1.0}}));
  EXPECT_EQ(info.coordinates[0].period, 40.0);
  EXPECT_EQ(info.objection, "");
  Sir::Params sir;
  sir.times = {1.0, 2.0};
  EXPECT_THAT(Sir::make(sir)->state_space()->info().objection, testing::HasSubstr("new_cases"));
}

// The first states are those of the inputs, as in the model's outputs at the start.
TEST(StateSpace, BeginsWhereTheInputsSay) {
  Lorenz63::Params params;
  params.unknown = {"y0", "rho", "x0"}, params.observe = {"x", "y", "z"}, params.times = {0.0, 0.3};
  const auto model = Lorenz63::make(params);
  constexpr int rows = 11;
  const Batch u("u", rows, 3), y("y", rows, 6), x("x", rows, 3);
  for (int row = 0; row < rows; ++row) u(row, 0) = 2.0 + row, u(row, 1) = 28.0, u(row, 2) = 1.0 - 0.1 * row;
  ASSERT_TRUE(model->evaluate(u, y).ok());
  ASSERT_TRUE(model->state_space()->initial(u, x).ok());
  for (int row = 0; row < rows; ++row)
    for (int i = 0; i < 3; ++i) EXPECT_EQ(x(row, i), y(row, i));
  u(4, 0) = std::numeric_limits<double>::infinity();
  const model::RowStatus status = model->state_space()->initial(u, x);
  ASSERT_EQ(status.failed.size(), 1u);
  EXPECT_EQ(status.failed[0].row, 4);
}

TEST(StateSpace, RowsThatFailAreToldAndNotANumber) {
  Sir::Params params;
  params.times = {1.0}, params.observe = {"infectious"};
  const auto model = Sir::make(params);
  const model::StateSpace& space = *model->state_space();
  const Batch x("x", 3, 3);
  for (int row = 0; row < 3; ++row)
    for (int i = 0; i < 3; ++i) x(row, i) = space.info().initial[i];
  x(0, 1) = -20.0;
  x(2, 0) = std::numeric_limits<double>::infinity();
  const model::RowStatus status = space.advance({0.0, 1.0}, {}, x);
  ASSERT_EQ(status.failed.size(), 2u);
  EXPECT_EQ(status.failed[0].row, 0);
  EXPECT_THAT(status.failed[0].reason, testing::HasSubstr("a state that cannot be negative is so at t = 1"));
  EXPECT_EQ(status.failed[1].row, 2);
  EXPECT_THAT(status.failed[1].reason, testing::HasSubstr("the state is not finite at t = 1"));
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(std::isnan(x(0, i)) && std::isnan(x(2, i)));
    EXPECT_TRUE(std::isfinite(x(1, i)));
  }
}

}  // namespace
}  // namespace aleator::ode
