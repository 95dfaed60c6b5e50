#pragma once
/// What      How good an ensemble is at one time, against the truth of a twin experiment.
/// Method    error: root mean square over the states of mean - truth. Spread: square root of the mean variance. CRPS (Gneiting,
///           Raftery 2007), mean over the states: E|X - truth| - E|X - X'| / 2 for the weighted sample. Rank of the truth among
///           the members, one for each state: uniform where truth and members are alike (Talagrand; Hamill 2001).
/// Parallel  pure functions of one replicate, safe on any thread.
/// Cost      O(d N log N).
/// Fails     -
#include <vector>

#include "assimilation/filter.hpp"

namespace aleator::assimilation {

struct Moments {
  std::vector<double> mean, variance;  ///< d; the variance with the divisor 1 - sum w^2: N - 1 for equal weights
  double spread = 0.0;
};
/// w: null for equal weights.
Moments moments_of(const Members& x, const double* w);

/// 1 / sum w^2: how many members of equal weight would say as much. w: null for equal weights.
double effective_members(int members, const double* w);

double root_mean_square_error(const double* mean, const double* truth, int states);
/// Mean over the states of (mean - truth)^2 / variance: 1 where the variances are right, whatever the units. NaN without any.
double squared_errors_over_variances(const Moments& m, const double* truth);

/// Bins of the rank histogram: one for each rank of up to 40 members, else 20.
int rank_bins(int members);

/// The mean CRPS; adds each state's rank to `histogram` (rank_bins).
double crps_and_ranks(const Members& x, const double* w, const double* truth, double* histogram);

}  // namespace aleator::assimilation
