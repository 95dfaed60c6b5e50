#pragma once
/// What      Symbolic side of the batched multifrontal LDL^T: where every number of every front lies, made once.
/// Method    Duff and Reid 1983. Variables are numbered in elimination order; a node of the elimination tree joins the
///           Schur complements of its two children into a front, eliminates the m variables interior to the union and
///           leaves a Schur complement on the n remaining. The right-hand side is one more row, the last. A leaf's matrix is
///           not stored: the caller adds it to the tiles of the parent. Rows and columns come in groups of 4, eliminated
///           groups first; unused places of a group are null (zero rows and columns).
///           A tile (I, J) is the 4 x 4 block of two groups. Tiles are visited in this order: for every eliminated group J
///           the tiles (I, J), I = J ..; then the same for every remaining group J.
/// Parallel  host, once; the plan is read-only afterwards.
/// Cost      O(sum of front sizes).
/// Fails     InternalError when the nodes are not in postorder or a child's variable is missing from its parent.
#include <Kokkos_Core.hpp>
#include <cstdint>
#include <vector>

namespace aleator::kernels {

/// A node of the elimination tree, in postorder; the last one is the root.
struct EliminationNode {
  int left = -1, right = -1;  ///< children; -1: a leaf
  int first_eliminated = 0;   ///< the eliminated variables are first_eliminated .. + eliminated - 1
  int eliminated = 0;
  std::vector<int> remaining;  ///< ascending
};

/// One node, as the numeric kernel reads it. Offsets count packs (factor, schur) or table entries.
struct Front {
  int is_leaf = 0;
  int first_eliminated = 0, eliminated = 0, remaining = 0;
  int eliminated_groups = 0, groups = 0;  ///< groups = eliminated ones + those of the remaining variables and the rhs
  int factor_begin = 0;                   ///< X = L D: 4 groups * eliminated packs
  int schur_begin = 0;                    ///< Schur complement, see schur_row
  int map_begin = 0;                      ///< into row_map and column_map: 4 groups of child 0, then of child 1
  int tile_begin = 0;                     ///< into tile_sources
  int variables_begin = 0;                ///< 4 (groups - eliminated_groups) variable slots
};

/// Entry (i, j), i >= j, of a Schur complement lies at schur_row(i) + schur_column(j); the right-hand side is the last row of
/// the last group. A row of tiles holds a column of nulls (column offset 0) and then the tiles up to the diagonal.
KOKKOS_INLINE_FUNCTION constexpr int schur_tile_row(int group) { return 16 * (group * (group + 3) / 2); }
KOKKOS_INLINE_FUNCTION constexpr int schur_row(int i) { return schur_tile_row(i / 4) + 4 * (i % 4); }
KOKKOS_INLINE_FUNCTION constexpr int schur_column(int j) { return 16 + 16 * (j / 4) + j % 4; }

/// What a tile is the sum of. Further bits belong to the caller, who adds the leaves.
enum TileSource { from_first_child = 1, from_second_child = 2, first_free_source = 4 };

struct MultifrontalPlan {
  std::vector<Front> fronts;
  std::vector<int> row_map, column_map, tile_sources, variables;
  int variables_count = 0;  ///< slots 0 .. count - 1; slot count is always zero, slot count + 1 belongs to the rhs
  int factor_size = 0, columns_size = 0, schur_size = 0, zero_begin = 0, zero_size = 0;  ///< packs
  std::int64_t factor_flops = 0, solve_flops = 0;  ///< per sample, without padding

  int zero_slot() const { return variables_count; }
  int rhs_slot() const { return variables_count + 1; }
  int slots() const { return variables_count + 2; }
};

/// The variable in every place of a front's groups: -1 where null, variables_count + 1 for the right-hand side.
std::vector<int> front_places(const EliminationNode& node, const Front& front, int variables_count);

/// Calls visit(I, J) for every tile of a front in the order of the numeric kernel.
template <class Visit>
void for_each_tile(const Front& front, const Visit& visit) {
  for (int J = 0; J < (front.remaining == 0 ? front.eliminated_groups : front.groups); ++J)
    for (int I = J; I < front.groups; ++I) visit(I, J);
}

MultifrontalPlan plan_multifrontal(const std::vector<EliminationNode>& nodes, int variables_count);

}  // namespace aleator::kernels
