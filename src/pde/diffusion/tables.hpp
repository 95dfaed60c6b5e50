#pragma once
/// What      Everything about a Diffusion model that does not depend on theta, flattened into arrays for the kernel.
/// Method    Leaves. A pair of cells with coefficients t1, t2 whose shared edge e is eliminated has, by the symmetry of the
///           reference cell (S_ee is the same on all sides), edge block (t1 + t2) S_ee. With a = S_re of the first cell,
///           b of the second, E = S_ee^-1, s = t1 + t2, q = t1 t2 / s, p = t1 / s, M = -E a^T or -E b^T:
///             S_pair = t1 (A - a E a^T) + t2 (B - b E b^T) + q (a - b) E (a - b)^T
///             g_pair = [g_r + 2 M_2^T g_e] + p 2 (M_1 - M_2)^T g_e
///             u_e    = 2 E g_e / s + p M_1 u_1 + (1 - p) M_2 u_2.
///           Observations. At a point of cell k, z = c . u_b + d / theta_k.
/// Parallel  made on the host once.
/// Cost      tables of equal leaves are shared.
/// Fails     UserError when the mesh does not fit the coefficient grid or a sensor lies outside the unit square.
#include <array>
#include <cstdint>
#include <vector>

#include "kernels/multifrontal_plan.hpp"
#include "pde/diffusion/dissection.hpp"
#include "pde/diffusion/reference_cell.hpp"
#include "pde/diffusion/setup.hpp"

namespace aleator::pde::diffusion {

/// Sources of a front's tile beyond kernels::TileSource: which leaf matrices it has a part of, times t1, t2, q of child 0
/// and of child 1; and the load of the leaves, in the last row.
enum LeafSource { leaf_matrix = kernels::first_free_source, leaf_load = leaf_matrix << 6 };

struct LeafRecord {
  int front = 0;  ///< in MultifrontalPlan::fronts
  int first_cell = 0, second_cell = -1;
  int first_side = 0, second_side = 0;  ///< the shared edge as seen by each cell (Side)
};

/// The leaves among the children of a front.
struct FrontLeaves {
  int leaf[2] = {-1, -1};  ///< in Tables::leaves
  int constants = 0;       ///< begin in leaf_constants: for every tile in turn, 16 for each matrix, 12 for a load
};

struct Tables {
  explicit Tables(const Setup& setup);

  int n, c, r, cells, boundary, edge, rest, outputs;  ///< boundary = 4 r, edge = r - 1, rest = 3 r + 1
  ReferenceCell reference;
  Dissection dissection;
  kernels::MultifrontalPlan plan;

  std::vector<LeafRecord> leaves;
  std::vector<FrontLeaves> front_leaves;  ///< by front
  std::vector<double> leaf_constants;
  std::vector<int> edge_rest;          ///< [side][rest]: boundary indices
  std::vector<double> edge_extension;  ///< [side][edge][rest]: M
  std::vector<double> edge_inverse;    ///< [edge][edge]: E
  std::vector<double> edge_load;       ///< [edge]: 2 E g_e

  std::vector<int> cell_variable;  ///< [cell][boundary]: slot of the node, zero_slot on the boundary of the domain
  // The points of a cell in blocks of 4; unused places have weight 0 and the output `outputs`, which nobody reads.
  std::vector<int> block_begin;        ///< [cells + 1]
  std::vector<int> block_output;       ///< [block][4]
  std::vector<double> block_weight;    ///< [block][boundary][4]: c
  std::vector<double> block_interior;  ///< [block][4]: d

  std::int64_t value_flops = 0, gradient_flops = 0;  ///< per sample; the latter for value and gradient together

 private:
  void make_edges();
  void make_leaves();
  void make_cells();
  void make_sensors(const std::vector<std::array<double, 2>>& sensors);
  void count_flops();
  void make_front_leaves();
};

}  // namespace aleator::pde::diffusion
