#pragma once
/// What      Steady flow in a box with a sliding lid, in finite differences: residual, Jacobian and derivatives.
/// Method    Stream function psi and vorticity w = - lap psi on the nodes (i h, j h) of the unit square, h = 1 / n:
///             R = - nu lap w + u w_x + v w_y - torque = 0 at inner nodes,   u = psi_y,  v = - psi_x,
///           central differences, psi = 0 on the walls. There w is that of a mirror point beyond the wall (Thom 1933):
///           w = - 2 psi / h^2 with psi one node inside, and - 2 psi / h^2 - 2 g / h at a lid of velocity g. Second order
///           (E, Liu 1996). With w put in, R hangs on psi alone: 13 points, a band of 2 (n - 1) diagonals on either side.
/// Parallel  const, without state.
/// Cost      residual 30 flops a node; Jacobian 29 entries added up a node.
/// Fails     -
#include <cstddef>
#include <utility>
#include <vector>

#include "math/banded.hpp"

namespace aleator::pde::cavity {

/// Where R and its derivatives are taken. psi, w: (n + 1)^2 nodes, x fastest, zero at corners; psi zero on all walls.
struct FlowState {
  double viscosity = 0.0;
  std::vector<double> lid;  ///< g at the nodes i = 0 … n
  std::vector<double> psi, w;
};

class Flow {
 public:
  /// torque: curl of the body force at nodes; empty for none.
  explicit Flow(int n, std::vector<double> torque = {}) : n_(n), h_(1.0 / n), torque_(std::move(torque)) {}

  int mesh() const { return n_; }
  int unknowns() const { return (n_ - 1) * (n_ - 1); }
  int band() const { return 2 * (n_ - 1); }
  std::size_t nodes() const { return static_cast<std::size_t>(n_ + 1) * (n_ + 1); }
  std::size_t node(int i, int j) const { return static_cast<std::size_t>(j) * (n_ + 1) + i; }
  /// Of inner node (i, j), 1 <= i, j < n.
  int unknown(int i, int j) const { return i - 1 + (n_ - 1) * (j - 1); }

  FlowState state() const;
  /// w from psi and the lid.
  void set_vorticity(FlowState& s) const;
  /// R by unknowns.
  void residual(const FlowState& s, double* r) const;
  /// dR/dpsi.
  void jacobian(const FlowState& s, math::BandedLu& a) const;
  /// r = R_nu dnu + R_g dg.
  void tangent(const FlowState& s, double dnu, const double* dg, double* r) const;
  /// dnu += R_nu^T lambda, dg += R_g^T lambda.
  void add_transposed(const FlowState& s, const double* lambda, double& dnu, double* dg) const;

  /// Velocity at the node.
  double u(const FlowState& s, int i, int j) const;
  double v(const FlowState& s, int i, int j) const;

 private:
  /// Weights of w at a node and its neighbours in R.
  struct Weights {
    double centre, east, west, north, south;
  };
  Weights weights(const FlowState& s, int i, int j) const;
  double laplacian_of_w(const FlowState& s, int i, int j) const;
  /// What R at (i, n - 1) hangs on g at i with.
  double weight_of_lid(const FlowState& s, int i) const { return -2.0 / h_ * weights(s, i, n_ - 1).north; }

  int n_;
  double h_;
  std::vector<double> torque_;
};

}  // namespace aleator::pde::cavity
