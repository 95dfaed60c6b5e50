#pragma once
/// What      Stationary covariances of fields on a box, and their eigenvalues on a periodic box.
/// Method    c(d) = sd^2 rho(r), r^2 = sum_k (d_k / l_k)^2; rho: exp(-r), exp(-r^2 / 2) or 2^(1 - nu) / Gamma(nu) s^nu
///           K_nu(s), s = sqrt(2 nu) r. On a periodic box the distance is the shorter way round; the eigenvalues are FFT(c).
/// Parallel  none; pure functions.
/// Cost      one rho for each of M / 2^d distances (0.5 us where K_nu has no short form), one FFT.
/// Fails     KeyError: correlation lengths that do not fit.
#include "math/box_fft.hpp"
#include "prob/field/box.hpp"

namespace aleator::prob {

enum class Covariance { exponential, matern, squared_exponential };

struct Stationary {
  Covariance covariance;
  double nu, sd;
  std::vector<double> lengths;  ///< l_k, one for each axis
};

/// rho(r).
double correlation(Covariance covariance, double nu, double r);

/// lambda = FFT(c), ordered as BoxFft's columns; real, but some may be negative.
std::vector<double> periodic_eigenvalues(const math::BoxFft& fft, const Stationary& stationary, const Box& box);

/// Cells of the box along x, y, z; 1 for axes that are not there.
math::BoxFft::Shape shape_of(const Box& box);

/// The smallest good periodic box with at least padding * 2 (n - 1) cells along each axis.
math::BoxFft::Shape padded_period(const Box& box, double padding);

}  // namespace aleator::prob
