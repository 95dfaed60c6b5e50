#pragma once
/// What      Eigenpairs of many small symmetric matrices at once: one in each lane of a pack.
/// Method    Jacobi rotations, in rounds of disjoint planes (Golub, Van Loan, 8.5). A lane is done when its off-diagonal part is
///           below rounding at the beginning of a sweep; from then on its rotations are the identity, which changes no bit.
///           So the result of a matrix does not depend on those beside it.
/// Parallel  none; every operation is vertical. Pure, safe on any thread.
/// Cost      about 6 sweeps of n (n - 1) / 2 rotations of 12 n flops, for all lanes together.
/// Fails     never: NaN in, NaN out, in its lane only.
#include <cmath>
#if defined(__AVX__) && !defined(__CUDACC__)
#include <immintrin.h>
#endif

#include "kernels/pack.hpp"

namespace aleator::kernels {

/// Lane `lane` of a pack, also of one that is a plain double.
template <class P>
double& lane_of(P& pack, int lane) {
  return reinterpret_cast<double*>(&pack)[lane];  // NOLINT: a vector type may be read as its elements
}

template <int W>
Pack<W> square_root(Pack<W> a) {
#if defined(__AVX512F__) && !defined(__CUDACC__)
  if constexpr (W == 8) return _mm512_maskz_sqrt_pd(0xff, a);  // the plain form is not initialised, says GCC 12
#endif
#if defined(__AVX__) && !defined(__CUDACC__)
  if constexpr (W == 4) return _mm256_sqrt_pd(a);
#endif
  for (int lane = 0; lane < W; ++lane)
    lane_of(a, lane) = std::sqrt(lane_of(a, lane));  // errno keeps the compiler from doing that at once
  return a;
}

/// a^-1/2 to about two units in the last place, for normal a.
template <int W>
Pack<W> inverse_root(Pack<W> a) {
#if defined(__AVX512F__) && !defined(__CUDACC__)
  if constexpr (W == 8) {  // 14 bits and two steps of Newton: a fifth of the time of a root and a quotient
    Pack<W> y = _mm512_maskz_rsqrt14_pd(0xff, a);
    y *= 1.5 - 0.5 * a * y * y;
    return y * (1.5 - 0.5 * a * y * y);
  }
#endif
  return 1.0 / square_root<W>(a);
}

/// A plane rotation: cosine, sine, tangent.
template <int W>
struct PlaneRotation {
  int p, q;  ///< p < q
  Pack<W> c, s, t;
  decltype(Pack<W>{} < Pack<W>{}) turns;  ///< lanes that it turns at all

  /// The angle below pi / 4 that makes a(q, p) zero: tan(2 angle) = 2 a_pq / (a_qq - a_pp), in lanes that are open.
  template <class Mask>
  PlaneRotation(int first, int second, int n, const Pack<W>* a, const Mask& is_open)
      : p(first < second ? first : second), q(first < second ? second : first) {
    using P = Pack<W>;
    const P twice = 2.0 * a[q * n + p], gap = a[q * n + q] - a[p * n + p];
    const P squares = gap * gap + twice * twice;
    turns = is_open & (squares > 1e-290);
    const P inverse = inverse_root<W>(turns ? squares : P{} + 1.0);
    const P c_squared = 0.5 + 0.5 * inverse * (gap < 0.0 ? -gap : gap);
    const P inverse_c = inverse_root<W>(c_squared), half_sine = 0.5 * inverse * (gap < 0.0 ? -twice : twice);
    c = turns ? c_squared * inverse_c : P{} + 1.0;
    s = turns ? half_sine * inverse_c : P{};
    t = s * inverse_c;
  }
  void turn(Pack<W>& first, Pack<W>& second) const {
    const Pack<W> x = first, y = second;
    first = c * x - s * y;
    second = s * x + c * y;
  }
  void apply(int n, Pack<W>* a, Pack<W>* v) const {
    a[p * n + p] -= t * a[q * n + p];
    a[q * n + q] += t * a[q * n + p];
    a[q * n + p] = turns ? Pack<W>{} : a[q * n + p];
    for (int k = 0; k < p; ++k) turn(a[p * n + k], a[q * n + k]);
    for (int k = p + 1; k < q; ++k) turn(a[k * n + p], a[q * n + k]);
    for (int k = q + 1; k < n; ++k) turn(a[k * n + p], a[k * n + q]);
    for (int k = 0; k < n; ++k) turn(v[k * n + p], v[k * n + q]);
  }
};

/// a: n x n, row-major, of which the lower triangle is read; destroyed, with the eigenvalues on its diagonal.
/// v: n x n; column k belongs to a(k, k).
template <int W>
void symmetric_eigen(int n, Pack<W>* a, Pack<W>* v) {
  using P = Pack<W>;
  constexpr int most_sweeps = 40;
  constexpr double small = 1e-30;  // of the squares: 1e-15 of the norm
  for (int i = 0; i < n * n; ++i) v[i] = P{} + (i % (n + 1) == 0 ? 1.0 : 0.0);
  const int players = n + n % 2, seats = players - 1;  // of a tournament; the last of an odd number rests
  for (int sweep = 0; sweep < most_sweeps; ++sweep) {
    P off{}, diagonal{};
    for (int i = 0; i < n; ++i) {
      diagonal += a[i * n + i] * a[i * n + i];
      for (int j = 0; j < i; ++j) off += 2.0 * a[i * n + j] * a[i * n + j];
    }
    const auto is_open = off > small * (diagonal + off);
    P open = is_open ? P{} + 1.0 : P{};
    bool is_done = true;
    for (int lane = 0; lane < W; ++lane) is_done = is_done && lane_of(open, lane) == 0.0;
    if (is_done) return;
    for (int round = 0; round < seats; ++round) {
      const auto other = [&](int i) { return (round + i + seats) % seats; };
      if (n % 2 == 0) PlaneRotation<W>(round, n - 1, n, a, is_open).apply(n, a, v);
      int i = 1;
      for (; i + 2 < players / 2; i += 3) {  // three angles at once fill each other's waiting time
        const PlaneRotation<W> one(other(i), other(-i), n, a, is_open), two(other(i + 1), other(-i - 1), n, a, is_open),
            three(other(i + 2), other(-i - 2), n, a, is_open);
        one.apply(n, a, v), two.apply(n, a, v), three.apply(n, a, v);
      }
      for (; i < players / 2; ++i) PlaneRotation<W>(other(i), other(-i), n, a, is_open).apply(n, a, v);
    }
  }
}

}  // namespace aleator::kernels
