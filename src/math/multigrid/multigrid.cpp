#include "math/multigrid/multigrid.hpp"

#include <algorithm>
#include <cmath>

#include "core/error.hpp"
#include "math/multigrid/stencil.hpp"

namespace aleator::math {

using multigrid::CellStencil;
using multigrid::Couplings;
using multigrid::Extent;
using multigrid::for_rows;
using multigrid::Level;

namespace {

// Sum of products of two rows, eight partial sums in a fixed order whatever the vector length.
template <typename A, typename B>
double dot_row(const A* a, const B* b, int count) {
  double lane[8] = {};
  int k = 0;
  for (; k + 8 <= count; k += 8)
    for (int l = 0; l < 8; ++l) lane[l] += static_cast<double>(a[k + l]) * static_cast<double>(b[k + l]);
  for (int l = 0; k + l < count; ++l) lane[l] += static_cast<double>(a[k + l]) * static_cast<double>(b[k + l]);
  return ((lane[0] + lane[4]) + (lane[1] + lane[5])) + ((lane[2] + lane[6]) + (lane[3] + lane[7]));
}

}  // namespace

Multigrid::Multigrid(const Grid& grid, const parallel::Comm& comm, std::size_t most_whole) : grid_(grid) {
  ALEATOR_ASSERT(grid.nx >= 2 && grid.ny >= 2 && grid.hx > 0.0 && grid.hy > 0.0);
  // Element matrix of bilinear elements: (hy/hx) (...) + (hx/hy) (...).
  const double flat = grid.hy / grid.hx, steep = grid.hx / grid.hy;
  coupling_x_ = (2.0 * flat - steep) / 6.0;
  coupling_y_ = (2.0 * steep - flat) / 6.0;
  coupling_xy_ = (flat + steep) / 6.0;
  deal_rows(comm, most_whole);
  lay_out();  // measures
  memory_ = kernels::HugePages(taken_);
  lay_out();
  row_sums_.resize(static_cast<std::size_t>(grid.ny) + 1);
  std::fill(memory_.data(), memory_.data() + taken_, 0.0);
}

// Rows are cut at multiples of 2^g, so that the grids down to level g, where all becomes whole, are cut at the same places.
void Multigrid::deal_rows(const parallel::Comm& comm, std::size_t most_whole) {
  constexpr int least_rows = 2;  // of a rank on the coarsest level that is dealt out
  const int ranks = comm.size();
  if (ranks == 1) return;
  int dealt = 0;
  for (int nx = grid_.nx, ny = grid_.ny; std::min(nx, ny) > 2; nx = (nx + 1) / 2, ny = (ny + 1) / 2, ++dealt)
    if (static_cast<std::size_t>(nx) * ny <= most_whole) break;
  while (dealt > 0 && (grid_.ny >> dealt) * 2 < least_rows * ranks) --dealt;
  if (dealt == 0) return;
  std::vector<int> cuts(static_cast<std::size_t>(ranks) + 1, grid_.ny);
  const int unit = 1 << dealt, units = grid_.ny / unit;
  for (int r = 0; r < ranks; ++r)
    cuts[static_cast<std::size_t>(r)] = static_cast<int>(static_cast<std::int64_t>(units) * r / ranks) * unit;
  strips_.emplace_back(comm, cuts);
  for (int l = 0; l < dealt; ++l) strips_.push_back(strips_.back().coarser());
}

double Multigrid::sum_of_rows() {
  if (is_shared()) strips_.front().gather(row_sums_.data(), sizeof(double));
  double sum = 0.0;
  for (const double value : row_sums_) sum += value;
  return sum;
}

double Multigrid::largest_of_rows() {
  if (is_shared()) strips_.front().gather(row_sums_.data(), sizeof(double));
  return *std::max_element(row_sums_.begin(), row_sums_.end());
}

double* Multigrid::take_doubles(std::size_t count) {
  double* const begin = memory_.data() == nullptr ? nullptr : memory_.data() + taken_;
  // Arrays of one size begin at different places of a page: else all rows of all arrays meet in the same sets of the cache.
  constexpr std::size_t line = 8, apart = 5 * line;
  taken_ += (count + line - 1) / line * line + apart;
  return begin;
}

float* Multigrid::take_floats(std::size_t count) { return reinterpret_cast<float*>(take_doubles((count + 1) / 2)); }

void Multigrid::lay_out() {
  taken_ = 0;
  levels_.clear();
  Extent extent;
  extent.nx = grid_.nx, extent.ny = grid_.ny;
  const auto deal = [&](std::size_t level) {
    const bool is_dealt = level + 1 < strips_.size();
    extent.first = is_dealt ? strips_[level].first() : 0, extent.last = is_dealt ? strips_[level].last() : extent.ny;
  };
  deal(0);
  coefficient_ = take_floats(extent.size());
  exact_coefficient_ = take_doubles(extent.size());
  for (double** array : {&x_, &r_, &p_, &q_}) *array = take_doubles(extent.size());
  while (true) {
    Level level{};
    level.extent = extent;
    if (levels_.size() + 1 < strips_.size())
      level.strips = &strips_[levels_.size()], level.strips_of_coarser = &strips_[levels_.size() + 1];
    level.solution = take_floats(extent.size()), level.other = take_floats(extent.size());
    level.right_side = take_floats(extent.size());
    if (!levels_.empty()) {
      multigrid::Elements& e = level.element;
      for (float** array : {&e.bottom, &e.top, &e.left, &e.right, &e.rising, &e.falling, &level.east, &level.north,
                            &level.inverse_diagonal})
        *array = take_floats(extent.size());
    }
    const bool is_coarsest = std::min(extent.nx, extent.ny) <= 2;
    extent.nx = (extent.nx + 1) / 2, extent.ny = (extent.ny + 1) / 2;
    deal(levels_.size() + 1);
    if (!is_coarsest) {
      multigrid::Interpolation& w = level.from_coarser;
      for (float** array : {&w.x, &w.y, &w.sw, &w.se, &w.nw, &w.ne}) *array = take_floats(extent.size());
    }
    levels_.push_back(level);
    if (is_coarsest) return;
  }
}

void Multigrid::set_coefficient(const double* a) {
  const Extent& e = levels_.front().extent;
  for_rows(e, e.first, e.last, [&](int j) {
    const double* const from = a + static_cast<std::ptrdiff_t>(j - e.first) * e.nx;
    double* const exact = exact_coefficient_ + e.place(0, j);
    float* const rounded = coefficient_ + e.place(0, j);
    for (int i = 0; i < e.nx; ++i)  // the preconditioner stays within float32's range, with room for sums and inverses
      exact[i] = from[i], rounded[i] = static_cast<float>(std::clamp(from[i], 1e-30, 1e30));
  });
  levels_.front().fill_halo(exact_coefficient_);
  levels_.front().fill_halo(coefficient_);
  const CellStencil<float> finest = finest_stencil();
  if (levels_.size() > 1) multigrid::coarsen(finest, levels_[0], levels_[1]);
  for (std::size_t l = 1; l + 1 < levels_.size(); ++l) multigrid::coarsen(levels_[l], levels_[l + 1]);
}

CellStencil<float> Multigrid::finest_stencil() const {
  return {coefficient_, levels_.front().extent.pitch(),
          Couplings<float>{static_cast<float>(coupling_x_), static_cast<float>(coupling_y_),
                           static_cast<float>(coupling_xy_)}};
}

void Multigrid::cycle() {
  const CellStencil<float> stencil = finest_stencil();
  const auto finest = [&](std::size_t l) { return l == 0 ? &stencil : nullptr; };
  const std::size_t last = levels_.size() - 1;
  for (std::size_t l = 0; l < last; ++l) {
    multigrid::presmooth(finest(l), levels_[l]);
    multigrid::restrict_residual(finest(l), levels_[l], levels_[l + 1]);
  }
  multigrid::solve_line(finest(last), levels_[last]);
  for (std::size_t l = last; l-- > 0;) {
    multigrid::add_correction(levels_[l + 1], levels_[l]);
    multigrid::postsmooth(finest(l), levels_[l]);
  }
}

double Multigrid::operate(const double* coefficient, double* p, double* q) {
  const Extent& e = levels_.front().extent;
  levels_.front().fill_halo(p);
  const CellStencil<double> stencil{coefficient, e.pitch(), {coupling_x_, coupling_y_, coupling_xy_}};
  for_rows(e, e.inner_begin(), e.inner_end(), [&, q_out = q](int j) {
    double* const __restrict out = q_out;
    const std::ptrdiff_t begin = e.place(1, j), end = e.place(e.nx, j);
    for (std::ptrdiff_t k = begin; k < end; ++k) out[k] = stencil.diagonal(k) * p[k] - stencil.neighbours(p, k);
    row_sums_[static_cast<std::size_t>(j)] = dot_row(p + begin, out + begin, e.nx - 1);
  });
  return sum_of_rows();
}

void Multigrid::load(const double* from, double* to) const {
  const Extent& e = levels_.front().extent;
  for_rows(e, e.inner_begin(), e.inner_end(), [&](int j) {
    const double* const row = from + static_cast<std::ptrdiff_t>(j - e.first) * (e.nx + 1);
    std::copy(row + 1, row + e.nx, to + e.place(1, j));
  });
}

void Multigrid::store(const double* from, double* to) const {
  const Extent& e = levels_.front().extent;
  for_rows(e, e.first, e.node_end(), [&](int j) {
    double* const row = to + static_cast<std::ptrdiff_t>(j - e.first) * (e.nx + 1);
    const double* const source = from + e.place(0, j);
    std::copy(source, source + e.nx + 1, row);  // zero on the boundary
  });
}

Multigrid::Result Multigrid::solve(const double* b, double* u, double tolerance, int max_iterations) {
  const Extent& e = levels_.front().extent;
  const Level& finest = levels_.front();
  const int inner = e.nx - 1;
  const auto begin_of = [&](int j) { return e.place(1, j); };
  load(b, r_);
  std::fill(row_sums_.begin(), row_sums_.end(), 0.0);

  // The float32 cycle sees numbers near 1.
  for_rows(e, e.inner_begin(), e.inner_end(), [&](int j) {
    double& row = row_sums_[static_cast<std::size_t>(j)];
    for (int i = 0; i < inner; ++i) row = std::max(row, std::fabs(r_[begin_of(j) + i]));
  });
  const double largest = largest_of_rows();
  Result result;
  for_rows(e, e.inner_begin(), e.inner_end(), [&](int j) { std::fill_n(x_ + begin_of(j), inner, 0.0); });
  if (largest == 0.0) {
    store(x_, u);
    result.residual = 0.0, result.is_converged = true;
    return result;
  }
  const double scale = 1.0 / largest;
  const auto preconditioned = [&] {  // r . z with z = M^-1 r
    cycle();
    for_rows(e, e.inner_begin(), e.inner_end(), [&](int j) {
      row_sums_[static_cast<std::size_t>(j)] = dot_row(r_ + begin_of(j), finest.solution + begin_of(j), inner);
    });
    return sum_of_rows();
  };
  for_rows(e, e.inner_begin(), e.inner_end(), [&](int j) {
    for (std::ptrdiff_t k = begin_of(j); k < begin_of(j) + inner; ++k)
      r_[k] *= scale, finest.right_side[k] = static_cast<float>(r_[k]);
  });
  double rz = preconditioned();
  const double rz_start = rz;
  for_rows(e, e.inner_begin(), e.inner_end(), [&](int j) {
    for (std::ptrdiff_t k = begin_of(j); k < begin_of(j) + inner; ++k) p_[k] = finest.solution[k];
  });
  while (result.iterations < max_iterations && std::isfinite(rz)) {
    const double pq = operate(exact_coefficient_, p_, q_);
    const double alpha = rz / pq;
    for_rows(e, e.inner_begin(), e.inner_end(), [&](int j) {
      double* const __restrict x = x_;
      double* const __restrict r = r_;
      float* const __restrict f = finest.right_side;
      for (std::ptrdiff_t k = begin_of(j); k < begin_of(j) + inner; ++k) {
        x[k] += alpha * p_[k];
        r[k] -= alpha * q_[k];
        f[k] = static_cast<float>(r[k]);
      }
    });
    ++result.iterations;
    const double rz_next = preconditioned();
    result.residual = std::sqrt(std::max(0.0, rz_next / rz_start));
    if (!(rz_next > 0.0) || result.residual <= tolerance) {
      result.is_converged = rz_next == 0.0 || result.residual <= tolerance;
      break;
    }
    const double beta = rz_next / rz;
    rz = rz_next;
    for_rows(e, e.inner_begin(), e.inner_end(), [&](int j) {
      double* const __restrict p = p_;
      for (std::ptrdiff_t k = begin_of(j); k < begin_of(j) + inner; ++k) p[k] = finest.solution[k] + beta * p[k];
    });
  }
  for_rows(e, e.inner_begin(), e.inner_end(), [&](int j) {
    for (std::ptrdiff_t k = begin_of(j); k < begin_of(j) + inner; ++k) x_[k] *= largest;
  });
  store(x_, u);
  if (!result.is_converged) forget();
  return result;
}

// Corrections are added on the boundary too, where nothing but zeros and what is not a number can come from.
void Multigrid::forget() {
  for (const Level& level : levels_)
    for (float* const array : {level.solution, level.other, level.right_side})
      std::fill_n(array, level.extent.size(), 0.0F);
}

void Multigrid::apply(const double* u, double* out) {
  load(u, p_);
  operate(exact_coefficient_, p_, q_);
  store(q_, out);
}

void Multigrid::apply_derivative(const double* da, const double* u, double* out) {
  const Extent& e = levels_.front().extent;
  std::vector<double> change(e.size());
  for (int j = e.first; j < e.last; ++j) {
    const double* const row = da + static_cast<std::ptrdiff_t>(j - e.first) * e.nx;
    std::copy(row, row + e.nx, change.begin() + e.place(0, j));
  }
  levels_.front().fill_halo(change.data());
  load(u, p_);
  operate(change.data(), p_, q_);
  store(q_, out);
}

void Multigrid::precondition(const double* r, double* z) {
  const Extent& e = levels_.front().extent;
  const Level& finest = levels_.front();
  load(r, r_);
  for_rows(e, e.inner_begin(), e.inner_end(), [&](int j) {
    for (std::ptrdiff_t k = e.place(1, j); k < e.place(e.nx, j); ++k) finest.right_side[k] = static_cast<float>(r_[k]);
  });
  cycle();
  for_rows(e, e.inner_begin(), e.inner_end(), [&](int j) {
    for (std::ptrdiff_t k = e.place(1, j); k < e.place(e.nx, j); ++k) q_[k] = finest.solution[k];
  });
  store(q_, z);
}

void Multigrid::gradient(const double* lambda, const double* u, double* g) {
  const Extent& e = levels_.front().extent;
  const int nx = grid_.nx;
  std::ptrdiff_t pitch = nx + 1, begin = 0;
  if (is_shared()) {  // the last row of elements looks at a row of nodes of the rank above
    load(lambda, p_), load(u, q_);
    levels_.front().fill_halo(p_), levels_.front().fill_halo(q_);
    lambda = p_, u = q_, pitch = e.pitch(), begin = e.place(0, e.first);
  }
  for_rows(e, 0, e.last - e.first, [&](int j) {
    const double *const l = lambda + begin + j * pitch, *const v = u + begin + j * pitch;
    double* const __restrict out = g + static_cast<std::ptrdiff_t>(j) * nx;
    for (int i = 0; i < nx; ++i) {
      const auto energy = [&](std::ptrdiff_t p, std::ptrdiff_t q) { return (l[p] - l[q]) * (v[p] - v[q]); };
      const std::ptrdiff_t sw = i, se = i + 1, nw = i + pitch, ne = nw + 1;
      out[i] = -(coupling_x_ * (energy(sw, se) + energy(nw, ne)) + coupling_y_ * (energy(sw, nw) + energy(se, ne)) +
                 coupling_xy_ * (energy(sw, ne) + energy(se, nw)));
    }
  });
}

}  // namespace aleator::math
