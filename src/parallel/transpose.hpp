#pragma once
/// What      A matrix whose rows are dealt to the ranks of a communicator, or else its columns: from one to the other. What a
///           Fourier transform in two directions needs between them, and what couples all members of an ensemble.
/// Method    rank r holds the rows rows[r] of all columns, or the columns columns[r] of all rows; both lie row by row, without
///           gaps between own columns. Rows follow one another from rank to rank; columns that no rank is given stay out of it.
/// Parallel  to_rows and to_columns are collective over the communicator.
/// Cost      each number is sent once, in a message to each rank that MPI gathers from the rows, or scatters to them, itself; no
///           memory.
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
  Transpose(const Comm& comm, std::vector<Range> rows, std::vector<Range> columns, std::int64_t row_stride);
  const Comm& comm() const { return comm_; }
  /// Numbers in own columns.
  std::size_t size_by_columns() const { return own_columns().size() * static_cast<std::size_t>(rows_.back().last); }

  /// What lies beyond the columns of a row stays as it is.
  void to_rows(const Number* by_columns, Number* by_rows) const;
  void to_columns(const Number* by_rows, Number* by_columns) const;

 private:
  struct Messages;
  const Range& own_rows() const { return rows_[static_cast<std::size_t>(comm_.rank())]; }
  const Range& own_columns() const { return columns_[static_cast<std::size_t>(comm_.rank())]; }
  Comm comm_;
  std::vector<Range> rows_, columns_;
  std::int64_t row_stride_;
};

}  // namespace aleator::parallel
