// The instructions of a Tape whose entries depend on many: sums by group, matrix products, recurrences, normal densities,
// Cholesky factors.
#include <cmath>
#include <limits>

#include "core/error.hpp"
#include "math/expression/operations.hpp"
#include "math/expression/tape.hpp"

namespace aleator::math {
namespace {

// L of C = L L^T for one lane; false where C is not positive definite. Only the lower triangle is read.
struct CholeskyFactor {
  int n = 0;
  std::vector<double> lower;

  bool factor(const double* c, int size, int width, int lane) {
    n = size;
    lower.assign(static_cast<std::size_t>(n) * n, 0.0);
    for (int i = 0; i < n; ++i)
      for (int j = 0; j <= i; ++j) {
        double sum = c[(i * n + j) * width + lane];
        for (int k = 0; k < j; ++k) sum -= at(i, k) * at(j, k);
        if (i == j && !(sum > 0.0 && std::isfinite(sum))) return false;
        at(i, j) = i == j ? std::sqrt(sum) : sum / at(j, j);
      }
    return true;
  }
  double& at(int i, int j) { return lower[static_cast<std::size_t>(i) * n + j]; }
  void solve_lower(double* x) {
    for (int i = 0; i < n; ++i) {
      for (int k = 0; k < i; ++k) x[i] -= at(i, k) * x[k];
      x[i] /= at(i, i);
    }
  }
  void solve_upper(double* x) {
    for (int i = n - 1; i >= 0; --i) {
      x[i] /= at(i, i);
      for (int k = 0; k < i; ++k) x[k] -= at(i, k) * x[i];
    }
  }
  // M -> L^-1 M L^-T with solve_lower, L^-T M L^-1 with solve_upper.
  void solve_both_sides(std::vector<double>& m, void (CholeskyFactor::*solve)(double*)) {
    for (int i = 0; i < n; ++i) (this->*solve)(m.data() + static_cast<std::size_t>(i) * n);
    std::vector<double> column(static_cast<std::size_t>(n));
    for (int j = 0; j < n; ++j) {
      for (int i = 0; i < n; ++i) column[i] = m[static_cast<std::size_t>(i) * n + j];
      (this->*solve)(column.data());
      for (int i = 0; i < n; ++i) m[static_cast<std::size_t>(i) * n + j] = column[i];
    }
  }
  // L of the values of a lane, as they are after a run; false where they are not numbers.
  bool take(const double* values, int size, int width, int lane) {
    n = size;
    lower.resize(static_cast<std::size_t>(n) * n);
    for (int k = 0; k < n * n; ++k) lower[k] = values[k * width + lane];
    return !std::isnan(lower[0]);
  }
  // P = phi(L^T D): the lower triangle with half its diagonal, of D's lower triangle.
  std::vector<double> half_of_product(const double* d, int width, int lane) {
    std::vector<double> p(lower.size(), 0.0);
    for (int i = 0; i < n; ++i)
      for (int j = 0; j <= i; ++j) {
        double sum = 0.0;
        for (int k = i; k < n; ++k) sum += at(k, i) * d[(k * n + j) * width + lane];
        p[static_cast<std::size_t>(i) * n + j] = i == j ? 0.5 * sum : sum;
      }
    return p;
  }
};

// And w = C^-1 r.
struct NormalForm : CholeskyFactor {
  std::vector<double> w;

