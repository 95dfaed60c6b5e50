#pragma once
/// What      Preconditioned conjugate gradients for a symmetric positive definite matrix known by its products.
/// Method    Hestenes, Stiefel 1952. Stops at a residual of 1e-15 of the first in the preconditioner's norm, at
///           `most_steps`, or when rounding leaves no direction of descent.
/// Parallel  none.
/// Cost      a product and a preconditioning a step.
/// Fails     never; an ill-conditioned matrix leaves a larger residual.
#include <vector>

#include "math/dense.hpp"

namespace aleator::prob {

/// x with A x = b; multiply(x) = A x, precondition(r) close to A^-1 r.
template <typename Multiply, typename Precondition>
std::vector<double> conjugate_gradients(const Multiply& multiply, const Precondition& precondition,
                                        const std::vector<double>& b, int most_steps) {
  std::vector<double> x(b.size(), 0.0), r = b, s = precondition(r), p = s;
  double square = math::dot(r, s);
  const double goal = 1e-30 * square;
  for (int step = 0; step < most_steps && square > goal; ++step) {
    const std::vector<double> q = multiply(p);
    const double curvature = math::dot(p, q);
    if (!(curvature > 0.0)) break;
    const double length = square / curvature, before = square;
    for (std::size_t i = 0; i < b.size(); ++i) x[i] += length * p[i], r[i] -= length * q[i];
    s = precondition(r);
    square = math::dot(r, s);
    for (std::size_t i = 0; i < b.size(); ++i) p[i] = s[i] + square / before * p[i];
  }
  return x;
}

}  // namespace aleator::prob
