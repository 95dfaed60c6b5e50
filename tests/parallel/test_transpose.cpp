// A matrix dealt by rows and by columns: every number arrives, and comes back, for shares of different widths.
#include <gtest/gtest.h>

#include "parallel/transpose.hpp"

namespace aleator::parallel {
namespace {

// Number (j, i) of the matrix is 100 j + i, and minus that. Ranks hold 1, 2, 3, … rows, and … 3, 2, 1 columns.
TEST(TransposeMpi, BringsEveryNumberThereAndBack) {
  using Complex = Transpose::Complex;
  const Comm world = Comm::world();
  const int ranks = world.size(), gap = 3;
  std::vector<int> row_cuts = {0}, column_cuts = {0};
  for (int r = 0; r < ranks; ++r) {
    row_cuts.push_back(row_cuts.back() + r + 1);
    column_cuts.push_back(column_cuts.back() + ranks - r);
  }
  const int rows = row_cuts.back(), columns = column_cuts.back(), stride = columns + gap;
  const Transpose transpose(world, row_cuts, column_cuts, stride);
  const int first_row = row_cuts[world.rank()], my_rows = world.rank() + 1;
  const int first_column = column_cuts[world.rank()], my_columns = ranks - world.rank();
  ASSERT_EQ(transpose.size_by_rows(), static_cast<std::size_t>(my_rows * columns));
  ASSERT_EQ(transpose.size_by_columns(), static_cast<std::size_t>(rows * my_columns));
  const auto number = [](int j, int i) { return Complex(100.0 * j + i, -100.0 * j - i); };

  std::vector<Complex> by_columns(transpose.size_by_columns()), packed(transpose.size_by_rows()),
      by_rows(static_cast<std::size_t>(my_rows * stride), Complex(-1.0));
  for (int j = 0; j < rows; ++j)
    for (int i = 0; i < my_columns; ++i) by_columns[j * my_columns + i] = number(j, first_column + i);
  const std::vector<Complex> before = by_columns;
  transpose.to_rows(by_columns.data(), packed.data(), by_rows.data());
  for (int j = 0; j < my_rows; ++j)
    for (int i = 0; i < stride; ++i)
      EXPECT_EQ(by_rows[j * stride + i], i < columns ? number(first_row + j, i) : Complex(-1.0)) << j << " " << i;
  std::fill(by_columns.begin(), by_columns.end(), Complex());
  transpose.to_columns(by_rows.data(), packed.data(), by_columns.data());
  EXPECT_EQ(by_columns, before);
}

}  // namespace
}  // namespace aleator::parallel
