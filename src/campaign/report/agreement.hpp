/// What      Whether the methods of a job agree: the one check that does not rest on what a method knows of itself.
/// Method    All that are exact and have not failed by their own diagnostics are compared, log evidence in pairs, the means of
///           the others with those of the job's method, in standard errors of the differences.
/// Parallel  no.
/// Cost      O(methods^2 + methods x parameters).
/// Fails     never.
#pragma once

#include "campaign/report/verdict.hpp"

namespace aleator::campaign::report {

/// A Check without words in `found`: there is nothing to compare.
Check evidence_agreement(const ReportData& data);
Check mean_agreement(const ReportData& data);

}  // namespace aleator::campaign::report
