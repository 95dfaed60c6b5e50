#pragma once
/// What      Steps of the classical Runge-Kutta method for x' = f(x, q), their derivative (tangent) and its exact transpose
///           (discrete adjoint).
/// Method    X1 = x, X2 = x + h/2 k1, X3 = x + h/2 k2, X4 = x + h k3, ki = f(Xi), x+ = x + h/6 (k1 + 2 k2 + 2 k3 + k4), at
///           the times t, t + h/2, t + h/2, t + h; the first and the last lie inside the step by 1e-9 of it.
///           Transpose, with lambda = (dJ/dx+)^T: w4 = h/6 lambda, g4 = J(X4)^T w4, w3 = h/3 lambda + h g4,
///           w2 = h/3 lambda + h/2 g3, w1 = h/6 lambda + h/2 g2; lambda += g1 + g2 + g3 + g4, dJ/dq += sum J_q(Xi)^T wi.
/// Parallel  one group of samples, one in each lane; all operations are vertical.
/// Cost      a step: 4 f and 14 n flops; its adjoint: 3 f, 4 transposed products and 21 n flops; its tangent: twice a step's.
/// Fails     -
#include <algorithm>

#include "ode/lanes.hpp"
#include "ode/plan.hpp"
#include "ode/right_hand_side.hpp"

// A loop over steps. Neither inlined nor cloned: the same instructions, and so the same bits, wherever a state is computed.
// Flattened: all that it calls is inlined, so that states stay in registers (the sanitizer would make that slow to compile).
#if defined(__SANITIZE_ADDRESS__)
#define ALEATOR_ODE_LOOP [[gnu::noinline, gnu::noclone]]
#else
#define ALEATOR_ODE_LOOP [[gnu::noinline, gnu::noclone, gnu::flatten]]
#endif

namespace aleator::ode {

template <class Rhs>
class RungeKutta {
 public:
  static constexpr bool is_map = false;
  /// The size of `scratch` for n states whose number is known at run time only.
  static std::int64_t scratch_size(int n) { return 10 * static_cast<std::int64_t>(n); }
  RungeKutta(const Rhs& rhs, Lanes* scratch) : rhs_{rhs}, scratch_(scratch) {}

  /// The steps of a piece: from `from` to `to`, to + stride, …; stride 0: only the last state is kept. Returns its place.
  ALEATOR_ODE_LOOP Lanes* march(const Piece& piece, const Lanes* q, Lanes* from, Lanes* to, int stride) const {
    const Parameters p(q);
    for (int s = 0; s < piece.steps; ++s) {
      step(p.values, Times(piece, s), from, to);
      from = to;
      to += stride;
    }
    return from;
  }

  /// The transpose of march(); `first` holds the states before each step, one after the other.
  ALEATOR_ODE_LOOP void march_back(const Piece& piece, const Lanes* q, const Lanes* first, Lanes* gx, Lanes* gq) const {
    const Parameters p(q);
    Parameters gradient(gq);
    for (int s = piece.steps - 1; s >= 0; --s)
      step_back(p.values, Times(piece, s), first + static_cast<std::int64_t>(s) * size(), gx, gradient.values);
    gradient.store(gq);
  }

  /// x and dx, in place.
  ALEATOR_ODE_LOOP void march_tangent(const Piece& piece, const Lanes* q, const Lanes* dq, Lanes* x, Lanes* dx) const {
    const Parameters p(q), dp(dq);
    for (int s = 0; s < piece.steps; ++s) step_tangent(p.values, dp.values, Times(piece, s), x, dx);
  }

 private:
  // A copy that nothing else can change: quotients of parameters are computed once and not at every step.
  template <int n, class Dummy = void>
  struct Copy {
    explicit Copy(const Lanes* q) { std::copy_n(q, n, values); }
    void store(Lanes* q) const { std::copy_n(values, n, q); }
    Lanes values[n];
  };
  template <class Dummy>
  struct Copy<0, Dummy> {  // none: the place itself
    explicit Copy(const Lanes* q)
        : values(const_cast<Lanes*>(q)) {}  // NOLINT: written through only where it was not const
    void store(Lanes*) const {}
    Lanes* values;
  };
  using Parameters = Copy<Rhs::parameters>;

  // n values, in registers where n is known.
  template <int n, class Dummy = void>
  struct Local {
    Local(Lanes*&, int) {}
    operator Lanes*() { return values; }
    Lanes values[n];
  };
  template <class Dummy>
  struct Local<0, Dummy> {
    Local(Lanes*& free, int n) : values(free) { free += n; }
    operator Lanes*() { return values; }
    Lanes* values;
  };
  using State = Local<Rhs::states>;

