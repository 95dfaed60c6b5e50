/// What      The report's tables as HTML: the methods compared, and the summary of the parameters (all, or the 500
///           that mix worst).
/// Method    Cells carry classes by the verdict's thresholds; numeric cells carry their value in data-v, by which
///           the page sorts.
/// Parallel  no.
/// Cost      linear in the parameters.
/// Fails     never.
#pragma once

#include <string>

#include "campaign/report/report_data.hpp"

namespace aleator::campaign::report {

std::string comparison_table(const ReportData& data);
/// Error of each method's mean against a reference posterior mean; empty where there is none.
std::string bias_table(const ReportData& data);
std::string parameter_table(const ReportData& data);
/// Mean, its standard error, sd and quantiles of each row, without what belongs to chains.
std::string statistics_table(const ReportData& data);

}  // namespace aleator::campaign::report
