#pragma once
/// What      Products of the rows of a batch with one lower triangular matrix: y_r = L x_r and y_r = L^T x_r.
/// Method    eight rows in the lanes of a register; the order of additions in a row is fixed. What makes x and takes y runs in
///           the same pass: x(row, k) is asked of `in`, y(row, i) is handed to `out`, each once.
/// Parallel  threads over tiles of eight rows; a row's bits do not depend on its tile.
/// Cost      rows x d^2 flops.
/// Fails     -
#include <algorithm>
#include <memory>
#include <utility>

#include "kernels/batch.hpp"
#include "kernels/registers.hpp"

namespace aleator::kernels {

constexpr int tile_rows = 8;
/// One parameter of eight rows, in as many registers as the machine built for needs.
struct Lanes {
  static constexpr int width = register_bytes / 8;
  using Vector [[gnu::vector_size(8 * width)]] = double;
  static constexpr int size = tile_rows / width;
  Vector v[size];

  /// this + a x
  void add(double a, const Lanes& x) {
    for (int i = 0; i < size; ++i) v[i] += a * x.v[i];
  }
};

/// out = L in for the d parameters of a tile. `lower` is d x d, row by row; what lies above the diagonal is not read.
void multiply_lower_tile(const double* lower, int d, const Lanes* in, Lanes* out);
/// out = L^T in
void multiply_lower_transposed_tile(const double* lower, int d, const Lanes* in, Lanes* out);
/// To be called at the end of vector code, before scalar code on the same thread; see the definition.
void leave_vector_code();

using TileProduct = void (*)(const double* lower, int d, const Lanes* in, Lanes* out);

/// One tile of rows: all of its x is read before its y is written, so y may lie where x lies. No matrix (nullptr) is the
/// identity.
template <TileProduct product, typename In, typename Out>
void multiply_tile(const double* lower, int rows, int d, int tile, const In& in, const Out& out) {
  const int first = tile * tile_rows, count = std::min(tile_rows, rows - first);
  // Arrays, not vectors: nvcc cannot put a vector type into a std::vector. Few parameters need no heap.
  constexpr int few = 32;
  Lanes on_stack[2 * few];
  const std::unique_ptr<Lanes[]> on_heap(d > few ? new Lanes[2 * static_cast<std::size_t>(d)] : nullptr);
  Lanes* const x = d > few ? on_heap.get() : on_stack;
  Lanes* const y = x + d;
  if (count < tile_rows) std::fill_n(x, d, Lanes{});  // rows beyond the end
  double* const x_entries = reinterpret_cast<double*>(x);
  const double* const y_entries = reinterpret_cast<const double*>(y);
  for (int r = 0; r < count; ++r)
    for (int k = 0; k < d; ++k) x_entries[k * tile_rows + r] = in(first + r, k);
  if (lower != nullptr)
    product(lower, d, x, y);
  else
    for (int k = 0; k < d; ++k) y[k] = x[k];
  for (int r = 0; r < count; ++r)
    for (int k = 0; k < d; ++k) out(first + r, k, y_entries[k * tile_rows + r]);
  leave_vector_code();
}

template <typename Work>
void for_each_tile(int rows, const Work& work) {
  Kokkos::parallel_for("triangular", Kokkos::RangePolicy<HostExec>(0, (rows + tile_rows - 1) / tile_rows), work);
}

/// out(row, i, sum_k L_ik in(row, k)) for every row and i < d.
template <typename In, typename Out>
void multiply_lower(const double* lower, int rows, int d, const In& in, const Out& out) {
  for_each_tile(rows, [=](int tile) { multiply_tile<multiply_lower_tile>(lower, rows, d, tile, in, out); });
}

/// out(row, i, sum_k L_ki in(row, k)) for every row and i < d.
template <typename In, typename Out>
void multiply_lower_transposed(const double* lower, int rows, int d, const In& in, const Out& out) {
  for_each_tile(rows, [=](int tile) { multiply_tile<multiply_lower_transposed_tile>(lower, rows, d, tile, in, out); });
}

/// The transposed product and then the plain one, tile by tile: one start of the threads instead of two.
template <typename In, typename Out, typename ThenIn, typename ThenOut>
void multiply_lower_transposed_then_lower(const double* lower, const Batch& shape, const std::pair<In, Out>& transposed,
                                          const std::pair<ThenIn, ThenOut>& plain) {
  const int rows = static_cast<int>(shape.extent(0)), d = static_cast<int>(shape.extent(1));
  for_each_tile(rows, [=](int tile) {
    multiply_tile<multiply_lower_transposed_tile>(lower, rows, d, tile, transposed.first, transposed.second);
    multiply_tile<multiply_lower_tile>(lower, rows, d, tile, plain.first, plain.second);
  });
}

/// y = L x by rows; y may be x.
void multiply_lower(const double* lower, const ConstBatch& x, const Batch& y);

}  // namespace aleator::kernels
