#include "parallel/row_layout.hpp"

#include <algorithm>
#include <map>

#include "core/error.hpp"

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

// Adds the block sums of a subtree in place, along the tree; the result is in the first block's place.
void fold_blocks(const BlockTree& tree, double* sums, GlobalIndex first, GlobalIndex low, GlobalIndex size) {
  if (size == 1) return;
  const GlobalIndex middle = low + size / 2;
  fold_blocks(tree, sums, first, low, size / 2);
  if (tree.is_empty(middle)) return;
  fold_blocks(tree, sums, first, middle, size / 2);
  tree.add(sums + (low - first) * tree.width, sums + (middle - first) * tree.width);
}

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

std::vector<double> block_sums(const RowLayout& layout, int width, const AddRow& add_row) {
  const int blocks = static_cast<int>(layout.first_block(layout.rank() + 1) - layout.first_block(layout.rank()));
  std::vector<double> sums(static_cast<std::size_t>(blocks) * width, 0.0);
  double* const data = sums.data();
  const int block_rows = layout.block_rows(), local_rows = layout.local_rows();
  Kokkos::parallel_for("ordered_sum", Kokkos::RangePolicy<Kokkos::DefaultHostExecutionSpace>(0, blocks),
                       [=, &add_row](int block) {
                         const int end = std::min((block + 1) * block_rows, local_rows);
                         for (int row = block * block_rows; row < end; ++row)
                           add_row(row, data + static_cast<std::size_t>(block) * width);
                       });
  return sums;
}

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
  std::vector<double> sums = block_sums(layout, width, add_row);
  const BlockTree tree{layout, width};
  const GlobalIndex root = tree.root_size();
  std::vector<std::pair<GlobalIndex, GlobalIndex>> subtrees;
  tree.collect(0, root, layout.rank(), subtrees);
  std::vector<double> mine;
  for (const auto& [low, size] : subtrees) {
    fold_blocks(tree, sums.data(), layout.first_block(layout.rank()), low, size);
    const double* const sum = sums.data() + (low - layout.first_block(layout.rank())) * width;
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
  ALEATOR_ASSERT(static_cast<GlobalIndex>(source.size()) == layout.rows());
  const int width = static_cast<int>(local.extent(1)), rank = layout.rank(), rows = layout.local_rows();
  const GlobalIndex first = layout.first(), last = first + rows;
  Rows taken(Kokkos::view_alloc("rows", Kokkos::WithoutInitializing), rows, width);
  const auto copy = [width](const double* from, double* to) { std::copy_n(from, width, to); };
  if (layout.ranks() == 1) {
    for (int row = 0; row < rows; ++row) copy(&local(static_cast<int>(source[row]), 0), &taken(row, 0));
    return taken;
  }
  std::vector<std::vector<double>> send(static_cast<std::size_t>(layout.ranks()));
  for (int to = 0; to < layout.ranks(); ++to) {
    if (to == rank) continue;
    for (GlobalIndex row = layout.first_row(to), end = layout.last_row(to); row < end; ++row)
      if (source[row] >= first && source[row] < last) {
        const double* const from = &local(static_cast<int>(source[row] - first), 0);
        send[to].insert(send[to].end(), from, from + width);
      }
  }
  const std::vector<std::vector<double>> received = comm.all_to_all(send);
  std::vector<std::size_t> next(received.size(), 0);
  for (int row = 0; row < rows; ++row) {
    const GlobalIndex wanted = source[first + row];
    if (wanted >= first && wanted < last) {
      copy(&local(static_cast<int>(wanted - first), 0), &taken(row, 0));
      continue;
    }
    const int from = layout.owner(wanted);
    copy(received[from].data() + next[from], &taken(row, 0));
    next[from] += static_cast<std::size_t>(width);
  }
  return taken;
}

}  // namespace aleator::parallel
