#pragma once
/// What      What the posterior's Hessian is at every particle, for methods that give each particle a metric of its own.
/// Method    N(z) = I + A(z)^T A(z), the Gauss-Newton Hessian of -log pi in latent coordinates (model::GaussNewton). A is formed
///           column by column (A e_k by tangents) or row by row (A^T e_i by adjoints), whichever takes fewer model runs.
///           Packed: the lower triangle row by row, d (d + 1) / 2 numbers a particle.
/// Parallel  precisions_of is collective where a model run fails on one rank alone; mean_precision is collective.
/// Cost      precisions_of: min(d x runs of a tangent, 2 p) model runs a particle, O(p d^2) flops; p the number of data.
/// Fails     as the model. Rows that cannot be computed have N = I.
#include "sampler/hessian/low_rank_hessian.hpp"

namespace aleator::sampler {

/// N of each row of `z`, packed; the problem must have a Gauss-Newton factor.
Batch precisions_of(const Problem& problem, const Context& context, const ConstBatch& z, RunCount& count);
/// Mean over all ranks' rows of packed matrices, in the fixed order.
math::Matrix mean_precision(const Context& context, const parallel::RowLayout& layout, const Batch& packed);
/// Between the packed lower triangle and a symmetric matrix.
math::Matrix unpacked(const double* packed, int dimension);
void to_packed(const math::Matrix& symmetric, double* packed);
/// Model runs of one row of precisions_of().
RunCount price_of_precision(const Problem& problem);
/// Why there are not so many such matrices for this problem, or empty: a GiB of them at most.
std::string precision_objection(const Problem& problem, int matrices);

}  // namespace aleator::sampler
