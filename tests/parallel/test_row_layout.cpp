#include "parallel/row_layout.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

#include "parallel/move_rows.hpp"

namespace aleator::parallel {
namespace {

constexpr int numbers_of_rows[] = {0, 1, 2, 3, 5, 7, 31, 32, 33, 37, 64, 100, 257, 1000};

// Terms of very different size, so that another order of additions gives other bits.
double term(GlobalIndex row, int k) {
  return std::sin(1.0 + 12.9898 * static_cast<double>(row) + k) * std::pow(10.0, (row * 7 + k) % 13 - 6);
}

std::vector<double> sum_of_terms(const Comm& comm, const RowLayout& layout, int width) {
  return ordered_sum(comm, layout, width, [&](int row, double* sum) {
    for (int k = 0; k < width; ++k) sum[k] += term(layout.first() + row, k);
  });
}

bool same_bits(const std::vector<double>& a, const std::vector<double>& b) {
  return a.size() == b.size() && (a.empty() || std::memcmp(a.data(), b.data(), a.size() * sizeof(double)) == 0);
}

TEST(RowLayout, DealsEveryRowToOneRankInOrder) {
  for (const GlobalIndex rows : numbers_of_rows)
    for (const int ranks : {1, 2, 3, 4, 7, 50}) {
      GlobalIndex next = 0;
      for (int rank = 0; rank < ranks; ++rank) {
        const RowLayout layout(rows, rank, ranks);
        EXPECT_EQ(layout.first(), next);
        for (GlobalIndex row = layout.first(); row < layout.last_row(rank); ++row)
          EXPECT_EQ(layout.owner(row), rank) << rows << "/" << ranks;
        next += layout.local_rows();
      }
      EXPECT_EQ(next, rows) << ranks;
    }
}

TEST(RowLayout, SharesAreEvenToOneBlock) {
  for (const GlobalIndex rows : numbers_of_rows)
    for (const int ranks : {2, 3, 4, 7}) {
      GlobalIndex least = rows, most = 0;
      for (int rank = 0; rank < ranks; ++rank) {
        const RowLayout layout(rows, rank, ranks);
        const GlobalIndex blocks = layout.first_block(rank + 1) - layout.first_block(rank);
        least = std::min(least, blocks), most = std::max(most, blocks);
      }
      EXPECT_LE(most - least, 1) << rows << " rows on " << ranks;
    }
}

TEST(RowLayout, CountsBeyondThirtyTwoBits) {
  const GlobalIndex rows = (GlobalIndex{1} << 33) + 5;
  const RowLayout layout(rows, 5, 7);
  EXPECT_EQ(layout.last_row(6), rows);
  EXPECT_EQ(layout.owner(rows - 1), 6);
  EXPECT_EQ(layout.owner(layout.first()), 5);
  EXPECT_EQ(layout.owner(layout.first() - 1), 4);
}

TEST(OrderedSum, IsTheSum) {
  // 10^3 terms of magnitude up to 10^6: rounding below 10^3 x 10^6 x 2^-53 ~ 1e-7.
  const std::vector<double> sum = sum_of_terms(Comm::self(), RowLayout(1000, 0, 1), 3);
  for (int k = 0; k < 3; ++k) {
    long double expected = 0.0L;
    for (int row = 0; row < 1000; ++row) expected += term(row, k);
    EXPECT_NEAR(sum[static_cast<std::size_t>(k)], static_cast<double>(expected), 1e-7);
  }
}

TEST(OrderedSumMpi, HasTheSameBitsOnAnyNumberOfRanks) {
  const Comm comm = Comm::world();
  for (const GlobalIndex rows : numbers_of_rows)
    for (const int width : {1, 6})
      EXPECT_TRUE(same_bits(sum_of_terms(comm, RowLayout(rows, comm), width),
                            sum_of_terms(Comm::self(), RowLayout(rows, 0, 1), width)))
          << rows << " rows, width " << width;
}

TEST(OrderedSumMpi, RowsCountedAreAllRows) {
  const Comm comm = Comm::world();
  for (const GlobalIndex rows : numbers_of_rows)
    EXPECT_EQ(ordered_sum(comm, RowLayout(rows, comm), 1, [](int, double* sum) { sum[0] += 1.0; })[0],
              static_cast<double>(rows));
}

TEST(GatherRowsMpi, GivesAllRowsInOrderEverywhere) {
  const Comm comm = Comm::world();
  for (const GlobalIndex rows : numbers_of_rows) {
    const RowLayout layout(rows, comm);
    std::vector<double> mine, expected;
    for (int row = 0; row < layout.local_rows(); ++row) mine.push_back(term(layout.first() + row, 0));
    for (GlobalIndex row = 0; row < rows; ++row) expected.push_back(term(row, 0));
    EXPECT_EQ(gather_rows(comm, mine), expected);
  }
}

TEST(TakeRowsMpi, EveryRowBecomesItsSource) {
  const Comm comm = Comm::world();
  for (const GlobalIndex rows : {1, 3, 37, 100})
    for (const int pattern : {0, 1, 2, 3}) {
      const RowLayout layout(rows, comm);
      std::vector<GlobalIndex> source(static_cast<std::size_t>(rows));
      for (GlobalIndex i = 0; i < rows; ++i)  // all the last row; reversed; doubled; scattered
        source[static_cast<std::size_t>(i)] = pattern == 0   ? rows - 1
                                              : pattern == 1 ? rows - 1 - i
                                              : pattern == 2 ? i / 2
                                                             : (i * 29 + 11) % rows;
      Rows local("local", layout.local_rows(), 3);
      for (int row = 0; row < layout.local_rows(); ++row)
        for (int k = 0; k < 3; ++k) local(row, k) = term(layout.first() + row, k);
      const Rows taken = take_rows(comm, layout, local, source);
      ASSERT_EQ(static_cast<int>(taken.extent(0)), layout.local_rows());
      for (int row = 0; row < layout.local_rows(); ++row)
        for (int k = 0; k < 3; ++k)
          EXPECT_EQ(taken(row, k), term(source[static_cast<std::size_t>(layout.first() + row)], k))
              << rows << " " << pattern;
    }
}

TEST(MoveRowsMpi, ArraysMoveTogetherWhereverTheSourcesPoint) {
  const Comm comm = Comm::world();
  for (const GlobalIndex rows : {1, 3, 37, 100})
    for (const int pattern : {0, 1, 2, 3, 4}) {
      const RowLayout layout(rows, comm);
      std::vector<GlobalIndex> source;  // all the last; all the first; doubled; from behind, then the front; scattered
      for (GlobalIndex i = 0; i < rows; ++i)
        source.push_back(pattern == 0   ? rows - 1
                         : pattern == 1 ? 0
                         : pattern == 2 ? i / 2
                         : pattern == 3 ? std::min(rows - 1, rows / 4 + i * 2 / 3)
                                        : (i * 29 + 11) % rows);
      std::vector<double> pairs, singles;
      for (int row = 0; row < layout.local_rows(); ++row) {
        for (int k = 0; k < 2; ++k) pairs.push_back(term(layout.first() + row, k));
        singles.push_back(term(layout.first() + row, 2));
      }
      move_rows(comm, layout, {{pairs.data(), 2}, {nullptr, 0}, {singles.data(), 1}}, source);
      for (int row = 0; row < layout.local_rows(); ++row) {
        const GlobalIndex from = source[static_cast<std::size_t>(layout.first() + row)];
        for (int k = 0; k < 2; ++k)
          EXPECT_EQ(pairs[static_cast<std::size_t>(2 * row + k)], term(from, k)) << rows << " " << pattern;
        EXPECT_EQ(singles[static_cast<std::size_t>(row)], term(from, 2)) << rows << " " << pattern;
      }
    }
}

}  // namespace
}  // namespace aleator::parallel
