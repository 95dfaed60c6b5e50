#pragma once
/// What      Rows of a grid dealt in strips to the ranks of a communicator: what neighbours need of each other, and whole arrays.
/// Method    rank r holds the rows [cuts[r], cuts[r + 1]) and room for a row on either side. Rows are bytes: any number type.
/// Parallel  fill_halo and gather are collective over the communicator.
/// Cost      fill_halo: a message to each of two neighbours.
/// Fails     InternalError when MPI does.
#include <cstddef>
#include <vector>

#include "parallel/comm.hpp"

namespace aleator::parallel {

class Strips {
 public:
  Strips(const Comm& comm, std::vector<int> cuts);
  int first() const { return cuts_[static_cast<std::size_t>(comm_.rank())]; }
  int last() const { return cuts_[static_cast<std::size_t>(comm_.rank()) + 1]; }
  const Comm& comm() const { return comm_; }
  /// Rows of which each is two of these; an odd one at the end by itself.
  Strips coarser() const;

  /// Rows first() - 1 and last() as the neighbours have them; a row's bytes, and from row to row.
  void fill_halo(void* row_first, std::size_t row_bytes, std::size_t stride) const;
  /// All ranks' rows, from row 0 on and without gaps, on every rank.
  void gather(void* row_0, std::size_t row_bytes) const;

 private:
  Comm comm_;
  std::vector<int> cuts_;
};

}  // namespace aleator::parallel
