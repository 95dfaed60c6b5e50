#pragma once
/// What      What RungeKutta, IteratedMap and Engine ask of a right-hand side, and one face for those that know the time and
///           those that do not.
/// Method    A right-hand side is a class with
///             states, parameters          numbers, constant; 0: known at run time only, size() says that of the states
///             knows_time                  constant; true: f, tangent and transposed take the time t first
///             f(x, q, f)                  f(x, q); q[0 … parameters) are the parameters
///             tangent(x, q, dx, dq, df)   df = J_x dx + J_q dq
///             transposed(x, q, w, gx, gq) gx = J_x^T w, gq += J_q^T w
///             jacobian(x, q, J)           J_x row after row; for ImplicitRungeKutta only
///             initial(q, x), initial_tangent(q, dq, dx), initial_transposed(q, gx, gq)   the state at the start, likewise
///             derives                     constant; true: derived(t, x, q, v), derived_tangent, derived_transposed make values
///                                         to observe of the state, likewise
/// Parallel  one group of samples, one in each lane.
/// Cost      none.
/// Fails     -
#include "ode/lanes.hpp"

namespace aleator::ode {

/// A right-hand side whose initial values are the quantities after the parameters.
template <int states_, int parameters_>
struct RightHandSide {
  static constexpr int states = states_, parameters = parameters_;
  static constexpr bool knows_time = false, derives = false;
  int size() const { return states; }
  void initial(const Lanes* q, Lanes* x) const {
    for (int i = 0; i < states; ++i) x[i] = q[parameters + i];
  }
  void initial_tangent(const Lanes*, const Lanes* dq, Lanes* dx) const { initial(dq, dx); }
  void initial_transposed(const Lanes*, const Lanes* gx, Lanes* gq) const {
    for (int i = 0; i < states; ++i) gq[parameters + i] += gx[i];
  }
};

/// A right-hand side at time t, which those that do not know it never see.
template <class Rhs>
struct Timed {
  const Rhs& rhs;

  void f(double t, const Lanes* x, const Lanes* q, Lanes* f) const {
    if constexpr (Rhs::knows_time)
      rhs.f(t, x, q, f);
    else
      rhs.f(x, q, f);
  }
  void tangent(double t, const Lanes* x, const Lanes* q, const Lanes* dx, const Lanes* dq, Lanes* df) const {
    if constexpr (Rhs::knows_time)
      rhs.tangent(t, x, q, dx, dq, df);
    else
      rhs.tangent(x, q, dx, dq, df);
  }
  void jacobian(double t, const Lanes* x, const Lanes* q, Lanes* matrix) const {
    if constexpr (Rhs::knows_time)
      rhs.jacobian(t, x, q, matrix);
    else
      rhs.jacobian(x, q, matrix);
  }
  void transposed(double t, const Lanes* x, const Lanes* q, const Lanes* w, Lanes* gx, Lanes* gq) const {
    if constexpr (Rhs::knows_time)
      rhs.transposed(t, x, q, w, gx, gq);
    else
      rhs.transposed(x, q, w, gx, gq);
  }
};

}  // namespace aleator::ode
