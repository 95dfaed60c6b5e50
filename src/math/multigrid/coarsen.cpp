#include "math/multigrid/stencil.hpp"

namespace aleator::math::multigrid {
namespace {

// The couplings of element k of the finest grid.
struct CellElements {
  const float* a;
  Couplings<float> unit;
  float bottom(std::ptrdiff_t k) const { return unit.x * a[k]; }
  float top(std::ptrdiff_t k) const { return unit.x * a[k]; }
  float left(std::ptrdiff_t k) const { return unit.y * a[k]; }
  float right(std::ptrdiff_t k) const { return unit.y * a[k]; }
  float rising(std::ptrdiff_t k) const { return unit.xy * a[k]; }
  float falling(std::ptrdiff_t k) const { return unit.xy * a[k]; }
};

struct StoredElements {
  Elements e;
  float bottom(std::ptrdiff_t k) const { return e.bottom[k]; }
  float top(std::ptrdiff_t k) const { return e.top[k]; }
  float left(std::ptrdiff_t k) const { return e.left[k]; }
  float right(std::ptrdiff_t k) const { return e.right[k]; }
  float rising(std::ptrdiff_t k) const { return e.rising[k]; }
  float falling(std::ptrdiff_t k) const { return e.falling[k]; }
};

float share(float part, float rest) { return part + rest > 0.0F ? part / (part + rest) : 0.5F; }

// Couplings of a fine node between two coarse ones with what lies on either side of it, all three rows or columns together:
// u = (L u_left + R u_right) / (L + R) is exact where u does not vary across.
template <class Fine>
void weights_along_x(const Fine& g, const Extent& f, const Extent& c, const Interpolation& w, int J) {
  const std::ptrdiff_t p = f.pitch(), row = f.place(0, 2 * J), to = c.place(0, J);
  float* const __restrict x = w.x + to;
  for (int I = 0; I < c.nx; ++I) {
    const std::ptrdiff_t k = row + 2 * I;
    const float left = g.bottom(k) + g.falling(k) + g.top(k - p) + g.rising(k - p);
    const float right = g.bottom(k + 1) + g.rising(k + 1) + g.top(k + 1 - p) + g.falling(k + 1 - p);
    x[I] = share(left, right);
  }
  if (2 * c.nx != f.nx) x[c.nx - 1] = 0.0F;  // the fine node lies on the boundary, and so does the coarse one beyond it
}

template <class Fine>
void weights_along_y(const Fine& g, const Extent& f, const Extent& c, const Interpolation& w, int J) {
  const std::ptrdiff_t p = f.pitch(), row = f.place(0, 2 * J), to = c.place(0, J);
  float* const __restrict y = w.y + to;
  const bool is_boundary = 2 * J + 1 == f.ny;
  for (int I = 0; I <= c.nx; ++I) {
    const std::ptrdiff_t k = row + 2 * I;
    const float below = g.left(k) + g.falling(k) + g.right(k - 1) + g.rising(k - 1);
    const float above = g.left(k + p) + g.rising(k + p) + g.right(k + p - 1) + g.falling(k + p - 1);
    y[I] = is_boundary ? 0.0F : share(below, above);
  }
}

// Energy of a coupling g between fine nodes P and Q in terms of the coarse cell's corners SW, SE, NW, NE.
struct CoarseElement {
  float bottom = 0, top = 0, left = 0, right = 0, rising = 0, falling = 0;
  struct Node {
    float sw, se, nw, ne;
  };
  void add(float g, const Node& p, const Node& q) {
    const float sw = p.sw - q.sw, se = p.se - q.se, nw = p.nw - q.nw, ne = p.ne - q.ne;
    const float g_sw = g * sw, g_ne = g * ne;
    bottom -= g_sw * se, left -= g_sw * nw, rising -= g_sw * ne;
    top -= g_ne * nw, right -= g_ne * se, falling -= g * se * nw;
  }
};

template <class Fine>
void coarse_row(const Fine& g, const Extent& f, const Extent& c, const Level& coarse, const Interpolation& w, int J) {
  const std::ptrdiff_t p = f.pitch(), pc = c.pitch(), row = f.place(0, 2 * J), to = c.place(0, J);
  const Elements& e = coarse.element;
  const bool is_top = 2 * J + 1 == f.ny;
#pragma GCC ivdep
  for (int I = 0; I < c.nx; ++I) {
    const std::ptrdiff_t m = to + I, SW = row + 2 * I, SE = SW + 1, NW = SW + p, NE = NW + 1;
    const bool is_right = 2 * I + 1 == f.nx;
    const float west = g.top(SW) + g.bottom(NW), east = g.top(SE) + g.bottom(NE), south = g.right(SW) + g.left(SE),
                north = g.right(NW) + g.left(NE);
    const float d_sw = g.rising(SW), d_se = g.falling(SE), d_nw = g.falling(NW), d_ne = g.rising(NE);
    const float x_s = w.x[m], x_n = w.x[m + pc], y_w = w.y[m], y_e = w.y[m + 1];
    const float scale = 1.0F / (west + east + south + north + d_sw + d_se + d_nw + d_ne);
    float sw = (d_sw + west * y_w + south * x_s) * scale, se = (d_se + east * y_e + south * (1 - x_s)) * scale,
          nw = (d_nw + west * (1 - y_w) + north * x_n) * scale;
    // A fine node in the middle of the coarse cell that lies on the boundary hangs on coarse boundary nodes alone.
    sw = is_right || is_top ? 0.0F : sw;
    nw = is_right ? 0.0F : (is_top ? x_n : nw);
    se = is_top ? 0.0F : (is_right ? y_e : se);
    const float ne = 1 - sw - se - nw;
    w.sw[m] = sw, w.se[m] = se, w.nw[m] = nw, w.ne[m] = ne;

    using Node = CoarseElement::Node;
    const Node n00{1, 0, 0, 0}, n20{0, 1, 0, 0}, n02{0, 0, 1, 0}, n22{0, 0, 0, 1}, n11{sw, se, nw, ne};
    const Node n10{x_s, 1 - x_s, 0, 0}, n12{0, 0, x_n, 1 - x_n}, n01{y_w, 0, 1 - y_w, 0}, n21{0, y_e, 0, 1 - y_e};
    CoarseElement sum;
    sum.add(south, n10, n11), sum.add(west, n01, n11), sum.add(east, n11, n21), sum.add(north, n11, n12);
    sum.add(g.bottom(SW), n00, n10), sum.add(g.bottom(SE), n10, n20), sum.add(g.top(NW), n02, n12);
    sum.add(g.top(NE), n12, n22), sum.add(g.left(SW), n00, n01), sum.add(g.left(NW), n01, n02);
    sum.add(g.right(SE), n20, n21), sum.add(g.right(NE), n21, n22);
    sum.add(d_sw, n00, n11), sum.add(g.falling(SW), n10, n01), sum.add(g.rising(SE), n10, n21), sum.add(d_se, n20, n11);
    sum.add(g.rising(NW), n01, n12), sum.add(d_nw, n11, n02), sum.add(d_ne, n11, n22), sum.add(g.falling(NE), n21, n12);
    e.bottom[m] = sum.bottom, e.top[m] = sum.top, e.left[m] = sum.left, e.right[m] = sum.right;
    e.rising[m] = sum.rising, e.falling[m] = sum.falling;
  }
}

// Couplings between nodes from those within elements, and the diagonal.
void assemble(const Level& l) {
  const Extent& extent = l.extent;
  const std::ptrdiff_t p = extent.pitch();
  const Elements& e = l.element;
  for_rows(extent, 0, extent.ny + 1, [&](int j) {
    const std::ptrdiff_t row = extent.place(0, j);
    for (std::ptrdiff_t k = row; k <= row + extent.nx; ++k) {
      l.east[k] = e.bottom[k] + e.top[k - p];
      l.north[k] = e.left[k] + e.right[k - 1];
    }
  });
  const NodeStencil stencil(l);
  for_rows(extent, 1, extent.ny, [&](int j) {
    const std::ptrdiff_t row = extent.place(0, j);
    for (std::ptrdiff_t k = row + 1; k < row + extent.nx; ++k) l.inverse_diagonal[k] = 1.0F / stencil.diagonal(k);
  });
}

template <class Fine>
void coarsen_from(const Fine& g, const Level& fine, const Level& coarse) {
  const Extent &f = fine.extent, &c = coarse.extent;
  const Interpolation& w = fine.from_coarser;
  for_rows(c, 0, c.ny + 1, [&](int J) {
    if (2 * J <= f.ny)
      weights_along_x(g, f, c, w, J);
    else  // a coarse boundary row beyond the fine grid
      for (int I = 0; I < c.nx; ++I) w.x[c.place(I, J)] = 2 * I + 1 == f.nx ? 0.0F : 0.5F;
    if (J < c.ny) weights_along_y(g, f, c, w, J);
  });
  for_rows(c, 0, c.ny, [&](int J) { coarse_row(g, f, c, coarse, w, J); });
  assemble(coarse);
}

}  // namespace

void coarsen(const CellStencil<float>& finest, const Level& fine, const Level& coarse) {
  coarsen_from(CellElements{finest.a, finest.unit}, fine, coarse);
}

void coarsen(const Level& fine, const Level& coarse) { coarsen_from(StoredElements{fine.element}, fine, coarse); }

}  // namespace aleator::math::multigrid
