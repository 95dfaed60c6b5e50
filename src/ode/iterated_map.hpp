#pragma once
/// What      Steps of a map x+ = f(x, q), their derivative and its transpose: a model in discrete time, in the place of
///           RungeKutta.
/// Method    transpose: lambda <- J_x^T lambda, dJ/dq += J_q^T lambda. The length of a step does not enter.
/// Parallel  as RungeKutta.
/// Cost      a step: one f, or one transposed product; its tangent: f and one product.
/// Fails     -
#include <algorithm>

#include "ode/lanes.hpp"
#include "ode/plan.hpp"

namespace aleator::ode {

template <class Rhs>
class IteratedMap {
 public:
  static constexpr bool is_map = true;
  static constexpr int scratch_states = 1;
  IteratedMap(const Rhs& map, Lanes* scratch) : map_(map), scratch_(scratch) {}

  Lanes* march(const Piece& piece, const Lanes* q, Lanes* from, Lanes* to, int stride) const {
    for (int s = 0; s < piece.steps; ++s) {
      map_.f(from, q, scratch_);
      std::copy_n(scratch_, map_.size(), to);
      from = to;
      to += stride;
    }
    return from;
  }

  void march_back(const Piece& piece, const Lanes* q, const Lanes* first, Lanes* gx, Lanes* gq) const {
    for (std::int64_t s = piece.steps - 1; s >= 0; --s) {
      map_.transposed(first + s * map_.size(), q, gx, scratch_, gq);
      std::copy_n(scratch_, map_.size(), gx);
    }
  }

  void march_tangent(const Piece& piece, const Lanes* q, const Lanes* dq, Lanes* x, Lanes* dx) const {
    for (int s = 0; s < piece.steps; ++s) {
      map_.tangent(x, q, dx, dq, scratch_);
      std::copy_n(scratch_, map_.size(), dx);
      map_.f(x, q, scratch_);
      std::copy_n(scratch_, map_.size(), x);
    }
  }

 private:
  const Rhs& map_;
  Lanes* scratch_;
};

}  // namespace aleator::ode
