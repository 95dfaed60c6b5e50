#pragma once
/// What      Numeric side of the batched multifrontal LDL^T: factors and solves W symmetric positive definite systems at once.
/// Method    Left-looking over 4 x 4 tiles of a front, each in strips that fit the registers (tile.hpp). A tile starts as the
///           sum of its children's entries (the extend-add is fused into the initialisation), receives - X L^T of the columns
///           before it, and is written exactly once: to the factor or to the Schur complement. Stored is X = L D, with unit
///           lower L; the four rows of L that a column of tiles needs are scaled into a buffer that stays in the first-level
///           cache, since writing is dearer than arithmetic here:
///             F = (F_ee F_re^T; F_re F_rr),  F_ee = X_ee L_ee^T,  X_re = F_re L_ee^-T,  S = F_rr - X_re L_re^T.
///           The right-hand side f is the last row of every front, so L^-1 f is found on the way up.
/// Parallel  one call works on one pack of samples in its own memory; vertical operations only.
/// Cost      MultifrontalPlan::factor_flops and solve_flops a sample.
/// Fails     an indefinite matrix gives wrong or non-finite numbers in its own lane; the caller checks.
#include "kernels/multifrontal_plan.hpp"
#include "kernels/tile.hpp"

namespace aleator::kernels {

/// The plan's tables as raw pointers into memory of the execution space.
struct MultifrontalTables {
  const Front* fronts;
  const int *row_map, *column_map, *tile_sources, *variables;
  int fronts_count, zero_slot, rhs_slot;
};

/// The numbers of one pack of samples.
template <class Memory>
struct MultifrontalMemory {
  Memory schur;           ///< MultifrontalPlan::schur_size
  Memory factor;          ///< X of every front, factor_size
  Memory columns;         ///< buffer, columns_size
  Memory inverse_pivots;  ///< 1 / d, by variable
};

/// Starts the strips of a front's tiles, in the order of for_each_tile and from the first row on: the entries of its
/// children, and the caller's additions for leaves, `leaf(c, first, sources)`. Null rows and columns are zeros in memory.
template <class Memory, class LeafTerms>
struct TileStart {
  using P = typename Memory::P;
  Memory schur;
  const int *row, *column, *sources;
  int second;  ///< offset of the second child's maps
  LeafTerms leaf;

  KOKKOS_INLINE_FUNCTION TileStart(const Front& front, const MultifrontalTables& tables, Memory schur_memory,
                                   const LeafTerms& leaf_terms)
      : schur(schur_memory),
        row(tables.row_map + front.map_begin),
        column(tables.column_map + front.map_begin),
        sources(tables.tile_sources + front.tile_begin),
        second(tile * front.groups),
        leaf(leaf_terms) {}

  /// Rows first .. first + strip - 1 of tile (I, J).
  KOKKOS_FORCEINLINE_FUNCTION void operator()(Tile<P, strip>& c, int I, int J, int first) {
    const int from = *sources;
    if (from & from_first_child) {
      read<false>(c, row + tile * I + first, column + tile * J);
    } else {
      set_zero(c);
    }
    if (from & from_second_child) read<true>(c, row + second + tile * I + first, column + second + tile * J);
    if (from >= first_free_source) leaf(c, first, from);
    if (first + strip == tile) ++sources;
  }

