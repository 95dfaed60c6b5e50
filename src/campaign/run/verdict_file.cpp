#include "campaign/run/verdict_file.hpp"

#include "campaign/run/job_files.hpp"
#include "core/log.hpp"
#include "io/files.hpp"
#include "io/json.hpp"

namespace aleator::campaign {
namespace {

using io::Json;
constexpr const char* verdict_file = "verdict.json";

}  // namespace

void write_verdict(const std::string& folder, const report::Verdict& verdict) {
  Json out{{"level", report::level_class(verdict.level)},
           {"headline", verdict.headline},
           {"summary", verdict.summary},
           {"checks", Json::array()}};
  core::info("verdict: {}. {}", verdict.headline, verdict.summary);
  for (const report::Check& check : verdict.checks) {
    out["checks"].push_back({{"what", check.what},
                             {"level", report::level_class(check.level)},
                             {"found", check.found},
                             {"advice", check.advice}});
    if (check.level >= report::Level::caution)
      core::info("  {}: {}{}", check.what, check.found, check.advice.empty() ? "" : ". " + check.advice);
  }
  io::atomic_write_text(folder + "/" + verdict_file, io::text_of(out, 2) + "\n");
}

RunVerdict worst_verdict(const std::string& run_folder) {
  RunVerdict worst;
  for (const std::string& path : io::files_named(run_folder, verdict_file)) {
    const Json verdict = read_json(path);
    const report::Level level = report::level_of_class(verdict.value("level", ""));
    if (worst.headline.empty() || level > worst.level) worst = {level, verdict.value("headline", "")};
  }
  return worst;
}

}  // namespace aleator::campaign
