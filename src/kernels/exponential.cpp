#include "kernels/exponential.hpp"

#include <algorithm>

#include "kernels/triangular.hpp"
#include "kernels/vector_math.hpp"

namespace aleator::kernels {

[[gnu::flatten]] void exponentials(const double* x, std::int64_t count, double* out) {
  constexpr std::int64_t at_once = vector_lanes * ManyDoubles::size;
  ManyDoubles values{};
  for (std::int64_t first = 0; first < count; first += at_once) {
    const std::size_t bytes = static_cast<std::size_t>(std::min(at_once, count - first)) * sizeof(double);
    if (bytes == sizeof values) {  // of a length known here
      __builtin_memcpy(&values, x + first, sizeof values);
      values = exponential(values);
      __builtin_memcpy(out + first, &values, sizeof values);
    } else {
      __builtin_memcpy(&values, x + first, bytes);
      values = exponential(values);
      __builtin_memcpy(out + first, &values, bytes);
    }
  }
  leave_vector_code();
}

}  // namespace aleator::kernels
