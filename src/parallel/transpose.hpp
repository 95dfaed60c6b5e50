#pragma once
/// What      A matrix whose rows are dealt to the ranks of a communicator, or else its columns: from one to the other. What a
///           Fourier transform in two directions needs between them, and what couples all members of an ensemble.
/// Method    rank r holds the rows [row_cuts[r], row_cuts[r + 1]) of all columns, or the columns columns[r] of all rows; both
///           lie row by row, without gaps between own columns. Columns that no rank is given stay out of it.
/// Parallel  to_rows and to_columns are collective over the communicator.
/// Cost      each number is sent once, in a message to each rank, and copied once.
/// Fails     InternalError when MPI does.
#include <complex>
#include <cstdint>
#include <vector>

#include "parallel/comm.hpp"

namespace aleator::parallel {

struct Range {
  std::int64_t first = 0, last = 0;  ///< [first, last)
  std::size_t size() const { return static_cast<std::size_t>(last - first); }
};

/// The ranges between cuts that follow one another.
std::vector<Range> ranges_between(const std::vector<int>& cuts);

/// Number: double or std::complex<double>.
template <typename Number>
class Transpose {
 public:
  /// `row_stride`: numbers from an own row to the next, at least the number of columns.
  Transpose(const Comm& comm, const std::vector<Range>& rows, std::vector<Range> columns, std::int64_t row_stride);
  const Comm& comm() const { return comm_; }
  /// Numbers in own columns, and in own rows without gaps.
  std::size_t size_by_columns() const { return own_columns_ * all_rows_; }
  std::size_t size_by_rows() const { return own_rows_ * all_columns_; }

  /// `packed`: scratch of size_by_rows() numbers. What lies beyond the columns of a row stays as it is.
  void to_rows(const Number* by_columns, Number* packed, Number* by_rows) const;
  void to_columns(const Number* by_rows, Number* packed, Number* by_columns) const;

 private:
  Comm comm_;
  std::vector<Range> columns_;
  std::size_t own_rows_ = 0, all_rows_ = 0, own_columns_ = 0, all_columns_ = 0;
  std::int64_t row_stride_;
  /// In doubles: what each rank has of this one's rows, packed, and of its columns.
  std::vector<int> row_counts_, row_offsets_, column_counts_, column_offsets_;
};

}  // namespace aleator::parallel
