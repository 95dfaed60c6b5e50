#pragma once
/// What      A matrix of complex numbers whose rows are dealt to the ranks of a communicator, or else its columns: from one to
///           the other. What a Fourier transform in two directions needs between them.
/// Method    rank r holds the rows [row_cuts[r], row_cuts[r + 1]) of all columns, or the columns [column_cuts[r],
///           column_cuts[r + 1]) of all rows; both lie row by row, without gaps between own columns.
/// Parallel  to_rows and to_columns are collective over the communicator.
/// Cost      each number is sent once, in a message to each rank, and copied once.
/// Fails     InternalError when MPI does.
#include <complex>
#include <vector>

#include "parallel/comm.hpp"

namespace aleator::parallel {

class Transpose {
 public:
  using Complex = std::complex<double>;
  /// `row_stride`: numbers from an own row to the next, at least the number of columns.
  Transpose(const Comm& comm, std::vector<int> row_cuts, std::vector<int> column_cuts, int row_stride);
  const Comm& comm() const { return comm_; }
  /// Numbers in own columns, and in own rows without gaps.
  std::size_t size_by_columns() const;
  std::size_t size_by_rows() const;

  /// `packed`: scratch of size_by_rows() numbers. What lies beyond the columns of a row stays as it is.
  void to_rows(const Complex* by_columns, Complex* packed, Complex* by_rows) const;
  void to_columns(const Complex* by_rows, Complex* packed, Complex* by_columns) const;

 private:
  int own(const std::vector<int>& cuts) const { return width(cuts, comm_.rank()); }
  static int width(const std::vector<int>& cuts, int rank);
  Comm comm_;
  std::vector<int> row_cuts_, column_cuts_;
  std::size_t row_stride_;
  /// In doubles: what each rank has of this one's rows, packed, and of its columns.
  std::vector<int> row_counts_, row_offsets_, column_counts_, column_offsets_;
};

}  // namespace aleator::parallel
