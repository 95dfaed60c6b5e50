#include "math/sparse_cholesky.hpp"

#include <cholmod.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/error.hpp"
#include "math/blas.hpp"
#include "math/gemm.hpp"

namespace aleator::math {

SparseRows sparse_rows(int size, std::vector<SparseEntry> entries) {
  std::stable_sort(entries.begin(), entries.end(), [](const SparseEntry& a, const SparseEntry& b) {
    return a.row != b.row ? a.row < b.row : a.column < b.column;
  });
  SparseRows out{size, std::vector<int>(static_cast<std::size_t>(size) + 1, 0), {}, {}};
  for (std::size_t k = 0; k < entries.size(); ++k) {
    const SparseEntry& e = entries[k];
    if (k > 0 && entries[k - 1].row == e.row && entries[k - 1].column == e.column) {
      out.value.back() += e.value;
      continue;
    }
    out.column.push_back(e.column), out.value.push_back(e.value), ++out.first[e.row + 1];
  }
  for (int i = 0; i < size; ++i) out.first[i + 1] += out.first[i];
  return out;
}

SparseRows multiply(const SparseRows& a, const std::vector<double>& d, const SparseRows& b) {
  SparseRows out{a.size, {0}, {}, {}};
  std::vector<double> sum(static_cast<std::size_t>(a.size), 0.0);
  std::vector<int> last_seen(sum.size(), -1), columns;
  for (int i = 0; i < a.size; ++i) {
    columns.clear();
    for (int k = a.first[i]; k < a.first[i + 1]; ++k) {
      const int middle = a.column[k];
      for (int m = b.first[middle]; m < b.first[middle + 1]; ++m) {
        const int j = b.column[m];
        if (last_seen[j] != i) last_seen[j] = i, sum[j] = 0.0, columns.push_back(j);
        sum[j] += a.value[k] * d[middle] * b.value[m];
      }
    }
    std::sort(columns.begin(), columns.end());
    for (const int j : columns) out.column.push_back(j), out.value.push_back(sum[j]);
    out.first.push_back(static_cast<int>(out.column.size()));
  }
  return out;
}

namespace {

// CHOLMOD's workspace, matrix and factor, given back whatever happens.
struct Cholmod {
  Cholmod() {
    cholmod_start(&common);
    common.print = 0;
    common.final_asis = 0, common.final_super = 0, common.final_ll = 1;
    common.final_pack = 1, common.final_monotonic = 1;
  }
  ~Cholmod() {
    cholmod_free_factor(&factor, &common);
    cholmod_finish(&common);
  }
  Cholmod(const Cholmod&) = delete;
  Cholmod& operator=(const Cholmod&) = delete;

