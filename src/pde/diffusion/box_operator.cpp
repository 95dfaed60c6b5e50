#include "pde/diffusion/box_operator.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace aleator::pde::diffusion {

using field::for_each_index;
using field::IndexBox;
using math::check_petsc;

const double gauss_node[3] = {0.5 - std::sqrt(0.15), 0.5, 0.5 + std::sqrt(0.15)},
             gauss_weight[3] = {5.0 / 18, 8.0 / 18, 5.0 / 18};

namespace {

int bit(int c, int axis) { return c >> axis & 1; }

// K(c, c') = sum over axes b of stiffness along b times masses along the others.
std::vector<double> element_matrix(const field::GridShape& shape) {
  const int d = shape.dimension(), corners = 1 << d;
  std::vector<double> k(static_cast<std::size_t>(corners) * corners, 0.0);
  for (int c = 0; c < corners; ++c)
    for (int e = 0; e < corners; ++e)
      for (int b = 0; b < d; ++b) {
        double product = (bit(c, b) == bit(e, b) ? 1.0 : -1.0) / shape.spacing(b);
        for (int a = 0; a < d; ++a)
          if (a != b) product *= shape.spacing(a) / 6.0 * (bit(c, a) == bit(e, a) ? 2.0 : 1.0);
        k[c * corners + e] += product;
      }
  return k;
}

}  // namespace

BoxOperator::BoxOperator(const field::Grid& grid, const BoxSetup& setup)
    : grid_(grid),
      setup_(setup),
      dimension_(grid.dimension()),
      corners_(1 << dimension_),
      slots_(dimension_ == 1   ? 3
             : dimension_ == 2 ? 9
                               : 27),
      element_(element_matrix(setup.grid)),
      touched_(grid.owned_elements()) {
  int stride = 1;
  for (int d = 0; d < 3; ++d) {
    const bool is_axis = d < dimension_;
    const int n = is_axis ? setup.grid.elements[d] : 1, c = is_axis ? setup.cells[d] : 1;
    for (int i = 0; i < n; ++i) cell_of_[d].push_back(stride * (i / (n / c)));
    stride *= c;
    if (is_axis) touched_.first[d] = std::max(0, touched_.first[d] - 1);
  }
  for (int c = 0; c < corners_; ++c)
    for (int e = 0; e < corners_; ++e) {
      int slot = 0, power = 1;
      for (int d = 0; d < dimension_; ++d, power *= 3) slot += power * (bit(e, d) - bit(c, d) + 1);
      slot_.push_back(slot);
    }
  const IndexBox& ghosted = grid.ghosted_nodes();
  fixed_.assign(static_cast<std::size_t>(ghosted.count()), 0);
  for_each_index(ghosted, [&](int i, int j, int k) {
    const int index[3] = {i, j, k};
    for (int s = 0; s < 2 * dimension_; ++s)
      if (setup.sides[s].kind == BoxSide::Kind::fixed && index[s / 2] == (s % 2 == 0 ? 0 : setup.grid.elements[s / 2]))
        fixed_[static_cast<std::size_t>(ghosted.at(i, j, k))] = 1;
  });
  for (int s = 0; s < 2 * dimension_; ++s)
    has_exchange_ = has_exchange_ || setup.sides[s].kind == BoxSide::Kind::exchange;
  matrix_ = new_matrix();
  for (const MatOption mark : {MAT_SPD, MAT_SPD_ETERNAL})  // with every coefficient
    check_petsc(MatSetOption(matrix_, mark, PETSC_TRUE), "to mark a matrix");
  if (setup.kappa != nullptr) jacobian_ = new_matrix();
  values_.resize(static_cast<std::size_t>(grid.owned_nodes().count()) * slots_);
  add_exchange_entries();
}

std::int64_t BoxOperator::corner(int i, int j, int k, int c) const {
  return grid_.ghosted_nodes().at(i + bit(c, 0), j + bit(c, 1), k + bit(c, 2));
}

