#pragma once
/// What      Eigenpairs of many small symmetric matrices at once: one in each lane of a pack.
/// Method    Cyclic Jacobi rotations (Golub, Van Loan, 8.5). A lane is done when its off-diagonal part is below rounding at
///           the beginning of a sweep; from then on its rotations are the identity, which changes no bit. So the result of
///           a matrix does not depend on those beside it.
/// Parallel  none; every operation is vertical. Pure, safe on any thread.
/// Cost      about 6 sweeps of n (n - 1) / 2 rotations of 12 n flops, for all lanes together.
/// Fails     never: NaN in, NaN out, in its lane only.
#include <cmath>
#if defined(__AVX__) && !defined(__CUDACC__)
#include <immintrin.h>
#endif

#include "kernels/pack.hpp"

namespace aleator::kernels {

template <int W>
Pack<W> square_root(Pack<W> a) {
#if defined(__AVX512F__) && !defined(__CUDACC__)
  if constexpr (W == 8) return _mm512_maskz_sqrt_pd(0xff, a);  // the plain form is not initialised, says GCC 12
#endif
#if defined(__AVX__) && !defined(__CUDACC__)
  if constexpr (W == 4) return _mm256_sqrt_pd(a);
#endif
  for (int lane = 0; lane < W; ++lane)
    a[lane] = std::sqrt(a[lane]);  // errno keeps the compiler from doing that at once
  return a;
}

/// a: n x n, row-major, of which the lower triangle is read; destroyed, with the eigenvalues on its diagonal.
/// v: n x n; column k belongs to a(k, k).
template <int W>
void symmetric_eigen(int n, Pack<W>* a, Pack<W>* v) {
  using P = Pack<W>;
  constexpr int most_sweeps = 40;
  constexpr double small = 1e-30;  // of the squares: 1e-15 of the norm
  for (int i = 0; i < n * n; ++i) v[i] = P{} + (i % (n + 1) == 0 ? 1.0 : 0.0);
  for (int sweep = 0; sweep < most_sweeps; ++sweep) {
    P off{}, diagonal{};
    for (int i = 0; i < n; ++i) {
      diagonal += a[i * n + i] * a[i * n + i];
      for (int j = 0; j < i; ++j) off += 2.0 * a[i * n + j] * a[i * n + j];
    }
    const auto is_open = off > small * (diagonal + off);
    bool is_done = true;
    for (int lane = 0; lane < W; ++lane) is_done = is_done && is_open[lane] == 0;
    if (is_done) return;
    for (int p = 0; p < n - 1; ++p) {
      for (int q = p + 1; q < n; ++q) {
        // t = tan of the angle that makes a(p, q) zero: t^2 + t (a_qq - a_pp) / a_pq = 1, the smaller root
        const P twice = 2.0 * a[q * n + p], gap = a[q * n + q] - a[p * n + p];
        const P root = square_root<W>(gap * gap + twice * twice);
        const P denominator = gap < 0.0 ? gap - root : gap + root;
        const auto turns = is_open & (denominator != 0.0);
        const P t = turns ? twice / denominator : P{};
        const P c = 1.0 / square_root<W>(1.0 + t * t), s = t * c;
        const auto turn = [&](P& first, P& second) {
          const P x = first, y = second;
          first = c * x - s * y;
          second = s * x + c * y;
        };
        a[p * n + p] -= t * a[q * n + p];
        a[q * n + q] += t * a[q * n + p];
        a[q * n + p] = turns ? P{} : a[q * n + p];
        for (int k = 0; k < p; ++k) turn(a[p * n + k], a[q * n + k]);
        for (int k = p + 1; k < q; ++k) turn(a[k * n + p], a[q * n + k]);
        for (int k = q + 1; k < n; ++k) turn(a[k * n + p], a[k * n + q]);
        for (int k = 0; k < n; ++k) turn(v[k * n + p], v[k * n + q]);
      }
    }
  }
}

}  // namespace aleator::kernels
