#pragma once
/// What      4 x 4 tiles of packs: the register-resident building block of the batched factorisations.
/// Method    A panel holds groups of 4 rows; entry (row a, column k) of a group is its pack 4 k + a, so that a product of
///           two groups streams through memory. Factorisation F = L D L^T with unit lower L; X = L D.
/// Parallel  vertical pack operations only (kernels/pack.hpp).
/// Cost      subtract_product: 16 fused multiply-adds and 8 loads per k; 24 of 32 registers.
/// Fails     a zero pivot gives inf or NaN in its lane and nowhere else.
#include "kernels/pack.hpp"

namespace aleator::kernels {

constexpr int tile = 4;                 ///< rows and columns of a tile
constexpr int tile_size = tile * tile;  ///< packs in a tile

template <class P>
struct Tile {
  P v[tile][tile];
};

template <class P>
KOKKOS_FORCEINLINE_FUNCTION void set_zero(Tile<P>& c) {
  ALEATOR_UNROLL
  for (int a = 0; a < tile; ++a) {
    ALEATOR_UNROLL
    for (int b = 0; b < tile; ++b) c.v[a][b] = P{};
  }
}

/// c(a, b) -= sum_k x(a, k) l(b, k), k = 0 .. depth - 1.
template <class Memory, class P = typename Memory::P>
KOKKOS_FORCEINLINE_FUNCTION void subtract_product(Tile<P>& c, Memory x, Memory l, int depth) {
  for (int k = 0; k < depth; ++k) {
    P column[tile];
    ALEATOR_UNROLL
    for (int b = 0; b < tile; ++b) column[b] = l[tile * k + b];
    ALEATOR_UNROLL
    for (int a = 0; a < tile; ++a) {
      const P row = x[tile * k + a];
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

/// X = C L^-T for a tile below the diagonal tile with factor f; c becomes X.
template <int columns, class P>
KOKKOS_FORCEINLINE_FUNCTION void solve_tile(Tile<P>& c, const DiagonalFactor<P>& f) {
  ALEATOR_UNROLL
  for (int k = 1; k < columns; ++k) {
    ALEATOR_UNROLL
    for (int b = 0; b < k; ++b) {
      ALEATOR_UNROLL
      for (int a = 0; a < tile; ++a) c.v[a][k] -= c.v[a][b] * f.l[k][b];
    }
  }
}

}  // namespace aleator::kernels
