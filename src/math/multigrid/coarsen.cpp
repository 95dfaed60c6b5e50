#include <algorithm>
#include <type_traits>
#include <utility>

#include "kernels/registers.hpp"
#include "math/multigrid/stencil.hpp"

namespace aleator::math::multigrid {
namespace {

// One coarse cell at a time (T = float), or as many as a vector register holds: GCC 12 does not vectorise the long loop.
using Wide [[gnu::vector_size(kernels::register_bytes)]] = float;
using WideAnywhere [[gnu::vector_size(kernels::register_bytes), gnu::aligned(4), gnu::may_alias]] = float;
constexpr int wide = kernels::register_bytes / sizeof(float);

template <class T>
T load(const float* from) {
  if constexpr (std::is_same_v<T, float>)
    return *from;
  else
    return *reinterpret_cast<const WideAnywhere*>(from);
}

template <class T>
void store(float* to, const T& value) {
  if constexpr (std::is_same_v<T, float>)
    *to = value;
  else
    *reinterpret_cast<WideAnywhere*>(to) = value;
}

// Entries at even and at odd places.
template <class T>
struct Two {
  T even, odd;
};

template <int... lane>
Two<Wide> take_apart(const Wide& low, const Wide& high, std::integer_sequence<int, lane...> /*lanes*/) {
  return {__builtin_shufflevector(low, high, (2 * lane)...), __builtin_shufflevector(low, high, (2 * lane + 1)...)};
}

template <class T>
Two<T> load_two(const float* from) {
  if constexpr (std::is_same_v<T, float>) {
    return {from[0], from[1]};
  } else {
    return take_apart(load<T>(from), load<T>(from + wide), std::make_integer_sequence<int, wide>());
  }
}

// Couplings of fine elements.
template <class T>
struct Cell {
  T bottom, top, left, right, rising, falling;
};

// The couplings of elements of the finest grid. two<T>(k): of elements k and k + 1, and so on by twos.
struct CellElements {
  const float* a;
  Couplings<float> unit;
  template <class T>
  Cell<T> scaled(T value) const {
    const T x = unit.x * value, y = unit.y * value, xy = unit.xy * value;
    return {x, x, y, y, xy, xy};
  }
  template <class T>
  Two<Cell<T>> two(std::ptrdiff_t k) const {
    const Two<T> value = load_two<T>(a + k);
    return {scaled(value.even), scaled(value.odd)};
  }
};

struct StoredElements {
  Elements e;
  template <class T>
  Two<Cell<T>> two(std::ptrdiff_t k) const {
    const Two<T> b = load_two<T>(e.bottom + k), t = load_two<T>(e.top + k), l = load_two<T>(e.left + k),
                 r = load_two<T>(e.right + k), u = load_two<T>(e.rising + k), d = load_two<T>(e.falling + k);
    return {{b.even, t.even, l.even, r.even, u.even, d.even}, {b.odd, t.odd, l.odd, r.odd, u.odd, d.odd}};
  }
};

// part / (part + rest), a half where both are zero.
template <class T>
T share(const T& part, const T& rest) {
  const T sum = part + rest, zero{};
  return sum > zero ? part / sum : zero + 0.5F;
}

// Couplings of a fine node between two coarse ones with what lies on either side of it, all three rows or columns together:
// u = (L u_left + R u_right) / (L + R) is exact where u does not vary across. For node k + 1, and those after it by twos.
template <class T, class Fine>
T weight_along_x(const Fine& g, std::ptrdiff_t k, std::ptrdiff_t p) {
  const auto [nw, ne] = g.template two<T>(k);
  const auto [sw, se] = g.template two<T>(k - p);
  return share<T>(nw.bottom + nw.falling + sw.top + sw.rising, ne.bottom + ne.rising + se.top + se.falling);
}

template <class T, class Fine>
T weight_along_y(const Fine& g, std::ptrdiff_t k, std::ptrdiff_t p) {
  const auto [sw, se] = g.template two<T>(k - 1);
  const auto [nw, ne] = g.template two<T>(k + p - 1);
  return share<T>(se.left + se.falling + sw.right + sw.rising, ne.left + ne.rising + nw.right + nw.falling);
}

template <class Fine>
void weights_along_x(const Fine& g, const Extent& f, const Extent& c, const Interpolation& w, int J) {
  const std::ptrdiff_t p = f.pitch(), row = f.place(0, 2 * J);
  float* const x = w.x + c.place(0, J);
  int I = 0;
  for (; I + wide <= c.nx; I += wide) store(x + I, weight_along_x<Wide>(g, row + 2 * I, p));
  for (; I < c.nx; ++I) x[I] = weight_along_x<float>(g, row + 2 * I, p);
  if (2 * c.nx != f.nx) x[c.nx - 1] = 0.0F;  // the fine node lies on the boundary, and so does the coarse one beyond it
}

template <class Fine>
void weights_along_y(const Fine& g, const Extent& f, const Extent& c, const Interpolation& w, int J) {
  const std::ptrdiff_t p = f.pitch(), row = f.place(0, 2 * J);
  float* const y = w.y + c.place(0, J);
  if (2 * J + 1 == f.ny) {  // on the boundary
    std::fill_n(y, c.nx + 1, 0.0F);
    return;
  }
  int I = 0;
  for (; I + wide <= c.nx + 1; I += wide) store(y + I, weight_along_y<Wide>(g, row + 2 * I, p));
  for (; I <= c.nx; ++I) y[I] = weight_along_y<float>(g, row + 2 * I, p);
}

// Weights of the coarse corners SW, SE, NW, NE at a fine node.
template <class T>
struct Node {
  T sw, se, nw, ne;
};

// Sum of the energies of couplings g between fine nodes p and q, in terms of the coarse cell's corners.
template <class T>
struct CoarseElement {
  Cell<T> sum{};
  void add(const T& g, const Node<T>& p, const Node<T>& q) {
    const T sw = p.sw - q.sw, se = p.se - q.se, nw = p.nw - q.nw, ne = p.ne - q.ne;
    const T g_sw = g * sw, g_ne = g * ne;
    sum.bottom -= g_sw * se, sum.left -= g_sw * nw, sum.rising -= g_sw * ne;
    sum.top -= g_ne * nw, sum.right -= g_ne * se, sum.falling -= g * se * nw;
  }
};

// What a row of coarse cells reads and writes.
struct CoarseRow {
  const float *x_south, *x_north, *y;
  Interpolation w;
  Elements e;

