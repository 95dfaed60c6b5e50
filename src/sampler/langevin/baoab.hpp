#pragma once
/// What      A step of underdamped Langevin dynamics dz = L v dt, dv = (L^T grad log pi(z) - gamma v) dt + sqrt(2 gamma) dW.
/// Method    BAOAB (Leimkuhler, Matthews 2013): half a kick, half a drift, the exact Ornstein-Uhlenbeck step, half a drift, half
///           a kick. Members whose step has failed stay, and turn back.
/// Parallel  local rows.
/// Cost      one gradient, two products with L and two with L^T a member.
/// Fails     as the gradient.
#include <cmath>

#include "sampler/langevin/ula.hpp"

namespace aleator::sampler {

struct LangevinStep {
  double step;      ///< h
  double friction;  ///< gamma
};

/// root.push(half, z, gradient, v): v += half L^T (gradient - z), z being the prior's part of -grad log pi.
/// root.float_on(half, v, z): z += half L v. xi: standard normals. candidates_at(z): those of the gradient there.
/// Returns 1 for members that have moved.
template <class Root, class CandidatesAt>
Vector baoab(const LangevinStep& p, const Root& root, const Batch& xi, const Batch& v, Ensemble& e,
             const CandidatesAt& candidates_at) {
  const double half = 0.5 * p.step, memory = std::exp(-p.friction * p.step),
               noise = std::sqrt(-std::expm1(-2.0 * p.friction * p.step));
  const Batch z("z", e.rows(), v.extent(1));
  const int d = static_cast<int>(v.extent(1));
  Kokkos::deep_copy(z, e.position);
  root.push(half, z, e.gradient, v);
  root.float_on(half, v, z);
  kernels::for_each_row(e.rows(), [=](int row) {
    for (int k = 0; k < d; ++k) v(row, k) = memory * v(row, k) + noise * xi(row, k);
  });
  root.float_on(half, v, z);
  const Candidates c = candidates_at(z);
  root.push(half, z, c.evaluation.gradient, v);
  const Vector moved = go_unless_failed(c, e);
  kernels::for_each_row(e.rows(), [=](int row) {
    for (int k = 0; k < d && moved(row) == 0.0; ++k) v(row, k) = -v(row, k);
  });
  return moved;
}

}  // namespace aleator::sampler
