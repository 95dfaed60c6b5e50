/// What      Which parameters and pairs the report shows, when there are too many for all.
/// Method    Order by bulk ESS (or R-hat where ESS is undefined): the worst, the typical (median), the best. Pairs:
///           the worst two, the widest two (sd relative to |mean|), the most correlated two; correlations over at
///           most 1000 draws and 200 parameters.
/// Parallel  no.
/// Cost      O(200^2 * 1000).
/// Fails     never.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "campaign/report/report_data.hpp"

namespace aleator::campaign::report {

/// Parameter numbers from worst to best mixing; all of 0 .. dimension-1.
std::vector<int> by_mixing(const MethodRun& run);

/// Whether ESS or R-hat is known of any parameter, so that "worst mixing" means something.
bool knows_mixing(const MethodRun& run);

struct Chosen {
  int parameter = 0;
  std::string why;  ///< "worst mixing", "typical", "best mixing"
};
/// At most three parameters that stand for the others: worst, typical, best.
std::vector<Chosen> representative_parameters(const MethodRun& run);

struct ChosenPair {
  int a = 0, b = 0;
  std::string why;
};
std::vector<ChosenPair> chosen_pairs(const ReportData& data);

/// Parameters for the one-dimensional marginals: all when few, else the worst, the widest and some spread over the
/// rest.
std::vector<int> marginal_parameters(const MethodRun& run, int at_most);

std::string parameter_name(const ReportData& data, int parameter);

}  // namespace aleator::campaign::report
