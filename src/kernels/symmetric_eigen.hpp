#pragma once
/// What      Eigenpairs of many small symmetric matrices at once: one in each lane of a pack.
/// Method    Cyclic Jacobi rotations (Golub, Van Loan, 8.5). A lane is done when its off-diagonal part is below rounding at
///           the beginning of a sweep; from then on its rotations are the identity, which changes no bit. So the result of
///           a matrix does not depend on those beside it.
/// Parallel  none; every operation is vertical. Pure, safe on any thread.
/// Cost      about 6 sweeps of n (n - 1) / 2 rotations of 9 n flops, for all lanes together.
/// Fails     never: NaN in, NaN out, in its lane only.
#include <cmath>

#include "kernels/pack.hpp"

namespace aleator::kernels {

template <int W>
Pack<W> square_root(Pack<W> a) {
  for (int lane = 0; lane < W; ++lane) a[lane] = std::sqrt(a[lane]);
  return a;
}

/// a: n x n, row-major, symmetric; destroyed, with the eigenvalues on its diagonal. v: n x n; column k belongs to a(k, k).
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
        const P twice = 2.0 * a[p * n + q], gap = a[q * n + q] - a[p * n + p];
        const P root = square_root<W>(gap * gap + twice * twice);
        const P denominator = gap < 0.0 ? gap - root : gap + root;
        const auto turns = is_open & (denominator != 0.0);
        const P t = turns ? twice / denominator : P{};
        const P c = 1.0 / square_root<W>(1.0 + t * t), s = t * c;
        for (int k = 0; k < n; ++k) {
          const P kp = a[k * n + p], kq = a[k * n + q];
          a[k * n + p] = c * kp - s * kq;
          a[k * n + q] = s * kp + c * kq;
        }
        for (int k = 0; k < n; ++k) {
          const P pk = a[p * n + k], qk = a[q * n + k];
          a[p * n + k] = c * pk - s * qk;
          a[q * n + k] = s * pk + c * qk;
        }
        for (int k = 0; k < n; ++k) {
          const P kp = v[k * n + p], kq = v[k * n + q];
          v[k * n + p] = c * kp - s * kq;
          v[k * n + q] = s * kp + c * kq;
        }
      }
    }
  }
}

}  // namespace aleator::kernels
