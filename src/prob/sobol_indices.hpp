#pragma once
/// What      Sobol' indices: the share of a quantity's variance that a factor explains alone (first order), and with all its
///           interactions (total).
/// Method    Two independent samples A and B of n points each, and A with factor i taken from B, A_i (Saltelli 2002). With f
///           centred by its mean over A and B and V its variance there:
///             first order S_i = mean f(B) (f(A_i) - f(A)) / V     (Saltelli and others 2010, table 2 (b))
///             total       T_i = mean (f(A) - f(A_i))^2 / (2 V)    (Jansen 1999; table 2 (f) there)
///           Intervals: percentile bootstrap over the n points, mean and V computed anew (Archer, Saltelli, Sobol' 1997);
///           for points that fill the space evenly (Sobol') they are too wide, not too narrow.
/// Parallel  local, threads over replicates; the numbers do not depend on them.
/// Cost      O(replicates n factors).
/// Fails     never: NaN with fewer than 2 points or where the quantity does not vary.
#include <vector>

#include "kernels/random.hpp"

namespace aleator::prob {

struct EstimatedShare {
  double value, low, high;  ///< the interval holds 95 % of the replicates
};

struct SobolIndex {
  EstimatedShare first, total;
};

/// runs: point by point f(A), f(A_1), …, f(A_factors), f(B).
std::vector<SobolIndex> sobol_indices(const std::vector<double>& runs, int factors, const kernels::Rng& rng,
                                      int replicates);

}  // namespace aleator::prob
