#include "parallel/transpose.hpp"

#include <mpi.h>

#include <algorithm>
#include <utility>

#include "core/error.hpp"
#include "parallel/mpi_call.hpp"

namespace aleator::parallel {

std::vector<Range> ranges_between(const std::vector<int>& cuts) {
  std::vector<Range> ranges;
  for (std::size_t r = 0; r + 1 < cuts.size(); ++r) ranges.push_back({cuts[r], cuts[r + 1]});
  return ranges;
}

template <typename Number>
Transpose<Number>::Transpose(const Comm& comm, const std::vector<Range>& rows, std::vector<Range> columns,
                             std::int64_t row_stride)
    : comm_(comm), columns_(std::move(columns)), row_stride_(row_stride) {
  constexpr std::size_t doubles = sizeof(Number) / sizeof(double);
  const auto ranks = static_cast<std::size_t>(comm.size()), me = static_cast<std::size_t>(comm.rank());
  ALEATOR_ASSERT(rows.size() == ranks && columns_.size() == ranks);
  own_rows_ = rows[me].size(), own_columns_ = columns_[me].size();
  for (std::size_t r = 0; r < ranks; ++r) {
    ALEATOR_ASSERT(columns_[r].last <= row_stride);
    row_counts_.push_back(mpi_count(doubles * own_rows_ * columns_[r].size()));
    row_offsets_.push_back(mpi_count(doubles * own_rows_ * all_columns_));
    column_counts_.push_back(mpi_count(doubles * own_columns_ * rows[r].size()));
    column_offsets_.push_back(mpi_count(doubles * own_columns_ * all_rows_));
    all_rows_ += rows[r].size(), all_columns_ += columns_[r].size();
  }
}

template <typename Number>
void Transpose<Number>::to_rows(const Number* by_columns, Number* packed, Number* by_rows) const {
  check_mpi(MPI_Alltoallv(by_columns, column_counts_.data(), column_offsets_.data(), MPI_DOUBLE, packed,
                          row_counts_.data(), row_offsets_.data(), MPI_DOUBLE, comm_.native()),
            "MPI_Alltoallv");
  for (const Range& range : columns_)
    for (std::size_t j = 0; j < own_rows_; ++j, packed += range.size())
      std::copy_n(packed, range.size(), by_rows + static_cast<std::int64_t>(j) * row_stride_ + range.first);
}

template <typename Number>
void Transpose<Number>::to_columns(const Number* by_rows, Number* packed, Number* by_columns) const {
  Number* next = packed;
  for (const Range& range : columns_)
    for (std::size_t j = 0; j < own_rows_; ++j)
      next = std::copy_n(by_rows + static_cast<std::int64_t>(j) * row_stride_ + range.first, range.size(), next);
  check_mpi(MPI_Alltoallv(packed, row_counts_.data(), row_offsets_.data(), MPI_DOUBLE, by_columns,
                          column_counts_.data(), column_offsets_.data(), MPI_DOUBLE, comm_.native()),
            "MPI_Alltoallv");
}

template class Transpose<double>;
template class Transpose<std::complex<double>>;

}  // namespace aleator::parallel
