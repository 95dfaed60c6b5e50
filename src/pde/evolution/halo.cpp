#include "pde/evolution/halo.hpp"

#include <algorithm>

namespace aleator::pde::evolution {
namespace {

parallel::Strips strips_of(const parallel::Comm& comm, const Grid& grid) {
  std::vector<int> cuts;
  for (int r = 0; r <= comm.size(); ++r) cuts.push_back(grid.cut(r));
  return {comm, cuts, grid.is_periodic};
}

}  // namespace

Halo::Halo(const parallel::Comm& comm, const Layout& layout)
    : cells_(layout.grid.cells()),
      fields_(static_cast<int>(layout.field_names.size())),
      row_size_(layout.grid.row_size()),
      whole_size_(static_cast<std::size_t>(layout.grid.whole().size())),
      first_(static_cast<std::size_t>(layout.grid.cut(layout.grid.share.index)) * row_size_),
      strips_(strips_of(comm, layout.grid)) {}

void Halo::fill(double* state) const {
  if (!is_shared()) return;
  const std::size_t row_bytes = static_cast<std::size_t>(row_size_) * sizeof(double);
  strips_.fill_halo(state + cells_.begin, row_bytes, row_bytes,
                    {fields_, static_cast<std::size_t>(cells_.size) * sizeof(double)});
}

void Halo::gather_field(const double* field, double* whole) const {
  std::copy(field + cells_.begin, field + cells_.end, whole + first_);
  if (is_shared()) strips_.gather(whole, static_cast<std::size_t>(row_size_) * sizeof(double));
}

void Halo::gather_state(const double* state, double* whole) const {
  for (int k = 0; k < fields_; ++k, state += cells_.size, whole += whole_size_) gather_field(state, whole);
}

void Halo::scatter_state(const double* whole, double* state) const {
  for (int k = 0; k < fields_; ++k, state += cells_.size, whole += whole_size_)
    std::copy_n(whole + first_, cells_.end - cells_.begin, state + cells_.begin);
}

}  // namespace aleator::pde::evolution
