#pragma once
/// What      One coefficient cell with unit coefficient: r x r bilinear elements, interior nodes eliminated.
/// Method    Static condensation. On the cell, theta K (u_b, u_i) = (f_b, f_i) + boundary fluxes gives
///             u_i = Q u_b + w / theta,  Q = -K_ii^-1 K_ib,  w = K_ii^-1 f_i,
///             stiffness theta S, S = K_bb + K_bi Q, and load g = f_b - K_bi w: none depends on theta.
///           In two dimensions S does not depend on the mesh width; the load is source h^2 / 4 an element and corner.
/// Parallel  host, once.
/// Cost      O(r^5) for the banded elimination of (r-1)^2 nodes with 4 r right-hand sides.
/// Fails     InternalError when r < 1.
#include <vector>

namespace aleator::pde::diffusion {

/// The four sides of a cell.
enum class Side { left, right, bottom, top };

struct ReferenceCell {
  ReferenceCell(int elements, double mesh_width, double source);

  int r;                            ///< elements along an edge
  int boundary;                     ///< 4 r boundary nodes
  std::vector<int> index;           ///< of node (a, b), a + (r + 1) b: boundary index >= 0, or -1 - interior index
  std::vector<int> node_a, node_b;  ///< position of a boundary node in 0 .. r
  std::vector<double> S;            ///< boundary x boundary, row-major
  std::vector<double> g;            ///< boundary
  std::vector<double> Q;            ///< interior x boundary, row-major
  std::vector<double> w;            ///< interior

  /// Boundary indices of a side's r - 1 inner nodes, along increasing x or y.
  std::vector<int> edge(Side side) const;
  /// The other 3 r + 1 boundary indices, ascending.
  std::vector<int> rest(Side side) const;
};

}  // namespace aleator::pde::diffusion
