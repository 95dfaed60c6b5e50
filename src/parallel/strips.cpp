#include "parallel/strips.hpp"

#include <mpi.h>

#include "core/error.hpp"
#include "parallel/mpi_call.hpp"

namespace aleator::parallel {

Strips::Strips(const Comm& comm, std::vector<int> cuts, bool is_ring)
    : comm_(comm), cuts_(std::move(cuts)), is_ring_(is_ring) {
  ALEATOR_ASSERT(static_cast<int>(cuts_.size()) == comm_.size() + 1);
}

Strips Strips::coarser() const {
  std::vector<int> cuts = cuts_;
  for (int& cut : cuts) cut = (cut + 1) / 2;
  return {comm_, cuts, is_ring_};
}

void Strips::fill_halo(void* row_first, std::size_t row_bytes, std::size_t stride, const Arrays& arrays) const {
  constexpr int upwards = 0, downwards = 1;
  const int bytes = mpi_count(row_bytes), rank = comm_.rank(), ranks = comm_.size();
  const int below = rank > 0 || is_ring_ ? (rank + ranks - 1) % ranks : MPI_PROC_NULL,
            above = rank + 1 < ranks || is_ring_ ? (rank + 1) % ranks : MPI_PROC_NULL;
  std::vector<MPI_Request> requests(4 * static_cast<std::size_t>(arrays.count));
  MPI_Request* request = requests.data();
  char* mine = static_cast<char*>(row_first);
  for (int k = 0; k < arrays.count; ++k, mine += arrays.stride) {
    char* const end = mine + static_cast<std::size_t>(last() - first()) * stride;
    check_mpi(MPI_Irecv(mine - stride, bytes, MPI_BYTE, below, upwards, comm_.native(), request++), "MPI_Irecv");
    check_mpi(MPI_Irecv(end, bytes, MPI_BYTE, above, downwards, comm_.native(), request++), "MPI_Irecv");
    check_mpi(MPI_Isend(end - stride, bytes, MPI_BYTE, above, upwards, comm_.native(), request++), "MPI_Isend");
    check_mpi(MPI_Isend(mine, bytes, MPI_BYTE, below, downwards, comm_.native(), request++), "MPI_Isend");
  }
  check_mpi(MPI_Waitall(4 * arrays.count, requests.data(), MPI_STATUSES_IGNORE), "MPI_Waitall");
}

void Strips::gather(void* row_0, std::size_t row_bytes) const {
  std::vector<int> counts, offsets;
  for (std::size_t r = 0; r + 1 < cuts_.size(); ++r) {
    offsets.push_back(mpi_count(static_cast<std::size_t>(cuts_[r]) * row_bytes));
    counts.push_back(mpi_count(static_cast<std::size_t>(cuts_[r + 1] - cuts_[r]) * row_bytes));
  }
  check_mpi(MPI_Allgatherv(MPI_IN_PLACE, 0, MPI_DATATYPE_NULL, row_0, counts.data(), offsets.data(), MPI_BYTE,
                           comm_.native()),
            "MPI_Allgatherv");
}

}  // namespace aleator::parallel
