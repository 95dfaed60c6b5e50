#pragma once
/// What      Temperatures of a path from the prior to the posterior such that neighbours exchange equally often.
/// Method    Syed, Bouchard-Cote, Deligiannidis, Doucet 2022: the rejection rate of a swap between beta and beta' is, to first
///           order, Lambda(beta') - Lambda(beta); so Lambda(beta_k) = sum_(j < k) r_j, and the best ladder takes equal steps in
///           Lambda. Lambda(1) is the global communication barrier; 2 Lambda(1) + 1 temperatures make the most of a number of
///           model runs (their section on tuning).
/// Parallel  pure functions.
/// Cost      O(temperatures).
/// Fails     -
#include <vector>

namespace aleator::sampler {

/// 0, first, ..., 1 in even ratios; `first` is made smaller where it lies above 1 / (count - 1).
std::vector<double> geometric_ladder(double first, int count);

/// Sums of the rejection rates r_k of neighbours: Lambda at each temperature, from 0.
std::vector<double> communication_barrier(const std::vector<double>& rejection);

/// `count` temperatures in equal steps of Lambda, which is interpolated in log beta, and in beta next to 0.
std::vector<double> equal_ladder(const std::vector<double>& temper, const std::vector<double>& barrier, int count);

/// The number of temperatures that suits a barrier, 3 or more.
int temperatures_for(double barrier);

}  // namespace aleator::sampler
