#pragma once
/// What      Bernoulli's function z / (exp(z) - 1) and its derivative: the weights of exponentially fitted fluxes.
/// Method    Between two points h apart, with velocity b and diffusivity k, -k u' + b u is constant where nothing is added:
///           it is (k / h) (B(-z) u_i - B(z) u_j), z = b h / k (Scharfetter, Gummel 1969). B(-z) = B(z) + z. Near 0 the series.
/// Parallel  local.
/// Cost      an exponential.
/// Fails     -
#include <cmath>

namespace aleator::math {

struct Bernoulli {
  double value, slope;
};

inline Bernoulli bernoulli(double z) {
  constexpr double small = 0.05;  // the first term left out is 1e-16 of the value
  if (std::abs(z) < small) {
    const double s = z * z;
    return {1.0 - z / 2.0 + s / 12.0 * (1.0 - s / 60.0 * (1.0 - s / 42.0)),
            -0.5 + z / 6.0 * (1.0 - s / 30.0 * (1.0 - s / 28.0 * (1.0 - s / 30.0)))};
  }
  const double value = z / std::expm1(z);
  return {value, value == 0.0 ? 0.0 : value * (1.0 - value - z) / z};
}

/// Of c_i and c_j, with drift = b h: flux = (forth c_i - back c_j) / h, forth = k B(-z), back = k B(z). Derivatives of back; of
/// forth, 1 more by the drift.
struct FittedFlux {
  double forth, back, by_drift, by_diffusivity;
};

inline FittedFlux fitted_flux(double drift, double diffusivity) {
  const double z = drift / diffusivity;
  const Bernoulli b = bernoulli(z);
  const double back = diffusivity * b.value;
  return {back + drift, back, b.slope, b.value - z * b.slope};
}

}  // namespace aleator::math
