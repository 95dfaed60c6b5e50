#pragma once
/// What      How far two samples are apart, and how far a sample is from a density whose score is known.
/// Method    Sliced Wasserstein distance (Rabin, Peyré, Delon, Bernot 2012; Bonneel et al. 2015): SW^2 = mean over random
///           directions theta of W_2^2 of the projections, exactly by sorting, also for samples of different sizes. Kernelised
///           Stein discrepancy (Chwialkowski, Strathmann, Gretton 2016; Liu, Lee, Jordan 2016) with the inverse multiquadric
///           kernel k(x, y) = (1 + |x - y|^2)^(-1/2), which sees draws that wander off (Gorham, Mackey 2017): with scores s,
///           k_0(x, y) = s_x.s_y k + s_x.grad_y k + s_y.grad_x k + tr grad_x grad_y k and KSD^2 = mean_ij k_0(x_i, x_j). Its
///           p-value for n independent draws: wild bootstrap of the mean over i != j with random signs (Leucht, Neumann 2013).
/// Parallel  pure functions.
/// Cost      sliced: projections x (n d + n log n); Stein: n^2 (3 d + 10) flops.
/// Fails     -
#include "kernels/batch.hpp"

namespace aleator::prob {

/// Rows are draws; both have as many columns. 0 rows: NaN.
double sliced_wasserstein(const kernels::ConstBatch& a, const kernels::ConstBatch& b, int projections = 128);

/// k_0 of two points with their scores, `dimension` numbers each: the Stein kernel of the inverse multiquadric.
double stein_kernel(const double* x, const double* score_x, const double* y, const double* score_y, int dimension);

struct SteinDiscrepancy {
  double value = 0.0;     ///< KSD
  double expected = 0.0;  ///< sqrt(mean k_0(x_i, x_i) / n): about what n independent draws of the density give
  double p_value = 1.0;   ///< of independent draws of the density being as far from it
  /// -mean s.(x - mean x) / d with its standard error: 1 by Stein's identity, of a normal density the draws' mean variance in
  /// units of its own. Draws that lie far apart see nothing of each other, so that p_value says nothing of them; this does.
  double spread = 1.0, spread_error = 0.0;
  double typical_spread = 1.0;  ///< the median of the same over the draws: where few of them make the mean
};
/// `score`: the gradient of the log-density at each row of x.
SteinDiscrepancy stein_discrepancy(const kernels::ConstBatch& x, const kernels::ConstBatch& score,
                                   int bootstraps = 499);

}  // namespace aleator::prob
