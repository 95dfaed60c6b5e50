#include "math/box_fft.hpp"

#include <fftw3.h>

#include <algorithm>
#include <cstring>
#include <new>

#include "core/error.hpp"
#include "math/fftw_planner.hpp"

namespace aleator::math {
namespace {

fftw_complex* as_fftw(Complex* values) { return reinterpret_cast<fftw_complex*>(values); }

}  // namespace

std::mutex& fftw_planner() {
  static std::mutex mutex;
  return mutex;
}

struct BoxFft::Plans {
  fftw_plan forward[3] = {}, backward[3] = {}, to_real = nullptr, to_half = nullptr;
  explicit Plans(const Shape& period) {
    const std::lock_guard<std::mutex> lock(fftw_planner());
    for (int axis = 1; axis < 3; ++axis) {
      fftw_complex* const column = fftw_alloc_complex(static_cast<std::size_t>(period[axis]));
      forward[axis] = fftw_plan_dft_1d(period[axis], column, column, FFTW_FORWARD, FFTW_ESTIMATE);
      backward[axis] = fftw_plan_dft_1d(period[axis], column, column, FFTW_BACKWARD, FFTW_ESTIMATE);
      fftw_free(column);
    }
    fftw_complex* const row = fftw_alloc_complex(static_cast<std::size_t>(period[0]) / 2 + 1);
    double* const values = fftw_alloc_real(static_cast<std::size_t>(period[0]));
    to_real = fftw_plan_dft_c2r_1d(period[0], row, values, FFTW_ESTIMATE | FFTW_DESTROY_INPUT);
    to_half = fftw_plan_dft_r2c_1d(period[0], values, row, FFTW_ESTIMATE | FFTW_DESTROY_INPUT);
    fftw_free(row), fftw_free(values);
    ALEATOR_ASSERT(forward[1] && forward[2] && backward[1] && backward[2] && to_real && to_half);
  }
  Plans(const Plans&) = delete;
  Plans& operator=(const Plans&) = delete;
  ~Plans() {
    const std::lock_guard<std::mutex> lock(fftw_planner());
    for (int axis = 1; axis < 3; ++axis) fftw_destroy_plan(forward[axis]), fftw_destroy_plan(backward[axis]);
    fftw_destroy_plan(to_real), fftw_destroy_plan(to_half);
  }
};

BoxFft::BoxFft(const Shape& period) : period_(period) {
  ALEATOR_ASSERT(period[0] >= 2 && period[0] % 2 == 0 && period[1] >= 1 && period[2] >= 1);
  plans_ = std::make_shared<const Plans>(period);
}

int BoxFft::fast_period(int cells) {
  for (int n = std::max(2, cells + cells % 2);; n += 2) {
    int rest = n;
    for (const int factor : {2, 3, 5, 7})
      while (rest % factor == 0) rest /= factor;
    if (rest == 1) return n;
  }
}

void BoxFft::Free::operator()(void* memory) const { fftw_free(memory); }

template <typename T>
BoxFft::Buffer<T> BoxFft::allocate(std::size_t count) {
  T* const memory = static_cast<T*>(fftw_malloc(std::max<std::size_t>(1, count) * sizeof(T)));
  if (memory == nullptr) throw std::bad_alloc();
  return Buffer<T>(memory);
}
template BoxFft::Buffer<double> BoxFft::allocate<double>(std::size_t);
template BoxFft::Buffer<Complex> BoxFft::allocate<Complex>(std::size_t);

void BoxFft::transform(int axis, Direction direction, Complex* column) const {
  if (period_[axis] == 1) return;
  const fftw_plan plan = direction == Direction::forward ? plans_->forward[axis] : plans_->backward[axis];
  fftw_execute_dft(plan, as_fftw(column), as_fftw(column));
}

void BoxFft::row_to_values(Complex* row, double* scratch, double* values, int count) const {
  fftw_execute_dft_c2r(plans_->to_real, as_fftw(row), scratch);
  std::copy_n(scratch, count, values);
}

void BoxFft::row_to_spectrum(const double* values, int count, double* scratch, Complex* row) const {
  std::copy_n(values, count, scratch);
  std::fill(scratch + count, scratch + period_[0], 0.0);
  fftw_execute_dft_r2c(plans_->to_half, scratch, as_fftw(row));
}

}  // namespace aleator::math
