// Evolution models on grids cut into strips of rows: the whole world as one group, against every rank alone.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <limits>

#include "core/error.hpp"
#include "deck/diagnostics.hpp"
#include "evolution_cases.hpp"
#include "model/state_space.hpp"

namespace aleator::pde::evolution {
namespace {

using parallel::Comm;
using parallel::ProcessGrid;
using testing::HasSubstr;

std::shared_ptr<ProcessGrid> one_group() { return std::make_shared<ProcessGrid>(Comm::world(), Comm::world().size()); }

class EvolutionStripsMpi : public testing::TestWithParam<int> {
 protected:
  const Comm world_ = Comm::world();
  const Case case_ = all_cases()[static_cast<std::size_t>(GetParam())];
  std::unique_ptr<model::ForwardModel> shared(Steps steps) const {
    steps.ranks = one_group();
    return case_.make(steps);
  }
};
INSTANTIATE_TEST_SUITE_P(Models, EvolutionStripsMpi, testing::Range(0, static_cast<int>(all_cases().size())),
                         [](const testing::TestParamInfo<int>& info) {
                           return all_cases()[static_cast<std::size_t>(info.param)].name;
                         });

bool same_bits(const Batch& a, const Batch& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(double)) == 0;
}

// The copies of a sampler's state on the ranks of a group must not part.
void expect_same_on_all_ranks(const Batch& a) {
  for (std::size_t i = 0; i < a.size(); ++i) EXPECT_EQ(Comm::world().max(a.data()[i]), Comm::world().min(a.data()[i]));
}

// f, its tangent, observation and the step's limit look at the same numbers in the same order: no bit may differ. Gradients are
// sums over the grid in another order: 1e-12 of the largest.
TEST_P(EvolutionStripsMpi, ValuesAndTangentsHaveTheBitsOfOneRankAndGradientsAgree) {
  constexpr int rows = 3;
  for (const Method method : {Method::rk4, Method::ssp_rk3}) {
    const auto together = shared({0.8 * case_.dt, method}), alone = case_.make({0.8 * case_.dt, method});
    const int inputs = alone->shape().inputs, outputs = alone->shape().outputs;
    const Batch u = some_rows(case_, rows), v = random_batch(rows, inputs, 3), w = random_batch(rows, outputs, 2);
    const auto run = [&](const model::ForwardModel& model, const Batch& y, const Batch& dy, const Batch& du) {
      const Batch again("y", rows, outputs);
      ASSERT_TRUE(model.evaluate(u, y).ok());
      ASSERT_TRUE(model.tangent()->evaluate_and_pushforward(u, v, again, dy).ok());
      EXPECT_TRUE(same_bits(y, again));
      ASSERT_TRUE(model.adjoint()->evaluate_and_pullback(u, again, weights(w), du).ok());
      EXPECT_TRUE(same_bits(y, again));
    };
    const Batch y("y", rows, outputs), z("z", rows, outputs), dy("dy", rows, outputs), dz("dz", rows, outputs);
    const Batch du("du", rows, inputs), dv("dv", rows, inputs);
    run(*together, y, dy, du), run(*alone, z, dz, dv);
    EXPECT_TRUE(same_bits(y, z));
    EXPECT_TRUE(same_bits(dy, dz));
    expect_same_on_all_ranks(du);
    for (int row = 0; row < rows; ++row) {
      double largest = 0.0;
      for (int k = 0; k < inputs; ++k) largest = std::max(largest, std::abs(dv(row, k)));
      EXPECT_GT(largest, 0.0);
      for (int k = 0; k < inputs; ++k) EXPECT_NEAR(du(row, k), dv(row, k), 1e-12 * largest) << k;
    }
  }
}

TEST_P(EvolutionStripsMpi, AdjointIsTheTransposeOfTheTangentAndTheGradientThatOfDifferences) {
  const auto together = shared({case_.dt});
  test_models::expect_dot_products(*together, some_rows(case_, 1));
  test_models::expect_gradient(*together, some_rows(case_, 1), 0.1);
}

// Segments are repeated, with all their messages, on the way back.
TEST_P(EvolutionStripsMpi, LittleMemoryGivesTheSameBits) {
  const auto lavish = shared({case_.dt / 8});
  const int inputs = lavish->shape().inputs, outputs = lavish->shape().outputs;
  std::unique_ptr<model::ForwardModel> frugal;  // the least that is not refused
  double memory = 64.0;
  for (double less = memory; less > 1e-4; less *= 0.8) try {
      frugal = shared({case_.dt / 8, Method::rk4, less});
      memory = less;
    } catch (const deck::KeyError& error) {
      EXPECT_EQ(error.key(), "memory");
      break;
    }
  const Batch u = some_rows(case_, 1), y("y", 1, outputs), z("z", 1, outputs), w = random_batch(1, outputs, 1);
  const Batch du("du", 1, inputs), dv("dv", 1, inputs);
  ASSERT_TRUE(lavish->adjoint()->evaluate_and_pullback(u, y, weights(w), du).ok());
  ASSERT_TRUE(frugal->adjoint()->evaluate_and_pullback(u, z, weights(w), dv).ok());
  EXPECT_TRUE(same_bits(y, z));
  EXPECT_TRUE(same_bits(du, dv));
  EXPECT_LT(memory, 2.0);
}

TEST_P(EvolutionStripsMpi, RowsThatCannotBeSolvedFailOnAllRanksAndLeaveTheOthersAlone) {
  constexpr int rows = 4;
  const auto together = shared({case_.dt});
  const int inputs = together->shape().inputs, outputs = together->shape().outputs;
  const Batch u = some_rows(case_, rows), y("y", rows, outputs), good("y", rows, outputs), du("du", rows, inputs);
  ASSERT_TRUE(case_.make({case_.dt})->evaluate(u, good).ok());
  u(1, 0) = std::numeric_limits<double>::quiet_NaN();
  for (int k = 0; k < inputs; ++k) u(2, k) *= 1e6;
  const RowStatus status = together->adjoint()->evaluate_and_pullback(u, y, weights(y), du);
  ASSERT_EQ(status.failed.size(), 2u);
  for (int i = 0; i < 2; ++i) EXPECT_EQ(status.failed[i].row, i + 1);
  EXPECT_THAT(status.failed[1].reason,
              testing::AnyOf(HasSubstr("set dt = "), HasSubstr("too long by a factor"), HasSubstr("not finite")));
  for (int i = 0; i < outputs; ++i) {
    EXPECT_TRUE(std::isnan(y(1, i)) && std::isnan(y(2, i)));
    EXPECT_EQ(y(0, i), good(0, i));
    EXPECT_EQ(y(3, i), good(3, i));
  }
}

TEST_P(EvolutionStripsMpi, PicturesAndStatesInTimeAreThoseOfOneRank) {
  const auto together = shared({case_.dt}), alone = case_.make({case_.dt});
  const std::vector<model::GridField> fields = together->states()->states(case_.centre.data()),
                                      whole = alone->states()->states(case_.centre.data());
  ASSERT_EQ(fields.size(), whole.size());
  for (std::size_t k = 0; k < fields.size(); ++k) {
    EXPECT_EQ(fields[k].name, whole[k].name);
    EXPECT_EQ(fields[k].values, whole[k].values) << fields[k].name;
  }
  const model::StateSpace *const space = together->state_space(), *const of_one = alone->state_space();
  ASSERT_EQ(space == nullptr, of_one == nullptr);
  if (space == nullptr) return;
  const int states = static_cast<int>(space->info().names.size());
  const Batch u = some_rows(case_, 2), x("x", 2, states), z("z", 2, states);
  EXPECT_EQ(space->info().initial, of_one->info().initial);
  for (const auto& [one, state] : {std::pair(space, x), std::pair(of_one, z)}) {
    ASSERT_TRUE(one->initial(u, state).ok());
    ASSERT_TRUE(one->advance({0.0, 0.13}, u, state).ok());
    ASSERT_TRUE(one->advance({0.13, 0.2}, {}, state).ok());  // the deck's coefficients
  }
  EXPECT_TRUE(same_bits(x, z));
}

TEST_P(EvolutionStripsMpi, AnEmptyBatchIsFine) {
  const auto together = shared({case_.dt});
  const Batch u("u", 0, together->shape().inputs), y("y", 0, together->shape().outputs);
  EXPECT_TRUE(together->evaluate(u, y).ok());
}

reaction_diffusion::Params small_square(int mesh) {
  reaction_diffusion::Params p;
  p.mesh = mesh, p.cells = 2, p.unknown = reaction_diffusion::Unknown::initial, p.diffusivity = 0.0;
  p.dt = 0.1, p.times = {0.5, 2.0}, p.points = {{0.5, 0.25}};
  return p;
}

// Values below 0 run away in the last strip alone, which shares nothing with the point observed: all ranks must hear of it.
TEST(EvolutionStripsMpi, AStateThatIsNotFiniteInOneStripFailsTheRow) {
  const auto together = reaction_diffusion::make(small_square(8), one_group());
  const Batch u("u", 1, 4), y("y", 1, 2);
  u(0, 0) = u(0, 1) = u(0, 2) = 0.5, u(0, 3) = -3.0;
  const RowStatus status = together->evaluate(u, y);
  ASSERT_EQ(status.failed.size(), 1u);
  EXPECT_THAT(status.failed[0].reason, HasSubstr("not finite at t = 2"));
}

// Fast in the last strip alone: the others see no reason to stop.
TEST(EvolutionStripsMpi, AStepTooLongForOneStripFailsTheRow) {
  wave::Params p;
  p.mesh = 8, p.cells = 2, p.dt = 0.05, p.times = {0.5}, p.points = {{0.5, 0.25}};
  const auto together = wave::make(p, one_group()), alone = wave::make(p);
  const Batch u("u", 1, 4), y("y", 1, 1);
  u(0, 0) = u(0, 1) = u(0, 2) = 1.0, u(0, 3) = 30.0;
  const RowStatus status = together->evaluate(u, y), of_one = alone->evaluate(u, y);
  ASSERT_EQ(status.failed.size(), 1u);
  EXPECT_THAT(status.failed[0].reason, HasSubstr("unstable on this grid"));
  EXPECT_EQ(status.failed[0].reason, of_one.failed.at(0).reason);
}

// A row that failed is computed with steps a quarter as long each time, as a deck with that dt would; and so is its gradient.
TEST(EvolutionStripsMpi, ARowThatFailedTakesShorterSteps) {
  wave::Params p;
  p.mesh = 8, p.cells = 2, p.dt = 0.05, p.times = {0.25, 0.5}, p.points = {{0.5, 0.25}};
  const auto model = wave::make(p, one_group());
  p.dt = 0.05 / 16;
  const auto finer = wave::make(p, one_group());
  const Batch u("u", 1, 4), y("y", 1, 2), exact("y", 1, 2), du("du", 1, 4), exact_du("du", 1, 4), w("w", 1, 2);
  u(0, 0) = u(0, 1) = u(0, 2) = 1.0, u(0, 3) = 30.0, w(0, 0) = 1.0, w(0, 1) = -2.0;
  ASSERT_TRUE(finer->adjoint()->evaluate_and_pullback(u, exact, weights(w), exact_du).ok());
  for (const int attempt : {0, 1}) EXPECT_FALSE(model->evaluate_again(u, y, attempt).ok()) << attempt;
  ASSERT_TRUE(model->evaluate_again(u, y, 2).ok());
  for (int k = 0; k < 2; ++k) EXPECT_NEAR(y(0, k), exact(0, k), 1e-12);
  ASSERT_TRUE(model->adjoint()->evaluate_and_pullback_again(u, y, weights(w), du, 2).ok());
  for (int k = 0; k < 2; ++k) EXPECT_NEAR(y(0, k), exact(0, k), 1e-12);
  for (int k = 0; k < 4; ++k) EXPECT_NEAR(du(0, k), exact_du(0, k), 1e-10);
  EXPECT_TRUE(model->evaluate_again(u, y, 50).ok());  // as short as a million steps allow
  u(0, 3) = 1.0;
  ASSERT_TRUE(model->evaluate(u, y).ok());
  ASSERT_TRUE(finer->evaluate(u, exact).ok());
  EXPECT_FALSE(same_bits(y, exact));  // the deck's steps where they suit
}

TEST(EvolutionStrips, FewerRowsThanRanksAreRefusedWithTheDeck) {
  try {
    reaction_diffusion::make(small_square(4), std::make_shared<ProcessGrid>(5));
    FAIL() << "accepted";
  } catch (const deck::KeyError& error) {
    EXPECT_EQ(error.key(), "mesh");
    EXPECT_STREQ(error.what(), "4 rows of grid points cannot be dealt to 5 ranks");
  }
  const auto grid = std::make_shared<ProcessGrid>(4);
  reaction_diffusion::make(small_square(4), grid);
  ASSERT_EQ(grid->models().size(), 1u);
  EXPECT_EQ(grid->models()[0].unknowns, 16);
}

// Chosen after the model was made.
TEST(EvolutionStripsMpi, FewerRowsThanRanksAreRefusedByTheFirstEvaluation) {
  const auto grid = std::make_shared<ProcessGrid>(0);
  const auto model = reaction_diffusion::make(small_square(2), grid);
  grid->split(Comm::world(), Comm::world().size());
  const Batch u("u", 1, 4), y("y", 1, 2);
  if (Comm::world().size() > 2)
    EXPECT_THROW(model->evaluate(u, y), core::UserError);
  else
    EXPECT_TRUE(model->evaluate(u, y).ok());
}

// Before the ranks are dealt a model is whole, as a deck's checks may ask for its states; after that it is a strip.
TEST(EvolutionStripsMpi, StatesAskedForBeforeTheRanksAreDealtAreThoseAfterIt) {
  const auto grid = std::make_shared<ProcessGrid>(Comm::world().size());
  reaction_diffusion::Params p = small_square(8);
  p.initial_state = {"0.2 + x * y"}, p.diffusivity = 0.01;
  const auto model = reaction_diffusion::make(p, grid), alone = reaction_diffusion::make(p);
  EXPECT_EQ(model->state_space()->info().initial, alone->state_space()->info().initial);
  grid->split(Comm::world(), Comm::world().size());
  const Batch x("x", 1, 64), z("z", 1, 64);
  for (const auto& [one, state] : {std::pair(model.get(), x), std::pair(alone.get(), z)}) {
    ASSERT_TRUE(one->state_space()->initial({}, state).ok());
    ASSERT_TRUE(one->state_space()->advance({0.0, 0.7}, {}, state).ok());
  }
  EXPECT_TRUE(same_bits(x, z));
}

// What is too much for one rank is not for several.
TEST(EvolutionStrips, MemoryIsThatOfAStrip) {
  reaction_diffusion::Params p = small_square(64);
  p.memory = 0.5;
  EXPECT_THROW(reaction_diffusion::make(p), deck::KeyError);
  EXPECT_NO_THROW(reaction_diffusion::make(p, std::make_shared<ProcessGrid>(4)));
}

}  // namespace
}  // namespace aleator::pde::evolution