math::MatHandle BoxOperator::new_matrix() const {
  const IndexBox &owned = grid_.owned_nodes(), &ghosted = grid_.ghosted_nodes();
  std::vector<PetscInt> number;
  for_each_index(ghosted, [&](int i, int j, int k) { number.push_back(grid_.global_index(i, j, k)); });
  const auto entries = static_cast<std::size_t>(owned.count()) * slots_;
  std::vector<PetscInt> row(entries, -1), column(entries, -1);  // negative: no such entry
  for_each_index(owned, [&](int i, int j, int k) {
    const std::size_t first = static_cast<std::size_t>(owned.at(i, j, k)) * slots_;
    const std::int64_t me = ghosted.at(i, j, k);
    for (int s = 0; s < slots_; ++s) {
      const int x = i + s % 3 - 1, y = dimension_ > 1 ? j + s / 3 % 3 - 1 : j, z = dimension_ > 2 ? k + s / 9 - 1 : k;
      if (!ghosted.holds(x, y, z)) continue;
      const std::int64_t other = ghosted.at(x, y, z);
      if (other != me && (is_fixed(me) || is_fixed(other))) continue;
      row[first + s] = number[static_cast<std::size_t>(me)],
                  column[first + s] = number[static_cast<std::size_t>(other)];
    }
  });
  const auto rows = static_cast<PetscInt>(owned.count());
  math::MatHandle matrix;
  check_petsc(MatCreate(grid_.comm().native(), matrix.make()), "to make a matrix");
  check_petsc(MatSetSizes(matrix, rows, rows, PETSC_DETERMINE, PETSC_DETERMINE), "to make a matrix");
  check_petsc(MatSetType(matrix, MATAIJ), "to make a matrix");
  check_petsc(MatSetPreallocationCOO(matrix, static_cast<PetscCount>(entries), row.data(), column.data()),
              "to lay out a matrix");
  return matrix;
}

template <int D, typename Visit>
void BoxOperator::visit_elements(const IndexBox& elements, Visit&& visit) const {
  constexpr int n = 1 << D;
  const IndexBox& ghosted = grid_.ghosted_nodes();
  std::int64_t offset[n];
  for (int c = 0; c < n; ++c)
    offset[c] = bit(c, 0) + ghosted.size(0) * (bit(c, 1) + static_cast<std::int64_t>(ghosted.size(1)) * bit(c, 2));
  for_each_index(elements, [&](int i, int j, int k) {
    visit(ghosted.at(i, j, k), offset, cell(i, j, k), std::array{i, j, k});
  });
}

namespace {

template <int D, typename Work>
void on_corners(const double* v, std::int64_t base, const std::int64_t* offset, const std::vector<double>& element,
                Work&& work) {
  constexpr int n = 1 << D;
  double at[n];
  for (int c = 0; c < n; ++c) at[c] = v[base + offset[c]];
  for (int c = 0; c < n; ++c) {
    double sum = 0.0;
    for (int e = 0; e < n; ++e) sum += element[static_cast<std::size_t>(c * n + e)] * at[e];
    work(base + offset[c], sum);
  }
}

}  // namespace

template <int D>
void BoxOperator::assemble_elements(const double* theta, const double* u, bool is_transposed) {
  constexpr int n = 1 << D;
  const IndexBox& owned = grid_.owned_nodes();
  visit_elements<D>(touched_, [&](std::int64_t base, const std::int64_t* offset, int cell, std::array<int, 3> at) {
    const std::int64_t place = touched_.at(at[0], at[1], at[2]);
    const double a = coefficient(theta, cell, place);
    double pull[n] = {};  // theta kappa' K_e u / n: of the column's every corner, in the transpose of the row's
    if (u != nullptr) {
      on_corners<D>(u, base, offset, element_, [&, c = 0](std::int64_t, double value) mutable {
        pull[c++] = theta[cell] * slope_[static_cast<std::size_t>(place)] / n * value;
      });
    }
    for (int c = 0; c < n; ++c) {
      const int i = at[0] + bit(c, 0), j = at[1] + bit(c, 1), k = at[2] + bit(c, 2);
      if (!owned.holds(i, j, k)) continue;
      double* const row = &values_[static_cast<std::size_t>(owned.at(i, j, k)) * slots_];
      if (is_fixed(base + offset[c])) {
        row[slots_ / 2] += a * element_[c * n + c];
        continue;
      }
      for (int e = 0; e < n; ++e) row[slot_[c * n + e]] += a * element_[c * n + e] + pull[is_transposed ? e : c];
    }
  });
}

