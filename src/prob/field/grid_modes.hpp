#pragma once
/// What      The largest Karhunen-Loeve modes of a covariance c(d) on the cells of a box, d the distance along each axis.
/// Method    Eigenpairs of v C_ij = v c(|x_i - x_j|) (Nystrom with the midpoint rule, v the cell's volume). C stays what it is
///           when the box is reflected along any one axis, so its eigenvectors are even or odd along each: 2^d smaller
///           problems, each by block Lanczos (math/block_lanczos.hpp). One product by circulant embedding serves a vector of
///           every problem: their sum is multiplied, and parity takes it apart again.
/// Parallel  local; BLAS on one thread.
/// Cost      some 3 count / 2^d products by FFT and 40 N count^2 / 4^d flops for N cells; memory 8 N count (1 + 3 / 2^d) bytes.
/// Fails     -
#include <functional>

#include "math/dense.hpp"
#include "prob/field/box.hpp"

namespace aleator::prob {

struct GridModes {
  std::vector<double> values;  ///< falling
  math::Matrix vectors;        ///< by rows, orthonormal, the entry of largest magnitude positive
  double next = 0.0;           ///< the largest eigenvalue that was left out, from below; 0: none was
};

/// y = v C x. `tolerance`: of the residuals, relative to the largest eigenvalue.
using CovarianceProduct = std::function<void(const double* x, double* y)>;
GridModes largest_grid_modes(const Box& box, int count, double tolerance, const CovarianceProduct& multiply);

}  // namespace aleator::prob
