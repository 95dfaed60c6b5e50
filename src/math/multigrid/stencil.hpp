#pragma once
/// What      The rows of A on a level, and how a loop runs over them: shared by the solver's parts, not a public interface.
/// Method    neighbours(u, k) = sum_q g_kq u_q, so that (A u)_k = diagonal(k) u_k - neighbours(u, k).
/// Parallel  for_rows: threads over rows where there are enough nodes to share out.
/// Cost      -
/// Fails     -
#include <initializer_list>

#include "kernels/batch.hpp"
#include "math/multigrid/level.hpp"

namespace aleator::math::multigrid {

/// Couplings of an element with a = 1.
template <typename Real>
struct Couplings {
  Real x, y, xy;
};

/// The finest grid: couplings are made from the coefficients of the four elements around a node.
template <typename Real>
struct CellStencil {
  const Real* a;
  std::ptrdiff_t pitch;
  Couplings<Real> unit;

  Real neighbours(const Real* u, std::ptrdiff_t k) const {
    const Real sw = a[k - pitch - 1], se = a[k - pitch], nw = a[k - 1], ne = a[k];
    const Real* const above = u + pitch;
    const Real* const below = u - pitch;
    return unit.x * ((se + ne) * u[k + 1] + (sw + nw) * u[k - 1]) +
           unit.y * ((nw + ne) * above[k] + (sw + se) * below[k]) +
           unit.xy * (ne * above[k + 1] + nw * above[k - 1] + se * below[k + 1] + sw * below[k - 1]);
  }
  Real diagonal(std::ptrdiff_t k) const {
    return (unit.x + unit.y + unit.xy) * ((a[k - pitch - 1] + a[k - pitch]) + (a[k - 1] + a[k]));
  }
  Real inverse_diagonal(std::ptrdiff_t k) const { return Real(1) / diagonal(k); }
};

/// A coarser grid.
struct NodeStencil {
  const float *east, *north, *rising, *falling, *inverse;
  std::ptrdiff_t pitch;

  explicit NodeStencil(const Level& l)
      : east(l.east),
        north(l.north),
        rising(l.element.rising),
        falling(l.element.falling),
        inverse(l.inverse_diagonal),
        pitch(l.extent.pitch()) {}
  float neighbours(const float* u, std::ptrdiff_t k) const {
    const float* const above = u + pitch;
    const float* const below = u - pitch;
    return (east[k] * u[k + 1] + east[k - 1] * u[k - 1]) + (north[k] * above[k] + north[k - pitch] * below[k]) +
           (rising[k] * above[k + 1] + rising[k - pitch - 1] * below[k - 1]) +
           (falling[k - 1] * above[k - 1] + falling[k - pitch] * below[k + 1]);
  }
  float diagonal(std::ptrdiff_t k) const {
    return (east[k] + east[k - 1]) + (north[k] + north[k - pitch]) + (rising[k] + rising[k - pitch - 1]) +
           (falling[k - 1] + falling[k - pitch]);
  }
  float inverse_diagonal(std::ptrdiff_t k) const { return inverse[k]; }
};

/// work(j) for begin <= j < end.
template <typename Work>
void for_rows(const Extent& extent, int begin, int end, const Work& work) {
  constexpr std::size_t worth_sharing = 1 << 14;  // nodes: some 5 us of work
  if (extent.size() < worth_sharing) {
    for (int j = begin; j < end; ++j) work(j);
  } else {
    Kokkos::parallel_for("multigrid rows", Kokkos::RangePolicy<kernels::HostExec>(begin, end), work);
  }
}

/// The ranks' rows of arrays of a coarse level that every rank has whole, when the finer one is dealt out.
inline void gather_if_whole(const Level& fine, const Level& coarse, std::initializer_list<float*> arrays) {
  if (fine.strips == nullptr || coarse.strips != nullptr) return;
  for (float* const array : arrays)
    fine.strips_of_coarser->gather(array + coarse.extent.place(-Extent::margin, 0),
                                   sizeof(float) * static_cast<std::size_t>(coarse.extent.pitch()));
}

/// Builds interpolation and coarse couplings: `coarse` from the finest grid's elements, or from those of a coarse level.
void coarsen(const CellStencil<float>& finest, const Level& fine, const Level& coarse);
void coarsen(const Level& fine, const Level& coarse);

/// Smoothing and transfer; see cycle.cpp.
void presmooth(const CellStencil<float>* finest, const Level& level);
void postsmooth(const CellStencil<float>* finest, const Level& level);
void restrict_residual(const CellStencil<float>* finest, const Level& fine, const Level& coarse);
void add_correction(const Level& coarse, const Level& fine);
/// Exact, for a level with one line of inner nodes.
void solve_line(const CellStencil<float>* finest, const Level& level);

}  // namespace aleator::math::multigrid
