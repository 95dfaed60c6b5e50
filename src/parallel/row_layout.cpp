#include "parallel/row_layout.hpp"

#include <algorithm>
#include <map>

#include "parallel/move_rows.hpp"

namespace aleator::parallel {
namespace {

constexpr int lanes = 8;  // rows that a vectorised kernel treats together

struct BlockTree {
  const RowLayout& layout;
  int width;

  GlobalIndex root_size() const {
    GlobalIndex size = 1;
    while (size < layout.blocks()) size *= 2;
    return size;
  }
  // Subtree [low, low + size) without the blocks that do not exist.
  bool is_empty(GlobalIndex low) const { return low >= layout.blocks(); }
  bool is_owned(GlobalIndex low, GlobalIndex size, int rank) const {
    const GlobalIndex high = std::min(low + size, layout.blocks());
    return low >= layout.first_block(rank) && high <= layout.first_block(rank + 1);
  }
  bool is_disjoint(GlobalIndex low, GlobalIndex size, int rank) const {
    const GlobalIndex high = std::min(low + size, layout.blocks());
    return high <= layout.first_block(rank) || low >= layout.first_block(rank + 1);
  }
  // The largest subtrees that `rank` owns whole, from left to right.
  void collect(GlobalIndex low, GlobalIndex size, int rank,
               std::vector<std::pair<GlobalIndex, GlobalIndex>>& out) const {
    if (is_empty(low) || is_disjoint(low, size, rank)) return;
    if (is_owned(low, size, rank)) {
      out.emplace_back(low, size);
      return;
    }
    collect(low, size / 2, rank, out);
    collect(low + size / 2, size / 2, rank, out);
  }
  void add(double* into, const double* from) const {
    for (int k = 0; k < width; ++k) into[k] += from[k];
  }
};

using Nodes = std::map<std::pair<GlobalIndex, GlobalIndex>, std::vector<double>>;

std::vector<double> fold_nodes(const BlockTree& tree, const Nodes& nodes, GlobalIndex low, GlobalIndex size) {
  const auto known = nodes.find({low, size});
  if (known != nodes.end()) return known->second;
  std::vector<double> sum = fold_nodes(tree, nodes, low, size / 2);
  if (!tree.is_empty(low + size / 2)) {
    const std::vector<double> right = fold_nodes(tree, nodes, low + size / 2, size / 2);
    tree.add(sum.data(), right.data());
  }
  return sum;
}

// A rank's rows, block by block along the tree. Subtrees of `grain` blocks go to the threads; within one a sum is added to as
// soon as it is complete, so that few are alive at a time.
struct LocalSums {
  static constexpr GlobalIndex grain = 64;
  const BlockTree& tree;
  const AddRow& add_row;
  std::vector<std::pair<GlobalIndex, GlobalIndex>> nodes;  // subtrees of at most `grain` blocks, from left to right
  std::vector<double> sums;                                // theirs

