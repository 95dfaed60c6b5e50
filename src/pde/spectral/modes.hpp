#pragma once
/// What      Fourier modes of real fields on the periodic square: transforms between values on n x n points and the modes that
///           survive the 2/3 rule, and the symbols of derivatives.
/// Method    w(x) = sum_k w_k exp(i k . (x - x_0)), x_0 = the first point; the points are the centres of n x n cells, x fastest.
///           Kept are |k_x|, |k_y| <= K with 3 K < n, so that products of two fields have no aliases; of these the half with
///           k_x >= 0. With <v, w> = sum of weight Re(conj(v_k) w_k) and the mean of products on the points, the transforms are
///           each other's adjoint.
/// Parallel  the ranks of a communicator share one square: rows of points, and of the modes all k_y of some k_x. Sums over modes
///           or points are this rank's. On one rank any number of threads may use one object, each with its own Buffer; on
///           several the transforms are collective. Plans are made once, by rule and not by timing, so that every run on as
///           many ranks has the same bits.
/// Cost      2.5 n^2 log2 n^2 flops a transform, a third of the columns left out; of P ranks 5.3 n^2 (P - 1) / P bytes are sent.
/// Fails     odd n or n < 4, more ranks than most_ranks(n) (asserted).
#include <complex>
#include <cstddef>
#include <functional>
#include <memory>
#include <vector>

#include "kernels/huge_pages.hpp"
#include "parallel/transpose.hpp"

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
  Modes(int points, double length, const parallel::Comm& comm = parallel::Comm::self());
  /// K of so many points.
  static int largest_of(int points) { return (points - 1) / 3; }
  /// Each needs a row of points and a k_x.
  static int most_ranks(int points) { return largest_of(points) + 1; }

  int points() const { return n_; }
  int largest() const { return largest_; }  ///< K
  double length() const { return length_; }
  const parallel::Comm& comm() const { return comm_; }
  /// This rank's points are whole rows from here on; row r of them lies at y = (r + 1/2) L / n.
  int first_row() const { return row_cuts_[static_cast<std::size_t>(comm_.rank())]; }
  int rows() const { return row_cuts_[static_cast<std::size_t>(comm_.rank()) + 1] - first_row(); }
  const std::vector<int>& row_cuts() const { return row_cuts_; }  ///< of all ranks, and n
  std::size_t values() const { return static_cast<std::size_t>(n_) * rows(); }
  std::size_t whole_values() const { return static_cast<std::size_t>(n_) * n_; }
  /// This rank's modes, those of the rank that has most, and whether k = 0 is here: it is the first then.
  std::size_t size() const { return weight_.size(); }
  std::size_t largest_size() const;
  bool have_mean() const { return comm_.is_root(); }
  /// Wave numbers times 2 pi / length.
  const std::vector<double>& kx() const { return kx_; }
  const std::vector<double>& ky() const { return ky_; }
  /// 1 where k_x = 0, otherwise 2: a mode counts for its conjugate too.
  const std::vector<double>& weight() const { return weight_; }
  /// A function of the wave vector at all modes.
  Spectrum symbol(const Symbol& f) const;
  /// exp(i k . (x - x_0)) at all modes.
  Spectrum phases(double x, double y) const;

  /// Memory of one thread: scratch of the transforms, and `grids` fields on the points, with room for a spectrum each.
  class Buffer {
   public:
    Buffer(const Modes& modes, int grids);
    double* grid(int g) const { return memory_.data() + grids_ + g * stride_; }

   private:
    friend class Modes;
    Complex* at(std::size_t offset) const { return reinterpret_cast<Complex*>(memory_.data() + offset); }
    Complex* by_rows() const { return at(0); }               ///< of every row of points half of the waves
    Complex* by_columns() const { return at(by_columns_); }  ///< the same memory on one rank
    std::size_t by_columns_, grids_, stride_;
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
  parallel::Comm comm_;
  std::vector<int> row_cuts_, column_cuts_;
  int columns_ = 0, column_stride_ = 0;  ///< this rank's k_x; numbers from row to row of Buffer::by_columns
  std::vector<double> kx_, ky_, weight_;
  std::shared_ptr<const parallel::Transpose<Complex>> transpose_;  ///< null on one rank
  std::shared_ptr<const Plans> plans_;
};

}  // namespace aleator::pde::spectral