  bool factor(const double* r, const double* c, int size, int width, int lane) {
    if (!CholeskyFactor::factor(c, size, width, lane)) return false;
    w.resize(static_cast<std::size_t>(n));
    for (int i = 0; i < n; ++i) w[i] = r[i * width + lane];
    solve_lower(w.data());
    return true;
  }
  // -|L^-1 r|^2 / 2 - sum ln L_ii - n ln(2 pi) / 2, with w = L^-1 r
  double log_density() {
    constexpr double half_log_two_pi = 0.918938533204672741780329736406;
    double value = -n * half_log_two_pi;
    for (int i = 0; i < n; ++i) value -= 0.5 * w[i] * w[i] + std::log(at(i, i));
    return value;
  }
};

}  // namespace

template <int width>
bool Tape::forward_sums(const Instruction& in, const std::vector<const double*>& operands, double* out) const {
  const int size = this->size(in.out);
  const auto each_lane = [](const auto& work) {
    for (int lane = 0; lane < width; ++lane) work(lane);
  };
  if (in.code == Code::group_sum) {
    std::fill_n(out, size * width, 0.0);
    for (std::size_t i = 0; i < in.places.size(); ++i)
      each_lane([&](int lane) { out[in.places[i] * width + lane] += operands[0][i * width + lane]; });
    return true;
  }
  if (in.code == Code::matrix_product) {
    const int length = this->size(in.operands[1]);
    const double *const m = operands[0], *const v = operands[1];
    std::fill_n(out, size * width, 0.0);
    if (in.places[0] == 0)
      for (int i = 0; i < size; ++i)
        for (int j = 0; j < length; ++j)
          each_lane(
              [&](int lane) { out[i * width + lane] += m[(i * length + j) * width + lane] * v[j * width + lane]; });
    else
      for (int j = 0; j < length; ++j)
        for (int i = 0; i < size; ++i)
          each_lane([&](int lane) { out[i * width + lane] += m[(j * size + i) * width + lane] * v[j * width + lane]; });
    return true;
  }
  if (in.code == Code::recurrence) {
    const int a = this->size(in.operands[0]) == 1 ? 0 : width, b = this->size(in.operands[1]) == 1 ? 0 : width;
    const double* before = operands[2];
    for (int i = 0; i < size; ++i, before = out + (i - 1) * width)
      each_lane([&](int lane) {
        out[i * width + lane] = operands[0][i * a + lane] * before[lane] + operands[1][i * b + lane];
      });
    return true;
  }
  if (in.code == Code::cholesky) {
    CholeskyFactor factor;
    for (int lane = 0; lane < width; ++lane) {
      const bool is_definite = factor.factor(operands[0], in.places[0], width, lane);
      for (int k = 0; k < size; ++k)
        out[k * width + lane] = is_definite ? factor.lower[k] : std::numeric_limits<double>::quiet_NaN();
    }
    return true;
  }
  if (in.code != Code::normal_form) return false;
  NormalForm form;
  for (int lane = 0; lane < width; ++lane) {
    const bool is_definite = form.factor(operands[0], operands[1], this->size(in.operands[0]), width, lane);
    out[lane] = is_definite ? form.log_density() : std::numeric_limits<double>::quiet_NaN();
  }
  return true;
}

template <int width>
bool Tape::backward_sums(const Instruction& in, Workspace& w) const {
  const int size = this->size(in.out);
  const auto offset = [&](int slot) { return slots_[static_cast<std::size_t>(slot)].offset * width; };
  const double *const g = w.adjoints.data() + offset(in.out), *const y = w.values.data() + offset(in.out);
  // Null where an operand is constant: nothing flows there.
  const auto adjoint = [&](std::size_t k) {
    return is_constant(in.operands[k]) ? nullptr : w.adjoints.data() + offset(in.operands[k]);
  };
  const auto each_lane = [](const auto& work) {
    for (int lane = 0; lane < width; ++lane) work(lane);
  };
  if (in.code == Code::group_sum) {
    double* const to = adjoint(0);
    for (std::size_t i = 0; i < in.places.size(); ++i)
      each_lane([&](int lane) { to[i * width + lane] += g[in.places[i] * width + lane]; });
    return true;
  }
  if (in.code == Code::matrix_product) {
    const int length = this->size(in.operands[1]);
    const double *const m = value(in.operands[0], w, width), *const v = value(in.operands[1], w, width);
    double *const to_m = adjoint(0), *const to_v = adjoint(1);
    const bool is_transposed = in.places[0] != 0;
    for (int p = 0; p < (is_transposed ? length : size); ++p)
      for (int q = 0; q < (is_transposed ? size : length); ++q) {
        const int at = (p * (is_transposed ? size : length) + q) * width;
        const int i = (is_transposed ? q : p) * width, j = (is_transposed ? p : q) * width;
        each_lane([&](int lane) {
          if (to_m != nullptr) to_m[at + lane] += g[i + lane] * v[j + lane];
          if (to_v != nullptr) to_v[j + lane] += g[i + lane] * m[at + lane];
        });
      }
    return true;
  }
  if (in.code == Code::recurrence) {
    const int a = this->size(in.operands[0]) == 1 ? 0 : width, b = this->size(in.operands[1]) == 1 ? 0 : width;
    const double *const slopes = value(in.operands[0], w, width), *const start = value(in.operands[2], w, width);
    double *const to_a = adjoint(0), *const to_b = adjoint(1), *const to_start = adjoint(2);
    each_lane([&](int lane) {
      double back = 0.0;  // dJ/dy_i
      for (int i = size - 1; i >= 0; --i) {
        back = operations::plus_flow(g[i * width + lane], back, i + 1 < size ? slopes[(i + 1) * a + lane] : 0.0);
        const double before = i > 0 ? y[(i - 1) * width + lane] : start[lane];
        if (to_a != nullptr) to_a[i * a + lane] = operations::plus_flow(to_a[i * a + lane], back, before);
        if (to_b != nullptr) to_b[i * b + lane] += back;
      }
      if (to_start != nullptr) to_start[lane] = operations::plus_flow(to_start[lane], back, slopes[lane]);
    });
    return true;
  }
  if (in.code == Code::cholesky) {
    // S = L^-T phi(L^T G) L^-1 of the lower triangle G of the adjoints; C's lower triangle, which alone is read, stands for both
    CholeskyFactor factor;
    double* const to = adjoint(0);
    for (int lane = 0; lane < width; ++lane) {
      if (!factor.take(y, in.places[0], width, lane)) continue;
      std::vector<double> s = factor.half_of_product(g, width, lane);
      factor.solve_both_sides(s, &CholeskyFactor::solve_upper);
      for (int i = 0, n = factor.n; i < n; ++i)
        for (int j = 0; j <= i; ++j)
          to[(i * n + j) * width + lane] += i == j ? s[i * n + i] : s[i * n + j] + s[j * n + i];
    }
    return true;
  }
  if (in.code != Code::normal_form) return false;
  // d/dr = -w, d/dC = (w w^T - C^-1) / 2 with w = C^-1 r; the lower triangle, which alone is read, stands for both
  NormalForm form;
  const double *const r = value(in.operands[0], w, width), *const c = value(in.operands[1], w, width);
  double *const to_r = adjoint(0), *const to_c = adjoint(1);
  std::vector<double> column;
  for (int lane = 0; lane < width; ++lane) {
    if (g[lane] == 0.0 || !form.factor(r, c, this->size(in.operands[0]), width, lane)) continue;
    form.solve_upper(form.w.data());
    const int n = form.n;
    for (int i = 0; to_r != nullptr && i < n; ++i) to_r[i * width + lane] -= g[lane] * form.w[i];
    for (int j = 0; to_c != nullptr && j < n; ++j) {
      column.assign(static_cast<std::size_t>(n), 0.0);
      column[j] = 1.0;
      form.solve_lower(column.data()), form.solve_upper(column.data());
      for (int i = j; i < n; ++i)
        to_c[(i * n + j) * width + lane] += (i == j ? 0.5 : 1.0) * g[lane] * (form.w[i] * form.w[j] - column[i]);
    }
  }
  return true;
}

template <int width>
bool Tape::tangent_sums(const Instruction& in, Workspace& w) const {
  const int size = this->size(in.out);
  const auto offset = [&](int slot) { return slots_[static_cast<std::size_t>(slot)].offset * width; };
  double* const out = w.adjoints.data() + offset(in.out);  // 0 at first
  // Null where an operand is constant: nothing comes from there.
  const auto from = [&](std::size_t k) {
    return is_constant(in.operands[k]) ? nullptr : w.adjoints.data() + offset(in.operands[k]);
  };
  const auto each_lane = [](const auto& work) {
    for (int lane = 0; lane < width; ++lane) work(lane);
  };
  if (in.code == Code::group_sum) {
    const double* const t = from(0);
    for (std::size_t i = 0; t != nullptr && i < in.places.size(); ++i)
      each_lane([&](int lane) { out[in.places[i] * width + lane] += t[i * width + lane]; });
    return true;
  }
  if (in.code == Code::matrix_product) {
    const int length = this->size(in.operands[1]);
    const double *const m = value(in.operands[0], w, width), *const v = value(in.operands[1], w, width);
    const double *const dm = from(0), *const dv = from(1);
    const bool is_transposed = in.places[0] != 0;
    for (int i = 0; i < size; ++i)
      for (int j = 0; j < length; ++j) {
        const int at = (is_transposed ? j * size + i : i * length + j) * width;
        each_lane([&](int lane) {
          if (dm != nullptr) out[i * width + lane] += dm[at + lane] * v[j * width + lane];
          if (dv != nullptr) out[i * width + lane] += m[at + lane] * dv[j * width + lane];
        });
      }
    return true;
  }
  if (in.code == Code::recurrence) {
    const int a = this->size(in.operands[0]) == 1 ? 0 : width, b = this->size(in.operands[1]) == 1 ? 0 : width;
    const double *const slopes = value(in.operands[0], w, width), *const start = value(in.operands[2], w, width);
    const double *const da = from(0), *const db = from(1), *const d_start = from(2);
    const double* const y = w.values.data() + offset(in.out);
    each_lane([&](int lane) {
      double before = start[lane], moved = d_start == nullptr ? 0.0 : d_start[lane];
      for (int i = 0; i < size; ++i) {
        moved *= slopes[i * a + lane];
        if (da != nullptr) moved += da[i * a + lane] * before;
        if (db != nullptr) moved += db[i * b + lane];
        out[i * width + lane] = moved;
        before = y[i * width + lane];
      }
    });
    return true;
  }
  if (in.code == Code::cholesky) {
    // dL = L phi(L^-1 dC L^-T), dC's lower triangle standing for both
    CholeskyFactor factor;
    const double *const y = w.values.data() + offset(in.out), *const dc = from(0);
    for (int lane = 0; lane < width; ++lane) {
      if (!factor.take(y, in.places[0], width, lane)) continue;
      const int n = factor.n;
      std::vector<double> m(factor.lower.size());
      for (int i = 0; i < n; ++i)
        for (int j = 0; j < n; ++j) m[i * n + j] = dc[(i >= j ? i * n + j : j * n + i) * width + lane];
      factor.solve_both_sides(m, &CholeskyFactor::solve_lower);
      for (int i = 0; i < n; ++i)
        for (int j = 0; j <= i; ++j) {
          double sum = 0.0;
          for (int k = j; k <= i; ++k) sum += factor.at(i, k) * (k == j ? 0.5 : 1.0) * m[k * n + j];
          out[(i * n + j) * width + lane] = sum;
        }
    }
    return true;
  }
  if (in.code != Code::normal_form) return false;
  // with w = C^-1 r: -w . dr + (w . dC w - tr(C^-1 dC)) / 2
  NormalForm form;
  const double *const r = value(in.operands[0], w, width), *const c = value(in.operands[1], w, width);
  const double *const dr = from(0), *const dc = from(1);
  std::vector<double> column;
  for (int lane = 0; lane < width; ++lane) {
    if (!form.factor(r, c, this->size(in.operands[0]), width, lane)) continue;
    form.solve_upper(form.w.data());
    const int n = form.n;
    double sum = 0.0;
    for (int i = 0; dr != nullptr && i < n; ++i) sum -= form.w[i] * dr[i * width + lane];
    for (int j = 0; dc != nullptr && j < n; ++j) {
      column.assign(static_cast<std::size_t>(n), 0.0);
      column[j] = 1.0;
      form.solve_lower(column.data()), form.solve_upper(column.data());
      for (int i = j; i < n; ++i)
        sum += (i == j ? 0.5 : 1.0) * (form.w[i] * form.w[j] - column[i]) * dc[(i * n + j) * width + lane];
    }
    out[lane] = sum;
  }
  return true;
}

template bool Tape::forward_sums<1>(const Instruction&, const std::vector<const double*>&, double*) const;
template bool Tape::forward_sums<Tape::lanes>(const Instruction&, const std::vector<const double*>&, double*) const;
template bool Tape::backward_sums<1>(const Instruction&, Workspace&) const;
template bool Tape::backward_sums<Tape::lanes>(const Instruction&, Workspace&) const;

template bool Tape::tangent_sums<1>(const Instruction&, Workspace&) const;
template bool Tape::tangent_sums<Tape::lanes>(const Instruction&, Workspace&) const;

}  // namespace aleator::math
