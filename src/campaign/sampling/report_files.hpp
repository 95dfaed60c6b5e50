#pragma once
/// What      Fills the report's data from the files of a run folder, judges them, and writes verdict.json and report/index.html.
/// Method    summary.json, history.json and results.h5 of each sampler; nothing else, so a report can be drawn anew anywhere.
/// Parallel  rank 0, no MPI.
/// Cost      reads the draws once; seconds.
/// Fails     UserError when a file of the run is missing or unreadable.
#include <string>
#include <utility>
#include <vector>

#include "campaign/report/verdict.hpp"
#include "campaign/run/settings.hpp"
#include "model/problem.hpp"

namespace aleator::campaign {

enum class Page { none, drawn };
struct PagePlan {
  Page page = Page::drawn;
  std::vector<std::pair<int, int>> pairs;  ///< parameters whose joint marginals are shown; empty: the page chooses
};

/// `folders[0]` is the job's own sampler, the others are compared with it. The verdict is also said in the log.
void write_report(const std::string& folder, const std::vector<std::string>& folders, const model::Problem& problem,
                  const std::string& problem_text, const RunSettings& settings, const PagePlan& plan);

}  // namespace aleator::campaign
