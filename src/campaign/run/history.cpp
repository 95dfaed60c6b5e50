#include "campaign/run/history.hpp"
#include "io/json.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace aleator::campaign {

void History::add(const sampler::StepInfo& info, const sampler::BaseState& state) {
  constexpr std::size_t kept_always = 50;  // first records: early levels of a tempering hardly advance its progress
  const bool is_due = iteration.size() < kept_always || info.progress - last_progress >= 1e-3 || info.is_finished;
  if (info.numbers.empty() || !is_due) return;
  last_progress = info.progress;
  iteration.push_back(static_cast<double>(state.iteration));
  evaluations.push_back(static_cast<double>(state.model_evaluations));
  for (const auto& [name, value] : info.numbers) {
    const auto found = std::find(names.begin(), names.end(), name);
    const auto i = static_cast<std::size_t>(found - names.begin());
    if (found == names.end()) {
      names.push_back(name);
      values.emplace_back(iteration.size() - 1, std::numeric_limits<double>::quiet_NaN());
    }
    values[i].push_back(value);
  }
  for (auto& series : values) series.resize(iteration.size(), std::numeric_limits<double>::quiet_NaN());
}

double History::last(const std::string& name) const {
  const auto found = std::find(names.begin(), names.end(), name);
  return found == names.end() ? std::numeric_limits<double>::quiet_NaN()
                              : values[static_cast<std::size_t>(found - names.begin())].back();
}

void History::fields(io::Archive& archive) {
  const io::ArchiveGroup group(archive, "history");
  std::string joined;
  for (const std::string& name : names) joined += name + "\n";
  archive.field("names", joined);
  archive.field("iteration", iteration);
  archive.field("evaluations", evaluations);
  archive.field("last_progress", last_progress);
  archive.field("error_evaluations", error_evaluations);
  archive.field("error", error);
  if (archive.is_loading()) {
    names.clear();
    for (std::size_t begin = 0, end; (end = joined.find('\n', begin)) != std::string::npos; begin = end + 1)
      names.push_back(joined.substr(begin, end - begin));
    values.resize(names.size());
  }
  for (std::size_t i = 0; i < names.size(); ++i) archive.field("values_" + std::to_string(i), values[i]);
}

std::string History::json() const {
  io::Json out;
  out["iteration"] = iteration;
  out["model_evaluations"] = evaluations;
  for (std::size_t i = 0; i < names.size(); ++i) out[names[i]] = values[i];
  if (!error.empty()) out["error_curve"] = {{"model_evaluations", error_evaluations}, {"error", error}};
  return io::text_of(out, 1) + "\n";
}

}  // namespace aleator::campaign