  void split(GlobalIndex low, GlobalIndex size) {
    if (tree.is_empty(low)) return;
    if (size <= grain) return nodes.emplace_back(low, size), void();
    split(low, size / 2);
    split(low + size / 2, size / 2);
  }
  // `scratch` has room for a sum for every level below.
  void add_blocks(GlobalIndex low, GlobalIndex size, double* sum, double* scratch) const {
    if (size == 1) {
      const RowLayout& layout = tree.layout;
      const GlobalIndex first = layout.first_block(layout.rank()), rows = layout.block_rows();
      const int begin = static_cast<int>((low - first) * rows),
                end = static_cast<int>(std::min<GlobalIndex>((low - first + 1) * rows, layout.local_rows()));
      std::fill_n(sum, tree.width, 0.0);
      for (int row = begin; row < end; ++row) add_row(row, sum);
      return;
    }
    const GlobalIndex middle = low + size / 2;
    add_blocks(low, size / 2, sum, scratch);
    if (tree.is_empty(middle)) return;
    add_blocks(middle, size / 2, scratch, scratch + tree.width);
    tree.add(sum, scratch);
  }
  void add_nodes() {
    const auto width = static_cast<std::size_t>(tree.width);
    sums.resize(nodes.size() * width);
    Kokkos::parallel_for("ordered_sum",
                         Kokkos::RangePolicy<Kokkos::DefaultHostExecutionSpace>(0, static_cast<int>(nodes.size())),
                         [&](int node) {
                           std::vector<double> scratch(8 * width);  // log2(grain) + 1 levels
                           add_blocks(nodes[node].first, nodes[node].second, &sums[node * width], scratch.data());
                         });
  }
  // The sum of a subtree, whose nodes are the next ones; in the place of its first node's.
  double* fold(GlobalIndex low, GlobalIndex size, double*& next) const {
    if (size <= grain) return next += tree.width, next - tree.width;
    double* const sum = fold(low, size / 2, next);
    if (!tree.is_empty(low + size / 2)) tree.add(sum, fold(low + size / 2, size / 2, next));
    return sum;
  }
};

}  // namespace

RowLayout::RowLayout(GlobalIndex rows, int rank, int ranks)
    : rows_(rows), block_rows_(rows >= 4 * lanes ? lanes : 1), rank_(rank), ranks_(ranks) {}

RowLayout RowLayout::groups_of(int size) const {
  RowLayout grouped = *this;
  grouped.rows_ *= size;
  grouped.block_rows_ *= size;
  return grouped;
}

RowLayout RowLayout::part(int first, int count) const {
  RowLayout rows(count, 0, 1);
  rows.offset_ = this->first() + first;
  return rows;
}

GlobalIndex RowLayout::first_row(int rank) const { return std::min(first_block(rank) * block_rows_, rows_); }

int RowLayout::owner(GlobalIndex row) const {
  const GlobalIndex block = row / block_rows_;
  int rank = static_cast<int>(std::min<GlobalIndex>(block * ranks_ / std::max<GlobalIndex>(blocks(), 1), ranks_ - 1));
  while (first_block(rank + 1) <= block) ++rank;
  while (first_block(rank) > block) --rank;
  return rank;
}

std::vector<double> ordered_sum(const Comm& comm, const RowLayout& layout, int width, const AddRow& add_row) {
  const BlockTree tree{layout, width};
  const GlobalIndex root = tree.root_size();
  std::vector<std::pair<GlobalIndex, GlobalIndex>> subtrees;
  tree.collect(0, root, layout.rank(), subtrees);
  LocalSums local{tree, add_row, {}, {}};
  for (const auto& [low, size] : subtrees) local.split(low, size);
  local.add_nodes();
  std::vector<double> mine;
  double* next = local.sums.data();
  for (const auto& [low, size] : subtrees) {
    const double* const sum = local.fold(low, size, next);
    mine.insert(mine.end(), sum, sum + width);
  }
  if (layout.ranks() == 1) return mine.empty() ? std::vector<double>(width, 0.0) : mine;
  const std::vector<double> all = comm.all_gather(mine);
  Nodes nodes;
  std::size_t at = 0;
  for (int rank = 0; rank < layout.ranks(); ++rank) {
    subtrees.clear();
    tree.collect(0, root, rank, subtrees);
    for (const auto& node : subtrees) {
      nodes[node].assign(all.begin() + static_cast<std::ptrdiff_t>(at),
                         all.begin() + static_cast<std::ptrdiff_t>(at) + width);
      at += static_cast<std::size_t>(width);
    }
  }
  return nodes.empty() ? std::vector<double>(width, 0.0) : fold_nodes(tree, nodes, 0, root);
}

std::vector<double> gather_rows(const Comm& comm, const std::vector<double>& local_rows_values) {
  return comm.size() == 1 ? local_rows_values : comm.all_gather(local_rows_values);
}

Rows take_rows(const Comm& comm, const RowLayout& layout, const Rows& local, const std::vector<GlobalIndex>& source) {
  Rows taken(Kokkos::view_alloc("rows", Kokkos::WithoutInitializing), local.extent(0), local.extent(1));
  Kokkos::deep_copy(taken, local);
  move_rows(comm, layout, {{taken.data(), static_cast<int>(taken.extent(1))}}, source);
  return taken;
}

}  // namespace aleator::parallel
