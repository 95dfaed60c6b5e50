#include "parallel/waiting.hpp"

#include <gtest/gtest.h>

namespace aleator::parallel {
namespace {

TEST(WaitingMpi, CallsCountOnCommunicatorsThatWereNamed) {
  const Comm world = Comm::world();
  const Comm half = world.split(world.rank() % 2);
  half.barrier();
  EXPECT_EQ(seconds_waited(), 0.0);
  count_waiting(world);
  world.barrier();
  const double once = seconds_waited();
  EXPECT_EQ(once > 0.0, world.size() > 1);
  half.barrier();
  EXPECT_EQ(seconds_waited(), once);
  agree(world, [] {});
  EXPECT_EQ(seconds_waited() > once, world.size() > 1);
}

TEST(WaitingMpi, EveryGroupHasAShare) {
  const Comm world = Comm::world();
  const std::vector<double> idle = idle_shares(world, 0.25 * world.rank(), 1.0);
  if (world.size() == 1) {
    EXPECT_TRUE(idle.empty());
    return;
  }
  ASSERT_EQ(static_cast<int>(idle.size()), world.size());
  for (int r = 0; r < world.size(); ++r) EXPECT_EQ(idle[static_cast<std::size_t>(r)], 0.25 * r);
  EXPECT_EQ(idle_shares(world, 3.0, 1.0)[0], 1.0);
}

}  // namespace
}  // namespace aleator::parallel