  constexpr int size() const { return Rhs::states > 0 ? Rhs::states : rhs_.rhs.size(); }

  // Of a step. Where f jumps at the end of a step, each step sees its own side of the jump.
  struct Times {
    Times(const Piece& piece, int s)
        : h(piece.h),
          first(piece.from + (s + inside_step(piece)) * h),
          middle(piece.from + (s + 0.5) * h),
          last(piece.from + (s + 1 - inside_step(piece)) * h) {}
    double h, first, middle, last;
  };

  void step(const Lanes* q, const Times& t, const Lanes* x, Lanes* to) const {
    const double h = t.h;
    const int n = size();
    Lanes* free = scratch_;
    State k(free, n), stage(free, n), sum(free, n);
    rhs_.f(t.first, x, q, k);
    each(n, [&](int i) { sum[i] = k[i], stage[i] = x[i] + 0.5 * h * k[i]; });
    rhs_.f(t.middle, stage, q, k);
    each(n, [&](int i) { sum[i] += 2.0 * k[i], stage[i] = x[i] + 0.5 * h * k[i]; });
    rhs_.f(t.middle, stage, q, k);
    each(n, [&](int i) { sum[i] += 2.0 * k[i], stage[i] = x[i] + h * k[i]; });
    rhs_.f(t.last, stage, q, k);
    each(n, [&](int i) { to[i] = x[i] + h / 6.0 * (sum[i] + k[i]); });
  }

  void step_back(const Lanes* q, const Times& t, const Lanes* x, Lanes* lambda, Lanes* gq) const {
    const double h = t.h;
    const int n = size();
    Lanes* free = scratch_;
    State x2(free, n), x3(free, n), x4(free, n), k(free, n), w(free, n), g(free, n), sum(free, n);
    rhs_.f(t.first, x, q, k);
    each(n, [&](int i) { x2[i] = x[i] + 0.5 * h * k[i]; });
    rhs_.f(t.middle, x2, q, k);
    each(n, [&](int i) { x3[i] = x[i] + 0.5 * h * k[i]; });
    rhs_.f(t.middle, x3, q, k);
    each(n, [&](int i) { x4[i] = x[i] + h * k[i], w[i] = h / 6.0 * lambda[i]; });
    rhs_.transposed(t.last, x4, q, w, g, gq);
    each(n, [&](int i) { sum[i] = g[i], w[i] = h / 3.0 * lambda[i] + h * g[i]; });
    rhs_.transposed(t.middle, x3, q, w, g, gq);
    each(n, [&](int i) { sum[i] += g[i], w[i] = h / 3.0 * lambda[i] + 0.5 * h * g[i]; });
    rhs_.transposed(t.middle, x2, q, w, g, gq);
    each(n, [&](int i) { sum[i] += g[i], w[i] = h / 6.0 * lambda[i] + 0.5 * h * g[i]; });
    rhs_.transposed(t.first, x, q, w, g, gq);
    each(n, [&](int i) { lambda[i] += sum[i] + g[i]; });
  }

  void step_tangent(const Lanes* q, const Lanes* dq, const Times& t, Lanes* x, Lanes* dx) const {
    const double h = t.h;
    const int n = size();
    Lanes* free = scratch_;
    State k(free, n), dk(free, n), stage(free, n), d_stage(free, n), sum(free, n), d_sum(free, n);
    const auto next_stage = [&](double weight, double length) {
      each(n, [&](int i) {
        sum[i] += weight * k[i], stage[i] = x[i] + length * k[i];
        d_sum[i] += weight * dk[i], d_stage[i] = dx[i] + length * dk[i];
      });
    };
    each(n, [&](int i) { sum[i] = d_sum[i] = Lanes{}, stage[i] = x[i], d_stage[i] = dx[i]; });
    const auto derivative = [&](double time) {
      rhs_.f(time, stage, q, k);
      rhs_.tangent(time, stage, q, d_stage, dq, dk);
    };
    derivative(t.first);
    next_stage(1.0, 0.5 * h);
    derivative(t.middle);
    next_stage(2.0, 0.5 * h);
    derivative(t.middle);
    next_stage(2.0, h);
    derivative(t.last);
    each(n, [&](int i) { x[i] += h / 6.0 * (sum[i] + k[i]), dx[i] += h / 6.0 * (d_sum[i] + dk[i]); });
  }

  template <class Work>
  static void each(int n, const Work& work) {
    ALEATOR_UNROLL
    for (int i = 0; i < n; ++i) work(i);
  }

  Timed<Rhs> rhs_;
  Lanes* scratch_;
};

}  // namespace aleator::ode
