#pragma once
/// What      Rows of a grid dealt in strips to the ranks of a communicator: what neighbours need of each other, and whole arrays.
/// Method    rank r holds the rows [cuts[r], cuts[r + 1]) and room for a row on either side. Rows are bytes: any number type.
///           In a ring the last rank's rows are followed by those of rank 0.
/// Parallel  fill_halo and gather are collective over the communicator.
/// Cost      fill_halo: for each array a message to each of two neighbours.
/// Fails     InternalError when MPI does.
#include <cstddef>
#include <vector>

#include "parallel/comm.hpp"

namespace aleator::parallel {

class Strips {
 public:
  /// Several arrays of rows, and the bytes from one to the next.
  struct Arrays {
    int count = 1;
    std::size_t stride = 0;
  };
  Strips(const Comm& comm, std::vector<int> cuts, bool is_ring = false);
  int first() const { return cuts_[static_cast<std::size_t>(comm_.rank())]; }
  int last() const { return cuts_[static_cast<std::size_t>(comm_.rank()) + 1]; }
  const Comm& comm() const { return comm_; }
  /// Rows of which each is two of these; an odd one at the end by itself.
  Strips coarser() const;

  /// Rows first() - 1 and last() as the neighbours have them; a row's bytes, and from row to row.
  void fill_halo(void* row_first, std::size_t row_bytes, std::size_t stride) const {
    fill_halo(row_first, row_bytes, stride, Arrays());
  }
  void fill_halo(void* row_first, std::size_t row_bytes, std::size_t stride, const Arrays& arrays) const;
  /// All ranks' rows, from row 0 on and without gaps, on every rank.
  void gather(void* row_0, std::size_t row_bytes) const;

 private:
  Comm comm_;
  std::vector<int> cuts_;
  bool is_ring_;
};

}  // namespace aleator::parallel
