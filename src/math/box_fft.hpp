#pragma once
/// What      Fourier transforms of real values on a periodic box of 1 to 3 axes, of which only the first cells are wanted.
/// Method    FFTW one-dimensional transforms along the axes in turn, columns gathered in groups that fit the cache; rows of cells
///           that are zero or not wanted are left out. Spectrum: half of it, [kz][ky][kx], kx = 0 .. Mx/2, the rest being its conjugate.
/// Parallel  any number of threads may use one object; plans are made at construction under a lock, by rule and not by
///           timing, so that every run takes the same and gives the same bits.
/// Cost      5 M log2 M flops over about half for M cells of which an eighth (a quarter in 2-d) is wanted.
/// Fails     the period along x must be even (asserted).
#include <array>
#include <complex>
#include <cstddef>
#include <memory>
#include <vector>

namespace aleator::math {

using Complex = std::complex<double>;

class BoxFft {
 public:
  using Shape = std::array<int, 3>;  ///< cells along x, y, z; 1 for axes that are not there
  /// Columns are handled in groups of so many.
  static constexpr int group = 8;

  explicit BoxFft(const Shape& period);

  /// The smallest product of 2, 3, 5 and 7 that is even and at least `cells`.
  static int fast_period(int cells);

  const Shape& period() const { return period_; }
  std::size_t size() const { return static_cast<std::size_t>(period_[0]) * period_[1] * period_[2]; }
  int group_size(int first) const { return first + group < half() ? group : half() - first; }
  int half() const { return period_[0] / 2 + 1; }
  std::size_t spectrum_rows() const { return static_cast<std::size_t>(period_[1]) * period_[2]; }

  /// v_j = sum_k X_k exp(2 pi i j.k / M) for the first `wanted` cells. load(row, first, out, step) puts the entries
  /// X[row][first + c], row = ky + My kz, c = 0 .. min(group, half() - first) - 1, to out[c * step].
  template <typename Load>
  void to_values(const Load& load, const Shape& wanted, double* values) const;

  /// X_k = sum_j v_j exp(-2 pi i j.k / M), v zero beyond the first `given` cells. store(row, first, in, step) takes
  /// X[row][first + c] from in[c * step].
  template <typename Store>
  void to_spectrum(const double* values, const Shape& given, const Store& store) const;

 private:
  struct Plans;
  struct Free {
    void operator()(void* memory) const;
  };
  template <typename T>
  using Buffer = std::unique_ptr<T[], Free>;
  template <typename T>
  static Buffer<T> allocate(std::size_t count);

  enum class Direction { forward, backward };
  void copy_in(const Complex* row, int first, Complex* out, int step) const {
    for (int c = 0; c < group_size(first); ++c) out[static_cast<std::size_t>(c) * step] = row[first + c];
  }
  void copy_out(Complex* row, int first, const Complex* in, int step) const {
    for (int c = 0; c < group_size(first); ++c) row[first + c] = in[static_cast<std::size_t>(c) * step];
  }
  int width() const { return (half() + 3) / 4 * 4; }  // of the rows in between: whole cache lines
  void transform(int axis, Direction direction, Complex* column) const;
  void row_to_values(Complex* row, double* scratch, double* values, int count) const;
  void row_to_spectrum(const double* values, int count, double* scratch, Complex* row) const;

  /// Transforms columns along `axis`: `in` of its cells are loaded, the others zero, and `out` of them are stored.
  template <typename Load, typename Store>
  void columns(int axis, Direction direction, int in, int out, const Load& load, const Store& store) const;

