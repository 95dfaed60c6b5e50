#include "pde/spectral/modes.hpp"

#include <fftw3.h>

#include <algorithm>
#include <cmath>

#include "core/error.hpp"
#include "math/fftw_planner.hpp"

namespace aleator::pde::spectral {
namespace {

fftw_complex* to_fftw(Complex* values) { return reinterpret_cast<fftw_complex*>(values); }

constexpr std::size_t line = 8;  // doubles: fields begin where the plans expect them
std::size_t whole_lines(std::size_t doubles) { return (doubles + line - 1) / line * line; }

}  // namespace

// Columns are transformed in place up to k_x = K, rows all.
struct Modes::Plans {
  fftw_plan columns_back = nullptr, columns_forth = nullptr, rows_back = nullptr, rows_forth = nullptr;
  Plans(const Modes& modes, const Buffer& buffer) {
    const std::lock_guard<std::mutex> lock(math::fftw_planner());
    const int n = modes.n_, half = modes.half_, kept = modes.largest_ + 1;
    fftw_complex* const s = to_fftw(buffer.scratch());
    double* const grid = buffer.grid(0);
    columns_back =
        fftw_plan_many_dft(1, &n, kept, s, nullptr, half, 1, s, nullptr, half, 1, FFTW_BACKWARD, FFTW_ESTIMATE);
    columns_forth =
        fftw_plan_many_dft(1, &n, kept, s, nullptr, half, 1, s, nullptr, half, 1, FFTW_FORWARD, FFTW_ESTIMATE);
    rows_back =
        fftw_plan_many_dft_c2r(1, &n, n, s, nullptr, 1, half, grid, nullptr, 1, n, FFTW_ESTIMATE | FFTW_DESTROY_INPUT);
    rows_forth =
        fftw_plan_many_dft_r2c(1, &n, n, grid, nullptr, 1, n, s, nullptr, 1, half, FFTW_ESTIMATE | FFTW_PRESERVE_INPUT);
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
    : scratch_(whole_lines(2 * static_cast<std::size_t>(modes.n_) * modes.half_)),
      stride_(whole_lines(modes.values())),
      memory_(scratch_ + static_cast<std::size_t>(grids) * stride_) {}

Modes::Modes(int points, double length)
    : n_(points), largest_((points - 1) / 3), half_(points / 2 + 1), length_(length) {
  ALEATOR_ASSERT(n_ >= 4 && n_ % 2 == 0 && length > 0);
  const double unit = 2.0 * std::acos(-1.0) / length;
  for (int j = 0; j <= 2 * largest_; ++j)
    for (int i = 0; i <= largest_; ++i) {
      kx_.push_back(unit * i);
      ky_.push_back(unit * (j <= largest_ ? j : j - (2 * largest_ + 1)));
      weight_.push_back(i == 0 ? 1.0 : 2.0);
    }
  plans_ = std::make_shared<const Plans>(*this, Buffer(*this, 1));
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
  Complex* const scratch = buffer.scratch();
  std::fill_n(scratch, static_cast<std::size_t>(n_) * half_, Complex());
  for (int j = 0; j <= 2 * largest_; ++j)
    std::copy_n(spectrum + static_cast<std::size_t>(j) * (largest_ + 1), largest_ + 1,
                scratch + static_cast<std::size_t>(row_of(j)) * half_);
  fftw_execute_dft(plans_->columns_back, to_fftw(scratch), to_fftw(scratch));
  fftw_execute_dft_c2r(plans_->rows_back, to_fftw(scratch), grid);
}

void Modes::to_spectrum(const double* grid, const Buffer& buffer, Complex* spectrum) const {
  Complex* const scratch = buffer.scratch();
  fftw_execute_dft_r2c(plans_->rows_forth, const_cast<double*>(grid), to_fftw(scratch));  // NOLINT: input is preserved
  fftw_execute_dft(plans_->columns_forth, to_fftw(scratch), to_fftw(scratch));
  const double scale = 1.0 / static_cast<double>(values());
  for (int j = 0; j <= 2 * largest_; ++j)
    for (int i = 0; i <= largest_; ++i)
      spectrum[static_cast<std::size_t>(j) * (largest_ + 1) + i] =
          scale * scratch[static_cast<std::size_t>(row_of(j)) * half_ + i];
}

}  // namespace aleator::pde::spectral
