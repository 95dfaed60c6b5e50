#include "parallel/comm.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

#include "core/error.hpp"

namespace aleator::parallel {
namespace {

TEST(CommMpi, CollectivesKnowEveryRank) {
  const Comm comm = Comm::world();
  const int n = comm.size(), r = comm.rank();
  EXPECT_EQ(comm.sum(r + 1), n * (n + 1) / 2);
  EXPECT_EQ(comm.max(-1.0 - r), -1.0);
  EXPECT_EQ(comm.min(5.0 + r), 5.0);
  EXPECT_EQ(comm.any(r == n - 1), true);
  EXPECT_EQ(comm.any(false), false);
  EXPECT_EQ(comm.all(true), true);
  EXPECT_EQ(comm.all(r != n - 1), false);
}

TEST(CommMpi, BroadcastTakesAnyRootAndAnyLength) {
  const Comm comm = Comm::world();
  const int root = comm.size() - 1;
  for (const std::string& sent : {std::string(), std::string("a deck\0with a zero", 18), std::string(100000, 'x')}) {
    std::string text = comm.rank() == root ? sent : "something else";
    comm.broadcast(text, root);
    EXPECT_EQ(text, sent);
  }
}

TEST(CommMpi, AllGatherJoinsListsOfDifferentLengthsInRankOrder) {
  const Comm comm = Comm::world();
  std::vector<double> expected;
  for (int r = 0; r < comm.size(); ++r)
    expected.insert(expected.end(), static_cast<std::size_t>(r), 10.0 + r);  // rank 0 has none
  EXPECT_EQ(comm.all_gather(std::vector<double>(static_cast<std::size_t>(comm.rank()), 10.0 + comm.rank())), expected);
}

TEST(CommMpi, AllToAllDeliversToTheRightRank) {
  const Comm comm = Comm::world();
  const int n = comm.size(), me = comm.rank();
  std::vector<std::vector<double>> send(static_cast<std::size_t>(n));
  for (int to = 0; to < n; ++to)
    send[static_cast<std::size_t>(to)].assign(static_cast<std::size_t>(to + 2 * me), 100.0 * me + to);
  const auto received = comm.all_to_all(send);
  for (int from = 0; from < n; ++from)
    EXPECT_EQ(received[static_cast<std::size_t>(from)],
              std::vector<double>(static_cast<std::size_t>(me + 2 * from), 100.0 * from + me));
}

template <typename Error>
void expect_agreed(int failing_rank, const Error& error, const std::string& message) {
  const Comm comm = Comm::world();
  try {
    agree(comm, [&] {
      if (comm.rank() >= failing_rank) throw error;
    });
    FAIL() << "nothing was thrown on rank " << comm.rank();
  } catch (const Error& caught) {
    EXPECT_EQ(std::string(caught.what()), message);
  }
}

TEST(AgreeMpi, EveryRankThrowsTheErrorOfTheLowestFailedRankWithItsType) {
  const int last = Comm::world().size() - 1;
  expect_agreed(last, core::UserError("no such file"), "no such file");
  expect_agreed(last, core::NumericsError("pivot 3"), "pivot 3");
  expect_agreed(last, core::InternalError("a bug"), "a bug");
  const Comm comm = Comm::world();
  try {
    agree(comm, [&] { throw core::UserError("rank " + std::to_string(comm.rank())); });
    FAIL();
  } catch (const core::UserError& caught) {
    EXPECT_STREQ(caught.what(), "rank 0");
  }
}

TEST(AgreeMpi, ForeignExceptionsAreBugsOnAllRanks) {
  const Comm comm = Comm::world();
  const auto on_last_rank = [&](auto fail) {
    agree(comm, [&] {
      if (comm.rank() == comm.size() - 1) fail();
    });
  };
  EXPECT_THROW(on_last_rank([] { throw std::out_of_range("vector"); }), core::InternalError);
  EXPECT_THROW(on_last_rank([] { throw 7; }), core::InternalError);
}

TEST(AgreeMpi, NothingIsThrownWhenAllSucceed) {
  int calls = 0;
  EXPECT_NO_THROW(agree(Comm::world(), [&] { ++calls; }));
  EXPECT_EQ(calls, 1);
}

}  // namespace
}  // namespace aleator::parallel
