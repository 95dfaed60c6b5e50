// When a run saves and when it stops, decided alike on all ranks. Times are far from the clock's noise: 0, or an hour.
#include <gtest/gtest.h>

#include <csignal>
#include <thread>

#include "campaign/run/stop_watch.hpp"
#include "parallel/session.hpp"

namespace aleator::campaign {
namespace {

using Order = StopWatch::Order;
using parallel::Comm;

RunSettings hourly() {
  RunSettings settings;
  settings.checkpoint_minutes = 60.0;
  return settings;
}

// Polls of a run whose steps take a millisecond, until an order comes.
Order first_order(StopWatch& watch, int polls) {
  for (int i = 0; i < polls; ++i) {
    if (const Order order = watch.poll(); order != Order::go_on) return order;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return Order::go_on;
}

TEST(StopWatchMpi, LetsARunGoOn) {
  StopWatch watch(Comm::world(), hourly());
  EXPECT_EQ(first_order(watch, 300), Order::go_on);
}

TEST(StopWatchMpi, AsksForACheckpointAndForTheNextOnlyAfterItIsWritten) {
  RunSettings settings = hourly();
  settings.checkpoint_minutes = 0.0;
  StopWatch watch(Comm::world(), settings);
  EXPECT_EQ(first_order(watch, 10000), Order::checkpoint);
  watch.checkpoint_written();
  EXPECT_EQ(first_order(watch, 10000), Order::checkpoint);
}

TEST(StopWatchMpi, WritesCheapCheckpointsMoreOften) {
  EXPECT_DOUBLE_EQ(StopWatch(Comm::world(), hourly()).checkpoint_interval(), 30.0);
  RunSettings settings = hourly();
  settings.checkpoint_minutes = 0.1;
  EXPECT_DOUBLE_EQ(StopWatch(Comm::world(), settings).checkpoint_interval(), 6.0);
  settings.checkpoint_minutes = 0.008;  // 0.48 s; written in 0.1 s, which is dear
  StopWatch watch(Comm::world(), settings);
  while (watch.poll() != Order::checkpoint) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  watch.checkpoint_written();
  EXPECT_DOUBLE_EQ(watch.checkpoint_interval(), 0.48) << "the deck's longest time rules";
}

// A thousand quick steps, and then long ones: those must not pass unseen as the quick ones did.
TEST(StopWatchMpi, NoticesStepsThatBecomeLong) {
  RunSettings settings = hourly();
  settings.wall_time_minutes = 60.0;
  settings.stop_margin_minutes = 60.0 - 1.0 / 60.0;  // a second after the start
  StopWatch watch(Comm::world(), settings);
  for (int i = 0; i < 1000; ++i)
    if (watch.poll() != Order::go_on) GTEST_SKIP() << "the machine is too slow for this test";
  std::this_thread::sleep_for(std::chrono::milliseconds(1100));
  EXPECT_EQ(first_order(watch, 20), Order::stop);
}

TEST(StopWatchMpi, StopsBeforeTheWallTime) {
  RunSettings settings = hourly();
  settings.wall_time_minutes = 60.0;
  settings.stop_margin_minutes = 59.9999;  // 6 ms after the start
  StopWatch watch(Comm::world(), settings);
  EXPECT_EQ(first_order(watch, 10000), Order::stop);
  if (Comm::world().is_root()) {
    EXPECT_EQ(watch.reason(), "the wall time given in the deck is nearly over");
  }
}

// Last: the request to stop stays with the process.
TEST(StopWatchMpi, ZASignalToOneRankStopsAll) {
  parallel::catch_stop_signals();
  const Comm comm = Comm::world();
  StopWatch watch(comm, hourly());
  if (comm.rank() == comm.size() - 1) std::raise(SIGUSR1);
  EXPECT_EQ(first_order(watch, 100000), Order::stop);
  if (comm.rank() == comm.size() - 1) {
    EXPECT_EQ(watch.reason(), "SIGUSR1");
  }
}

}  // namespace
}  // namespace aleator::campaign
