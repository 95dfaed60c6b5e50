#pragma once
/// What      States of an evolution model on strips of its grid: rows that neighbours need of each other, and whole fields.
/// Method    A state is one field after the other, each as a Grid stores it (grid.hpp). A whole field is in the order of the
///           whole grid, on every rank. On one rank a strip is the whole grid: nothing is sent.
/// Parallel  every function is collective over the strips' ranks.
/// Cost      fill: for each field a message to each of two neighbours.
/// Fails     InternalError when MPI does.
#include <vector>

#include "parallel/strips.hpp"
#include "pde/evolution/semi_discrete.hpp"

namespace aleator::pde::evolution {

class Halo {
 public:
  /// The layout is that of the strip of this rank.
  Halo(const parallel::Comm& comm, const Layout& layout);
  bool is_shared() const { return strips_.comm().size() > 1; }
  const parallel::Comm& comm() const { return strips_.comm(); }

  /// The neighbours' rows, which f and its derivatives look at.
  void fill(double* state) const;
  /// Own cells of a field, or of all fields of a state, to whole ones, and back.
  void gather_field(const double* field, double* whole) const;
  void gather_state(const double* state, double* whole) const;
  void scatter_state(const double* whole, double* state) const;

 private:
  Cells cells_;
  int fields_, row_size_;
  std::size_t whole_size_, first_;  ///< of a whole field; its first value that is this rank's
  parallel::Strips strips_;
};

}  // namespace aleator::pde::evolution
