// The batched tile and multifrontal kernels against dense algebra written out here.
#include <gtest/gtest.h>
#include <cstdint>

#include <algorithm>
#include <cmath>
#include <tuple>
#include <vector>

#include "kernels/multifrontal.hpp"
#include "kernels/tile.hpp"

namespace {

using namespace aleator::kernels;

// In (-1, 1) and exact, so that the compiler cannot round it one way here and another way there.
double noise(int i) {
  const std::uint32_t mixed = (static_cast<std::uint32_t>(i) + 1u) * 2654435761u;
  return static_cast<double>((mixed ^ (mixed >> 15)) % 20011u) / 10006.0 - 1.0;
}

// Symmetric positive definite, different for every seed: diagonally dominant.
std::vector<double> spd(int n, int seed) {
  std::vector<double> a(static_cast<std::size_t>(n) * n);
  for (int i = 0; i < n; ++i)
    for (int j = 0; j <= i; ++j) a[i * n + j] = a[j * n + i] = noise(seed + 31 * i + j) + (i == j ? n + 1.0 : 0.0);
  return a;
}

std::vector<double> dense_solve(std::vector<double> a, std::vector<double> b) {  // Gaussian elimination
  const int n = static_cast<int>(b.size());
  for (int k = 0; k < n; ++k) {
    for (int i = k + 1; i < n; ++i) {
      const double factor = a[i * n + k] / a[k * n + k];
      for (int j = k; j < n; ++j) a[i * n + j] -= factor * a[k * n + j];
      b[i] -= factor * b[k];
    }
  }
  for (int i = n - 1; i >= 0; --i) {
    for (int j = i + 1; j < n; ++j) b[i] -= a[i * n + j] * b[j];
    b[i] /= a[i * n + i];
  }
  return b;
}

TEST(Tile, DiagonalFactorTimesItsTransposeIsTheTile) {
  const std::vector<double> a = spd(4, 3);
  Tile<double> c;
  for (int i = 0; i < 16; ++i) c.v[i / 4][i % 4] = a[i];
  DiagonalFactor<double> f;
  factor_diagonal<4>(c, f);
  for (int i = 0; i < 4; ++i) {
    for (int j = 0; j <= i; ++j) {
      double sum = 0;
      for (int k = 0; k <= j; ++k) sum += (i == k ? 1 : f.l[i][k]) / f.inverse[k] * (j == k ? 1 : f.l[j][k]);
      EXPECT_NEAR(sum, a[4 * i + j], 1e-14);  // entries of size 5, a few roundings
    }
  }
}

TEST(Tile, SolveTileInvertsTheProductWithTheFactor) {
  const std::vector<double> a = spd(4, 5);
  Tile<double> c, x;
  for (int i = 0; i < 16; ++i) c.v[i / 4][i % 4] = a[i];
  DiagonalFactor<double> f;
  factor_diagonal<4>(c, f);
  for (int i = 0; i < 16; ++i) x.v[i / 4][i % 4] = noise(100 + i);
  solve_tile<4>(x, f);
  for (int i = 0; i < 4; ++i) {
    for (int j = 0; j < 4; ++j) {
      double sum = 0;
      for (int k = 0; k <= j; ++k) sum += x.v[i][k] * (j == k ? 1 : f.l[j][k]);
      EXPECT_NEAR(sum, noise(100 + 4 * i + j), 1e-14);
    }
  }
}

TEST(Tile, SubtractProductIsXTimesLTransposed) {
  constexpr int depth = 5, W = native_lanes;
  using Memory = Packs<W, false>;
  using P = Memory::P;
  alignas(64) P x[4 * depth], l[4 * depth];
  for (int i = 0; i < 4 * depth; ++i)
    for (int lane = 0; lane < W; ++lane) {
      Memory{x, 1}.lane(i, lane) = noise(i + 100 * lane);
      Memory{l, 1}.lane(i, lane) = noise(i + 50 + 100 * lane);
    }
  for (int first = 0; first < 4; first += 2) {
    Tile<P, 2> c;
    set_zero(c);
    subtract_product(c, Memory{x, 1} + first, Memory{l, 1}, depth);
    for (int lane = 0; lane < W; ++lane) {
      for (int a = first; a < first + 2; ++a) {
        for (int b = 0; b < 4; ++b) {
          double sum = 0;
          for (int k = 0; k < depth; ++k) sum -= noise(4 * k + a + 100 * lane) * noise(4 * k + b + 50 + 100 * lane);
          EXPECT_NEAR((Memory{&c.v[a - first][b], 1}.lane(0, lane)), sum, 1e-14);
        }
      }
    }
  }
}

// Four leaves, two fronts that eliminate m0 and m1 variables, a root that eliminates m2:
//   leaves 0, 1 -> front 2; leaves 3, 4 -> front 5; fronts 2, 5 -> root 6.
struct Problem {
  Problem(int m0, int m1, int m2) : size(m0 + m1 + m2) {
    const auto leaf = [&](int first, int count,
                          int skip) {  // a front's variables and all but every skip-th of the root's
      EliminationNode node;
      for (int i = 0; i < count; ++i) node.remaining.push_back(first + i);
      for (int i = 0; i < m2; ++i)
        if (i % 3 != skip) node.remaining.push_back(m0 + m1 + i);
      return node;
    };
    const auto front = [&](int left, int right, int first, int count) {
      EliminationNode node;
      node.left = left;
      node.right = right;
      node.first_eliminated = first;
      node.eliminated = count;
      for (int child : {left, right})
        for (int v : nodes[child].remaining)
          if (v >= first + count && std::find(node.remaining.begin(), node.remaining.end(), v) == node.remaining.end())
            node.remaining.push_back(v);
      std::sort(node.remaining.begin(), node.remaining.end());
      return node;
    };
    nodes.push_back(leaf(0, m0, 0));
    nodes.push_back(leaf(0, m0, 1));
    nodes.push_back(front(0, 1, 0, m0));
    nodes.push_back(leaf(m0, m1, 2));
    nodes.push_back(leaf(m0, m1, 1));
    nodes.push_back(front(3, 4, m0, m1));
    nodes.push_back(front(2, 5, m0 + m1, m2));
  }
  std::vector<double> leaf_matrix(int leaf, int sample) const {
    return spd(static_cast<int>(nodes[leaf].remaining.size()), 1000 * sample + 77 * leaf);
  }
  double leaf_load(int leaf, int sample, int i) const { return noise(5000 + 1000 * sample + 77 * leaf + i); }

