#include "campaign/run/job.hpp"

#include "io/files.hpp"

namespace aleator::campaign {

bool Job::is_finished(const std::string& folder, const RunSettings& settings) const {
  return io::file_exists(folder + "/summary.json") &&
         (!settings.report || io::file_exists(folder + "/report/index.html"));
}

}  // namespace aleator::campaign
