#include "math/subspace_iteration.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "core/error.hpp"
#include "math/kronecker.hpp"
#include "math/row_basis.hpp"

namespace aleator::math {
namespace {

/// Largest residual |A q_k - value_k q_k| of the first `count` rows.
double worst_residual(const Matrix& q, const Matrix& a_q, const std::vector<double>& values, int count) {
  double worst = 0.0;
  for (int k = 0; k < count; ++k) {
    double square = 0.0;
    for (int i = 0; i < q.cols; ++i) square += std::pow(a_q(k, i) - values[k] * q(k, i), 2);
    worst = std::max(worst, std::sqrt(square));
  }
  return worst;
}

LargestEigenpairs first_rows(std::vector<double> values, const Matrix& q, int count) {
  values.resize(static_cast<std::size_t>(count));
  LargestEigenpairs result{std::move(values), Matrix(count, q.cols)};
  for (int k = 0; k < count; ++k) {
    const double* const row = q.row(k);
    const double* const largest =
        std::max_element(row, row + q.cols, [](double a, double b) { return std::abs(a) < std::abs(b); });
    for (int i = 0; i < q.cols; ++i) result.vectors(k, i) = *largest < 0.0 ? -row[i] : row[i];
  }
  return result;
}

}  // namespace

LargestEigenpairs largest_eigenpairs(const SubspaceSettings& settings, const BlockProduct& multiply_rows) {
  const int n = settings.size, count = settings.count;
  const int p = std::min(n, count + (settings.extra < 0 ? count + 10 : settings.extra));
  ALEATOR_ASSERT(count >= 1 && count <= n);
  Matrix q = random_rows(p, n, 20261121, 0), a_q(p, n), rotated(p, n), small(p, p);
  std::vector<double> values(static_cast<std::size_t>(p));
  double worst = 0.0;
  for (int step = 0; step < settings.most_steps; ++step) {
    orthonormalise_rows(q);
    multiply_rows(q, a_q);
    multiply_along_axis(q, {p, 1}, a_q.a.data(), small.a.data());  // small = (A Q) Q'
    const SymmetricEigen ritz = eigen_symmetric(small);
    std::vector<int> order(static_cast<std::size_t>(p));  // the largest first
    for (int k = 0; k < p; ++k) order[k] = p - 1 - k;
    if (settings.by_magnitude)
      std::stable_sort(order.begin(), order.end(),
                       [&](int a, int b) { return std::abs(ritz.values[a]) > std::abs(ritz.values[b]); });
    Matrix turn(p, p);  // rows: Ritz vectors
    for (int k = 0; k < p; ++k) {
      values[k] = ritz.values[order[k]];
      for (int i = 0; i < p; ++i) turn(k, i) = ritz.vectors(i, order[k]);
    }
    multiply_along_axis(turn, {1, n}, q.a.data(), rotated.a.data());
    std::swap(q, rotated);
    multiply_along_axis(turn, {1, n}, a_q.a.data(), rotated.a.data());
    std::swap(a_q, rotated);
    worst = worst_residual(q, a_q, values, count);
    const bool is_last = step + 1 == settings.most_steps && !settings.must_converge;
    if (is_last || worst <= settings.tolerance * std::abs(values[0])) return first_rows(std::move(values), q, count);
    std::swap(q, a_q);
  }
  throw core::NumericsError(fmt::format("the {} largest eigenpairs were not found in {} steps: residual {:.1e}", count,
                                        settings.most_steps, worst / std::abs(values[0])));
}

}  // namespace aleator::math