  CoarseRow(const Extent& c, const Interpolation& weights, const Elements& elements, int J) : w(weights), e(elements) {
    const std::ptrdiff_t to = c.place(0, J);
    x_south = w.x + to, x_north = w.x + to + c.pitch(), y = w.y + to;
    for (float** array : {&w.sw, &w.se, &w.nw, &w.ne, &e.bottom, &e.top, &e.left, &e.right, &e.rising, &e.falling})
      *array += to;
  }
};

// Coarse cell I (and those after it), made of the fine cells SW = k, k + 1, k + p, k + p + 1. A fine node in its middle that
// lies on the boundary (right, top) hangs on coarse boundary nodes alone.
template <class T, bool is_right, bool is_top, class Fine>
inline void coarse_cell(const Fine& g, std::ptrdiff_t k, std::ptrdiff_t p, const CoarseRow& c, int I) {
  const auto [SW, SE] = g.template two<T>(k);
  const auto [NW, NE] = g.template two<T>(k + p);
  const T zero{}, one = zero + 1.0F;
  const T west = SW.top + NW.bottom, east = SE.top + NE.bottom, south = SW.right + SE.left, north = NW.right + NE.left;
  const T x_s = load<T>(c.x_south + I), x_n = load<T>(c.x_north + I), y_w = load<T>(c.y + I),
          y_e = load<T>(c.y + I + 1);
  const T scale = one / (west + east + south + north + SW.rising + SE.falling + NW.falling + NE.rising);
  T sw = (SW.rising + west * y_w + south * x_s) * scale, se = (SE.falling + east * y_e + south * (one - x_s)) * scale,
    nw = (NW.falling + west * (one - y_w) + north * x_n) * scale;
  if constexpr (is_right || is_top) sw = zero;
  if constexpr (is_right) se = is_top ? zero : y_e, nw = zero;
  if constexpr (is_top && !is_right) se = zero, nw = x_n;
  const T ne = one - sw - se - nw;
  store(c.w.sw + I, sw), store(c.w.se + I, se), store(c.w.nw + I, nw), store(c.w.ne + I, ne);

  const Node<T> n00{one, zero, zero, zero}, n20{zero, one, zero, zero}, n02{zero, zero, one, zero},
      n22{zero, zero, zero, one}, n11{sw, se, nw, ne}, n10{x_s, one - x_s, zero, zero}, n12{zero, zero, x_n, one - x_n},
      n01{y_w, zero, one - y_w, zero}, n21{zero, y_e, zero, one - y_e};
  CoarseElement<T> coarse;
  coarse.add(south, n10, n11), coarse.add(west, n01, n11), coarse.add(east, n11, n21), coarse.add(north, n11, n12);
  coarse.add(SW.bottom, n00, n10), coarse.add(SE.bottom, n10, n20), coarse.add(NW.top, n02, n12);
  coarse.add(NE.top, n12, n22), coarse.add(SW.left, n00, n01), coarse.add(NW.left, n01, n02);
  coarse.add(SE.right, n20, n21), coarse.add(NE.right, n21, n22);
  coarse.add(SW.rising, n00, n11), coarse.add(SW.falling, n10, n01), coarse.add(SE.rising, n10, n21);
  coarse.add(SE.falling, n20, n11), coarse.add(NW.rising, n01, n12), coarse.add(NW.falling, n11, n02);
  coarse.add(NE.rising, n11, n22), coarse.add(NE.falling, n21, n12);
  const Cell<T>& sum = coarse.sum;
  store(c.e.bottom + I, sum.bottom), store(c.e.top + I, sum.top), store(c.e.left + I, sum.left);
  store(c.e.right + I, sum.right), store(c.e.rising + I, sum.rising), store(c.e.falling + I, sum.falling);
}

template <bool is_top, class Fine>
void coarse_row(const Fine& g, const Extent& f, const Extent& c, const CoarseRow& cells, int J) {
  const std::ptrdiff_t p = f.pitch(), row = f.place(0, 2 * J);
  const int whole = f.nx / 2;
  int I = 0;
  for (; I + wide <= whole; I += wide) coarse_cell<Wide, false, is_top>(g, row + 2 * I, p, cells, I);
  for (; I < whole; ++I) coarse_cell<float, false, is_top>(g, row + 2 * I, p, cells, I);
  if (whole < c.nx) coarse_cell<float, true, is_top>(g, row + 2 * whole, p, cells, whole);
}

// Couplings between nodes from those within elements, and the diagonal.
void assemble(const Level& l) {
  const Extent& extent = l.extent;
  const std::ptrdiff_t p = extent.pitch();
  const Elements& e = l.element;
  for_rows(extent, std::max(0, extent.first - 1), extent.node_end(), [&](int j) {  // north also of the row below
    const std::ptrdiff_t row = extent.place(0, j);
    for (std::ptrdiff_t k = row; k <= row + extent.nx; ++k) {
      l.east[k] = e.bottom[k] + e.top[k - p];
      l.north[k] = e.left[k] + e.right[k - 1];
    }
  });
  const NodeStencil stencil(l);
  for_rows(extent, extent.inner_begin(), extent.inner_end(), [&](int j) {
    const std::ptrdiff_t row = extent.place(0, j);
    for (std::ptrdiff_t k = row + 1; k < row + extent.nx; ++k) l.inverse_diagonal[k] = 1.0F / stencil.diagonal(k);
  });
}

template <class Fine>
void coarsen_from(const Fine& g, const Level& fine, const Level& coarse) {
  const Extent &f = fine.extent, &c = coarse.extent;
  const Interpolation& w = fine.from_coarser;
  const int begin = f.coarse_first(), end = f.coarse_last();
  for_rows(c, begin, end + 1, [&](int J) {
    if (2 * J <= f.ny)
      weights_along_x(g, f, c, w, J);
    else  // a coarse boundary row beyond the fine grid
      for (int I = 0; I < c.nx; ++I) w.x[c.place(I, J)] = 2 * I + 1 == f.nx ? 0.0F : 0.5F;
    if (J < end) weights_along_y(g, f, c, w, J);
  });
  for_rows(c, begin, end, [&](int J) {
    const CoarseRow cells(c, w, coarse.element, J);
    if (2 * J + 1 == f.ny)
      coarse_row<true>(g, f, c, cells, J);
    else
      coarse_row<false>(g, f, c, cells, J);
  });
  const Elements& e = coarse.element;
  if (fine.strips != nullptr) {
    for (float* const array : {w.y, w.nw, w.ne})  // the restriction looks at the row below
      fine.strips_of_coarser->fill_halo(array + c.place(0, begin), sizeof(float) * (c.nx + 1),
                                        sizeof(float) * static_cast<std::size_t>(c.pitch()));
    gather_if_whole(fine, coarse, {e.bottom, e.top, e.left, e.right, e.rising, e.falling});
    for (float* const array : {e.bottom, e.top, e.left, e.right, e.rising, e.falling}) coarse.fill_halo(array);
  }
  assemble(coarse);
}

}  // namespace

void coarsen(const CellStencil<float>& finest, const Level& fine, const Level& coarse) {
  coarsen_from(CellElements{finest.a, finest.unit}, fine, coarse);
}

void coarsen(const Level& fine, const Level& coarse) { coarsen_from(StoredElements{fine.element}, fine, coarse); }

}  // namespace aleator::math::multigrid
