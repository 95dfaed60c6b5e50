#pragma once
/// What      Steps of a map x+ = f(t, x, q), their derivative and its transpose: a model in discrete time, in the place of
///           RungeKutta.
/// Method    transpose: lambda <- J_x^T lambda, dJ/dq += J_q^T lambda. The length of a step enters by the time t
///           alone, that before the step.
/// Parallel  as RungeKutta.
/// Cost      a step: one f, or one transposed product; its tangent: f and one product.
/// Fails     -
#include <algorithm>

#include "ode/lanes.hpp"
#include "ode/plan.hpp"
#include "ode/right_hand_side.hpp"

namespace aleator::ode {

template <class Rhs>
class IteratedMap {
 public:
  static constexpr bool is_map = true;
  static std::int64_t scratch_size(int n) { return n; }
  IteratedMap(const Rhs& map, Lanes* scratch) : map_{map}, scratch_(scratch) {}

  Lanes* march(const Piece& piece, const Lanes* q, Lanes* from, Lanes* to, int stride) const {
    for (int s = 0; s < piece.steps; ++s) {
      map_.f(time(piece, s), from, q, scratch_);
      std::copy_n(scratch_, size(), to);
      from = to;
      to += stride;
    }
    return from;
  }

  void march_back(const Piece& piece, const Lanes* q, const Lanes* first, Lanes* gx, Lanes* gq) const {
    for (int s = piece.steps - 1; s >= 0; --s) {
      map_.transposed(time(piece, s), first + static_cast<std::int64_t>(s) * size(), q, gx, scratch_, gq);
      std::copy_n(scratch_, size(), gx);
    }
  }

  void march_tangent(const Piece& piece, const Lanes* q, const Lanes* dq, Lanes* x, Lanes* dx) const {
    for (int s = 0; s < piece.steps; ++s) {
      map_.tangent(time(piece, s), x, q, dx, dq, scratch_);
      std::copy_n(scratch_, size(), dx);
      map_.f(time(piece, s), x, q, scratch_);
      std::copy_n(scratch_, size(), x);
    }
  }

 private:
  static double time(const Piece& piece, int s) { return piece.from + s * piece.h; }
  int size() const { return map_.rhs.size(); }

  Timed<Rhs> map_;
  Lanes* scratch_;
};

}  // namespace aleator::ode
