#pragma once
/// What      Sobol' indices: the share of a quantity's variance that a factor explains alone (first order), and with all its
///           interactions (total), and on request the share that two factors explain together beyond what each does alone
///           (second order).
/// Method    Two independent samples A and B of n points each, and A with factor i taken from B, A_i (Saltelli 2002). With f
///           centred by its mean over A and B and V its variance there:
///             first order S_i = mean f(B) (f(A_i) - f(A)) / V     (Saltelli and others 2010, table 2 (b))
///             total       T_i = mean (f(A) - f(A_i))^2 / (2 V)    (Jansen 1999; table 2 (f) there)
///           With B_i, B with factor i from A, the second order is
///             S_ij = mean ((f(B_i) - f(B)) (f(A_j) - f(A)) + (f(B_j) - f(B)) (f(A_i) - f(A))) / (2 V)
///           : both products of Saltelli 2002, theorem 2, minus the first orders estimated from A and from B likewise. A factor
///           without influence has exactly 0.
///           Intervals: percentile bootstrap over the n points, mean and V computed anew (Archer, Saltelli, Sobol' 1997);
///           for points that fill the space evenly (Sobol') they are too wide, not too narrow.
/// Parallel  local, threads over replicates; the numbers do not depend on them.
/// Cost      O(replicates n factors), of pairs O(replicates n factors^2).
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

struct SobolIndices {
  std::vector<SobolIndex> factors;
  std::vector<EstimatedShare> pairs;  ///< (0, 1), (0, 2), …, (1, 2), …; empty where they are not asked for
};

/// Runs of a point: f(A), f(A_1), …, f(A_factors), f(B), and for pairs f(B_1), …, f(B_factors).
constexpr int runs_a_point(int factors, bool with_pairs) { return (with_pairs ? 2 : 1) * factors + 2; }
constexpr int pairs_of(int factors) { return factors * (factors - 1) / 2; }

/// runs: point by point.
SobolIndices sobol_indices(const std::vector<double>& runs, int factors, bool with_pairs, const kernels::Rng& rng,
                           int replicates);

}  // namespace aleator::prob
