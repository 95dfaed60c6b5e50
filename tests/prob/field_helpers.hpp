#pragma once
// Rows through a prior, and the exact covariance of a linear one: no sampling.
#include <cmath>
#include <vector>

#include "math/dense.hpp"
#include "prob/prior/prior.hpp"

namespace aleator::prob {

using Row = std::vector<double>;

inline Row wave(int n, double phase = 1.0) {
  Row v(static_cast<std::size_t>(n));
  for (int i = 0; i < n; ++i) v[i] = 1.5 * std::sin(phase + 3.7 * i + 0.31 * i * i);
  return v;
}

inline Row to_parameters(const Prior& prior, const Row& z) {
  Row u(static_cast<std::size_t>(prior.dimension()));
  prior.to_parameters(z.data(), u.data());
  return u;
}

inline Row to_latent(const Prior& prior, const Row& u) {
  Row z(static_cast<std::size_t>(prior.latent_dimension()));
  prior.to_latent(u.data(), z.data());
  return z;
}

inline Row pullback(const Prior& prior, const Row& z, const Row& g_u) {
  Row g_z(z.size());
  prior.pullback(z.data(), g_u.data(), g_z.data());
  return g_z;
}

/// du_i / dz_k by central differences: error h^2 + 1e-16 / h = 1e-10 with h = 1e-5.
inline math::Matrix jacobian(const Prior& prior, const Row& z) {
  math::Matrix j(prior.dimension(), prior.latent_dimension());
  for (int k = 0; k < j.cols; ++k) {
    Row above = z, below = z;
    above[k] += 1e-5, below[k] -= 1e-5;
    const Row u_above = to_parameters(prior, above), u_below = to_parameters(prior, below);
    for (int i = 0; i < j.rows; ++i) j(i, k) = (u_above[i] - u_below[i]) / 2e-5;
  }
  return j;
}

/// Cov(u_cell, .) = T T^t e_cell of a linear prior, to rounding.
inline Row covariance_row(const Prior& prior, int cell) {
  Row e(static_cast<std::size_t>(prior.dimension()), 0.0);
  e[cell] = 1.0;
  const Row zero(static_cast<std::size_t>(prior.latent_dimension()), 0.0), mean = to_parameters(prior, zero);
  Row c = to_parameters(prior, pullback(prior, zero, e));
  for (std::size_t i = 0; i < c.size(); ++i) c[i] -= mean[i];
  return c;
}

/// sd^2 2^(1 - nu) / Gamma(nu) r^nu K_nu(r) at r = kappa times the distance.
inline double matern_covariance(double nu, double r) {
  return r == 0.0 ? 1.0 : std::pow(2.0, 1.0 - nu) / std::tgamma(nu) * std::pow(r, nu) * std::cyl_bessel_k(nu, r);
}

}  // namespace aleator::prob
