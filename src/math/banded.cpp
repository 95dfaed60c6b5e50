#include "math/banded.hpp"

#include <cmath>

#include "core/error.hpp"

namespace aleator::math {
namespace {

constexpr int block = 4;  // pivots

// Eight partial sums in a fixed order whatever the vector length.
double dot_of_band(const double* a, const double* x, int count) {
  double lane[8] = {};
  int k = 0;
  for (; k + 8 <= count; k += 8)
    for (int l = 0; l < 8; ++l) lane[l] += a[k + l] * x[k + l];
  for (int l = 0; k + l < count; ++l) lane[l] += a[k + l] * x[k + l];
  return ((lane[0] + lane[4]) + (lane[1] + lane[5])) + ((lane[2] + lane[6]) + (lane[3] + lane[7]));
}

}  // namespace

// Behind each row lie zeros, which a block of pivots reads in place of a row of U that ends earlier than its last one.
BandedLu::BandedLu(int rows, int band)
    : rows_(rows),
      band_(std::min(band, rows - 1)),
      pitch_(2 * band_ + 1 + block),
      entries_(static_cast<std::size_t>(rows) * pitch_ + block, 0.0) {
  ALEATOR_ASSERT(rows >= 1 && band >= 0);
}

bool BandedLu::factor() {
  for (int i = 0; i < rows_; ++i) {
    double* const __restrict row = at(i);
    int k = std::max(0, i - band_);
    for (; k + block <= i; k += block) {
      const double *const u0 = at(k), *const u1 = at(k + 1), *const u2 = at(k + 2), *const u3 = at(k + 3);
      const double l0 = row[k] / u0[k];
      const double l1 = (row[k + 1] - l0 * u0[k + 1]) / u1[k + 1];
      const double l2 = (row[k + 2] - l0 * u0[k + 2] - l1 * u1[k + 2]) / u2[k + 2];
      const double l3 = (row[k + 3] - l0 * u0[k + 3] - l1 * u1[k + 3] - l2 * u2[k + 3]) / u3[k + 3];
      row[k] = l0, row[k + 1] = l1, row[k + 2] = l2, row[k + 3] = l3;
      const int end = std::min(rows_, k + block + band_);
      for (int c = k + block; c < end; ++c) row[c] -= (l0 * u0[c] + l1 * u1[c]) + (l2 * u2[c] + l3 * u3[c]);
    }
    for (; k < i; ++k) {
      const double* const u = at(k);
      const double l = row[k] / u[k];
      row[k] = l;
      const int end = std::min(rows_, k + 1 + band_);
      for (int c = k + 1; c < end; ++c) row[c] -= l * u[c];
    }
    if (row[i] == 0.0 || !std::isfinite(row[i])) return false;
  }
  return true;
}

void BandedLu::solve(double* b) const {
  for (int i = 0; i < rows_; ++i) {
    const int first = std::max(0, i - band_);
    b[i] -= dot_of_band(at(i) + first, b + first, i - first);
  }
  for (int i = rows_ - 1; i >= 0; --i) {
    const double* const u = at(i);
    const int last = std::min(rows_ - 1, i + band_);
    b[i] = (b[i] - dot_of_band(u + i + 1, b + i + 1, last - i)) / u[i];
  }
}

void BandedLu::solve_transposed(double* b) const {
  for (int i = 0; i < rows_; ++i) {
    const double* const u = at(i);
    const double value = b[i] /= u[i];
    const int last = std::min(rows_ - 1, i + band_);
    for (int c = i + 1; c <= last; ++c) b[c] -= u[c] * value;
  }
  for (int i = rows_ - 1; i >= 0; --i) {
    const double* const l = at(i);
    const double value = b[i];
    for (int k = std::max(0, i - band_); k < i; ++k) b[k] -= l[k] * value;
  }
}

}  // namespace aleator::math
