#pragma once
/// What      The largest eigenpairs of a symmetric matrix known by its products: positive semi-definite, or by magnitude.
/// Method    subspace iteration with Rayleigh-Ritz (Rutishauser 1969) on 2 count + 10 vectors (or count + extra), normal
///           random at first (Halko, Martinsson, Tropp 2011). With n vectors pair k gains a factor lambda_(n + 1) / lambda_k a
///           step.
/// Parallel  none; BLAS and LAPACK on one thread. The random start is always the same.
/// Cost      a step: 2 count + 10 products and some 6 n (2 count)^2 flops.
/// Fails     NumericsError when pairs are not found to the tolerance in the steps allowed (must_converge).
#include <functional>
#include <vector>

#include "math/dense.hpp"

namespace aleator::math {

struct LargestEigenpairs {
  std::vector<double> values;  ///< falling
  Matrix vectors;              ///< row k belongs to values[k]; orthonormal, the entry of largest magnitude is positive
};

struct SubspaceSettings {
  int size = 1, count = 1;
  double tolerance = 1e-10;  ///< of each |A e - lambda e| relative to the largest lambda
  int most_steps = 200;
  int extra = -1;             ///< vectors beside the `count` wanted; -1: count + 10
  bool must_converge = true;  ///< false: pairs are returned as they are after the last step
  bool by_magnitude = false;  ///< the largest |lambda|, in falling order of these
};

/// Row k of a_q becomes A times row k of q.
using BlockProduct = std::function<void(const Matrix& q, Matrix& a_q)>;
LargestEigenpairs largest_eigenpairs(const SubspaceSettings& settings, const BlockProduct& multiply_rows);

}  // namespace aleator::math
