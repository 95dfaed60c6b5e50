#pragma once
/// What      4 x 4 tiles of packs: the register-resident building block of the batched factorisations.
/// Method    A panel holds groups of 4 rows; entry (row a, column k) of a group is its pack 4 k + a, so that a product of
///           two groups streams through memory. Factorisation F = L D L^T with unit lower L; X = L D.
/// Parallel  vertical pack operations only (kernels/pack.hpp).
/// Cost      subtract_product: 16 fused multiply-adds and 8 loads per k; 24 of 32 registers. With 16 registers a tile is
///           worked on in two strips of 2 rows, 8 fused multiply-adds and 6 loads per k; 13 of 16 registers.
/// Fails     a zero pivot gives inf or NaN in its lane and nowhere else.
#include "kernels/pack.hpp"

namespace aleator::kernels {

constexpr int tile = 4;                 ///< rows and columns of a tile
constexpr int tile_size = tile * tile;  ///< packs in a tile

/// Rows of a tile that are worked on together: their sums must fit into the registers.
constexpr int strip = native_lanes == 4 || native_lanes == 2 ? 2 : tile;

/// A tile, or `rows` neighbouring rows of one.
template <class P, int rows = tile>
struct Tile {
  P v[rows][tile];
};

/// Makes the compiler load a number once: GCC would read it from memory anew for every product.
template <class P>
KOKKOS_FORCEINLINE_FUNCTION P in_register(P value) {
#if defined(__AVX__) && !defined(__CUDACC__)
  if constexpr (strip < tile) asm("" : "+x"(value));
#endif
  return value;
}

template <class P, int rows>
KOKKOS_FORCEINLINE_FUNCTION void set_zero(Tile<P, rows>& c) {
  ALEATOR_UNROLL
  for (int a = 0; a < rows; ++a) {
    ALEATOR_UNROLL
    for (int b = 0; b < tile; ++b) c.v[a][b] = P{};
  }
}

/// c(a, b) -= sum_k x(a, k) l(b, k), k = 0 .. depth - 1; x begins at the first of the rows.
template <int rows, class Memory, class P = typename Memory::P>
KOKKOS_FORCEINLINE_FUNCTION void subtract_product(Tile<P, rows>& c, Memory x, Memory l, int depth) {
  for (int k = 0; k < depth; ++k) {
    P column[tile];
    ALEATOR_UNROLL
    for (int b = 0; b < tile; ++b) column[b] = in_register(l[tile * k + b]);
    ALEATOR_UNROLL
    for (int a = 0; a < rows; ++a) {
      const P row = in_register(x[tile * k + a]);
      ALEATOR_UNROLL
      for (int b = 0; b < tile; ++b) c.v[a][b] -= row * column[b];
    }
  }
}

/// Of a diagonal tile: the unit lower factor l(a, b), a > b, and 1 / d_b.
template <class P>
struct DiagonalFactor {
  P l[tile][tile];
  P inverse[tile];
};

/// L D L^T of the leading `columns` x `columns` part of c (lower triangle); rows below it follow as in solve_tile.
template <int columns, class P>
KOKKOS_FORCEINLINE_FUNCTION void factor_diagonal(Tile<P>& c, DiagonalFactor<P>& f) {
  ALEATOR_UNROLL
  for (int k = 0; k < columns; ++k) {
    f.inverse[k] = 1.0 / c.v[k][k];
    ALEATOR_UNROLL
    for (int a = 0; a <= k; ++a) f.l[a][k] = P{};
    ALEATOR_UNROLL
    for (int a = k + 1; a < tile; ++a) {
      f.l[a][k] = c.v[a][k] * f.inverse[k];
      ALEATOR_UNROLL
      for (int b = k + 1; b <= a; ++b) c.v[a][b] -= c.v[b][k] * f.l[a][k];
    }
  }
}

/// Keeps the factor out of the registers that the loop of subtract_product needs.
template <class P>
KOKKOS_FORCEINLINE_FUNCTION void rest_in_memory([[maybe_unused]] DiagonalFactor<P>& f) {
#if !defined(__CUDACC__)
  if constexpr (strip < tile) asm("" : "+m"(f));
#endif
}

/// X = C L^-T for rows of a tile below the diagonal tile with factor f; c becomes X.
template <int columns, class P, int rows>
KOKKOS_FORCEINLINE_FUNCTION void solve_tile(Tile<P, rows>& c, const DiagonalFactor<P>& f) {
  ALEATOR_UNROLL
  for (int k = 1; k < columns; ++k) {
    ALEATOR_UNROLL
    for (int b = 0; b < k; ++b) {
      ALEATOR_UNROLL
      for (int a = 0; a < rows; ++a) c.v[a][k] -= c.v[a][b] * f.l[k][b];
    }
  }
}

}  // namespace aleator::kernels
