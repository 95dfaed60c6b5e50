#pragma once
/// What      The analysis in the space of the members: what ETKF and the iterative smoother share.
/// Method    weights of the mean w = ((N - 1) I + S S^T)^-1 (S delta + g) and the symmetric square root of the analysis
///           covariance T = (I + S S^T / (N - 1))^-1/2, as I + D diag(c) D^T, from the smaller of the two Gram matrices. With
///           t = sqrt(1 + L / (N - 1)):
///             p < N: S^T S = Z L Z^T, D = S Z, c = -1 / ((N - 1) t (1 + t)), of the inverse 1 / ((N - 1) (1 + t));
///             else:  S S^T = V L V^T, D = V, c = 1 / t - 1, of the inverse t - 1.
/// Parallel  pure functions of one replicate, safe on any thread.
/// Cost      2 N p min(N, p) + 9 min(N, p)^3 flops; to apply it to d columns 4 N d min(N, p).
/// Fails     NumericsError on non-finite entries.
#include <vector>

#include "math/dense.hpp"

namespace aleator::assimilation {

struct Transform {
  std::vector<double> w;
  math::Matrix directions;                 ///< D, N x k; none: T = I
  std::vector<double> root, inverse_root;  ///< c of T and of T^-1
  double log_determinant = 0.0;            ///< log det(I + S S^T / (N - 1))
  /// T a and T^-1 a, a being N x d.
  math::Matrix times(const math::Matrix& a) const;
  math::Matrix inverse_times(const math::Matrix& a) const;
};
/// s: N x p; delta: p; g: N, or empty for none.
Transform transform_of(const math::Matrix& s, const std::vector<double>& delta, const std::vector<double>& g = {});

}  // namespace aleator::assimilation
