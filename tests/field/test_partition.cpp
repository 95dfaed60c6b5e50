// Nodes in an order whose even shares are compact.
#include "field/mesh/partition.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace aleator::field {
namespace {

// Edges between nodes of different parts.
int cut_edges(const Mesh& mesh, const std::vector<int>& order, int parts) {
  std::vector<int> part(order.size());
  for (std::size_t i = 0; i < order.size(); ++i)
    for (int p = 0; p < parts; ++p)
      if (i >= order.size() * p / parts && i < order.size() * (p + 1) / parts) part[order[i]] = p;
  std::vector<std::array<int, 2>> cut;
  for (int e = 0; e < mesh.element_count(); ++e)
    for (int a = 0; a < mesh.corners(); ++a)
      for (int b = 0; b < a; ++b)
        if (part[mesh.element(e)[a]] != part[mesh.element(e)[b]])
          cut.push_back(
              {std::min(mesh.element(e)[a], mesh.element(e)[b]), std::max(mesh.element(e)[a], mesh.element(e)[b])});
  std::sort(cut.begin(), cut.end());
  return static_cast<int>(std::unique(cut.begin(), cut.end()) - cut.begin());
}

TEST(BisectionOrder, HasEveryNodeOnceAndCutsSquaresIntoSquares) {
  const Mesh mesh = make_box_mesh({40, 40}, {1.0, 1.0});
  for (const int parts : {1, 2, 3, 4, 16}) {
    std::vector<int> order = bisection_order(mesh, parts);
    const int cut = cut_edges(mesh, order, parts);
    // Some three edges a node of the cuts, whose length is that of squares' sides or little more.
    EXPECT_LE(cut, 3.2 * 41 * 2.0 * (std::sqrt(static_cast<double>(parts)) - 1.0) * 1.3) << parts;
    EXPECT_EQ(cut > 0, parts > 1);
    std::sort(order.begin(), order.end());
    for (int i = 0; i < mesh.node_count(); ++i) ASSERT_EQ(order[static_cast<std::size_t>(i)], i);
  }
}

TEST(BisectionOrder, CutsAcrossTheLongSide) {
  const Mesh mesh = make_box_mesh({8, 80}, {0.1, 1.0});
  const std::vector<int> order = bisection_order(mesh, 4);
  for (std::size_t i = 0; i < order.size(); ++i)
    EXPECT_NEAR(mesh.point(order[i])[1],
                (std::floor(4.0 * static_cast<double>(i) / static_cast<double>(order.size())) + 0.5) / 4.0, 0.14);
}

TEST(BisectionOrder, HandsOutFewNodes) {
  const Mesh mesh = make_box_mesh({1, 1}, {1.0, 1.0});
  EXPECT_EQ(bisection_order(mesh, 9).size(), 4U);
}

}  // namespace
}  // namespace aleator::field
