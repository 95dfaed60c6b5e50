#include "parallel/transpose.hpp"

#include <mpi.h>

#include <algorithm>
#include <utility>

#include "core/error.hpp"
#include "parallel/mpi_call.hpp"

namespace aleator::parallel {

Transpose::Transpose(const Comm& comm, std::vector<int> row_cuts, std::vector<int> column_cuts, int row_stride)
    : comm_(comm),
      row_cuts_(std::move(row_cuts)),
      column_cuts_(std::move(column_cuts)),
      row_stride_(static_cast<std::size_t>(row_stride)) {
  const auto ranks = static_cast<std::size_t>(comm.size());
  ALEATOR_ASSERT(row_cuts_.size() == ranks + 1 && column_cuts_.size() == ranks + 1 &&
                 row_stride >= column_cuts_.back());
  const auto rows = static_cast<std::size_t>(own(row_cuts_)), columns = static_cast<std::size_t>(own(column_cuts_));
  for (int r = 0; r < comm.size(); ++r) {
    row_counts_.push_back(mpi_count(2 * rows * width(column_cuts_, r)));
    row_offsets_.push_back(mpi_count(2 * rows * column_cuts_[r]));
    column_counts_.push_back(mpi_count(2 * columns * width(row_cuts_, r)));
    column_offsets_.push_back(mpi_count(2 * columns * row_cuts_[r]));
  }
}

int Transpose::width(const std::vector<int>& cuts, int rank) {
  const auto r = static_cast<std::size_t>(rank);
  return cuts[r + 1] - cuts[r];
}

std::size_t Transpose::size_by_columns() const {
  return static_cast<std::size_t>(own(column_cuts_)) * row_cuts_.back();
}

std::size_t Transpose::size_by_rows() const { return static_cast<std::size_t>(own(row_cuts_)) * column_cuts_.back(); }

void Transpose::to_rows(const Complex* by_columns, Complex* packed, Complex* by_rows) const {
  check_mpi(MPI_Alltoallv(by_columns, column_counts_.data(), column_offsets_.data(), MPI_DOUBLE, packed,
                          row_counts_.data(), row_offsets_.data(), MPI_DOUBLE, comm_.native()),
            "MPI_Alltoallv");
  for (int r = 0; r < comm_.size(); ++r)
    for (int j = 0; j < own(row_cuts_); ++j, packed += width(column_cuts_, r))
      std::copy_n(packed, width(column_cuts_, r), by_rows + j * row_stride_ + column_cuts_[r]);
}

void Transpose::to_columns(const Complex* by_rows, Complex* packed, Complex* by_columns) const {
  Complex* next = packed;
  for (int r = 0; r < comm_.size(); ++r)
    for (int j = 0; j < own(row_cuts_); ++j)
      next = std::copy_n(by_rows + j * row_stride_ + column_cuts_[r], width(column_cuts_, r), next);
  check_mpi(MPI_Alltoallv(packed, row_counts_.data(), row_offsets_.data(), MPI_DOUBLE, by_columns,
                          column_counts_.data(), column_offsets_.data(), MPI_DOUBLE, comm_.native()),
            "MPI_Alltoallv");
}

}  // namespace aleator::parallel
