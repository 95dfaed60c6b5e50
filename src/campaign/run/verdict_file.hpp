#pragma once
/// What      The verdict on a job as verdict.json in its folder and as lines of the log; the worst one of a run's jobs.
/// Method    -
/// Parallel  rank 0, no MPI.
/// Cost      -
/// Fails     UserError when the file cannot be written or read.
#include <string>

#include "campaign/report/verdict.hpp"

namespace aleator::campaign {

void write_verdict(const std::string& folder, const report::Verdict& verdict);

/// The worst of the verdicts on the jobs of a run, as far as there are any.
struct RunVerdict {
  report::Level level = report::Level::unknown;
  std::string headline;  ///< "Use with caution"; empty: none was found
};
RunVerdict worst_verdict(const std::string& run_folder);

}  // namespace aleator::campaign
