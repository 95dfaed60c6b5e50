#pragma once
/// What      The data every floor shares: a Batch is a set of samples, row = one sample, column = one parameter.
/// Method    Kokkos views in host memory; kernels copy to the device and back where there is one.
/// Parallel  a Batch holds this rank's rows; which global rows those are is told by parallel::RowLayout.
/// Cost      views are reference-counted handles: copying one copies no data.
/// Fails     -
#include <Kokkos_Core.hpp>

namespace aleator::kernels {

using Batch = Kokkos::View<double**, Kokkos::LayoutRight, Kokkos::HostSpace>;
using ConstBatch = Kokkos::View<const double**, Kokkos::LayoutRight, Kokkos::HostSpace>;
using Vector = Kokkos::View<double*, Kokkos::HostSpace>;
using ConstVector = Kokkos::View<const double*, Kokkos::HostSpace>;

using HostExec = Kokkos::DefaultHostExecutionSpace;

/// Calls work(row) for every row, spread over the host's threads.
template <typename Work>
void for_each_row(int rows, const Work& work) {
  Kokkos::parallel_for("for_each_row", Kokkos::RangePolicy<HostExec>(0, rows), work);
}

/// Without values: every one of them is to be written before it is read.
inline Batch new_batch(std::size_t rows, int columns) {
  return Batch(Kokkos::view_alloc("batch", Kokkos::WithoutInitializing), rows, columns);
}

}  // namespace aleator::kernels
