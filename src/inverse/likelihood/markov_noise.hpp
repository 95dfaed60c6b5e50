#pragma once
/// What      Noise that is correlated along one coordinate (time, depth), as exactly as by its dense covariance, at a cost
///           that is proportional to the number of data.
/// Method    R_ij = sd_i sd_j ((1 - nugget) rho(|t_i - t_j| / l) + nugget delta_ij), rho the Matern correlation with
///           nu = m - 1/2 (exponential, 3/2, 5/2 for m = 1, 2, 3); rho = 0 between groups. Such a process is the last of m
///           states of a stochastic differential equation (Hartikainen, Sarkka 2010), here a cascade x_k' = -c x_k + x_k-1
///           driven by white noise, c = sqrt(2 nu) / l, whose transition and covariances have no cancellations:
///             A_kl = s^(k-l) e^-s / (k-l)!,  P_kl = binomial(k+l, k) / 2^(k+l+1),  Q_kl = P_kl gamma_p(k+l+1, 2 s), s = c dt.
///           With the data in order of t, L^-1 gives the innovations of Kalman's filter over their sd; L and L^-T run the same
///           recursion the other way round and backwards. For m = 1 without nugget this is the bidiagonal root of AR(1).
/// Parallel  local, const; thread-safe.
/// Cost      O(p m^2) operations and p (2 m + 3) doubles.
/// Fails     NumericsError: data so close that R is singular to rounding.
#include "inverse/likelihood/noise.hpp"

namespace aleator::inverse {

struct MarkovNoise {
  int states = 1;                 ///< m: 1, 2 or 3
  double length = 1.0;            ///< l
  double nugget = 0.0;            ///< share of white noise in the variance
  std::vector<double> sd;         ///< p
  std::vector<double> positions;  ///< t
  std::vector<int> groups;        ///< labels
};
std::shared_ptr<const NoiseFactor> markov_noise(const MarkovNoise& noise);

}  // namespace aleator::inverse