  cholmod_common common{};
  cholmod_factor* factor = nullptr;
};

}  // namespace

SparseCholesky::SparseCholesky(const SparseRows& a) {
  cholmod_sparse view{};  // the rows of A are its columns
  view.nrow = view.ncol = static_cast<std::size_t>(a.size), view.nzmax = a.column.size();
  view.p = const_cast<int*>(a.first.data()), view.i = const_cast<int*>(a.column.data());
  view.x = const_cast<double*>(a.value.data());
  view.stype = -1, view.itype = CHOLMOD_INT, view.xtype = CHOLMOD_REAL, view.dtype = CHOLMOD_DOUBLE;
  view.sorted = 1, view.packed = 1;
  use_one_blas_thread();
  Cholmod lib;
  lib.factor = cholmod_analyze(&view, &lib.common);
  if (lib.factor != nullptr) cholmod_factorize(&view, lib.factor, &lib.common);
  if (lib.common.status == CHOLMOD_NOT_POSDEF)
    throw core::NumericsError(fmt::format("a sparse matrix of {} rows is not positive definite", a.size));
  if (lib.factor == nullptr || lib.common.status < CHOLMOD_OK)
    throw core::NumericsError(fmt::format("no memory for the factor of a sparse matrix of {} rows", a.size));
  const cholmod_factor& f = *lib.factor;
  ALEATOR_ASSERT(f.is_ll && !f.is_super && f.itype == CHOLMOD_INT);
  const auto *perm = static_cast<const int*>(f.Perm), *start = static_cast<const int*>(f.p),
             *row = static_cast<const int*>(f.i), *count = static_cast<const int*>(f.nz);
  const auto* const value = static_cast<const double*>(f.x);
  place_.assign(perm, perm + a.size);
  first_.push_back(0);
  for (int j = 0; j < a.size; ++j) {
    row_.insert(row_.end(), row + start[j], row + start[j] + count[j]);
    value_.insert(value_.end(), value + start[j], value + start[j] + count[j]);
    first_.push_back(static_cast<long>(row_.size()));
  }
}

double SparseCholesky::log_determinant() const {
  double sum = 0.0;
  for (int j = 0; j < size(); ++j) sum += 2.0 * std::log(value_[first_[j]]);
  return sum;
}

void SparseCholesky::apply_root(const double* z, double* x) const {
  const int n = size();
  std::vector<double> y(static_cast<std::size_t>(n));
  for (int j = n - 1; j >= 0; --j) {
    double sum = z[j];
    for (long k = first_[j] + 1; k < first_[j + 1]; ++k) sum -= value_[k] * y[row_[k]];
    y[j] = sum / value_[first_[j]];
  }
  for (int j = 0; j < n; ++j) x[place_[j]] = y[j];
}

void SparseCholesky::apply_root_transposed(const double* x, double* z) const {
  const int n = size();
  for (int j = 0; j < n; ++j) z[j] = x[place_[j]];
  for (int j = 0; j < n; ++j) {
    z[j] /= value_[first_[j]];
    for (long k = first_[j] + 1; k < first_[j + 1]; ++k) z[row_[k]] -= value_[k] * z[j];
  }
}

void SparseCholesky::solve_root(const double* x, double* z) const {
  for (int j = 0; j < size(); ++j) {
    double sum = 0.0;
    for (long k = first_[j]; k < first_[j + 1]; ++k) sum += value_[k] * x[place_[row_[k]]];
    z[j] = sum;
  }
}

void SparseCholesky::solve(const double* b, double* x) const {
  std::vector<double> z(place_.size());
  apply_root_transposed(b, z.data());
  apply_root(z.data(), x);
}

namespace {

// Columns [begin, end) whose entries below the last of them lie in the same rows.
struct Panel {
  int begin, end;
};

std::vector<Panel> panels_of(int n, const std::vector<long>& first, const std::vector<int>& row) {
  std::vector<Panel> panels;
  for (int j = 0; j < n; ++j) {
    const bool goes_on = j > 0 && first[j] - first[j - 1] == first[j + 1] - first[j] + 1 && row[first[j - 1] + 1] == j;
    if (goes_on)
      panels.back().end = j + 1;
    else
      panels.push_back({j, j + 1});
  }
  return panels;
}

}  // namespace

// With Z = (L L^T)^-1, J the columns of a panel and R the rows below: Y = L_RJ L_JJ^-1, Z_RJ = -Z_RR Y and
// Z_JJ = (L_JJ L_JJ^T)^-1 - Y^T Z_RJ; Z_RR is known from the columns behind.
SelectedInverse::SelectedInverse(const SparseCholesky& factor)
    : factor_(factor), at_(static_cast<std::size_t>(factor.size())), value_(factor.value_.size()) {
  const int n = factor.size();
  const std::vector<long>& first = factor.first_;
  const std::vector<int>& row = factor.row_;
  for (int i = 0; i < n; ++i) at_[factor.place_[i]] = i;
  std::vector<int> place(static_cast<std::size_t>(n), -1);  // in R
  const std::vector<Panel> panels = panels_of(n, first, row);
  for (auto panel = panels.rbegin(); panel != panels.rend(); ++panel) {
    const int begin = panel->begin, width = panel->end - begin;
    const int* const below = &row[first[begin]] + width;
    const int rows = static_cast<int>(first[begin + 1] - first[begin]) - width;

    Matrix diagonal(width, width), y(width, rows), z_below(rows, rows), z(width, rows);  // y, z: transposed
    for (int t = 0; t < width; ++t) {
      const double* const column = &factor.value_[first[begin + t]];
      for (int s = t; s < width; ++s) diagonal(s, t) = column[s - t];
      std::copy_n(column + width - t, rows, y.row(t));
    }
    for (int t = width; t-- > 0;) {
      for (int s = t + 1; s < width; ++s)
        for (int k = 0; k < rows; ++k) y(t, k) -= diagonal(s, t) * y(s, k);
      for (int k = 0; k < rows; ++k) y(t, k) /= diagonal(t, t);
    }

    for (int k = 0; k < rows; ++k) place[below[k]] = k;
    for (int k = 0; k < rows; ++k)
      for (long t = first[below[k]]; t < first[below[k] + 1]; ++t)
        if (const int at = place[row[t]]; at >= 0) z_below(k, at) = z_below(at, k) = value_[t];
    for (int k = 0; k < rows; ++k) place[below[k]] = -1;

    Matrix z_diagonal = solve_cholesky(diagonal, identity(width));
    if (rows > 0) {
      add_product(-1.0, y, z_below, view(z));
      add_product(-1.0, y, ConstMatrixView(z).transposed(), view(z_diagonal));
    }
    for (int t = 0; t < width; ++t) {
      double* const column = &value_[first[begin + t]];
      for (int s = t; s < width; ++s) column[s - t] = z_diagonal(s, t);
      std::copy_n(z.row(t), rows, column + width - t);
    }
  }
}

double SelectedInverse::operator()(int i, int j) const {
  const int column = std::min(at_[i], at_[j]), wanted = std::max(at_[i], at_[j]);
  const auto begin = factor_.row_.begin() + factor_.first_[column],
             end = factor_.row_.begin() + factor_.first_[column + 1];
  const auto found = std::lower_bound(begin, end, wanted);
  ALEATOR_ASSERT(found != end && *found == wanted);
  return value_[static_cast<std::size_t>(found - factor_.row_.begin())];
}

}  // namespace aleator::math
