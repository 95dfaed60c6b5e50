#pragma once
/// What      How far importance weights can be trusted: the Pareto shape k of their tail, and weights smoothed by it. The same of
///           draws: whether the mean of their law exists.
/// Method    Vehtari, Simpson, Gelman, Yao, Gabry 2024 (PSIS): a generalised Pareto distribution is fitted (Zhang, Stephens
///           2009, with the weakly informative prior of PSIS) to the min(S / 5, 3 sqrt(S)) largest of S weights, which become its
///           expected order statistics. k < 0.7 says that the estimates converge at a useful rate.
/// Parallel  a pure function.
/// Cost      O(S log S).
/// Fails     -
#include <vector>

namespace aleator::prob {

struct GeneralisedPareto {
  double k = 0.0, sigma = 1.0;
};
/// Shape and scale of positive exceedances, sorted ascending.
GeneralisedPareto fit_pareto(const std::vector<double>& exceedances);

/// Smooths log-weights in place; returns k, or infinity where there are too few (fewer than 5 in the tail).
double smooth_weights(std::vector<double>& log_weights);

/// k of the heavier of the two tails of a law, by its draws: moments of order 1 / k and above are infinite, so that a variance
/// needs k < 1/2 and a mean k < 1. NaN where there are too few draws (25). A law may look as if k >= 1 as far as the draws reach
/// and have a mean: that mean then hangs on values rarer than all of them.
double tail_shape(std::vector<double> draws);

}  // namespace aleator::prob
