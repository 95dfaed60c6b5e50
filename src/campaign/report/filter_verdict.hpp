#pragma once
/// What      Judges whether a filter of job/assimilate followed what it was to follow.
/// Method    What the analysis, or the data, are off by over what the members say: 1 where errors are Gaussian and the filter
///           knows them. The rank histogram's distance in total variation from the uniform one, beyond what so many cycles
///           leave by chance. Whether the data bring the members closer to the truth. Members that diverged.
/// Parallel  none.
/// Cost      linear in replicates and bins.
/// Fails     never.
#include <vector>

#include "campaign/report/verdict.hpp"

namespace aleator::campaign::report {

struct FilterRun {
  bool is_twin = true;
  int members = 0, replicates = 1;
  double cycles = undefined;                           ///< after the spin-up, of a replicate
  std::vector<double> off_by;                          ///< a number a replicate; not finite: not known
  std::vector<double> ranks;                           ///< counts of a twin's truth among its members
  double rmse = undefined, forecast_rmse = undefined;  ///< of a twin, time means
  double replaced = 0.0, member_cycles = 0.0;          ///< members that diverged, of how many that were moved
};

Verdict judge(const FilterRun& run);

}  // namespace aleator::campaign::report
