#pragma once
/// What      A loop over the rows of a batch for models whose threads need memory of their own.
/// Method    As many blocks of rows as there are slots, each with one slot; why rows failed is gathered in their order.
/// Parallel  Kokkos over the slots; one slot works on the calling thread, which may then call MPI. A row's result may depend on
///           that row alone, never on what its slot did before.
/// Cost      one launch.
/// Fails     -
#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "kernels/batch.hpp"
#include "model/forward_model.hpp"

namespace aleator::model {

/// As many slots as threads, none of them made.
template <class Slot>
std::vector<std::unique_ptr<Slot>> slots_for_threads() {
  return std::vector<std::unique_ptr<Slot>>(static_cast<std::size_t>(kernels::HostExec().concurrency()));
}

/// work(row, slot) returns why the row failed, or nothing; make() makes a slot when it is first needed.
template <class Slot, class Make, class Work>
RowStatus for_each_row(std::size_t rows, std::vector<std::unique_ptr<Slot>>& slots, const Make& make,
                       const Work& work) {
  std::vector<std::string> faults(rows);
  const auto used = static_cast<std::int64_t>(std::min(slots.size(), rows));
  const auto work_through = [&](std::int64_t s) {
    std::unique_ptr<Slot>& slot = slots[static_cast<std::size_t>(s)];
    if (slot == nullptr) slot = make();
    for (std::size_t row = rows * s / used; row < rows * (s + 1) / used; ++row)
      faults[row] = work(static_cast<int>(row), *slot);
  };
  if (slots.size() == 1) {
    if (rows > 0) work_through(0);
  } else {
    Kokkos::parallel_for("rows of a model", Kokkos::RangePolicy<kernels::HostExec>(0, used), work_through);
    Kokkos::fence();
  }
  RowStatus status;
  for (std::size_t row = 0; row < rows; ++row)
    if (!faults[row].empty()) status.failed.push_back({static_cast<int>(row), faults[row]});
  return status;
}

}  // namespace aleator::model
