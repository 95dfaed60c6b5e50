#pragma once
/// What      The analysis in the space of the members: what ETKF and the iterative smoother share.
/// Method    S S^T = V L V^T: weights of the mean and the symmetric square root of the analysis covariance.
/// Parallel  pure functions of one replicate, safe on any thread.
/// Cost      N^2 p + 9 N^3 flops.
/// Fails     NumericsError on non-finite entries.
#include <vector>

#include "math/dense.hpp"

namespace aleator::assimilation {

struct Transform {
  std::vector<double> w;   ///< ((N - 1) I + S S^T)^-1 b
  math::Matrix root;       ///< T = (I + S S^T / (N - 1))^-1/2
  double log_determinant;  ///< log det(I + S S^T / (N - 1))
};
/// s: N x p; b: N.
Transform transform_of(const math::Matrix& s, const std::vector<double>& b);

}  // namespace aleator::assimilation
