// Models on the periodic square shared by the whole world as one group, against every rank alone.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <functional>
#include <limits>

#include "core/error.hpp"
#include "deck/diagnostics.hpp"
#include "model/state_space.hpp"
#include "pde/advection_diffusion/component.hpp"
#include "pde/navier_stokes/component.hpp"
#include "support_spectral.hpp"

namespace {

using namespace test_spectral;
using aleator::model::GridField;
using aleator::model::RowStatus;
using aleator::model::StateSpace;
using aleator::parallel::Comm;
using aleator::parallel::ProcessGrid;
using aleator::pde::spectral::Unknown;
namespace advection_diffusion = aleator::pde::advection_diffusion;
namespace navier_stokes = aleator::pde::navier_stokes;
using Ranks = std::shared_ptr<ProcessGrid>;

struct Case {
  std::string name;
  std::function<std::unique_ptr<ForwardModel>(Ranks)> make;
};

template <class Params>
Params sized(Unknown unknown) {
  Params p;
  p.mesh = 26, p.cells = 13, p.length = 2.0, p.dt = 0.02, p.times = {0.0, 0.05, 0.3}, p.unknown = unknown;
  p.sensor_points = {{0.1, 0.2}, {1.33, 0.77}, {1.99, 1.0}}, p.observe_every = 13;
  p.patches = {{0.1, 0.7, 1.2, 2.0}};
  return p;
}

std::vector<Case> all_cases() {
  std::vector<Case> cases;
  for (const Unknown unknown : {Unknown::initial, Unknown::source}) {
    const std::string name = unknown == Unknown::initial ? "Initial" : "Source";
    cases.push_back({"Transport" + name, [unknown](const Ranks& ranks) {
                       auto p = sized<advection_diffusion::Params>(unknown);
                       p.diffusivity = 0.01, p.wind = {0.7, -0.4}, p.swirl = 1.1;
                       return advection_diffusion::make(p, ranks);
                     }});
    cases.push_back({"Flow" + name, [unknown](const Ranks& ranks) {
                       auto p = sized<navier_stokes::Params>(unknown);
                       p.dt = 0.005, p.observe = navier_stokes::Observed::velocity;
                       p.forcing = unknown == Unknown::source ? 0.0 : 0.5;
                       return navier_stokes::make(p, ranks);
                     }});
  }
  return cases;
}

class SpectralStripsMpi : public testing::TestWithParam<int> {
 protected:
  const Case case_ = all_cases()[static_cast<std::size_t>(GetParam())];
  const std::unique_ptr<ForwardModel> alone_ = case_.make(nullptr),
                                      together_ = case_.make(
                                          std::make_shared<ProcessGrid>(Comm::world(), Comm::world().size()));
  const int inputs_ = alone_->shape().inputs, outputs_ = alone_->shape().outputs;
};
INSTANTIATE_TEST_SUITE_P(Models, SpectralStripsMpi, testing::Range(0, static_cast<int>(all_cases().size())),
                         [](const testing::TestParamInfo<int>& info) {
                           return all_cases()[static_cast<std::size_t>(info.param)].name;
                         });

// The same to rounding, relative to the largest of a row, and the same bits on all ranks.
void expect_same(const Batch& a, const Batch& b) {
  ASSERT_EQ(a.size(), b.size());
  for (std::size_t row = 0; row < a.extent(0); ++row) {
    double largest = 0.0;
    for (std::size_t k = 0; k < a.extent(1); ++k) largest = std::max(largest, std::fabs(b(row, k)));
    EXPECT_GT(largest, 0.0);
    for (std::size_t k = 0; k < a.extent(1); ++k) EXPECT_NEAR(a(row, k), b(row, k), 1e-12 * largest) << row << " " << k;
  }
  for (std::size_t i = 0; i < a.size(); ++i) EXPECT_EQ(Comm::world().max(a.data()[i]), Comm::world().min(a.data()[i]));
}

TEST_P(SpectralStripsMpi, ValuesTangentsAndGradientsAreThoseOfOneRank) {
  constexpr int rows = 2;
  const Batch u = rows_of(*alone_, rows), v = rows_of(*alone_, rows);
  for (std::size_t i = 0; i < v.size(); ++i) v.data()[i] = std::cos(0.3 * i);
  const Batch y("y", rows, outputs_), z("z", rows, outputs_), dy("dy", rows, outputs_), dz("dz", rows, outputs_);
  const Batch du("du", rows, inputs_), dv("dv", rows, inputs_), again("y", rows, outputs_);
  ASSERT_TRUE(together_->evaluate(u, y).ok() && alone_->evaluate(u, z).ok());
  expect_same(y, z);
  ASSERT_TRUE(together_->tangent()->evaluate_and_pushforward(u, v, again, dy).ok());
  ASSERT_TRUE(alone_->tangent()->evaluate_and_pushforward(u, v, z, dz).ok());
  expect_same(dy, dz);
  ASSERT_TRUE(together_->adjoint()->evaluate_and_pullback(u, again, weights, du).ok());
  ASSERT_TRUE(alone_->adjoint()->evaluate_and_pullback(u, z, weights, dv).ok());
  expect_same(du, dv);
  EXPECT_EQ(std::memcmp(y.data(), again.data(), y.size() * sizeof(double)), 0);
}

TEST_P(SpectralStripsMpi, AdjointIsTheTransposeOfTheTangent) { expect_dot_products(*together_); }

TEST_P(SpectralStripsMpi, RowsThatCannotBeSolvedFailOnAllRanksAndLeaveTheOthersAlone) {
  constexpr int rows = 4;
  const Batch u = rows_of(*alone_, rows), y("y", rows, outputs_), good("y", rows, outputs_), du("du", rows, inputs_);
  ASSERT_TRUE(together_->evaluate(u, good).ok());
  u(1, inputs_ - 1) = std::numeric_limits<double>::quiet_NaN();
  for (int k = 0; k < inputs_; ++k) u(2, k) *= 1e200;
  const RowStatus status = together_->adjoint()->evaluate_and_pullback(u, y, weights, du);
  const bool is_flow = case_.name[0] == 'F';
  ASSERT_EQ(status.failed.size(), is_flow ? 2U : 1U);
  EXPECT_EQ(status.failed[0].row, 1);
  if (is_flow) {
    EXPECT_THAT(status.failed[1].reason,
                testing::AnyOf(testing::HasSubstr("is too fast"), testing::HasSubstr("finite")));
  }
  for (int i = 0; i < outputs_; ++i) {
    EXPECT_TRUE(std::isnan(y(1, i)));
    EXPECT_EQ(y(0, i), good(0, i));
    EXPECT_EQ(y(3, i), good(3, i));
  }
}

TEST_P(SpectralStripsMpi, PicturesAndStatesInTimeAreThoseOfOneRank) {
  const Batch u = rows_of(*alone_, 2);
  const std::vector<GridField> fields = together_->states()->states(&u(0, 0)),
                               whole = alone_->states()->states(&u(0, 0));
  ASSERT_EQ(fields.size(), whole.size());
  for (std::size_t k = 0; k < fields.size(); ++k) {
    EXPECT_EQ(fields[k].name, whole[k].name);
    ASSERT_EQ(fields[k].values.size(), whole[k].values.size());
    for (std::size_t i = 0; i < fields[k].values.size(); ++i)
      EXPECT_NEAR(fields[k].values[i], whole[k].values[i], 1e-12);
  }
  const StateSpace *const space = together_->state_space(), *const of_one = alone_->state_space();
  const auto states = space->info().names.size();
  const Batch x("x", 2, states), z("z", 2, states);
  for (const auto& [one, state] : {std::pair(space, x), std::pair(of_one, z)}) {
    ASSERT_TRUE(one->initial(u, state).ok());
    ASSERT_TRUE(one->advance({0.0, 0.13}, u, state).ok());
    ASSERT_TRUE(one->advance({0.13, 0.2}, u, state).ok());
  }
  expect_same(x, z);
  ASSERT_EQ(space->info().observed.size(), of_one->info().observed.size());
  for (std::size_t k = 0; k < space->info().observed.size(); ++k) {
    const auto &mine = space->info().observed[k].weights, &theirs = of_one->info().observed[k].weights;
    ASSERT_EQ(mine.size(), theirs.size());
    for (std::size_t i = 0; i < mine.size(); ++i) {
      EXPECT_EQ(mine[i].first, theirs[i].first);
      EXPECT_NEAR(mine[i].second, theirs[i].second, 1e-13);
    }
  }
}

TEST_P(SpectralStripsMpi, AnEmptyBatchIsFine) {
  const Batch u("u", 0, inputs_), y("y", 0, outputs_);
  EXPECT_TRUE(together_->evaluate(u, y).ok());
}

// One strong vortex near the corner: for some strengths its flow is too fast for dt at the points of one rank alone.
TEST(SpectralStripsMpi, AFlowTooFastAtOneRankFailsTheRowOnAll) {
  constexpr int rows = 24;
  auto p = sized<navier_stokes::Params>(Unknown::initial);
  const auto alone = navier_stokes::make(p),
             together = navier_stokes::make(p, std::make_shared<ProcessGrid>(Comm::world(), Comm::world().size()));
  const int inputs = alone->shape().inputs, outputs = alone->shape().outputs;
  const Batch u("u", rows, inputs), y("y", rows, outputs), z("z", rows, outputs);
  for (int row = 0; row < rows; ++row) u(row, 13 + 1) = 30.0 * std::pow(1.2, row), u(row, 0) = 1.0;
  const RowStatus mine = together->evaluate(u, y), theirs = alone->evaluate(u, z);
  EXPECT_GT(mine.failed.size(), 3U);
  EXPECT_LT(mine.failed.size(), rows - 3U);
  ASSERT_EQ(mine.failed.size(), theirs.failed.size());
  for (std::size_t k = 0; k < mine.failed.size(); ++k) {
    EXPECT_EQ(mine.failed[k].row, theirs.failed[k].row);
    EXPECT_EQ(mine.failed[k].reason, theirs.failed[k].reason);
  }
}

// 19 columns of modes: of two ranks the states of one would fit into the memory for gradients. Both must repeat steps.
TEST(SpectralStripsMpi, RanksAgreeOnWhichStatesAreKept) {
  auto p = sized<navier_stokes::Params>(Unknown::initial);
  p.mesh = 56, p.cells = 14, p.observe_every = 0, p.patches = {}, p.times = {0.186}, p.dt = 0.001, p.memory = 1;
  const auto alone = navier_stokes::make(p),
             together = navier_stokes::make(p, std::make_shared<ProcessGrid>(Comm::world(), Comm::world().size()));
  const Batch u = rows_of(*alone, 1), y("y", 1, 3), z("z", 1, 3), du("du", 1, 196), dv("dv", 1, 196);
  ASSERT_TRUE(together->adjoint()->evaluate_and_pullback(u, y, weights, du).ok());
  ASSERT_TRUE(alone->adjoint()->evaluate_and_pullback(u, z, weights, dv).ok());
  expect_same(y, z);
  expect_same(du, dv);
}

TEST(SpectralStrips, MoreRanksThanWavesAreRefused) {
  auto p = sized<navier_stokes::Params>(Unknown::initial);
  p.mesh = 8, p.cells = 8, p.observe_every = 0;  // k_x = 0, 1, 2
  EXPECT_NO_THROW(navier_stokes::make(p, std::make_shared<ProcessGrid>(3)));
  try {
    navier_stokes::make(p, std::make_shared<ProcessGrid>(4));
    FAIL();
  } catch (const aleator::deck::KeyError& error) {
    EXPECT_EQ(error.key(), "mesh");
    EXPECT_THAT(error.what(), testing::HasSubstr("mesh = 8 can be dealt to 3 ranks, not to 4"));
  }
}

}  // namespace
