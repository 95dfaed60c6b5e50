#pragma once
/// What      The files that every job has in its folder: its summary, and the page of its report.
/// Parallel  local but for is_computed and draw_report_of, which are collective over the job's ranks.
/// Cost      -
/// Fails     UserError when a file of the run is missing, unreadable, or of another deck.
#include "campaign/report/report_data.hpp"
#include "campaign/run/job.hpp"
#include "io/json.hpp"

namespace aleator::campaign {

/// Whether summary.json is there, so that a resumed run only lacks the report. UserError when another deck wrote it.
bool is_computed(const JobContext& context);
/// The job's report, when the deck wants one; a failure on rank 0 is that of all ranks.
void draw_report_of(const Job& job, const JobContext& context);

io::Json read_json(const std::string& path);
io::Json read_summary(const std::string& folder);

/// The folder of the run that a job's folder belongs to: itself, or the one above.
std::string run_folder_of(const std::string& job_folder);
/// Title, deck, command, version and date of a page on the job in this folder.
report::ReportData head_of_page(const std::string& job_folder, const RunSettings& settings);

}  // namespace aleator::campaign
