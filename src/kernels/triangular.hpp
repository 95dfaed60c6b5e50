#pragma once
/// What      Products of every row of a batch with one lower triangular matrix: y_r = L x_r and y_r = L^T x_r.
/// Method    eight rows in the lanes of a register; the order of additions in a row is fixed.
/// Parallel  threads over tiles of eight rows; a row's bits do not depend on its tile.
/// Cost      rows x d^2 flops.
/// Fails     -
#include "kernels/batch.hpp"

namespace aleator::kernels {

/// y may be x. `lower` is d x d, row by row; what lies above the diagonal is not read.
void multiply_lower(const double* lower, ConstBatch x, Batch y);
void multiply_lower_transposed(const double* lower, ConstBatch x, Batch y);

}  // namespace aleator::kernels
