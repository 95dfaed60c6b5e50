#include "pde/spectral/modes.hpp"

#include <fftw3.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <mutex>

#include "core/error.hpp"
#include "math/fftw_planner.hpp"

namespace aleator::pde::spectral {
namespace {

fftw_complex* to_fftw(Complex* values) { return reinterpret_cast<fftw_complex*>(values); }

constexpr std::size_t line = 8;  // doubles: fields begin where the plans expect them
std::size_t whole_lines(std::size_t doubles) { return (doubles + line - 1) / line * line; }

// `count` rows or columns dealt as evenly as can be.
std::vector<int> cuts_of(int count, int ranks) {
  std::vector<int> cuts;
  for (int r = 0; r <= ranks; ++r) cuts.push_back(static_cast<int>(std::int64_t{count} * r / ranks));
  return cuts;
}

}  // namespace

// Columns are transformed in place up to k_x = K, rows all.
struct Modes::Plans {
  fftw_plan columns_back = nullptr, columns_forth = nullptr, rows_back = nullptr, rows_forth = nullptr;
  Plans(const Modes& modes, const Buffer& buffer) {
    const std::lock_guard<std::mutex> lock(math::fftw_planner());
    const int n = modes.n_, half = modes.half_, rows = modes.rows();
    fftw_complex *const c = to_fftw(buffer.by_columns()), *const s = to_fftw(buffer.by_rows());
    double* const grid = buffer.grid(0);
    const auto columns = [&](int direction) {
      const int stride = modes.column_stride_;
      return fftw_plan_many_dft(1, &n, modes.columns_, c, nullptr, stride, 1, c, nullptr, stride, 1, direction,
                                FFTW_ESTIMATE);
    };
    columns_back = columns(FFTW_BACKWARD), columns_forth = columns(FFTW_FORWARD);
    rows_back = fftw_plan_many_dft_c2r(1, &n, rows, s, nullptr, 1, half, grid, nullptr, 1, n,
                                       FFTW_ESTIMATE | FFTW_DESTROY_INPUT);
    rows_forth = fftw_plan_many_dft_r2c(1, &n, rows, grid, nullptr, 1, n, s, nullptr, 1, half,
                                        FFTW_ESTIMATE | FFTW_PRESERVE_INPUT);
    ALEATOR_ASSERT(columns_back && columns_forth && rows_back && rows_forth);
  }
  Plans(const Plans&) = delete;
  Plans& operator=(const Plans&) = delete;
  ~Plans() {
    const std::lock_guard<std::mutex> lock(math::fftw_planner());
    for (const fftw_plan plan : {columns_back, columns_forth, rows_back, rows_forth}) fftw_destroy_plan(plan);
  }
};

Modes::Buffer::Buffer(const Modes& modes, int grids)
    : by_columns_(0),
      grids_(whole_lines(2 * static_cast<std::size_t>(modes.rows()) * modes.half_)),
      stride_(whole_lines(std::max(modes.values(), 2 * modes.size()))) {
  if (const auto* const transpose = modes.transpose_.get(); transpose != nullptr) {
    by_columns_ = grids_;
    grids_ = by_columns_ + whole_lines(2 * transpose->size_by_columns());
  }
  memory_ = kernels::HugePages(grids_ + static_cast<std::size_t>(grids) * stride_);
}

Modes::Modes(int points, double length, const parallel::Comm& comm)
    : n_(points),
      largest_(largest_of(points)),
      half_(points / 2 + 1),
      length_(length),
      comm_(comm),
      row_cuts_(cuts_of(n_, comm.size())),
      column_cuts_(cuts_of(largest_ + 1, comm.size())) {
  ALEATOR_ASSERT(n_ >= 4 && n_ % 2 == 0 && length > 0 && comm.size() <= most_ranks(n_));
  const int first = column_cuts_[static_cast<std::size_t>(comm.rank())];
  columns_ = column_cuts_[static_cast<std::size_t>(comm.rank()) + 1] - first;
  column_stride_ = comm.size() == 1 ? half_ : columns_;
  const double unit = 2.0 * std::acos(-1.0) / length;
  for (int j = 0; j <= 2 * largest_; ++j)
    for (int i = first; i < first + columns_; ++i) {
      kx_.push_back(unit * i);
      ky_.push_back(unit * (j <= largest_ ? j : j - (2 * largest_ + 1)));
      weight_.push_back(i == 0 ? 1.0 : 2.0);
    }
  if (comm.size() > 1)
    transpose_ = std::make_shared<const parallel::Transpose<Complex>>(comm, parallel::ranges_between(row_cuts_),
                                                                      parallel::ranges_between(column_cuts_), half_);
  plans_ = std::make_shared<const Plans>(*this, Buffer(*this, 1));
}

std::size_t Modes::largest_size() const {
  const int ranks = comm_.size(), most_columns = (largest_ + ranks) / ranks;
  return static_cast<std::size_t>(2 * largest_ + 1) * most_columns;
}

Spectrum Modes::symbol(const Symbol& f) const {
  Spectrum result(size());
  for (std::size_t m = 0; m < size(); ++m) result[m] = f(kx_[m], ky_[m]);
  return result;
}

Spectrum Modes::phases(double x, double y) const {
  const double first = 0.5 * length_ / n_;
  return symbol([&](double kx, double ky) { return std::polar(1.0, kx * (x - first) + ky * (y - first)); });
}

void Modes::to_values(const Complex* spectrum, const Buffer& buffer, double* grid) const {
  Complex *const columns = buffer.by_columns(), *const rows = buffer.by_rows();
  const auto stride = static_cast<std::size_t>(column_stride_);
  std::fill_n(columns, n_ * stride, Complex());
  for (int j = 0; j <= 2 * largest_; ++j)
    std::copy_n(spectrum + static_cast<std::size_t>(j) * columns_, columns_, columns + row_of(j) * stride);
  fftw_execute_dft(plans_->columns_back, to_fftw(columns), to_fftw(columns));
  if (transpose_ != nullptr) {
    transpose_->to_rows(columns, rows);
    for (int r = 0; r < this->rows(); ++r) {
      Complex* const row = rows + static_cast<std::size_t>(r) * half_;
      std::fill(row + largest_ + 1, row + half_, Complex());
    }
  }
  fftw_execute_dft_c2r(plans_->rows_back, to_fftw(rows), grid);
}

void Modes::to_spectrum(const double* grid, const Buffer& buffer, Complex* spectrum) const {
  Complex *const columns = buffer.by_columns(), *const rows = buffer.by_rows();
  const auto stride = static_cast<std::size_t>(column_stride_);
  fftw_execute_dft_r2c(plans_->rows_forth, const_cast<double*>(grid), to_fftw(rows));  // NOLINT: input is preserved
  if (transpose_ != nullptr) transpose_->to_columns(rows, columns);
  fftw_execute_dft(plans_->columns_forth, to_fftw(columns), to_fftw(columns));
  const double scale = 1.0 / static_cast<double>(whole_values());
  for (int j = 0; j <= 2 * largest_; ++j)
    for (int i = 0; i < columns_; ++i)
      spectrum[static_cast<std::size_t>(j) * columns_ + i] = scale * columns[row_of(j) * stride + i];
}

}  // namespace aleator::pde::spectral
