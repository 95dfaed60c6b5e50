#pragma once
/// What      Fourier transforms of real values on a periodic box of 1 to 3 axes, of which only the first cells are wanted.
/// Method    FFTW one-dimensional transforms along the axes in turn, columns gathered in groups that fit the cache; rows of
///           cells that are zero or not wanted are left out. Of the spectrum half is kept, kx = 0 .. Mx/2, the rest being
///           its conjugate.
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
  explicit BoxFft(const Shape& period);

  /// The smallest product of 2, 3, 5 and 7 that is even and at least `cells`.
  static int fast_period(int cells);

  const Shape& period() const { return period_; }
  std::size_t size() const { return static_cast<std::size_t>(period_[0]) * period_[1] * period_[2]; }
  int half() const { return period_[0] / 2 + 1; }

  /// The axis whose wave numbers run fastest in the spectrum: the last.
  int column_axis() const { return period_[2] > 1 ? 2 : 1; }
  int column_size() const { return period_[column_axis()]; }
  /// Columns of the spectrum: kx + half() ky in three dimensions, kx in one or two.
  int columns() const { return half() * (period_[2] > 1 ? period_[1] : 1); }

  /// v_j = sum_k X_k exp(2 pi i j.k / M) for the first `wanted` cells. load(column, out) writes a column of X.
  template <typename Load>
  void to_values(const Load& load, const Shape& wanted, double* values) const;

  /// X_k = sum_j v_j exp(-2 pi i j.k / M), v zero beyond the first `given` cells. store(column, in) takes a column of X.
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
  int width() const { return (half() + 3) / 4 * 4; }  // of the rows in between: whole cache lines
  void transform(int axis, Direction direction, Complex* column) const;
  void row_to_values(Complex* row, double* scratch, double* values, int count) const;
  void row_to_spectrum(const double* values, int count, double* scratch, Complex* row) const;

  /// Up to `group` columns beside one another, kx = first .. first + count - 1, each in one piece.
  static constexpr int group = 16;
  struct Columns {
    Complex* data;
    int step, first, count;
    Complex* column(int c) const { return data + static_cast<std::size_t>(c) * step; }
    /// Row i from an array with all kx, and back to it.
    void take_row(int i, const Complex* row) const {
      for (int c = 0; c < count; ++c) column(c)[i] = row[first + c];
    }
    void give_row(int i, Complex* row) const {
      for (int c = 0; c < count; ++c) row[first + c] = column(c)[i];
    }
  };
  /// Transforms all columns along `axis` for one index of the axis that is neither this nor x: fill, transform, drain group
  /// by group.
  template <typename Fill, typename Drain>
  void transform_columns(int axis, Direction direction, const Fill& fill, const Drain& drain) const;

  Shape period_;
  std::shared_ptr<const Plans> plans_;
};

template <typename Fill, typename Drain>
void BoxFft::transform_columns(int axis, Direction direction, const Fill& fill, const Drain& drain) const {
  const int step = (period_[axis] + 7) / 4 * 4;  // apart by whole cache lines, not by a power of two
  const Buffer<Complex> scratch = allocate<Complex>(static_cast<std::size_t>(step) * group);
  for (int first = 0; first < half(); first += group) {
    const Columns columns{scratch.get(), step, first, first + group < half() ? group : half() - first};
    fill(columns);
    for (int c = 0; c < columns.count; ++c) transform(axis, direction, columns.column(c));
    drain(columns);
  }
}

template <typename Load>
void BoxFft::to_values(const Load& load, const Shape& wanted, double* values) const {
  const std::size_t w = width(), rows_y = period_[1];
  const bool is_solid = period_[2] > 1;
  const Buffer<Complex> planes = allocate<Complex>(is_solid ? wanted[2] * rows_y * w : 0);  // [k][ky][kx]
  for (std::size_t ky = 0; is_solid && ky < rows_y; ++ky)
    transform_columns(
        2, Direction::backward,
        [&](const Columns& g) {
          for (int c = 0; c < g.count; ++c) load(g.first + c + half() * static_cast<int>(ky), g.column(c));
        },
        [&](const Columns& g) {
          for (int k = 0; k < wanted[2]; ++k) g.give_row(k, planes.get() + (ky + rows_y * k) * w);
        });
  const Buffer<Complex> rows = allocate<Complex>(wanted[1] * w);  // [j][kx]
  const Buffer<double> scratch = allocate<double>(static_cast<std::size_t>(period_[0]));
  for (int k = 0; k < wanted[2]; ++k) {
    const Complex* const plane = planes.get() + rows_y * k * w;
    transform_columns(
        1, Direction::backward,
        [&](const Columns& g) {
          for (int c = 0; !is_solid && c < g.count; ++c) load(g.first + c, g.column(c));
          for (std::size_t ky = 0; is_solid && ky < rows_y; ++ky) g.take_row(static_cast<int>(ky), plane + ky * w);
        },
        [&](const Columns& g) {
          for (int j = 0; j < wanted[1]; ++j) g.give_row(j, rows.get() + j * w);
        });
    for (int j = 0; j < wanted[1]; ++j)
      row_to_values(rows.get() + j * w, scratch.get(),
                    values + (static_cast<std::size_t>(k) * wanted[1] + j) * wanted[0], wanted[0]);
  }
}

template <typename Store>
void BoxFft::to_spectrum(const double* values, const Shape& given, const Store& store) const {
  const std::size_t w = width(), rows_y = period_[1];
  const bool is_solid = period_[2] > 1;
  const Buffer<Complex> planes = allocate<Complex>(is_solid ? given[2] * rows_y * w : 0);
  const Buffer<Complex> rows = allocate<Complex>(given[1] * w);
  const Buffer<double> scratch = allocate<double>(static_cast<std::size_t>(period_[0]));
  const auto take = [this](const Columns& g, int axis, int count, const Complex* from, std::size_t pitch) {
    for (int i = 0; i < count; ++i) g.take_row(i, from + i * pitch);
    for (int c = 0; c < g.count; ++c)
      for (int i = count; i < period_[axis]; ++i) g.column(c)[i] = 0.0;
  };
  for (int k = 0; k < given[2]; ++k) {
    for (int j = 0; j < given[1]; ++j)
      row_to_spectrum(values + (static_cast<std::size_t>(k) * given[1] + j) * given[0], given[0], scratch.get(),
                      rows.get() + j * w);
    Complex* const plane = planes.get() + rows_y * k * w;
    transform_columns(
        1, Direction::forward, [&](const Columns& g) { take(g, 1, given[1], rows.get(), w); },
        [&](const Columns& g) {
          for (int c = 0; !is_solid && c < g.count; ++c) store(g.first + c, g.column(c));
          for (std::size_t ky = 0; is_solid && ky < rows_y; ++ky) g.give_row(static_cast<int>(ky), plane + ky * w);
        });
  }
  for (std::size_t ky = 0; is_solid && ky < rows_y; ++ky)
    transform_columns(
        2, Direction::forward, [&](const Columns& g) { take(g, 2, given[2], planes.get() + ky * w, rows_y * w); },
        [&](const Columns& g) {
          for (int c = 0; c < g.count; ++c) store(g.first + c + half() * static_cast<int>(ky), g.column(c));
        });
}

}  // namespace aleator::math
