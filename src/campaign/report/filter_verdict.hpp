#pragma once
/// What      Judges whether a filter of job/assimilate followed what it was to follow.
/// Method    Squared errors over the variances that the filter states, cycle by cycle: their mean is 1 where it knows what it
///           errs by; it is judged by two of its standard errors, which know of correlated cycles. A cycle above 9 is lost: the
///           filter errs by three times what it says. The end of the run is looked at by itself, for it is what a forecast
///           starts from. The rank histogram's distance in total variation from the uniform one, beyond what so many independent
///           cycles leave by chance. Whether the data bring the members closer to the truth. Members that diverged.
/// Parallel  none.
/// Cost      O(n log n) in cycles and replicates.
/// Fails     never.
#include <vector>

#include "campaign/report/verdict.hpp"

namespace aleator::campaign::report {

struct FilterRun {
  bool is_twin = true;
  bool are_of_data = false;                            ///< the ratios, not of the analysis
  int members = 0;                                     ///< 1: a state without members
  std::vector<std::vector<double>> ratios;             ///< [replicate][cycle after the spin-up], those that are known
  std::vector<double> ranks;                           ///< counts of a twin's truth among its members; empty: none
  double rmse = undefined, forecast_rmse = undefined;  ///< of a twin, time means
  double replaced = 0.0, member_cycles = 0.0;          ///< members that diverged, of how many that were moved
  std::vector<double> effective = {};        ///< members after the weights of each cycle; empty: without weights
  bool has_density = false;                  ///< the data have a density of their own: no ratios
  std::vector<double> log_likelihoods = {};  ///< of a file's data, estimated by each replicate's weighted members
};

Verdict judge(const FilterRun& run);

}  // namespace aleator::campaign::report
