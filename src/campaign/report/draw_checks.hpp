#pragma once
/// What      The checks of draws, of any method: R-hat, effective sample sizes, means of heavy tails; of chains acceptance and
///           trajectories.
/// Method    see verdict.hpp and theory/diagnostics.md.
/// Parallel  none.
/// Cost      O(parameters).
/// Fails     never.
#include "campaign/report/verdict.hpp"

namespace aleator::campaign::report {

void draw_checks(const ReportData& data, std::vector<Check>& checks);

}  // namespace aleator::campaign::report