 private:
  template <bool add>
  KOKKOS_FORCEINLINE_FUNCTION void read(Tile<P, strip>& c, const int* rows, const int* columns) const {
    ALEATOR_UNROLL
    for (int a = 0; a < strip; ++a) {
      // Pointers to rows and 64-bit column offsets: each entry is then one load with a register pair as its address.
      const Memory from = schur + rows[a];
      ALEATOR_UNROLL
      for (int b = 0; b < tile; ++b) {
        const std::int64_t at = columns[b];
        if (add) {
          c.v[a][b] += from[at];
        } else {
          c.v[a][b] = from[at];
        }
      }
    }
  }
};

/// Rows of L in one group: columns = X D^-1, k = 0 .. depth - 1.
template <class Memory>
KOKKOS_FORCEINLINE_FUNCTION void scale_columns(Memory columns, Memory x, Memory inverse_pivots, int depth) {
  for (int k = 0; k < depth; ++k) {
    const auto inverse = inverse_pivots[k];
    ALEATOR_UNROLL
    for (int b = 0; b < tile; ++b) columns[tile * k + b] = x[tile * k + b] * inverse;
  }
}

/// The leading columns of rows of a tile into a panel; `out` begins at the first of the rows.
template <int columns, int rows, class Memory, class P = typename Memory::P>
KOKKOS_FORCEINLINE_FUNCTION void write_columns(const Tile<P, rows>& c, Memory out) {
  ALEATOR_UNROLL
  for (int k = 0; k < columns; ++k) {
    ALEATOR_UNROLL
    for (int a = 0; a < rows; ++a) out[tile * k + a] = c.v[a][k];
  }
}

/// Columns of group J of the eliminated variables (`columns` of them): pivots, and X of every row below.
template <int columns, class Memory, class Start>
KOKKOS_FORCEINLINE_FUNCTION void eliminate_group(const Front& front, Start& start,
                                                 const MultifrontalMemory<Memory>& memory, int J) {
  using P = typename Memory::P;
  const int first = tile * J, group = tile * front.eliminated;
  const Memory x = memory.factor + front.factor_begin, pivots = memory.inverse_pivots + front.first_eliminated;
  scale_columns(memory.columns, x + J * group, pivots, first);
  Tile<P> diagonal;
  for (int a = 0; a < tile; a += strip) {
    Tile<P, strip> c;
    start(c, J, J, a);
    subtract_product(c, x + (J * group + a), memory.columns, first);
    ALEATOR_UNROLL
    for (int i = 0; i < strip; ++i) {
      ALEATOR_UNROLL
      for (int b = 0; b < tile; ++b) diagonal.v[a + i][b] = c.v[i][b];
    }
  }
  DiagonalFactor<P> f;
  factor_diagonal<columns>(diagonal, f);
  write_columns<columns>(diagonal, x + (J * group + tile * first));
  for (int I = J + 1; I < front.groups; ++I) {
    for (int a = 0; a < tile; a += strip) {
      rest_in_memory(f);
      Tile<P, strip> c;
      start(c, I, J, a);
      subtract_product(c, x + (I * group + a), memory.columns, first);
      solve_tile<columns>(c, f);
      write_columns<columns>(c, x + (I * group + tile * first + a));
    }
  }
  ALEATOR_UNROLL
  for (int k = 0; k < columns; ++k) pivots[first + k] = f.inverse[k];
}

/// Zeros in the null column of tile row I of a Schur complement.
template <class Memory>
KOKKOS_FORCEINLINE_FUNCTION void write_null_column(Memory schur, int I) {
  using P = typename Memory::P;
  ALEATOR_UNROLL
  for (int a = 0; a < tile; ++a) schur[schur_tile_row(I) + tile * a] = P{};
}

/// For fronts whose children are both fronts.
struct NoLeaves {
  template <class C>
  KOKKOS_FORCEINLINE_FUNCTION void operator()(C&, int, int) const {}
};

template <class Memory, class LeafTerms>
KOKKOS_INLINE_FUNCTION void factor_front(const Front& front, const MultifrontalTables& tables,
                                         const MultifrontalMemory<Memory>& memory, const LeafTerms& leaf_terms) {
  using P = typename Memory::P;
  TileStart<Memory, LeafTerms> start(front, tables, memory.schur, leaf_terms);
  const int first = front.eliminated_groups, m = front.eliminated, group = tile * m;
  for (int J = 0; J < m / tile; ++J) eliminate_group<tile>(front, start, memory, J);
  if (m % tile == 1) eliminate_group<1>(front, start, memory, first - 1);
  if (m % tile == 2) eliminate_group<2>(front, start, memory, first - 1);
  if (m % tile == 3) eliminate_group<3>(front, start, memory, first - 1);
  if (front.remaining == 0) return;

  const Memory x = memory.factor + front.factor_begin, schur = memory.schur + front.schur_begin;
  for (int J = first; J < front.groups; ++J) {
    write_null_column(schur, J - first);
    scale_columns(memory.columns, x + J * group, memory.inverse_pivots + front.first_eliminated, m);
    for (int I = J; I < front.groups; ++I) {
      const Memory out = schur + (schur_tile_row(I - first) + tile_size * (1 + J - first));
      for (int a = 0; a < tile; a += strip) {
        Tile<P, strip> c;
        start(c, I, J, a);
        subtract_product(c, x + (I * group + a), memory.columns, m);
        ALEATOR_UNROLL
        for (int i = 0; i < strip; ++i) {
          ALEATOR_UNROLL
          for (int b = 0; b < tile; ++b) out[tile * (a + i) + b] = c.v[i][b];
        }
      }
    }
  }
}

/// One front of L^T x = b: on entry x holds b in the eliminated variables' slots and the solution in the remaining ones'.
template <class Memory>
KOKKOS_INLINE_FUNCTION void solve_front_transposed(const Front& front, const MultifrontalTables& tables,
                                                   const MultifrontalMemory<Memory>& memory, Memory x) {
  using P = typename Memory::P;
  constexpr int block = 8;
  const int m = front.eliminated, group = tile * m;
  const Memory factor = memory.factor + front.factor_begin, own = x + front.first_eliminated, sums = memory.columns;
  const Memory inverse_pivots = memory.inverse_pivots + front.first_eliminated;
  const int* variables = tables.variables + front.variables_begin;
  for (int k0 = 0; k0 < m; k0 += block) {  // sums_k = sum_i X_ik x_i over the remaining variables
    const int width = m - k0 < block ? m - k0 : block;
    P sum[block];
    ALEATOR_UNROLL
    for (int k = 0; k < block; ++k) sum[k] = P{};
    for (int I = front.eliminated_groups; I < front.groups; ++I) {
      P u[tile];
      ALEATOR_UNROLL
      for (int a = 0; a < tile; ++a) u[a] = x[variables[tile * (I - front.eliminated_groups) + a]];
      const Memory row = factor + (I * group + tile * k0);
      ALEATOR_UNROLL
      for (int k = 0; k < block; ++k) {
        if (k >= width) break;
        ALEATOR_UNROLL
        for (int a = 0; a < tile; ++a) sum[k] += row[tile * k + a] * u[a];
      }
    }
    ALEATOR_UNROLL
    for (int k = 0; k < block; ++k) {
      if (k < width) sums[k0 + k] = sum[k];
    }
  }
  for (int k = m - 1; k >= 0; --k) {  // x_k = b_k - sums_k / d_k is final: take it into the sums before it
    const P u = own[k] - sums[k] * inverse_pivots[k];
    own[k] = u;
    const Memory row = factor + ((k / tile) * group + k % tile);
    for (int j = 0; j < k; ++j) sums[j] += row[tile * j] * u;
  }
}

/// One front of L D y = b, in place in the slots of x; the rhs slot is left with a meaningless number.
template <class Memory>
KOKKOS_INLINE_FUNCTION void solve_front(const Front& front, const MultifrontalTables& tables,
                                        const MultifrontalMemory<Memory>& memory, Memory x) {
  using P = typename Memory::P;
  const int m = front.eliminated, group = tile * m;
  const Memory factor = memory.factor + front.factor_begin, own = x + front.first_eliminated;
  const int* variables = tables.variables + front.variables_begin;
  for (int k = 0; k < m; ++k) {
    const P y = own[k] * memory.inverse_pivots[front.first_eliminated + k];
    own[k] = y;
    for (int i = k + 1; i < m; ++i) own[i] -= factor[(i / tile) * group + tile * k + i % tile] * y;
  }
  for (int I = front.eliminated_groups; I < front.groups; ++I) {
    P sum[tile];
    ALEATOR_UNROLL
    for (int a = 0; a < tile; ++a) sum[a] = P{};
    const Memory row = factor + I * group;
    for (int k = 0; k < m; ++k) {
      const P y = own[k];
      ALEATOR_UNROLL
      for (int a = 0; a < tile; ++a) sum[a] += row[tile * k + a] * y;
    }
    ALEATOR_UNROLL
    for (int a = 0; a < tile; ++a) x[variables[tile * (I - front.eliminated_groups) + a]] -= sum[a];
  }
}

}  // namespace aleator::kernels
