#include "campaign/run/job_files.hpp"

#include <fmt/format.h>

#include <ctime>
#include <filesystem>

#include "campaign/run/run_folder.hpp"
#include "core/version.hpp"
#include "io/files.hpp"

namespace aleator::campaign {
namespace {

std::string today() {
  const std::time_t now = std::time(nullptr);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%d %H:%M", std::localtime(&now));
  return text;
}

}  // namespace

bool is_computed(const JobContext& context) {
  if (!exists(context.comm, context.folder + "/summary.json")) return false;
  parallel::agree(context.comm, [&] {
    if (!context.comm.is_writer()) return;
    const io::Json summary = read_summary(context.folder);
    if (!summary.is_object() || summary.value("deck", "") != context.fingerprint)
      throw core::UserError(
          fmt::format("{}/summary.json: this job is finished, but with another deck; resume without --set, or start a "
                      "new run with another --out",
                      context.folder));
  });
  return true;
}

io::Json read_summary(const std::string& folder) { return read_json(folder + "/summary.json"); }

io::Json read_json(const std::string& path) {
  try {
    return io::Json::parse(io::read_text_file(path));
  } catch (const io::Json::exception& error) {
    throw core::UserError(fmt::format("{}: not readable as JSON ({})", path, error.what()));
  }
}

void draw_report_of(const Job& job, const JobContext& context) {
  if (!context.settings.report) return;
  parallel::agree(context.comm, [&] {
    if (context.comm.is_writer()) job.report(context.folder, context.settings);
  });
}

std::string run_folder_of(const std::string& job_folder) {
  const std::filesystem::path here(job_folder);
  return (std::filesystem::exists(here / "resolved.toml") ? here : here.parent_path()).string();
}

report::ReportData head_of_page(const std::string& job_folder, const RunSettings& settings) {
  report::ReportData page;
  page.deck_path = run_folder_of(job_folder);
  const std::string deck = (std::filesystem::path(page.deck_path) / "resolved.toml").string();
  page.resolved_deck = io::read_text_file(deck), page.command = "aleator run " + deck;
  page.title = settings.title.empty() ? job_folder : settings.title;
  page.program_version = core::version(), page.git_hash = core::git_hash(), page.date = today();
  page.ranks = 0;  // of a page whose numbers do not depend on them
  return page;
}

}  // namespace aleator::campaign
