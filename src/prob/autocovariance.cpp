#include "prob/autocovariance.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace aleator::prob {
namespace {

constexpr int kLagBlock = 32;    // lags summed in one pass over a row: enough independent sums to hide latency
constexpr int kDirectLags = 64;  // about where one FFT of every row becomes cheaper than going on lag by lag

/// Complex numbers as two arrays, so that the butterflies run over contiguous reals.
struct ComplexArray {
  explicit ComplexArray(std::size_t size) : re(size, 0.0), im(size, 0.0) {}
  std::vector<double> re, im;
};

/// Roots of unity of all stages, one after the other: exp(-i pi k / half), k < half, begins at index half - 1.
ComplexArray roots_of_unity(std::size_t size) {
  const double pi = std::acos(-1.0);
  ComplexArray roots(size - 1);
  for (std::size_t half = 1; half < size; half *= 2) {
    for (std::size_t k = 0; k < half; ++k) {
      const double angle = -pi * static_cast<double>(k) / static_cast<double>(half);
      roots.re[half - 1 + k] = std::cos(angle);
      roots.im[half - 1 + k] = std::sin(angle);
    }
  }
  return roots;
}

/// Forward transform by decimation in frequency; the result is left in bit-reversed order. The power spectrum is summed
/// in that order, and the inverse below starts from it, so no reordering is ever done.
void transform_to_bit_reversed(ComplexArray& z, const ComplexArray& roots) {
  const std::size_t size = z.re.size();
  for (std::size_t half = size / 2; half >= 1; half /= 2) {
    const double* __restrict c = roots.re.data() + half - 1;
    const double* __restrict s = roots.im.data() + half - 1;
    for (std::size_t start = 0; start < size; start += 2 * half) {
      double* __restrict re0 = z.re.data() + start;
      double* __restrict im0 = z.im.data() + start;
      double* __restrict re1 = re0 + half;
      double* __restrict im1 = im0 + half;
      for (std::size_t k = 0; k < half; ++k) {
        const double dr = re0[k] - re1[k], di = im0[k] - im1[k];
        re0[k] += re1[k];
        im0[k] += im1[k];
        re1[k] = dr * c[k] - di * s[k];
        im1[k] = dr * s[k] + di * c[k];
      }
    }
  }
}

/// Unscaled inverse transform by decimation in time, from bit-reversed to natural order.
void transform_back(ComplexArray& z, const ComplexArray& roots) {
  const std::size_t size = z.re.size();
  for (std::size_t half = 1; half < size; half *= 2) {
    for (std::size_t start = 0; start < size; start += 2 * half) {
      for (std::size_t k = 0; k < half; ++k) {
        const double c = roots.re[half - 1 + k], s = -roots.im[half - 1 + k];
        const std::size_t i = start + k, j = i + half;
        const double br = z.re[j] * c - z.im[j] * s, bi = z.re[j] * s + z.im[j] * c;
        z.re[j] = z.re[i] - br;
        z.im[j] = z.im[i] - bi;
        z.re[i] += br;
        z.im[i] += bi;
      }
    }
  }
}

}  // namespace

Autocovariance::Autocovariance(const std::vector<double>& series, int count, int length)
    : count_(count), length_(length), stride_(static_cast<std::size_t>(length) + kLagBlock) {
  centred_.assign(stride_ * count_, 0.0);
  means_.resize(count_);
  for (int j = 0; j < count_; ++j) {
    const double* x = series.data() + static_cast<std::size_t>(j) * length_;
    // The mean is taken about the first draw: exact for a chain that never moved, and safe for a large offset.
    double sum = 0;
    for (int t = 0; t < length_; ++t) sum += x[t] - x[0];
    means_[j] = x[0] + sum / length_;
    for (int t = 0; t < length_; ++t) centred_[j * stride_ + t] = (x[t] - x[0]) - sum / length_;
  }
}

double Autocovariance::operator()(int lag) {
  while (lag >= static_cast<int>(computed_.size())) {
    if (static_cast<int>(computed_.size()) >= kDirectLags) {
      compute_all_by_fft();
    } else {
      append_direct_block();
    }
  }
  return computed_[lag];
}

void Autocovariance::append_direct_block() {
  const int first = static_cast<int>(computed_.size());
  std::array<double, kLagBlock> total{};
  for (int j = 0; j < count_; ++j) {
    const double* x = centred_.data() + j * stride_;
    const double* shifted = x + first;
    std::array<double, kLagBlock> sum{};
    for (int t = 0; t < length_ - first; ++t) {  // past the end of the row shifted[] meets the zeros
      const double xt = x[t];
      for (int k = 0; k < kLagBlock; ++k) sum[k] += xt * shifted[t + k];
    }
    for (int k = 0; k < kLagBlock; ++k) total[k] += sum[k];
  }
  for (int k = 0; k < kLagBlock; ++k) {
    computed_.push_back(total[k] / (static_cast<double>(count_) * length_));
  }
}

void Autocovariance::compute_all_by_fft() {
  std::size_t size = 2;
  while (size < 2 * static_cast<std::size_t>(length_)) size *= 2;
  const ComplexArray roots = roots_of_unity(size);
  ComplexArray z(size);
  std::vector<double> power(size, 0.0);
  // Two rows at a time as z = x + i y: the real part of the autocorrelation of z is that of x plus that of y.
  for (int j = 0; j < count_; j += 2) {
    const double* x = centred_.data() + j * stride_;
    std::copy(x, x + length_, z.re.begin());
    std::fill(z.re.begin() + length_, z.re.end(), 0.0);
    std::fill(z.im.begin(), z.im.end(), 0.0);
    if (j + 1 < count_) std::copy(x + stride_, x + stride_ + length_, z.im.begin());
    transform_to_bit_reversed(z, roots);
    for (std::size_t k = 0; k < size; ++k) power[k] += z.re[k] * z.re[k] + z.im[k] * z.im[k];
  }
  z.re = power;
  std::fill(z.im.begin(), z.im.end(), 0.0);
  transform_back(z, roots);
  const double scale = 1.0 / (static_cast<double>(size) * count_ * length_);
  for (int k = static_cast<int>(computed_.size()); k < length_; ++k) computed_.push_back(z.re[k] * scale);
}

}  // namespace aleator::prob