void BoxOperator::fill(const math::MatHandle& matrix, const double* theta, const double* u, bool is_transposed) {
  if (exchange_entries_.empty())
    std::fill(values_.begin(), values_.end(), 0.0);
  else
    values_ = exchange_entries_;
  dimension_ == 1   ? assemble_elements<1>(theta, u, is_transposed)
  : dimension_ == 2 ? assemble_elements<2>(theta, u, is_transposed)
                    : assemble_elements<3>(theta, u, is_transposed);
  check_petsc(MatSetValuesCOO(matrix, values_.data(), INSERT_VALUES), "to fill a matrix");
}

void BoxOperator::assemble(const double* theta) { fill(matrix_, theta, nullptr, false); }

void BoxOperator::assemble_jacobian(const double* theta, const double* u, bool is_transposed) {
  fill(jacobian_, theta, u, is_transposed);
}

std::string BoxOperator::set_state(const double* u) {
  centre_.resize(static_cast<std::size_t>(touched_.count()));
  const auto with = [&](auto dimension) {
    constexpr int D = decltype(dimension)::value, n = 1 << D;
    visit_elements<D>(touched_, [&](std::int64_t base, const std::int64_t* offset, int, std::array<int, 3> at) {
      double sum = 0.0;
      for (int c = 0; c < n; ++c) sum += u[base + offset[c]];
      centre_[static_cast<std::size_t>(touched_.at(at[0], at[1], at[2]))] = sum / n;
    });
  };
  with_dimension(with);
  setup_.kappa->evaluate(centre_, kappa_, slope_);
  for (std::size_t e = 0; e < kappa_.size(); ++e)
    if (!(kappa_[e] > 0.0 && std::isfinite(kappa_[e]) && std::isfinite(slope_[e])))
      return fmt::format("kappa(u) = {} is {:.4g} with slope {:.4g} at u = {:.4g}, not positive and finite",
                         setup_.kappa->text(), kappa_[e], slope_[e], centre_[e]);
  return "";
}

void BoxOperator::add_stiffness(const double* theta, const double* v, double* out) const {
  const auto with = [&](auto dimension) {
    constexpr int D = decltype(dimension)::value;
    visit_elements<D>(
        grid_.owned_elements(), [&](std::int64_t base, const std::int64_t* offset, int cell, std::array<int, 3> at) {
          const double a = coefficient(theta, cell, touched_.at(at[0], at[1], at[2]));
          on_corners<D>(v, base, offset, element_, [&](std::int64_t node, double value) { out[node] += a * value; });
        });
  };
  with_dimension(with);
}

void BoxOperator::add_slope(const double* theta, const double* u, const double* v, double* out,
                            bool is_transposed) const {
  const auto with = [&](auto dimension) {
    constexpr int D = decltype(dimension)::value, n = 1 << D;
    visit_elements<D>(grid_.owned_elements(), [&](std::int64_t base, const std::int64_t* offset, int cell,
                                                  std::array<int, 3> at) {
      const double b = theta[cell] * slope_[static_cast<std::size_t>(touched_.at(at[0], at[1], at[2]))] / n;
      double sum = 0.0;  // of v, in the transpose v . K_e u
      if (is_transposed) {
        on_corners<D>(u, base, offset, element_, [&](std::int64_t node, double value) { sum += v[node] * value; });
        for (int c = 0; c < n; ++c) out[base + offset[c]] += b * sum;
        return;
      }
      for (int c = 0; c < n; ++c) sum += v[base + offset[c]];
      on_corners<D>(u, base, offset, element_, [&](std::int64_t node, double value) { out[node] += b * sum * value; });
    });
  };
  with_dimension(with);
}

void BoxOperator::add_gradient(const double* p, const double* v, double factor, double* gradient) const {
  const auto with = [&](auto dimension) {
    constexpr int D = decltype(dimension)::value;
    visit_elements<D>(
        grid_.owned_elements(), [&](std::int64_t base, const std::int64_t* offset, int cell, std::array<int, 3> at) {
          double sum = 0.0;
          on_corners<D>(v, base, offset, element_, [&](std::int64_t node, double value) { sum += p[node] * value; });
          gradient[cell] += factor * kappa_at(touched_.at(at[0], at[1], at[2])) * sum;
        });
  };
  with_dimension(with);
}

template <typename Visit>
void BoxOperator::visit_faces(const IndexBox& elements, int side, Visit&& visit) const {
  const int axis = side / 2, at = side % 2 == 0 ? 0 : setup_.grid.elements[axis] - 1;
  if (at < elements.first[axis] || at >= elements.last[axis]) return;
  IndexBox face = elements;
  face.first[axis] = at, face.last[axis] = at + 1;
  for_each_index(face, [&](int i, int j, int k) {
    for (int c = 0; c < corners_; ++c)
      if (bit(c, axis) == side % 2) visit(i, j, k, c);
  });
}

