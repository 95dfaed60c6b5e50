#pragma once
/// What      Gaussian steps of the rows of a batch: y_r = x_r + epsilon L xi_r, the proposals of a random walk.
/// Method    normals, product and sum panel by panel, eight rows in the lanes of a register: the normals are made where the
///           product takes them. The numbers are those of Rng::normals and multiply_lower, to the bit.
/// Parallel  threads over panels; a row's bits do not depend on its panel.
/// Cost      d normals and d^2 flops a row; one pass over x and y.
/// Fails     -
#include "kernels/random.hpp"

namespace aleator::kernels {

/// A lower triangular factor, d x d, row by row (nullptr: the identity), and epsilon.
struct StepShape {
  const double* lower;
  double scale;
};

/// `first_row`: the global number of x's first row, which picks the normals.
void gaussian_steps(const Rng& rng, Stream stream, std::int64_t first_row, const StepShape& shape, const ConstBatch& x,
                    const Batch& y);

}  // namespace aleator::kernels
