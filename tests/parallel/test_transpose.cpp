// A matrix dealt by rows and by columns: every number arrives, and comes back, for shares of different widths.
#include <gtest/gtest.h>

#include <algorithm>
#include <type_traits>

#include "parallel/transpose.hpp"

namespace aleator::parallel {
namespace {

template <typename Number>
Number number(std::int64_t j, std::int64_t i) {
  if constexpr (std::is_same_v<Number, double>)
    return 100.0 * j + i;
  else
    return Number(100.0 * j + i, -100.0 * j - i);
}

// Number (j, i) of the matrix is 100 j + i, and minus that. Ranks hold 1, 2, 3, … rows, and … 3, 2, 1 columns, with as many
// columns of no rank before each as `between` says.
template <typename Number>
void expect_there_and_back(int between) {
  const Comm world = Comm::world();
  const int ranks = world.size(), gap = 3;
  std::vector<int> row_cuts = {0};
  std::vector<Range> columns;
  std::int64_t all = 0;
  for (int r = 0; r < ranks; ++r) {
    row_cuts.push_back(row_cuts.back() + r + 1);
    columns.push_back({all + between, all + between + ranks - r});
    all = columns.back().last;
  }
  const int rows = row_cuts.back(), stride = static_cast<int>(all) + gap;
  const Transpose<Number> transpose(world, ranges_between(row_cuts), columns, stride);
  const int first_row = row_cuts[world.rank()], my_rows = world.rank() + 1, my_columns = ranks - world.rank();
  ASSERT_EQ(transpose.size_by_columns(), static_cast<std::size_t>(rows * my_columns));

  std::vector<Number> by_columns(transpose.size_by_columns()),
      by_rows(static_cast<std::size_t>(my_rows * stride), Number(-1.0));
  for (int j = 0; j < rows; ++j)
    for (int i = 0; i < my_columns; ++i)
      by_columns[j * my_columns + i] = number<Number>(j, columns[world.rank()].first + i);
  const std::vector<Number> before = by_columns;
  transpose.to_rows(by_columns.data(), by_rows.data());
  const auto is_dealt = [&](int i) {
    return std::any_of(columns.begin(), columns.end(), [&](const Range& r) { return i >= r.first && i < r.last; });
  };
  for (int j = 0; j < my_rows; ++j)
    for (int i = 0; i < stride; ++i)
      EXPECT_EQ(by_rows[j * stride + i], is_dealt(i) ? number<Number>(first_row + j, i) : Number(-1.0))
          << j << " " << i;
  std::fill(by_columns.begin(), by_columns.end(), Number());
  transpose.to_columns(by_rows.data(), by_columns.data());
  EXPECT_EQ(by_columns, before);
}

TEST(TransposeMpi, BringsEveryNumberThereAndBack) {
  expect_there_and_back<std::complex<double>>(0);
  expect_there_and_back<double>(0);
  expect_there_and_back<double>(2);
}

}  // namespace
}  // namespace aleator::parallel