double BoxOperator::face_mass(int axis, int c, int other) const {
  double mass = 1.0;
  for (int b = 0; b < dimension_; ++b)
    if (b != axis) mass *= setup_.grid.spacing(b) / 6.0 * (bit(c, b) == bit(other, b) ? 2.0 : 1.0);
  return mass;
}

void BoxOperator::add_exchange_entries() {
  if (!has_exchange_) return;
  exchange_entries_.assign(values_.size(), 0.0);
  const IndexBox& owned = grid_.owned_nodes();
  for (int side = 0; side < 2 * dimension_; ++side) {
    if (setup_.sides[side].kind != BoxSide::Kind::exchange) continue;
    visit_faces(touched_, side, [&](int i, int j, int k, int c) {
      const int x = i + bit(c, 0), y = j + bit(c, 1), z = k + bit(c, 2);
      if (!owned.holds(x, y, z) || is_fixed(corner(i, j, k, c))) return;
      for (int e = 0; e < corners_; ++e)
        if (bit(e, side / 2) == side % 2)
          exchange_entries_[static_cast<std::size_t>(owned.at(x, y, z)) * slots_ + slot_[c * corners_ + e]] +=
              setup_.sides[side].rate * face_mass(side / 2, c, e);
    });
  }
}

void BoxOperator::add_exchange(const double* v, double* out) const {
  for (int side = 0; side < 2 * dimension_; ++side) {
    if (setup_.sides[side].kind != BoxSide::Kind::exchange) continue;
    visit_faces(grid_.owned_elements(), side, [&](int i, int j, int k, int c) {
      double sum = 0.0;
      for (int e = 0; e < corners_; ++e)
        if (bit(e, side / 2) == side % 2) sum += face_mass(side / 2, c, e) * v[corner(i, j, k, e)];
      out[corner(i, j, k, c)] += setup_.sides[side].rate * sum;
    });
  }
}

void BoxOperator::add_side_load(int side, const field::PointFunction& g, double* out) const {
  const int axis = side / 2, points = dimension_ == 1 ? 1 : dimension_ == 2 ? 3 : 9;
  visit_faces(grid_.owned_elements(), side, [&](int i, int j, int k, int c) {
    const std::array<double, 3> origin = grid_.position(i, j, k);
    for (int q = 0; q < points; ++q) {
      double x[3] = {0, 0, 0}, weight = 1.0;
      for (int b = 0, rest = q; b < dimension_; ++b) {
        x[b] = origin[b] + setup_.grid.spacing(b) * (side % 2);
        if (b == axis) continue;
        const double s = gauss_node[rest % 3];
        x[b] = origin[b] + setup_.grid.spacing(b) * s;
        weight *= gauss_weight[rest % 3] * setup_.grid.spacing(b) * (bit(c, b) == 1 ? s : 1 - s);
        rest /= 3;
      }
      out[corner(i, j, k, c)] += weight * g(x);
    }
  });
}

void BoxOperator::add_load(const field::PointFunction& f, double* out) const {
  const int points = dimension_ == 1 ? 3 : dimension_ == 2 ? 9 : 27;
  for_each_index(grid_.owned_elements(), [&](int i, int j, int k) {
    const std::array<double, 3> origin = grid_.position(i, j, k);
    for (int q = 0; q < points; ++q) {
      const int point[3] = {q % 3, q / 3 % 3, q / 9};
      double x[3] = {0, 0, 0}, volume = 1.0;
      for (int b = 0; b < dimension_; ++b) {
        x[b] = origin[b] + setup_.grid.spacing(b) * gauss_node[point[b]];
        volume *= gauss_weight[point[b]] * setup_.grid.spacing(b);
      }
      const double value = volume * f(x);
      for (int c = 0; c < corners_; ++c) {
        double hat = 1.0;
        for (int b = 0; b < dimension_; ++b) hat *= bit(c, b) == 1 ? gauss_node[point[b]] : 1 - gauss_node[point[b]];
        out[corner(i, j, k, c)] += value * hat;
      }
    }
  });
}

}  // namespace aleator::pde::diffusion
