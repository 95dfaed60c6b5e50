#include "parallel/process_grid.hpp"

#include <gtest/gtest.h>

#include "core/error.hpp"
#include "parallel/row_layout.hpp"

namespace aleator::parallel {
namespace {

TEST(ProcessGridMpi, GroupsAreNeighboursAndEachReplicaOfTheEnsembleHasOneRankOfEveryGroup) {
  const Comm world = Comm::world();
  for (const int d : {1, 2, 4}) {
    if (world.size() % d != 0) continue;
    const ProcessGrid grid(world, d);
    EXPECT_EQ(grid.domain_ranks(), d);
    EXPECT_EQ(grid.domain().rank(), world.rank() % d);
    EXPECT_EQ(grid.ensemble().rank(), world.rank() / d);
    EXPECT_EQ(grid.ensemble().size(), world.size() / d);
    EXPECT_EQ(grid.ensemble().writes(), grid.domain().rank() == 0);
    // One writer in all, and it is the rank that logs.
    EXPECT_EQ(world.sum(grid.ensemble().is_writer() ? 1 : 0), 1);
    EXPECT_EQ(grid.ensemble().is_writer(), world.is_root());
    EXPECT_EQ(grid.ensemble().sum(1), world.size() / d);
    EXPECT_EQ(grid.domain().sum(1), d);
  }
}

TEST(ProcessGridMpi, AnErrorInOneReplicaIsThrownInAll) {
  const Comm world = Comm::world();
  const ProcessGrid grid(world, world.size());
  int caught = 0;
  try {
    agree(grid.ensemble(), [&] {
      if (grid.ensemble().is_writer()) throw core::UserError("the disk is full");
    });
  } catch (const core::UserError&) {
    caught = 1;
  }
  EXPECT_EQ(world.sum(caught), world.size());
}

TEST(ProcessGridMpi, SumsOfArraysHaveTheSameBitsOnAllRanks) {
  const Comm world = Comm::world();
  std::vector<double> values(100);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = 1.0 / (3.0 + static_cast<double>(i) + 7.0 * world.rank());
  world.sum(values.data(), values.size());
  std::vector<double> of_root = values;
  world.broadcast(of_root.data(), of_root.size());
  EXPECT_EQ(values, of_root);
  double expected = 0.0;
  for (int r = 0; r < world.size(); ++r) expected += 1.0 / (3.0 + 7.0 * r);
  EXPECT_NEAR(values[0], expected, 4e-16 * world.size());
}

TEST(ProcessGrid, StartsAsOneProcessWithoutMpi) {
  const ProcessGrid grid;
  EXPECT_EQ(grid.domain_ranks(), 1);
  EXPECT_TRUE(grid.ensemble().is_writer());
}

TEST(ProcessGrid, TheAutomaticChoiceGivesEveryGroupARowAndEveryRankARoomyPart) {
  const std::int64_t million = 1000000;
  const auto ranks = [](int world, std::int64_t rows, std::int64_t unknowns) {
    return choose_domain(world, rows, {{"small", 10}, {"flow", unknowns}}).ranks;
  };
  EXPECT_EQ(ranks(8, 8, million), 1);  // a row for every rank
  EXPECT_EQ(ranks(8, 100, million), 1);
  EXPECT_EQ(ranks(8, 32, million), 2);  // 32 rows are dealt in four blocks of eight
  EXPECT_EQ(ranks(8, 4, million), 2);   // four chains on eight ranks
  EXPECT_EQ(ranks(8, 3, million), 4);   // the divisors are 1, 2, 4, 8
  EXPECT_EQ(ranks(8, 1, million), 8);
  EXPECT_EQ(ranks(8, 1, 20000), 4);  // 5000 unknowns a rank at least
  EXPECT_EQ(ranks(8, 1, 9999), 1);
  EXPECT_EQ(ranks(12, 1000, 16 * million), 4);  // 4 million a rank at most
  EXPECT_EQ(ranks(12, 1000, 17 * million), 6);
  EXPECT_EQ(ranks(2, 1000, 100 * million), 2);  // the most there is
  EXPECT_EQ(ranks(1, 1, million), 1);
  EXPECT_EQ(choose_domain(8, 1, {}).ranks, 1);
  EXPECT_EQ(choose_domain(8, 4, {{"flow", million}}).reason, "8 ranks, 4 rows at once, 1000000 unknowns in 'flow'");
}

}  // namespace
}  // namespace aleator::parallel
