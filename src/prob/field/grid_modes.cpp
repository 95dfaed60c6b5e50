#include "prob/field/grid_modes.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "math/block_lanczos.hpp"

namespace aleator::prob {
namespace {

using Shape = std::array<int, 3>;

// An axis of n cells in coordinates of its even part, (x_i + x_{n-1-i}) / sqrt 2 and the middle cell, then of its odd part.
class Reflections {
 public:
  explicit Reflections(const Box& box) : box_(box), line_(static_cast<std::size_t>(box.size())) {}

  void fold(double* x) {
    for (int axis = 0; axis < box_.axes(); ++axis) along(axis, x, true);
  }
  void unfold(double* x) {
    for (int axis = 0; axis < box_.axes(); ++axis) along(axis, x, false);
  }

 private:
  void along(int axis, double* x, bool is_fold) {
    const int n = box_.cells[axis], inner = box_.inner(axis), half = n / 2, even = n - half;
    const double scale = std::sqrt(0.5);
    for (int o = 0; o < box_.outer(axis); ++o, x += static_cast<std::ptrdiff_t>(n) * inner) {
      const auto at = [inner](double* from, int i) { return from + static_cast<std::ptrdiff_t>(i) * inner; };
      double* const out = line_.data();
      for (int i = 0; i < half; ++i) {
        const int first = i, second = is_fold ? n - 1 - i : even + i;
        double* const sum = at(out, i);
        double* const difference = at(out, is_fold ? even + i : n - 1 - i);
        for (int k = 0; k < inner; ++k) {
          sum[k] = scale * (at(x, first)[k] + at(x, second)[k]);
          difference[k] = scale * (at(x, first)[k] - at(x, second)[k]);
        }
      }
      if (even > half) std::copy_n(at(x, half), inner, at(out, half));
      std::copy_n(out, static_cast<std::size_t>(n) * inner, x);
    }
  }

  const Box& box_;
  std::vector<double> line_;
};

// The vectors of one parity along each axis: a part of the folded box.
struct Parity {
  Shape first = {0, 0, 0}, cells = {1, 1, 1};
  math::BlockLanczos solver;
  math::Matrix products;

