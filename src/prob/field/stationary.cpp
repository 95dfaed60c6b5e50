#include "prob/field/stationary.hpp"

#include <algorithm>
#include <boost/math/special_functions/bessel.hpp>
#include <cmath>

namespace aleator::prob {

double correlation(Covariance covariance, double nu, double r) {
  if (covariance == Covariance::squared_exponential) return std::exp(-0.5 * r * r);
  if (covariance == Covariance::exponential) return std::exp(-r);
  const double s = std::sqrt(2.0 * nu) * r;
  if (s == 0.0) return 1.0;
  if (nu == 0.5) return std::exp(-s);
  if (nu == 1.5) return (1.0 + s) * std::exp(-s);
  if (nu == 2.5) return (1.0 + s + s * s / 3.0) * std::exp(-s);
  if (s > 700.0) return 0.0;  // K_nu(s) < e^-s sqrt(pi / (2 s)) (1 + ...), below the smallest number
  return std::exp((1.0 - nu) * std::log(2.0) - std::lgamma(nu) + nu * std::log(s)) * boost::math::cyl_bessel_k(nu, s);
}

std::vector<double> periodic_eigenvalues(const math::BoxFft& fft, const Stationary& stationary, const Box& box) {
  const math::BoxFft::Shape& m = fft.period();
  std::vector<double> c(fft.size());
  const auto square = [&](int axis, int i) {
    if (axis >= box.axes()) return 0.0;
    const double r = i * box.spacing(axis) / stationary.lengths[axis];
    return r * r;
  };
  const auto at = [&](int i, int j, int k) { return i + m[0] * (j + static_cast<std::size_t>(m[1]) * k); };
  const double variance = stationary.sd * stationary.sd;
  for (int k = 0; k < m[2]; ++k)
    for (int j = 0; j < m[1]; ++j)
      for (int i = 0; i < m[0]; ++i) {
        const int i2 = std::min(i, m[0] - i), j2 = std::min(j, m[1] - j), k2 = std::min(k, m[2] - k);
        const bool is_new = i2 == i && j2 == j && k2 == k;  // mirror images are copied
        const auto rho = [&] {
          return correlation(stationary.covariance, stationary.nu,
                             std::sqrt(square(0, i) + square(1, j) + square(2, k)));
        };
        c[at(i, j, k)] = is_new ? variance * rho() : c[at(i2, j2, k2)];
      }
  const std::size_t n = fft.column_size();
  std::vector<double> lambda(fft.columns() * n);
  fft.to_spectrum(c.data(), m, [&](int column, const math::Complex* in) {
    for (std::size_t i = 0; i < n; ++i) lambda[column * n + i] = in[i].real();
  });
  return lambda;
}

math::BoxFft::Shape shape_of(const Box& box) {
  math::BoxFft::Shape shape = {1, 1, 1};
  for (int axis = 0; axis < box.axes(); ++axis) shape[axis] = box.cells[axis];
  return shape;
}

math::BoxFft::Shape padded_period(const Box& box, double padding) {
  math::BoxFft::Shape period = {2, 1, 1};
  for (int axis = 0; axis < box.axes(); ++axis)
    if (box.cells[axis] > 1)
      period[axis] = math::BoxFft::fast_period(static_cast<int>(std::ceil(padding * 2.0 * (box.cells[axis] - 1))));
  return period;
}

}  // namespace aleator::prob
