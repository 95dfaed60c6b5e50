#include "parallel/groups.hpp"

#include <gtest/gtest.h>

namespace aleator::parallel {
namespace {

TEST(GroupsMpi, AreNeighboursOfEqualSize) {
  const Comm world = Comm::world();
  for (const int g : {1, 2, 4}) {
    if (world.size() % g != 0) continue;
    const Groups groups(world, g);
    const int size = world.size() / g;
    EXPECT_EQ(groups.group().size(), size);
    EXPECT_EQ(groups.index(), world.rank() / size);
    EXPECT_EQ(groups.group().rank(), world.rank() % size);
    EXPECT_EQ(groups.group().sum(1), size);
    EXPECT_TRUE(groups.everybody_comes(60.0));
  }
}

TEST(GroupsMpi, NoticesThatARankDoesNotCome) {
  const Comm world = Comm::world();
  const Groups groups(world, 1);
  if (world.size() == 1) GTEST_SKIP() << "needs two ranks";
  const bool comes = world.rank() != world.size() - 1;
  EXPECT_EQ(comes && groups.everybody_comes(0.05), false);
  world.barrier();
  EXPECT_EQ(comes || groups.everybody_comes(60.0), true);  // ends the barrier that the others are in
}

TEST(Groups, AreAsManyAsThereAreRunsFor) {
  EXPECT_EQ(choose_groups(1, 100, 1), 1);
  EXPECT_EQ(choose_groups(8, 100, 1), 8);
  EXPECT_EQ(choose_groups(8, 5, 1), 4);  // all of one size
  EXPECT_EQ(choose_groups(8, 100, 2), 4);
  EXPECT_EQ(choose_groups(8, 100, 3), 1);  // none of 2 or 4 ranks holds a model over 3
  EXPECT_EQ(choose_groups(6, 100, 3), 2);
}

TEST(Groups, HoldTheLargestModel) {
  EXPECT_EQ(least_ranks(0, {}), 1);
  EXPECT_EQ(least_ranks(0, {{"small", 1000}, {"large", 9000000}}), 3);
  EXPECT_EQ(least_ranks(2, {{"large", 9000000}}), 2);
}

}  // namespace
}  // namespace aleator::parallel
