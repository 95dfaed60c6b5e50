#pragma once
/// What      Fourier modes of real fields on the periodic square: transforms between values on n x n points and the modes that
///           survive the 2/3 rule, and the symbols of derivatives.
/// Method    w(x) = sum_k w_k exp(i k . (x - x_0)), x_0 = the first point; the points are the centres of n x n cells, x fastest.
///           Kept are |k_x|, |k_y| <= K with 3 K < n, so that products of two fields have no aliases; of these the half with
///           k_x >= 0. With <v, w> = sum of weight Re(conj(v_k) w_k) and the mean of products on the points, the transforms are
///           each other's adjoint.
/// Parallel  any number of threads may use one object, each with its own Buffer; plans are made once, by rule and not by
///           timing, so that every run has the same bits.
/// Cost      2.5 n^2 log2 n^2 flops a transform, a third of the columns left out.
/// Fails     odd n or n < 4 (asserted).
#include <complex>
#include <cstddef>
#include <functional>
#include <memory>
#include <vector>

#include "kernels/huge_pages.hpp"

namespace aleator::pde::spectral {

using Complex = std::complex<double>;
using Spectrum = std::vector<Complex>;  ///< one value a mode
using Symbol = std::function<Complex(double kx, double ky)>;

/// The product of finite numbers; the operator of std::complex spends most of its time on those that are not.
inline Complex times(const Complex& a, const Complex& b) {
  return {a.real() * b.real() - a.imag() * b.imag(), a.real() * b.imag() + a.imag() * b.real()};
}

class Modes {
 public:
  Modes(int points, double length);

  int points() const { return n_; }
  int largest() const { return largest_; }  ///< K
  double length() const { return length_; }
  std::size_t values() const { return static_cast<std::size_t>(n_) * n_; }
  std::size_t size() const { return weight_.size(); }
  /// Wave numbers times 2 pi / length.
  const std::vector<double>& kx() const { return kx_; }
  const std::vector<double>& ky() const { return ky_; }
  /// 1 where k_x = 0, otherwise 2: a mode counts for its conjugate too.
  const std::vector<double>& weight() const { return weight_; }
  /// A function of the wave vector at all modes.
  Spectrum symbol(const Symbol& f) const;
  /// exp(i k . (x - x_0)) at all modes.
  Spectrum phases(double x, double y) const;

  /// Memory of one thread: a scratch spectrum and `grids` fields on the points.
  class Buffer {
   public:
    Buffer(const Modes& modes, int grids);
    double* grid(int g) const { return memory_.data() + scratch_ + g * stride_; }

   private:
    friend class Modes;
    Complex* scratch() const { return reinterpret_cast<Complex*>(memory_.data()); }
    std::size_t scratch_, stride_;
    kernels::HugePages memory_;
  };
  /// `grid`: one of the buffer's.
  void to_values(const Complex* spectrum, const Buffer& buffer, double* grid) const;
  /// Overwrites no value.
  void to_spectrum(const double* grid, const Buffer& buffer, Complex* spectrum) const;

 private:
  struct Plans;
  int row_of(int j) const { return j <= largest_ ? j : n_ - (2 * largest_ + 1) + j; }
  int n_, largest_, half_;
  double length_;
  std::vector<double> kx_, ky_, weight_;
  std::shared_ptr<const Plans> plans_;
};

}  // namespace aleator::pde::spectral
