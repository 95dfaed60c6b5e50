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

// Messages between this rank and all others, under way until wait() returns.
template <typename Number>
struct Transpose<Number>::Messages {
  static constexpr std::size_t doubles = sizeof(Number) / sizeof(double);
  static constexpr int tag = 0;
  MPI_Comm comm;
  std::vector<MPI_Request> requests;
  std::vector<MPI_Datatype> windows;

  explicit Messages(MPI_Comm mpi_comm) : comm(mpi_comm) {}
  ~Messages() {
    for (MPI_Datatype& window : windows) MPI_Type_free(&window);
  }
  Messages(const Messages&) = delete;
  Messages& operator=(const Messages&) = delete;

  // `rows` rows of `width` numbers each, `stride` numbers apart.
  MPI_Datatype window(std::size_t rows, std::size_t width, std::int64_t stride) {
    MPI_Datatype type = MPI_DATATYPE_NULL;
    check_mpi(MPI_Type_create_hvector(mpi_count(rows), mpi_count(doubles * width),
                                      static_cast<MPI_Aint>(sizeof(Number)) * stride, MPI_DOUBLE, &type),
              "MPI_Type_create_hvector");
    windows.push_back(type);
    check_mpi(MPI_Type_commit(&windows.back()), "MPI_Type_commit");
    return windows.back();
  }
  void send(const void* from, std::size_t count, MPI_Datatype type, int to) {
    requests.emplace_back();
    check_mpi(MPI_Isend(from, mpi_count(count), type, to, tag, comm, &requests.back()), "MPI_Isend");
  }
  void receive(void* into, std::size_t count, MPI_Datatype type, int from) {
    requests.emplace_back();
    check_mpi(MPI_Irecv(into, mpi_count(count), type, from, tag, comm, &requests.back()), "MPI_Irecv");
  }
  void wait() {
    check_mpi(MPI_Waitall(mpi_count(requests.size()), requests.data(), MPI_STATUSES_IGNORE), "MPI_Waitall");
  }
};

template <typename Number>
Transpose<Number>::Transpose(const Comm& comm, std::vector<Range> rows, std::vector<Range> columns,
                             std::int64_t row_stride)
    : comm_(comm), rows_(std::move(rows)), columns_(std::move(columns)), row_stride_(row_stride) {
  const auto ranks = static_cast<std::size_t>(comm.size());
  ALEATOR_ASSERT(rows_.size() == ranks && columns_.size() == ranks);
  for (const Range& range : columns_) ALEATOR_ASSERT(range.last <= row_stride);
}

template <typename Number>
void Transpose<Number>::to_rows(const Number* by_columns, Number* by_rows) const {
  const std::size_t width = own_columns().size(), count = own_rows().size();
  Messages messages(comm_.native());
  for (int r = 0; r < comm_.size(); ++r)
    if (const Range& theirs = columns_[r]; r != comm_.rank() && count * theirs.size() > 0)
      messages.receive(by_rows + theirs.first, 1, messages.window(count, theirs.size(), row_stride_), r);
  for (int r = 0; r < comm_.size(); ++r)
    if (const std::size_t size = width * rows_[r].size(); r != comm_.rank() && size > 0)
      messages.send(by_columns + static_cast<std::size_t>(rows_[r].first) * width, Messages::doubles * size, MPI_DOUBLE,
                    r);
  const Number* from = by_columns + static_cast<std::size_t>(own_rows().first) * width;
  for (std::size_t j = 0; j < count; ++j, from += width)
    std::copy_n(from, width, by_rows + static_cast<std::int64_t>(j) * row_stride_ + own_columns().first);
  messages.wait();
}

template <typename Number>
void Transpose<Number>::to_columns(const Number* by_rows, Number* by_columns) const {
  const std::size_t width = own_columns().size(), count = own_rows().size();
  Messages messages(comm_.native());
  for (int r = 0; r < comm_.size(); ++r)
    if (const std::size_t size = width * rows_[r].size(); r != comm_.rank() && size > 0)
      messages.receive(by_columns + static_cast<std::size_t>(rows_[r].first) * width, Messages::doubles * size,
                       MPI_DOUBLE, r);
  for (int r = 0; r < comm_.size(); ++r)
    if (const Range& theirs = columns_[r]; r != comm_.rank() && count * theirs.size() > 0)
      messages.send(by_rows + theirs.first, 1, messages.window(count, theirs.size(), row_stride_), r);
  Number* to = by_columns + static_cast<std::size_t>(own_rows().first) * width;
  for (std::size_t j = 0; j < count; ++j, to += width)
    std::copy_n(by_rows + static_cast<std::int64_t>(j) * row_stride_ + own_columns().first, width, to);
  messages.wait();
}

template class Transpose<double>;
template class Transpose<std::complex<double>>;

}  // namespace aleator::parallel
