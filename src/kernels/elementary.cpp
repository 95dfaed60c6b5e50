#include "kernels/elementary.hpp"

#include <algorithm>
#include <limits>

#include "kernels/triangular.hpp"
#include "kernels/vector_math.hpp"

namespace aleator::kernels {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

Doubles absolute(const Doubles& x) {
  return reinterpret_cast<Doubles>(reinterpret_cast<Words>(x) & 0x7FFFFFFFFFFFFFFFull);
}

/// log(x) of any x.
ManyDoubles logarithm_of_any(const ManyDoubles& x) {
  constexpr double smallest_normal = std::numeric_limits<double>::min(), two_54 = 18014398509481984.0;
  const ManyDoubles scaled = each([](const Doubles& v) { return v < smallest_normal ? v * two_54 : v; }, x);
  return each(
      [](const Doubles& v, const Doubles& minus_twice) {
        const Doubles value = minus_twice * -0.5;
        const Doubles finite = v < smallest_normal ? value - 37.429947750237047900 : value;  // 54 log 2
        const Doubles positive = v == infinity ? v : finite;
        const Doubles real = v == 0.0 ? Doubles{} - infinity : positive;
        return v >= 0.0 ? real : Doubles{} + std::numeric_limits<double>::quiet_NaN();
      },
      x, minus_two_log(scaled));
}

/// log(1 + e) for 0 <= e <= 1.
ManyDoubles logarithm_of_one_plus_fraction(const ManyDoubles& e) {
  constexpr double half_way = 0.41421356237309515;  // sqrt(2) - 1: beyond, half of 1 + e lies nearer to 1
  const ManyDoubles s = each(
      [](const Doubles& v) {
        return (v > half_way ? v - 1.0 : v) /
               (v > half_way ? v + 3.0 : v + 2.0);  // (m - 1) / (m + 1), m = (1 + e) / 2 or 1 + e
      },
      e);
  return each(
      [](const Doubles& v, const Doubles& minus_twice) {
        const Doubles value = minus_twice * -0.5;
        return v > half_way ? value + 0.693147180559945309417 : value;
      },
      e, minus_four_artanh(s));
}

ManyDoubles exponential_of_minus_absolute(const ManyDoubles& x) {
  return each([](const Doubles& v) { return exponential(-absolute(v)); }, x);
}

/// out = f(x), a bundle of vectors at a time.
template <typename F>
[[gnu::flatten]] void for_each_bundle(const double* x, std::int64_t count, double* out, const F& f) {
  constexpr std::int64_t at_once = vector_lanes * ManyDoubles::size;
  std::int64_t first = 0;
  for (; first + at_once <= count; first += at_once) store(f(load(x + first)), out + first);
  if (first < count) {
    double rest[at_once] = {};
    std::copy(x + first, x + count, rest);
    store(f(load(rest)), rest);
    std::copy_n(rest, count - first, out + first);
  }
  leave_vector_code();
}

}  // namespace

void exponentials(const double* x, std::int64_t count, double* out) {
  for_each_bundle(x, count, out, [](const ManyDoubles& v) { return exponential(v); });
}

void logarithms(const double* x, std::int64_t count, double* out) {
  for_each_bundle(x, count, out, [](const ManyDoubles& v) { return logarithm_of_any(v); });
}

void logarithms_of_one_plus(const double* x, std::int64_t count, double* out) {
  for_each_bundle(x, count, out, [](const ManyDoubles& v) {
    const ManyDoubles u = each([](const Doubles& d) { return d + 1.0; }, v);
    return each(  // what u has lost in rounding is added to the first order
        [](const Doubles& d, const Doubles& one_plus, const Doubles& log) {
          const Doubles corrected = log + (d - (one_plus - 1.0)) / one_plus;
          const Doubles has_correction = absolute(log) == infinity ? log : corrected;
          return d == 0.0 ? d : has_correction;
        },
        v, u, logarithm_of_any(u));
  });
}

void softplus(const double* x, std::int64_t count, double* out) {
  for_each_bundle(x, count, out, [](const ManyDoubles& v) {
    return each([](const Doubles& d, const Doubles& log) { return (d > 0.0 ? d : Doubles{}) + log; }, v,
                logarithm_of_one_plus_fraction(exponential_of_minus_absolute(v)));
  });
}

void logistic(const double* x, std::int64_t count, double* out) {
  for_each_bundle(x, count, out, [](const ManyDoubles& v) {
    return each([](const Doubles& d, const Doubles& e) { return (d < 0.0 ? e : Doubles{} + 1.0) / (1.0 + e); }, v,
                exponential_of_minus_absolute(v));
  });
}

void square_roots(const double* x, std::int64_t count, double* out) {
  for_each_bundle(x, count, out, [](const ManyDoubles& v) { return square_root(v); });
}

}  // namespace aleator::kernels
