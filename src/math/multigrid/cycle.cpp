#include <algorithm>

#include "math/multigrid/stencil.hpp"

namespace aleator::math::multigrid {
namespace {

// Chebyshev polynomial of degree 2 on [low, high] of the spectrum of D^-1 A:
//   u1 = u0 + first D^-1 (f - A u0),  u2 = u1 + momentum (u1 - u0) + second D^-1 (f - A u1).
// On the finest grid the spectrum ends at 3/2 for every a: an element's matrix is at most 3/2 times its diagonal. On coarser
// grids, whose matrices have rows that sum to zero, it ends at 2 at most; between `high` and 2 the polynomial still contracts.
struct Smoother {
  float first, second, momentum;
  constexpr Smoother(float low, float high)
      : first(2 / (high + low)),
        second(2 * rho_1(low, high) / ((high - low) / 2)),
        momentum(rho_1(low, high) * (high - low) / (high + low)) {}
  static constexpr float rho_1(float low, float high) {
    const float rho_0 = (high - low) / (high + low);
    return 1 / (2 / rho_0 - rho_0);
  }
};

constexpr Smoother on_finest(0.5F, 1.5F), on_coarser(0.5F, 1.7F);

template <class Stencil>
void presmooth_with(const Stencil& s, const Smoother& c, const Level& l) {
  const Extent& e = l.extent;
  for_rows(e, e.inner_begin(), e.inner_end(), [&](int j) {  // from u0 = 0
    float* const __restrict u = l.other;
    const std::ptrdiff_t begin = e.place(1, j), end = e.place(e.nx, j);
    for (std::ptrdiff_t k = begin; k < end; ++k) u[k] = c.first * l.right_side[k] * s.inverse_diagonal(k);
  });
  l.fill_halo(l.other);
  for_rows(e, e.inner_begin(), e.inner_end(), [&](int j) {
    float* const __restrict out = l.solution;
    const float* const u = l.other;
    const std::ptrdiff_t begin = e.place(1, j), end = e.place(e.nx, j);
    for (std::ptrdiff_t k = begin; k < end; ++k) {
      const float jacobi = (l.right_side[k] + s.neighbours(u, k)) * s.inverse_diagonal(k);
      out[k] = (1 + c.momentum) * u[k] + c.second * (jacobi - u[k]);
    }
  });
}

template <class Stencil>
void postsmooth_with(const Stencil& s, const Smoother& c, const Level& l) {
  const Extent& e = l.extent;
  l.fill_halo(l.solution);
  for_rows(e, e.inner_begin(), e.inner_end(), [&](int j) {
    float* const __restrict out = l.other;
    const float* const u = l.solution;
    const std::ptrdiff_t begin = e.place(1, j), end = e.place(e.nx, j);
    for (std::ptrdiff_t k = begin; k < end; ++k) {
      const float jacobi = (l.right_side[k] + s.neighbours(u, k)) * s.inverse_diagonal(k);
      out[k] = u[k] + c.first * (jacobi - u[k]);
    }
  });
  l.fill_halo(l.other);
  for_rows(e, e.inner_begin(), e.inner_end(), [&](int j) {
    float* const __restrict u = l.solution;
    const float* const v = l.other;
    const std::ptrdiff_t begin = e.place(1, j), end = e.place(e.nx, j);
    for (std::ptrdiff_t k = begin; k < end; ++k) {
      const float jacobi = (l.right_side[k] + s.neighbours(v, k)) * s.inverse_diagonal(k);
      u[k] = v[k] + c.momentum * (v[k] - u[k]) + c.second * (jacobi - v[k]);
    }
  });
}

template <class Stencil>
void residual_with(const Stencil& s, const Level& l) {
  const Extent& e = l.extent;
  l.fill_halo(l.solution);
  for_rows(e, e.inner_begin(), e.inner_end(), [&](int j) {
    float* const __restrict r = l.other;
    const float* const u = l.solution;
    const std::ptrdiff_t begin = e.place(1, j), end = e.place(e.nx, j);
    for (std::ptrdiff_t k = begin; k < end; ++k) r[k] = l.right_side[k] + s.neighbours(u, k) - s.diagonal(k) * u[k];
  });
  l.fill_halo(l.other);
}

}  // namespace

void presmooth(const CellStencil<float>* finest, const Level& level) {
  if (finest != nullptr)
    presmooth_with(*finest, on_finest, level);
  else
    presmooth_with(NodeStencil(level), on_coarser, level);
}

void postsmooth(const CellStencil<float>* finest, const Level& level) {
  if (finest != nullptr)
    postsmooth_with(*finest, on_finest, level);
  else
    postsmooth_with(NodeStencil(level), on_coarser, level);
}

// f_coarse = P^T r
void restrict_residual(const CellStencil<float>* finest, const Level& fine, const Level& coarse) {
  if (finest != nullptr)
    residual_with(*finest, fine);
  else
    residual_with(NodeStencil(fine), fine);
  const Extent &f = fine.extent, &c = coarse.extent;
  const Interpolation& w = fine.from_coarser;
  const std::ptrdiff_t p = f.pitch(), pc = c.pitch();
  for_rows(c, std::max(1, f.coarse_first()), std::min(c.ny, f.coarse_last()), [&](int J) {
    const float* const r = fine.other + f.place(0, 2 * J);
    float* const __restrict out = coarse.right_side;
    const std::ptrdiff_t row = c.place(0, J);
    for (int I = 1; I < c.nx; ++I) {
      const std::ptrdiff_t m = row + I, k = 2 * I;
      out[m] = r[k] + w.x[m] * r[k + 1] + (1 - w.x[m - 1]) * r[k - 1] + w.y[m] * r[k + p] +
               (1 - w.y[m - pc]) * r[k - p] + w.sw[m] * r[k + p + 1] + w.se[m - 1] * r[k + p - 1] +
               w.nw[m - pc] * r[k - p + 1] + w.ne[m - pc - 1] * r[k - p - 1];
    }
  });
  gather_if_whole(fine, coarse, {coarse.right_side});
}

// u += P u_coarse
void add_correction(const Level& coarse, const Level& fine) {
  const Extent &f = fine.extent, &c = coarse.extent;
  const Interpolation& w = fine.from_coarser;
  const std::ptrdiff_t pc = c.pitch();
  coarse.fill_halo(coarse.solution);
  for_rows(c, f.coarse_first(), f.coarse_last(), [&](int J) {
    const float* const v = coarse.solution;
    float* const __restrict lower = fine.solution + f.place(0, 2 * J);
    float* const __restrict upper = lower + f.pitch();
    const std::ptrdiff_t row = c.place(0, J);
    for (int I = 0; I < c.nx; ++I) {
      const std::ptrdiff_t m = row + I;
      lower[2 * I] += v[m];
      lower[2 * I + 1] += w.x[m] * v[m] + (1 - w.x[m]) * v[m + 1];
    }
    if (2 * J + 1 >= f.ny) return;
    for (int I = 0; I < c.nx; ++I) {
      const std::ptrdiff_t m = row + I;
      upper[2 * I] += w.y[m] * v[m] + (1 - w.y[m]) * v[m + pc];
      upper[2 * I + 1] += w.sw[m] * v[m] + w.se[m] * v[m + 1] + w.nw[m] * v[m + pc] + w.ne[m] * v[m + pc + 1];
    }
  });
}

void solve_line(const CellStencil<float>* finest, const Level& level) {
  const Extent& e = level.extent;
  const bool is_column = e.nx == 2;
  const int n = (is_column ? e.ny : e.nx) - 1;
  const std::ptrdiff_t step = is_column ? e.pitch() : 1, begin = e.place(1, 1);
  float *const u = level.solution, *const carried = level.other;
  const auto diagonal = [&](std::ptrdiff_t k) {
    return finest != nullptr ? finest->diagonal(k) : NodeStencil(level).diagonal(k);
  };
  const auto onward = [&](std::ptrdiff_t k) {  // coupling with the next node of the line
    if (finest == nullptr) return is_column ? level.north[k] : level.east[k];
    const float* const a = finest->a;
    return is_column ? finest->unit.y * (a[k] + a[k - 1]) : finest->unit.x * (a[k] + a[k - e.pitch()]);
  };
  for (int i = 0; i < n; ++i) {  // Thomas
    const std::ptrdiff_t k = begin + i * step;
    const float before = i > 0 ? onward(k - step) : 0.0F;
    const float pivot = diagonal(k) - (i > 0 ? before * carried[k - step] : 0.0F);
    carried[k] = onward(k) / pivot;
    u[k] = (level.right_side[k] + (i > 0 ? before * u[k - step] : 0.0F)) / pivot;
  }
  for (int i = n - 2; i >= 0; --i) u[begin + i * step] += carried[begin + i * step] * u[begin + (i + 1) * step];
}

}  // namespace aleator::math::multigrid
