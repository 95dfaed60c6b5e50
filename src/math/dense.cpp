#include "math/dense.hpp"

#include <cblas.h>
#include <fmt/format.h>
#include <lapacke.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "core/error.hpp"
#include "math/blas.hpp"

namespace aleator::math {
namespace {

/// Factors in place of `lower`; returns the index of the pivot that is not positive, or -1.
int factor_or_failed_pivot(const Matrix& a, Matrix& lower) {
  ALEATOR_ASSERT(a.rows == a.cols);
  const int n = a.rows;
  lower = Matrix(n, n);
  for (int i = 0; i < n; ++i) {
    double* li = lower.row(i);
    for (int j = 0; j <= i; ++j) {
      const double* lj = lower.row(j);
      double sum = a(i, j);
      for (int k = 0; k < j; ++k) sum -= li[k] * lj[k];
      if (i != j) {
        li[j] = sum / lj[j];
      } else if (sum > 0.0 && std::isfinite(sum)) {
        li[i] = std::sqrt(sum);
      } else {
        return i;
      }
    }
  }
  return -1;
}

/// y_k += factor x_k over one row.
void add_row(double* y, double factor, const double* x, int count) {
  for (int k = 0; k < count; ++k) y[k] += factor * x[k];
}

}  // namespace

Matrix identity(int n) {
  Matrix result(n, n);
  for (int i = 0; i < n; ++i) result(i, i) = 1.0;
  return result;
}

Matrix transpose(const Matrix& a) {
  Matrix result(a.cols, a.rows);
  for (int i = 0; i < a.rows; ++i) {
    for (int j = 0; j < a.cols; ++j) result(j, i) = a(i, j);
  }
  return result;
}

Matrix multiply(const Matrix& a, const Matrix& b) {
  ALEATOR_ASSERT(a.cols == b.rows);
  Matrix result(a.rows, b.cols);
  for (int i = 0; i < a.rows; ++i) {
    for (int k = 0; k < a.cols; ++k) add_row(result.row(i), a(i, k), b.row(k), b.cols);
  }
  return result;
}

Matrix multiply_transposed(const Matrix& a, const Matrix& b) {
  ALEATOR_ASSERT(a.cols == b.cols);
  return multiply(
      a, transpose(b));  // the inner loop of multiply runs over independent sums and vectorises; a dot does not
}

Matrix transposed_multiply(const Matrix& a, const Matrix& b) {
  ALEATOR_ASSERT(a.rows == b.rows);
  Matrix result(a.cols, b.cols);
  for (int k = 0; k < a.rows; ++k) {
    for (int i = 0; i < a.cols; ++i) add_row(result.row(i), a(k, i), b.row(k), b.cols);
  }
  return result;
}

std::vector<double> multiply(const Matrix& a, const std::vector<double>& x) {
  ALEATOR_ASSERT(a.cols == static_cast<int>(x.size()));
  std::vector<double> y(a.rows, 0.0);
  for (int i = 0; i < a.rows; ++i) {
    for (int j = 0; j < a.cols; ++j) y[i] += a(i, j) * x[j];
  }
  return y;
}

std::vector<double> transposed_multiply(const Matrix& a, const std::vector<double>& x) {
  ALEATOR_ASSERT(a.rows == static_cast<int>(x.size()));
  std::vector<double> y(a.cols, 0.0);
  for (int i = 0; i < a.rows; ++i) add_row(y.data(), x[i], a.row(i), a.cols);
  return y;
}

void add_scaled(Matrix& a, double scale, const Matrix& b) {
  ALEATOR_ASSERT(a.rows == b.rows && a.cols == b.cols);
  for (std::size_t i = 0; i < a.a.size(); ++i) a.a[i] += scale * b.a[i];
}

void add_to_diagonal(Matrix& a, double value) {
  ALEATOR_ASSERT(a.rows == a.cols);
  for (int i = 0; i < a.rows; ++i) a(i, i) += value;
}

double dot(const std::vector<double>& x, const std::vector<double>& y) {
  ALEATOR_ASSERT(x.size() == y.size());
  double sum = 0;
  for (std::size_t i = 0; i < x.size(); ++i) sum += x[i] * y[i];
  return sum;
}

bool try_cholesky(const Matrix& a, Matrix& lower) { return factor_or_failed_pivot(a, lower) < 0; }

Matrix cholesky(const Matrix& a) {
  Matrix lower;
  const int failed = factor_or_failed_pivot(a, lower);
  if (failed >= 0) {
    throw core::NumericsError(fmt::format(
        "the {} x {} matrix is not positive definite: Cholesky stops at row {}, whose diagonal entry is {:.6g}", a.rows,
        a.cols, failed, a(failed, failed)));
  }
  return lower;
}

Matrix solve_lower(const Matrix& lower, Matrix b) {
  ALEATOR_ASSERT(lower.rows == lower.cols && lower.rows == b.rows);
  for (int i = 0; i < b.rows; ++i) {
    for (int k = 0; k < i; ++k) add_row(b.row(i), -lower(i, k), b.row(k), b.cols);
    for (int j = 0; j < b.cols; ++j) b(i, j) /= lower(i, i);
  }
  return b;
}

Matrix solve_lower_transposed(const Matrix& lower, Matrix b) {
  ALEATOR_ASSERT(lower.rows == lower.cols && lower.rows == b.rows);
  for (int i = b.rows - 1; i >= 0; --i) {
    for (int j = 0; j < b.cols; ++j) b(i, j) /= lower(i, i);
    for (int k = 0; k < i; ++k) add_row(b.row(k), -lower(i, k), b.row(i), b.cols);
  }
  return b;
}

Matrix solve_cholesky(const Matrix& lower, Matrix b) {
  return solve_lower_transposed(lower, solve_lower(lower, std::move(b)));
}

std::vector<double> solve_lower(const Matrix& lower, std::vector<double> b) {
  ALEATOR_ASSERT(lower.rows == lower.cols && lower.rows == static_cast<int>(b.size()));
  for (int i = 0; i < lower.rows; ++i) {
    for (int k = 0; k < i; ++k) b[i] -= lower(i, k) * b[k];
    b[i] /= lower(i, i);
  }
  return b;
}

std::vector<double> solve_lower_transposed(const Matrix& lower, std::vector<double> b) {
  ALEATOR_ASSERT(lower.rows == lower.cols && lower.rows == static_cast<int>(b.size()));
  for (int i = lower.rows - 1; i >= 0; --i) {
    b[i] /= lower(i, i);
    add_row(b.data(), -b[i], lower.row(i), i);
  }
  return b;
}

std::vector<double> solve_cholesky(const Matrix& lower, std::vector<double> b) {
  return solve_lower_transposed(lower, solve_lower(lower, std::move(b)));
}

double log_det_cholesky(const Matrix& lower) {
  ALEATOR_ASSERT(lower.rows == lower.cols);
  double sum = 0;
  for (int i = 0; i < lower.rows; ++i) sum += std::log(lower(i, i));
  return 2.0 * sum;
}

SymmetricEigen eigen_symmetric(const Matrix& a) {
  ALEATOR_ASSERT(a.rows == a.cols);
  const int n = a.rows;
  if (!std::all_of(a.a.begin(), a.a.end(), [](double v) { return std::isfinite(v); })) {
    throw core::NumericsError(
        fmt::format("eigenvalues asked of a {} x {} matrix with entries that are not finite", n, n));
  }
  SymmetricEigen result{std::vector<double>(n), a};
  if (n == 0) return result;
  use_one_blas_thread();
  const int info = LAPACKE_dsyev(LAPACK_ROW_MAJOR, 'V', 'L', n, result.vectors.a.data(), n, result.values.data());
  if (info != 0) {
    throw core::NumericsError(fmt::format("dsyev did not converge on a {} x {} matrix (info = {})", n, n, info));
  }
  for (int k = 0; k < n; ++k) {
    int largest = 0;
    for (int i = 1; i < n; ++i) {
      if (std::abs(result.vectors(i, k)) > std::abs(result.vectors(largest, k))) largest = i;
    }
    if (result.vectors(largest, k) < 0.0) {
      for (int i = 0; i < n; ++i) result.vectors(i, k) = -result.vectors(i, k);
    }
  }
  return result;
}

}  // namespace aleator::math
