// Rows of neighbours, in a line and in a ring, for several arrays at once.
#include <gtest/gtest.h>

#include "parallel/strips.hpp"

namespace aleator::parallel {
namespace {

// Ranks hold 1, 2, 3, … rows of two numbers; number c of row r in array k is 100 k + 10 r + c.
TEST(StripsMpi, BringTheNeighboursRows) {
  const Comm world = Comm::world();
  const int ranks = world.size();
  std::vector<int> cuts = {0};
  for (int r = 1; r <= ranks; ++r) cuts.push_back(cuts.back() + r);
  const int rows = cuts.back(), mine = world.rank() + 1, first = cuts[static_cast<std::size_t>(world.rank())];
  for (const bool is_ring : {false, true}) {
    const Strips strips(world, cuts, is_ring);
    const std::size_t array = 2 * (static_cast<std::size_t>(mine) + 2), row = 2 * sizeof(double);
    std::vector<double> x(3 * array, -1.0);
    for (int k = 0; k < 3; ++k)
      for (int j = 0; j < mine; ++j)
        for (int c = 0; c < 2; ++c) x[k * array + 2 * (j + 1) + c] = 100.0 * k + 10.0 * (first + j) + c;
    strips.fill_halo(&x[2], row, row, {3, array * sizeof(double)});
    for (int k = 0; k < 3; ++k)
      for (int j = -1; j <= mine; ++j)
        for (int c = 0; c < 2; ++c) {
          const int there = first + j;
          const bool is_there = is_ring || (there >= 0 && there < rows);
          EXPECT_EQ(x[k * array + 2 * (j + 1) + c], is_there ? 100.0 * k + 10.0 * ((there + rows) % rows) + c : -1.0)
              << is_ring << " " << k << " " << there;
        }
  }
}

}  // namespace
}  // namespace aleator::parallel