  int size() const { return cells[0] * cells[1] * cells[2]; }
  template <typename Work>
  void for_each_place(const Box& box, const Work& work) const {  // work(place in the box, place in the part)
    const std::ptrdiff_t stride_y = box.cells[0];
    const std::ptrdiff_t stride_z = box.axes() > 1 ? stride_y * box.cells[1] : 0;
    int own = 0;
    for (int k = 0; k < cells[2]; ++k)
      for (int j = 0; j < cells[1]; ++j)
        for (int i = 0; i < cells[0]; ++i, ++own)
          work((first[2] + k) * stride_z + (first[1] + j) * stride_y + first[0] + i, own);
  }
};

std::vector<Parity> parities_of(const Box& box, int count) {
  std::vector<Parity> out;
  const int parities = 1 << box.axes();
  const int block = std::clamp(count / (4 * parities), 8, 32);
  for (int p = 0; p < parities; ++p) {
    Shape first = {0, 0, 0}, cells = {1, 1, 1};
    for (int axis = 0; axis < box.axes(); ++axis) {
      const int odd = box.cells[axis] / 2, even = box.cells[axis] - odd;
      const bool is_odd = ((p >> axis) & 1) != 0;
      first[axis] = is_odd ? even : 0, cells[axis] = is_odd ? odd : even;
    }
    const int size = cells[0] * cells[1] * cells[2];
    if (size > 0) out.push_back({first, cells, math::BlockLanczos(size, block, p), {}});
  }
  return out;
}

struct Pair {
  double value, residual;
  std::size_t parity;
};

// All Ritz pairs, the largest first.
std::vector<Pair> ritz_pairs(std::vector<Parity>& parities) {
  std::vector<Pair> pairs;
  for (std::size_t p = 0; p < parities.size(); ++p) {
    math::BlockLanczos& solver = parities[p].solver;
    solver.solve();
    for (std::size_t k = 0; k < solver.values().size(); ++k)
      pairs.push_back({solver.values()[k], solver.residuals()[k], p});
  }
  std::stable_sort(pairs.begin(), pairs.end(), [](const Pair& a, const Pair& b) { return a.value > b.value; });
  return pairs;
}

// Have the largest been found, and can no other still rise above them?
bool are_found(const std::vector<Pair>& pairs, std::size_t count, double tolerance) {
  if (pairs.size() < count) return false;
  const double error = tolerance * pairs.front().value, least = pairs[count - 1].value;
  for (std::size_t i = 0; i < pairs.size(); ++i)
    if (i < count ? pairs[i].residual > error : pairs[i].value + pairs[i].residual > least + error) return false;
  return true;
}

// One step of every problem: each row of the sum serves one row of each.
void step(const Box& box, std::vector<Parity>& parities, const CovarianceProduct& multiply, Reflections& reflections) {
  int rows = 0;
  for (Parity& p : parities) {
    rows = std::max(rows, p.solver.block().rows);
    p.products = math::Matrix(p.solver.block().rows, p.size());
  }
  std::vector<double> x(static_cast<std::size_t>(box.size())), y(x.size());
  for (int row = 0; row < rows; ++row) {
    std::fill(x.begin(), x.end(), 0.0);
    for (const Parity& p : parities)
      if (row < p.products.rows) {
        const double* const from = p.solver.block().row(row);
        p.for_each_place(box, [&](std::ptrdiff_t place, int own) { x[static_cast<std::size_t>(place)] = from[own]; });
      }
    reflections.unfold(x.data());
    multiply(x.data(), y.data());
    reflections.fold(y.data());
    for (Parity& p : parities)
      if (row < p.products.rows) {
        double* const to = p.products.row(row);
        p.for_each_place(box, [&](std::ptrdiff_t place, int own) { to[own] = y[static_cast<std::size_t>(place)]; });
      }
  }
  for (Parity& p : parities)
    if (p.products.rows > 0) p.solver.take(p.products);
}

bool is_exhausted(const std::vector<Parity>& parities) {
  return std::all_of(parities.begin(), parities.end(), [](const Parity& p) { return p.solver.block().rows == 0; });
}

GridModes assemble(const Box& box, const std::vector<Parity>& parities, const std::vector<Pair>& pairs, int count,
                   Reflections& reflections) {
  GridModes modes{{}, math::Matrix(count, box.size()), 0.0};
  if (pairs.size() > static_cast<std::size_t>(count)) modes.next = pairs[static_cast<std::size_t>(count)].value;
  std::vector<math::Matrix> vectors;
  for (std::size_t p = 0; p < parities.size(); ++p)
    vectors.push_back(parities[p].solver.vectors(static_cast<int>(
        std::count_if(pairs.begin(), pairs.begin() + count, [p](const Pair& pair) { return pair.parity == p; }))));
  std::vector<int> next(parities.size(), 0);
  for (int n = 0; n < count; ++n) {
    const std::size_t parity = pairs[static_cast<std::size_t>(n)].parity;
    modes.values.push_back(pairs[static_cast<std::size_t>(n)].value);
    const double* const from = vectors[parity].row(next[parity]++);
    double* const row = modes.vectors.row(n);
    parities[parity].for_each_place(box, [&](std::ptrdiff_t place, int own) { row[place] = from[own]; });
    reflections.unfold(row);
    const double largest =
        *std::max_element(row, row + box.size(), [](double a, double b) { return std::abs(a) < std::abs(b); });
    if (largest < 0.0)
      for (int i = 0; i < box.size(); ++i) row[i] = -row[i];
  }
  return modes;
}

}  // namespace

GridModes largest_grid_modes(const Box& box, int count, double tolerance, const CovarianceProduct& multiply) {
  std::vector<Parity> parities = parities_of(box, count);
  Reflections reflections(box);
  std::vector<Pair> pairs;
  double next_look = 1.5 * count;
  while (true) {
    step(box, parities, multiply, reflections);
    int basis = 0;
    for (const Parity& p : parities) basis += p.solver.basis();
    const bool is_last = is_exhausted(parities);
    if (basis < next_look && !is_last) continue;
    pairs = ritz_pairs(parities);
    if (is_last || are_found(pairs, static_cast<std::size_t>(count), tolerance)) break;
    next_look = 1.15 * basis;
  }
  return assemble(box, parities, pairs, count, reflections);
}

}  // namespace aleator::prob
