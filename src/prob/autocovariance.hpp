#pragma once
/// What      Autocovariance of several series of one length, averaged over the series, lag by lag on demand.
/// Method    c_k = 1/(m n) sum_j sum_t (x_jt - mean_j)(x_j,t+k - mean_j), the biased estimate (divisor n at every lag);
///           symbols: m series j, n draws t, lag k. Direct sums for the first lags (blocks of 32), then one FFT for
///           all.
/// Parallel  none; objects are independent, so quantities may be treated on different threads.
/// Cost      2 m n flops a lag up to lag 63, then O(m n log n) once; memory m (n + 32) doubles.
/// Fails     never; series with non-finite entries give non-finite values.
#include <cstddef>
#include <vector>

namespace aleator::prob {

class Autocovariance {
 public:
  /// `series` holds `count` rows of `length` >= 1 draws, one after the other.
  Autocovariance(const std::vector<double>& series, int count, int length);

  /// Autocovariance at `lag`, averaged over the rows; 0 <= lag < length.
  double operator()(int lag);

  /// Mean of each row.
  const std::vector<double>& means() const { return means_; }

 private:
  void append_direct_block();
  void compute_all_by_fft();

  int count_;
  int length_;
  std::size_t stride_;           // row stride of centred_: the length and a block of zeros
  std::vector<double> centred_;  // x - mean, each row followed by zeros
  std::vector<double> means_;
  std::vector<double> computed_;  // the lags known so far
};

}  // namespace aleator::prob
