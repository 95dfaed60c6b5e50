/// What      Whether the methods of a job agree: the one check that does not rest on what a method knows of itself.
/// Method    All that are exact and have not failed by their own diagnostics are compared, log evidence in pairs, the means of
///           the others with those of the job's method, in standard errors of the differences.
/// Parallel  no.
/// Cost      O(methods^2 + methods x parameters).
/// Fails     never.
#pragma once

#include "campaign/report/verdict.hpp"

namespace aleator::campaign::report {

/// Whether its own diagnostics say that its draws are not to be used.
bool has_failed(const MethodRun& run);
/// Of the methods that the job's is compared with the exact one with most effective samples that has not failed, or null.
const MethodRun* best_exact_comparison(const ReportData& data);
/// A Check without words in `found`: there is nothing to compare.
Check evidence_agreement(const ReportData& data);
Check mean_agreement(const ReportData& data);

}  // namespace aleator::campaign::report