  std::vector<double> matrix(int sample, std::vector<double>& load) const {
    std::vector<double> a(static_cast<std::size_t>(size) * size, 0.0);
    load.assign(size, 0.0);
    for (int leaf : {0, 1, 3, 4}) {
      const auto& vars = nodes[leaf].remaining;
      const int n = static_cast<int>(vars.size());
      const auto local = leaf_matrix(leaf, sample);
      for (int i = 0; i < n; ++i) {
        load[vars[i]] += leaf_load(leaf, sample, i);
        for (int j = 0; j < n; ++j) a[vars[i] * size + vars[j]] += local[i * n + j];
      }
    }
    return a;
  }

  int size;
  std::vector<EliminationNode> nodes;
};

// Adds leaf matrices entry by entry; the tiles come in the order of for_each_tile.
template <class Memory>
struct DenseLeaves {
  using P = typename Memory::P;
  const std::vector<P>* tiles;
  int at = 0;
  void operator()(Tile<P, strip>& c, int first, int) {
    for (int k = 0; k < 4 * strip; ++k) c.v[k / 4][k % 4] += (*tiles)[16 * at + 4 * first + k];
    if (first + strip == tile) ++at;
  }
};

template <class Memory>
std::vector<typename Memory::P> leaf_tiles(const Problem& problem, const MultifrontalPlan& plan, int node) {
  std::vector<typename Memory::P> tiles;
  const auto places = front_places(problem.nodes[node], plan.fronts[node], plan.variables_count);
  for_each_tile(plan.fronts[node], [&](int I, int J) {
    for (int k = 0; k < 16; ++k) {
      const int row = places[4 * I + k / 4], column = places[4 * J + k % 4];
      typename Memory::P entry{};
      for (int leaf : {problem.nodes[node].left, problem.nodes[node].right}) {
        const auto& vars = problem.nodes[leaf].remaining;
        const auto index = [&](int v) {
          const auto it = std::find(vars.begin(), vars.end(), v);
          return v < 0 || it == vars.end() ? -1 : static_cast<int>(it - vars.begin());
        };
        const int i = index(row), j = index(column), n = static_cast<int>(vars.size());
        for (int lane = 0; lane < Memory::lanes; ++lane) {
          double& value = Memory{&entry, 1}.lane(0, lane);
          if (i >= 0 && j >= 0) value += problem.leaf_matrix(leaf, lane)[i * n + j];
          if (row == plan.rhs_slot() && j >= 0) value += problem.leaf_load(leaf, lane, j);
        }
      }
      tiles.push_back(entry);
    }
  });
  return tiles;
}

// Solves the problem twice, with the load that rode along and with another right-hand side, and compares with dense_solve.
template <class Memory>
void check_against_dense(const Problem& problem, int stride) {
  using P = typename Memory::P;
  MultifrontalPlan plan = plan_multifrontal(problem.nodes, problem.size);
  for (int node : {2, 5}) {
    int at = plan.fronts[node].tile_begin;
    for_each_tile(plan.fronts[node], [&](int, int) { plan.tile_sources[at++] |= first_free_source; });
  }
  const auto make = [&](int size, std::vector<P>& owner) {
    owner.assign(static_cast<std::size_t>(size + 1) * stride, P{});
    return Memory{owner.data(), stride};
  };
  std::vector<P> owners[6];
  const MultifrontalMemory<Memory> memory{make(plan.schur_size, owners[0]), make(plan.factor_size, owners[1]),
                                          make(plan.columns_size, owners[2]), make(problem.size, owners[3])};
  const Memory x = make(plan.slots(), owners[4]), y = make(plan.slots(), owners[5]);
  const MultifrontalTables tables{plan.fronts.data(),       plan.row_map.data(),   plan.column_map.data(),
                                  plan.tile_sources.data(), plan.variables.data(), static_cast<int>(plan.fronts.size()),
                                  plan.zero_slot(),         plan.rhs_slot()};
  for (int node : {2, 5}) {
    const auto tiles = leaf_tiles<Memory>(problem, plan, node);
    factor_front(plan.fronts[node], tables, memory, DenseLeaves<Memory>{&tiles});
  }
  factor_front(plan.fronts[6], tables, memory, NoLeaves{});

  x[plan.rhs_slot()] = P{} - 1.0;
  for (int node : {6, 5, 2}) solve_front_transposed(plan.fronts[node], tables, memory, x);
  for (int i = 0; i < problem.size; ++i) y[i] = P{} + noise(900 + i);
  for (int node : {2, 5, 6}) solve_front(plan.fronts[node], tables, memory, y);
  y[plan.zero_slot()] = y[plan.rhs_slot()] = P{};
  for (int node : {6, 5, 2}) solve_front_transposed(plan.fronts[node], tables, memory, y);

  for (int lane = 0; lane < Memory::lanes; ++lane) {
    std::vector<double> load, other(problem.size);
    const auto a = problem.matrix(lane, load);
    for (int i = 0; i < problem.size; ++i) other[i] = noise(900 + i);
    const auto x_reference = dense_solve(a, load), y_reference = dense_solve(a, other);
    for (int i = 0; i < problem.size; ++i) {
      EXPECT_NEAR(x.lane(i, lane), x_reference[i], 1e-13) << "variable " << i << ", lane " << lane;
      EXPECT_NEAR(y.lane(i, lane), y_reference[i], 1e-13) << "variable " << i << ", lane " << lane;
    }
  }
}

class MultifrontalSizes : public testing::TestWithParam<std::tuple<int, int, int>> {};

TEST_P(MultifrontalSizes, SolvesLikeADenseSolver) {
  const auto [m0, m1, m2] = GetParam();
  const Problem problem(m0, m1, m2);
  check_against_dense<Packs<native_lanes, false>>(problem, 1);
  check_against_dense<Packs<1, true>>(problem, 3);  // the device's memory layout, on the host
}

// Every remainder of the groups of 4, fronts without eliminated variables, and more than one block of 8 columns.
INSTANTIATE_TEST_SUITE_P(Fronts, MultifrontalSizes,
                         testing::Values(std::tuple(1, 2, 3), std::tuple(4, 3, 5), std::tuple(5, 8, 6),
                                         std::tuple(7, 7, 7), std::tuple(0, 6, 9), std::tuple(3, 0, 4),
                                         std::tuple(11, 15, 21), std::tuple(17, 9, 2)));

}  // namespace
