#pragma once
/// What      The number type of the integrator: the same quantity of 16 samples (on AVX-512) side by side.
/// Method    Two registers of W samples each. A Runge-Kutta stage waits for the one before it; two independent registers
///           fill the waiting time. Right-hand sides are templates over this type and use + - * / only.
/// Parallel  every operation is vertical: a lane never sees another.
/// Cost      two instructions.
/// Fails     -
#include <cmath>

#include "kernels/pack.hpp"

namespace aleator::ode {

struct Lanes {
  static constexpr int registers = 2;
  static constexpr int count = registers * kernels::native_lanes;
  using Register = kernels::Pack<kernels::native_lanes>;
  Register part[registers];

  double& operator[](int lane) {
    return reinterpret_cast<double*>(part)[lane];
  }  // NOLINT: a vector type may be read so
  double operator[](int lane) const { return reinterpret_cast<const double*>(part)[lane]; }  // NOLINT

  template <class Work>
  static Lanes make(const Work& work) {
    Lanes result;
    ALEATOR_UNROLL
    for (int r = 0; r < registers; ++r) result.part[r] = work(r);
    return result;
  }
  static Lanes all(double value) {
    return make([=](int) { return Register{} + value; });
  }

  friend Lanes operator+(const Lanes& a, const Lanes& b) {
    return make([&](int r) { return a.part[r] + b.part[r]; });
  }
  friend Lanes operator-(const Lanes& a, const Lanes& b) {
    return make([&](int r) { return a.part[r] - b.part[r]; });
  }
  friend Lanes operator*(const Lanes& a, const Lanes& b) {
    return make([&](int r) { return a.part[r] * b.part[r]; });
  }
  friend Lanes operator/(const Lanes& a, const Lanes& b) {
    return make([&](int r) { return a.part[r] / b.part[r]; });
  }
  friend Lanes operator*(double a, const Lanes& b) {
    return make([&](int r) { return a * b.part[r]; });
  }
  friend Lanes operator-(const Lanes& a) {
    return make([&](int r) { return -a.part[r]; });
  }
  Lanes& operator+=(const Lanes& b) { return *this = *this + b; }
  Lanes& operator-=(const Lanes& b) { return *this = *this - b; }

  friend Lanes square_root(Lanes a) {
    for (int lane = 0; lane < count; ++lane) a[lane] = std::sqrt(a[lane]);
    return a;
  }
  /// Lane by lane: a < b ? yes : no.
  friend Lanes where_less(const Lanes& a, const Lanes& b, const Lanes& yes, const Lanes& no) {
    return make([&](int r) { return a.part[r] < b.part[r] ? yes.part[r] : no.part[r]; });
  }
};

}  // namespace aleator::ode
