#include "kernels/triangular.hpp"

#include <algorithm>
#include <memory>

namespace aleator::kernels {
namespace {

constexpr int tile_rows = 8;
using Lanes [[gnu::vector_size(8 * tile_rows)]] = double;

// One parameter of eight rows is a Lanes; rows beyond the end are zero.
void load_tile(ConstBatch x, int first, Lanes* tile) {
  const int d = static_cast<int>(x.extent(1)), rows = std::min<int>(tile_rows, static_cast<int>(x.extent(0)) - first);
  for (int k = 0; k < d; ++k) tile[k] = Lanes{};
  for (int r = 0; r < rows; ++r)
    for (int k = 0; k < d; ++k) tile[k][r] = x(first + r, k);
}

void store_tile(const Lanes* tile, Batch y, int first) {
  const int d = static_cast<int>(y.extent(1)), rows = std::min<int>(tile_rows, static_cast<int>(y.extent(0)) - first);
  for (int r = 0; r < rows; ++r)
    for (int k = 0; k < d; ++k) y(first + r, k) = tile[k][r];
}

template <typename Product>
void for_each_tile(ConstBatch x, Batch y, Product product) {
  const int d = static_cast<int>(x.extent(1)), tiles = (static_cast<int>(x.extent(0)) + tile_rows - 1) / tile_rows;
  Kokkos::parallel_for("triangular", Kokkos::RangePolicy<HostExec>(0, tiles), [=](int tile) {
    // Arrays, not vectors: nvcc cannot put a vector type into a std::vector.
    const std::unique_ptr<Lanes[]> in(new Lanes[d]), out(new Lanes[d]);
    load_tile(x, tile * tile_rows, in.get());
    product(d, in.get(), out.get());
    store_tile(out.get(), y, tile * tile_rows);
  });
}

}  // namespace

void multiply_lower(const double* lower, ConstBatch x, Batch y) {
  for_each_tile(x, y, [lower](int d, const Lanes* in, Lanes* out) {
    int i = 0;
    for (; i + 4 <= d; i += 4) {  // four results at once hide the latency of the additions
      const double* const row = lower + static_cast<std::ptrdiff_t>(i) * d;
      Lanes sum[4] = {};
      for (int k = 0; k <= i; ++k)
        for (int q = 0; q < 4; ++q) sum[q] += row[q * d + k] * in[k];
      for (int q = 1; q < 4; ++q)
        for (int k = i + 1; k <= i + q; ++k) sum[q] += row[q * d + k] * in[k];
      for (int q = 0; q < 4; ++q) out[i + q] = sum[q];
    }
    for (; i < d; ++i) {
      Lanes sum = {};
      for (int k = 0; k <= i; ++k) sum += lower[static_cast<std::ptrdiff_t>(i) * d + k] * in[k];
      out[i] = sum;
    }
  });
}

void multiply_lower_transposed(const double* lower, ConstBatch x, Batch y) {
  for_each_tile(x, y, [lower](int d, const Lanes* in, Lanes* out) {
    for (int k = 0; k < d; ++k) out[k] = Lanes{};
    for (int i = 0; i < d; ++i) {
      const double* const row = lower + static_cast<std::ptrdiff_t>(i) * d;
      for (int k = 0; k <= i; ++k) out[k] += row[k] * in[i];
    }
  });
}

}  // namespace aleator::kernels
