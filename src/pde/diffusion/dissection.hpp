#pragma once
/// What      Nested dissection of the c x c grid of coefficient cells: the elimination tree of the skeleton nodes.
/// Method    George 1973, with the cheapest of all guillotine cuts of every rectangle found by dynamic programming over a
///           model of the front kernel's cycles. Leaves are single cells or pairs of neighbours, whose shared edge
///           (r - 1 nodes) is eliminated by the caller in closed form. Nodes on the boundary (u = 0) are left out.
/// Parallel  host, once.
/// Cost      O(c^5) for c <= 32; beyond, rectangles are halved across their longer side.
/// Fails     -
#include <vector>

#include "kernels/multifrontal_plan.hpp"
#include "pde/diffusion/reference_cell.hpp"

namespace aleator::pde::diffusion {

/// One or two cells whose joint Schur complement is a linear combination of precomputed matrices.
struct Leaf {
  int node = 0;                ///< in Dissection::nodes
  int first = 0, second = -1;  ///< cells i + c j; second: right of or above first, or -1
  Side shared = Side::right;   ///< side of the first cell that is shared with the second
};

struct Dissection {
  std::vector<kernels::EliminationNode> nodes;  ///< postorder
  std::vector<Leaf> leaves;                     ///< in the order of their nodes
  std::vector<int> variable;                    ///< of mesh node x + (n + 1) y; -1: not on the skeleton, or u = 0 there
  int variables = 0;
};

Dissection dissect(int cells, int elements_per_cell);

}  // namespace aleator::pde::diffusion
