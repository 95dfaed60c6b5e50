#pragma once
/// What      Orthonormal rows that span what others span, and random ones to begin with.
/// Method    Householder's QR (LAPACK dgeqrf, dorgqr).
/// Parallel  local.
/// Cost      4 cols rows^2 flops.
/// Fails     NumericsError where LAPACK fails: entries that are not finite.
#include <cstdint>

#include "math/dense.hpp"

namespace aleator::math {

/// Rows of N(0, 1), by the counter-based generator: the same for the same seed and step.
Matrix random_rows(int rows, int cols, std::uint64_t seed, int step);

/// Rows become orthonormal, W = R' Q; returns R' (lower triangle), W's rows by Q's rows.
Matrix orthonormalise_rows(Matrix& w);

}  // namespace aleator::math
