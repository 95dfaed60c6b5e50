#pragma once
/// What      The elementwise operations of a Tape: value and slopes of each.
/// Method    y = f(a) with slope(a, y) = dy/da; y = f(a, b) with dy/da and dy/db. Those with a fast form for many numbers have
///           values (and slopes) of arrays in the place of value (and slope).
/// Parallel  none; pure functions.
/// Cost      one call of the C library at most; 1 to 3 ns a number where there are values of arrays.
/// Fails     never: NaN and infinity outside the domain.
#include <algorithm>
#include <cmath>

#include "kernels/elementary.hpp"
#include "math/expression/tape.hpp"
#include "math/special.hpp"

namespace aleator::math::operations {

double digamma(double a);
double trigamma(double a);
double log_gamma(double a);

/// sum + adjoint slope, or with a tangent in the adjoint's place; nothing flows where that is 0, for 0 x infinity would be NaN.
/// Said to be fused: of a product, a choice and a sum GCC makes one thing in one lane and another in the next.
inline double plus_flow(double sum, double adjoint, double slope) {
  return std::fma(adjoint, adjoint == 0.0 ? 0.0 : slope, sum);
}

struct Negate {
  static double value(double a) { return -a; }
  static double slope(double, double) { return -1.0; }
};
struct Exp {
  static void values(const double* a, int count, double* y) { kernels::exponentials(a, count, y); }
  static double slope(double, double y) { return y; }
};
struct Log {
  static void values(const double* a, int count, double* y) { kernels::logarithms(a, count, y); }
  static double slope(double a, double) { return 1.0 / a; }
};
struct Sqrt {
  static void values(const double* a, int count, double* y) { kernels::square_roots(a, count, y); }
  static double slope(double, double y) { return 0.5 / y; }
};
struct Square {
  static double value(double a) { return a * a; }
  static double slope(double a, double) { return 2.0 * a; }
};
struct Sin {
  static double value(double a) { return std::sin(a); }
  static double slope(double a, double) { return std::cos(a); }
};
struct Cos {
  static double value(double a) { return std::cos(a); }
  static double slope(double a, double) { return -std::sin(a); }
};
struct Tan {
  static double value(double a) { return std::tan(a); }
  static double slope(double, double y) { return 1.0 + y * y; }
};
struct Asin {
  static double value(double a) { return std::asin(a); }
  static double slope(double a, double) { return 1.0 / std::sqrt(1.0 - a * a); }
};
struct Acos {
  static double value(double a) { return std::acos(a); }
  static double slope(double a, double) { return -1.0 / std::sqrt(1.0 - a * a); }
};
struct Atan {
  static double value(double a) { return std::atan(a); }
  static double slope(double a, double) { return 1.0 / (1.0 + a * a); }
};
struct Sinh {
  static double value(double a) { return std::sinh(a); }
  static double slope(double a, double) { return std::cosh(a); }
};
struct Cosh {
  static double value(double a) { return std::cosh(a); }
  static double slope(double a, double) { return std::sinh(a); }
};
struct Tanh {
  static double value(double a) { return std::tanh(a); }
  static double slope(double, double y) { return 1.0 - y * y; }
};
struct Abs {
  static double value(double a) { return std::abs(a); }
  static double slope(double a, double) { return a > 0.0 ? 1.0 : a < 0.0 ? -1.0 : 0.0; }
};
struct Log1p {
  static void values(const double* a, int count, double* y) { kernels::logarithms_of_one_plus(a, count, y); }
  static double slope(double a, double) { return 1.0 / (1.0 + a); }
};
struct Expm1 {
  static double value(double a) { return std::expm1(a); }
  static double slope(double, double y) { return y + 1.0; }
};
struct Logistic {
  static void values(const double* a, int count, double* y) { kernels::logistic(a, count, y); }
  static double slope(double, double y) { return y * (1.0 - y); }
};
/// ln(1 + e^a)
struct Softplus {
  static void values(const double* a, int count, double* y) { kernels::softplus(a, count, y); }
  static void slopes(const double* a, const double*, int count, double* slope) { kernels::logistic(a, count, slope); }
};
struct LGamma {
  static double value(double a) { return log_gamma(a); }
  static double slope(double a, double) { return digamma(a); }
};
struct Erf {
  static double value(double a) { return std::erf(a); }
  static double slope(double a, double) { return M_2_SQRTPI * std::exp(-a * a); }
};
struct LogNormalCdf {
  static double value(double a) { return log_normal_cdf(a); }
  // phi(a) / Phi(a). Far in the tail both exponents are huge; Phi(a) = phi(a) / -a (1 - 1 / a^2 + 3 / a^4 - 15 / a^6 + …).
  static double slope(double a, double y) {
    if (a < -1e3) return -a / (1.0 - (1.0 - 3.0 / (a * a)) / (a * a));
    return std::exp(-0.5 * a * a - y) * 0.398942280401432677939946;
  }
};

struct NormalQuantile {
  static double value(double a) { return normal_quantile(a); }
  static double slope(double, double y) { return std::exp(0.5 * y * y) * 2.50662827463100050241577; }
};
struct Digamma {
  static double value(double a) { return digamma(a); }
  static double slope(double a, double) { return trigamma(a); }
};
struct Floor {
  static double value(double a) { return std::floor(a); }
  static double slope(double, double) { return 0.0; }
};
struct IsNan {
  static double value(double a) { return std::isnan(a) ? 1.0 : 0.0; }
  static double slope(double, double) { return 0.0; }
};

struct Add {
  static double value(double a, double b) { return a + b; }
  static double left(double, double, double) { return 1.0; }
  static double right(double, double, double) { return 1.0; }
};
struct Subtract {
  static double value(double a, double b) { return a - b; }
  static double left(double, double, double) { return 1.0; }
  static double right(double, double, double) { return -1.0; }
};
struct Multiply {
  static double value(double a, double b) { return a * b; }
  static double left(double, double b, double) { return b; }
  static double right(double a, double, double) { return a; }
};
struct Divide {
  static double value(double a, double b) { return a / b; }
  static double left(double, double b, double) { return 1.0 / b; }
  static double right(double, double b, double y) { return -y / b; }
};
struct Power {
  static double value(double a, double b) { return std::pow(a, b); }
  static double left(double a, double b, double) { return b == 0.0 ? 0.0 : b * std::pow(a, b - 1.0); }
  static double right(double a, double, double y) { return y == 0.0 ? 0.0 : y * std::log(a); }
};
struct Atan2 {
  static double value(double a, double b) { return std::atan2(a, b); }
  static double left(double a, double b, double) { return b / (a * a + b * b); }
  static double right(double a, double b, double) { return -a / (a * a + b * b); }
};
// What is no number on either side stays so.
struct Minimum {
  static bool is_right(double a, double b) { return b < a || b != b; }
  static double value(double a, double b) { return is_right(a, b) ? b : a; }
  static double left(double a, double b, double) { return is_right(a, b) ? 0.0 : 1.0; }
  static double right(double a, double b, double) { return is_right(a, b) ? 1.0 : 0.0; }
};
struct Maximum {
  static bool is_right(double a, double b) { return b > a || b != b; }
  static double value(double a, double b) { return is_right(a, b) ? b : a; }
  static double left(double a, double b, double) { return is_right(a, b) ? 0.0 : 1.0; }
  static double right(double a, double b, double) { return is_right(a, b) ? 1.0 : 0.0; }
};
struct Step {
  static double left(double, double, double) { return 0.0; }
  static double right(double, double, double) { return 0.0; }
};
struct Less : Step {
  static double value(double a, double b) { return a < b ? 1.0 : 0.0; }
};
struct LessEqual : Step {
  static double value(double a, double b) { return a <= b ? 1.0 : 0.0; }
};
struct Equal : Step {
  static double value(double a, double b) { return a == b ? 1.0 : 0.0; }
};

template <typename Operation>
constexpr auto has_values(int) -> decltype(&Operation::values, true) {
  return true;
}
template <typename Operation>
constexpr bool has_values(long) {
  return false;
}
template <typename Operation>
constexpr auto has_slopes(int) -> decltype(&Operation::slopes, true) {
  return true;
}
template <typename Operation>
constexpr bool has_slopes(long) {
  return false;
}

/// y = f(a) of an array.
template <typename Operation>
void values_of(const double* a, int count, double* y) {
  if constexpr (has_values<Operation>(0))
    Operation::values(a, count, y);
  else
    for (int i = 0; i < count; ++i) y[i] = Operation::value(a[i]);
}

/// use(i, dy/da of entry i) for all entries.
template <typename Operation, typename Use>
void for_slopes(const double* a, const double* y, int count, const Use& use) {
  if constexpr (has_slopes<Operation>(0)) {
    constexpr int at_once = 128;
    double slopes[at_once];
    for (int first = 0; first < count; first += at_once) {
      const int some = std::min(at_once, count - first);
      Operation::slopes(a + first, y + first, some, slopes);
      for (int i = 0; i < some; ++i) use(first + i, slopes[i]);
    }
  } else {
    for (int i = 0; i < count; ++i) use(i, Operation::slope(a[i], y[i]));
  }
}

/// Calls use(Operation{}) of a code with one operand; false for the others.
template <typename Use>
bool with_unary(Code code, const Use& use) {
  switch (code) {
    case Code::negate:
      use(Negate{});
      return true;
    case Code::exp:
      use(Exp{});
      return true;
    case Code::log:
      use(Log{});
      return true;
    case Code::sqrt:
      use(Sqrt{});
      return true;
    case Code::square:
      use(Square{});
      return true;
    case Code::sin:
      use(Sin{});
      return true;
    case Code::cos:
      use(Cos{});
      return true;
    case Code::tan:
      use(Tan{});
      return true;
    case Code::asin:
      use(Asin{});
      return true;
    case Code::acos:
      use(Acos{});
      return true;
    case Code::atan:
      use(Atan{});
      return true;
    case Code::sinh:
      use(Sinh{});
      return true;
    case Code::cosh:
      use(Cosh{});
      return true;
    case Code::tanh:
      use(Tanh{});
      return true;
    case Code::abs:
      use(Abs{});
      return true;
    case Code::log1p:
      use(Log1p{});
      return true;
    case Code::expm1:
      use(Expm1{});
      return true;
    case Code::softplus:
      use(Softplus{});
      return true;
    case Code::logistic:
      use(Logistic{});
      return true;
    case Code::lgamma:
      use(LGamma{});
      return true;
    case Code::erf:
      use(Erf{});
      return true;
    case Code::log_normal_cdf:
      use(LogNormalCdf{});
      return true;
    case Code::normal_quantile:
      use(NormalQuantile{});
      return true;
    case Code::digamma:
      use(Digamma{});
      return true;
    case Code::floor:
      use(Floor{});
      return true;
    case Code::is_nan:
      use(IsNan{});
      return true;
    default:
      return false;
  }
}

/// The same with two operands.
template <typename Use>
bool with_binary(Code code, const Use& use) {
  switch (code) {
    case Code::add:
      use(Add{});
      return true;
    case Code::subtract:
      use(Subtract{});
      return true;
    case Code::multiply:
      use(Multiply{});
      return true;
    case Code::divide:
      use(Divide{});
      return true;
    case Code::power:
      use(Power{});
      return true;
    case Code::atan2:
      use(Atan2{});
      return true;
    case Code::minimum:
      use(Minimum{});
      return true;
    case Code::maximum:
      use(Maximum{});
      return true;
    case Code::less:
      use(Less{});
      return true;
    case Code::less_equal:
      use(LessEqual{});
      return true;
    case Code::equal:
      use(Equal{});
      return true;
    default:
      return false;
  }
}

}  // namespace aleator::math::operations