  Shape period_;
  std::shared_ptr<const Plans> plans_;
};

template <typename Load, typename Store>
void BoxFft::columns(int axis, Direction direction, int in, int out, const Load& load, const Store& store) const {
  const int n = period_[axis], step = (n + 7) / 4 * 4;  // columns apart by whole cache lines, not by a power of two
  const Buffer<Complex> scratch = allocate<Complex>(static_cast<std::size_t>(step) * group);
  for (int first = 0; first < half(); first += group) {
    for (int i = 0; i < in; ++i) load(i, first, scratch.get() + i, step);
    for (int c = 0; c < group_size(first); ++c) {
      Complex* const column = scratch.get() + static_cast<std::size_t>(c) * step;
      for (int i = in; i < n; ++i) column[i] = 0.0;
      transform(axis, direction, column);
    }
    for (int i = 0; i < out; ++i) store(i, first, scratch.get() + i, step);
  }
}

template <typename Load>
void BoxFft::to_values(const Load& load, const Shape& wanted, double* values) const {
  const int rows_y = period_[1], w = width();
  const bool is_solid = period_[2] > 1;
  const Buffer<Complex> planes = allocate<Complex>(is_solid ? static_cast<std::size_t>(wanted[2]) * rows_y * w : 0);
  for (int ky = 0; is_solid && ky < rows_y; ++ky)
    columns(
        2, Direction::backward, period_[2], wanted[2],
        [&](int kz, int first, Complex* out, int step) {
          load(ky + static_cast<std::size_t>(rows_y) * kz, first, out, step);
        },
        [&](int k, int first, const Complex* in, int step) {
          copy_out(planes.get() + (ky + static_cast<std::size_t>(rows_y) * k) * w, first, in, step);
        });
  const Buffer<Complex> rows = allocate<Complex>(static_cast<std::size_t>(wanted[1]) * w);
  const Buffer<double> scratch = allocate<double>(static_cast<std::size_t>(period_[0]));
  for (int k = 0; k < wanted[2]; ++k) {
    const Complex* const plane = planes.get() + static_cast<std::size_t>(k) * rows_y * w;
    columns(
        1, Direction::backward, rows_y, wanted[1],
        [&](int ky, int first, Complex* out, int step) {
          if (is_solid) return copy_in(plane + static_cast<std::size_t>(ky) * w, first, out, step);
          load(static_cast<std::size_t>(ky), first, out, step);
        },
        [&](int j, int first, const Complex* in, int step) {
          copy_out(rows.get() + static_cast<std::size_t>(j) * w, first, in, step);
        });
    for (int j = 0; j < wanted[1]; ++j)
      row_to_values(rows.get() + static_cast<std::size_t>(j) * w, scratch.get(),
                    values + (static_cast<std::size_t>(k) * wanted[1] + j) * wanted[0], wanted[0]);
  }
}

template <typename Store>
void BoxFft::to_spectrum(const double* values, const Shape& given, const Store& store) const {
  const int rows_y = period_[1], w = width();
  const bool is_solid = period_[2] > 1;
  const Buffer<Complex> planes = allocate<Complex>(is_solid ? static_cast<std::size_t>(given[2]) * rows_y * w : 0);
  const Buffer<Complex> rows = allocate<Complex>(static_cast<std::size_t>(given[1]) * w);
  const Buffer<double> scratch = allocate<double>(static_cast<std::size_t>(period_[0]));
  for (int k = 0; k < given[2]; ++k) {
    for (int j = 0; j < given[1]; ++j)
      row_to_spectrum(values + (static_cast<std::size_t>(k) * given[1] + j) * given[0], given[0], scratch.get(),
                      rows.get() + static_cast<std::size_t>(j) * w);
    Complex* const plane = planes.get() + static_cast<std::size_t>(k) * rows_y * w;
    columns(
        1, Direction::forward, given[1], rows_y,
        [&](int j, int first, Complex* out, int step) {
          copy_in(rows.get() + static_cast<std::size_t>(j) * w, first, out, step);
        },
        [&](int ky, int first, const Complex* in, int step) {
          if (is_solid) return copy_out(plane + static_cast<std::size_t>(ky) * w, first, in, step);
          store(static_cast<std::size_t>(ky), first, in, step);
        });
  }
  for (int ky = 0; is_solid && ky < rows_y; ++ky)
    columns(
        2, Direction::forward, given[2], period_[2],
        [&](int k, int first, Complex* out, int step) {
          copy_in(planes.get() + (ky + static_cast<std::size_t>(rows_y) * k) * w, first, out, step);
        },
        [&](int kz, int first, const Complex* in, int step) {
          store(ky + static_cast<std::size_t>(rows_y) * kz, first, in, step);
        });
}

}  // namespace aleator::math
