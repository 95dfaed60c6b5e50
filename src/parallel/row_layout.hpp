#pragma once
/// What      Which rows of a global batch lie on which rank, and sums over rows whose bits do not depend on that.
/// Method    Rows are dealt in blocks of a size that follows from the number of rows alone. A sum adds the rows of a
///           block in order and the blocks along a fixed binary tree; a rank adds the subtrees it owns whole, and the
///           roots of those (at most 2 log2(blocks) a rank) are exchanged.
/// Parallel  constructors and accessors are local; the functions below the class are collective.
/// Cost      ordered_sum: the additions, plus one all-gather of 2 log2(blocks) x width doubles a rank.
/// Fails     -
#include <cstdint>
#include <functional>
#include <vector>

#include <Kokkos_Core.hpp>

#include "parallel/comm.hpp"

namespace aleator::parallel {

using GlobalIndex = std::int64_t;

class RowLayout {
 public:
  RowLayout() = default;
  RowLayout(GlobalIndex rows, int rank, int ranks);
  RowLayout(GlobalIndex rows, const Comm& comm) : RowLayout(rows, comm.rank(), comm.size()) {}
  /// Every row of this layout stands for `size` rows that follow each other on its rank.
  RowLayout groups_of(int size) const;
  /// `count` rows of this rank from its row `first` on, all on this rank: for work on a part, with the same random numbers.
  RowLayout part(int first, int count) const;

  GlobalIndex rows() const { return rows_; }
  int local_rows() const { return static_cast<int>(last_row(rank_) - first_row(rank_)); }
  GlobalIndex first() const { return offset_ + first_row(rank_); }
  GlobalIndex first_row(int rank) const;
  GlobalIndex last_row(int rank) const { return first_row(rank + 1); }
  int owner(GlobalIndex row) const;
  int ranks() const { return ranks_; }
  int rank() const { return rank_; }
  int block_rows() const { return block_rows_; }
  GlobalIndex blocks() const { return (rows_ + block_rows_ - 1) / block_rows_; }
  GlobalIndex first_block(int rank) const { return blocks() * rank / ranks_; }

 private:
  GlobalIndex rows_ = 0, offset_ = 0;
  int block_rows_ = 1;
  int rank_ = 0;
  int ranks_ = 1;
};

/// Sum over all rows of `width` numbers each: `add_row(local_row, sum)` adds one row's contribution to sum[0..width).
/// Called from several threads, for different rows. The result is on every rank, the same bits on any number of them.
using AddRow = std::function<void(int local_row, double* sum)>;
std::vector<double> ordered_sum(const Comm& comm, const RowLayout& layout, int width, const AddRow& add_row);

/// All rows' values, in row order, on every rank.
std::vector<double> gather_rows(const Comm& comm, const std::vector<double>& local_rows_values);

/// This rank's rows of the batch in which global row i is a copy of row `source[i]` of the present one (resampling).
using Rows = Kokkos::View<double**, Kokkos::LayoutRight, Kokkos::HostSpace>;
Rows take_rows(const Comm& comm, const RowLayout& layout, const Rows& local, const std::vector<GlobalIndex>& source);

}  // namespace aleator::parallel
