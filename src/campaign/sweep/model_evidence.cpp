#include "campaign/sweep/model_evidence.hpp"

#include <algorithm>
#include <cmath>

namespace aleator::campaign {
namespace {

// "log_evidence" of a deck of one job is "", "job_a.log_evidence" is "job_a"; nothing of what a job compares, which is the
// same posterior once more.
bool is_evidence(const std::string& quantity, std::string& job) {
  const std::string end = "log_evidence";
  if (quantity.size() < end.size() || quantity.compare(quantity.size() - end.size(), end.size(), end) != 0)
    return false;
  job = quantity.substr(0, quantity.size() - end.size());
  if (!job.empty() && job.back() != '.') return false;
  if (!job.empty()) job.pop_back();
  return job.find('.') == std::string::npos;
}

std::string end_of_key(const std::string& key) { return key.substr(key.rfind('.') + 1); }

// Whether another value makes another model of the data.
bool is_of_model(const std::string& key) {
  for (const char* const kind : {"model.", "prior.", "likelihood.", "target.", "problem."})
    if (key.rfind(kind, 0) == 0) return true;
  return key.rfind("job.", 0) == 0 && end_of_key(key) == "problem";
}

bool is_of_data(const std::string& key) {
  const std::string last = end_of_key(key);
  return (key.rfind("likelihood.", 0) == 0 || key.rfind("target.", 0) == 0) && last.rfind("data", 0) == 0;
}

PlannedRun as_model(const PlannedRun& run) {
  PlannedRun model = run;
  model.values.clear();
  for (const auto& value : run.values)
    if (is_of_model(value.first)) model.values.push_back(value);
  return model;
}

ModelEvidence evidence_of(const PlannedRun& plan, const std::string& job, const std::vector<Quantity>& found) {
  ModelEvidence model;
  model.values = plan.values, model.name = plan.words(false);
  if (!job.empty()) model.name += (model.name.empty() ? "" : ", ") + job;
  const auto n = static_cast<double>(found.size());
  double stated = 0.0, square = 0.0;
  model.runs = static_cast<int>(found.size());
  for (const Quantity& one : found) model.log_evidence += one.value / n, stated += one.error * one.error / n;
  for (const Quantity& one : found) square += (one.value - model.log_evidence) * (one.value - model.log_evidence);
  const double spread = n > 1.0 ? square / (n - 1.0) : 0.0;
  if (std::isfinite(stated) || n > 1.0)
    model.standard_error = std::sqrt(std::max(spread, std::isfinite(stated) ? stated : 0.0) / n);
  return model;
}

}  // namespace

std::vector<ModelEvidence> compare_evidence(const std::vector<const CampaignRun*>& runs,
                                            const std::vector<std::string>& same_problem) {
  struct Group {
    PlannedRun plan;
    std::string job;
    std::vector<Quantity> found;
  };
  std::vector<Group> groups;
  for (const CampaignRun* const run : runs) {
    for (const auto& [key, value] : run->plan.values)
      if (is_of_data(key)) return {};
    const PlannedRun plan = as_model(run->plan);
    for (const Quantity& quantity : run->quantities) {
      std::string job;
      if (!is_evidence(quantity.name, job) || !std::isfinite(quantity.value) ||
          std::find(same_problem.begin(), same_problem.end(), job) != same_problem.end())
        continue;
      const auto is_same = [&](const Group& group) { return group.job == job && group.plan.values == plan.values; };
      auto group = std::find_if(groups.begin(), groups.end(), is_same);
      if (group == groups.end()) group = groups.insert(groups.end(), {plan, job, {}});
      group->found.push_back(quantity);
    }
  }
  if (groups.size() < 2) return {};
  std::vector<ModelEvidence> models;
  for (const Group& group : groups) models.push_back(evidence_of(group.plan, group.job, group.found));
  std::stable_sort(models.begin(), models.end(),
                   [](const auto& a, const auto& b) { return a.log_evidence > b.log_evidence; });
  double sum = 0.0;
  for (ModelEvidence& model : models) {
    model.log_bayes_factor = model.log_evidence - models.front().log_evidence;
    sum += std::exp(model.log_bayes_factor);
  }
  for (ModelEvidence& model : models) model.probability = std::exp(model.log_bayes_factor) / sum;
  return models;
}

std::size_t undecided_rival(const std::vector<ModelEvidence>& models) {
  constexpr double errors = 3.0;
  for (std::size_t k = 1; k < models.size(); ++k)
    if (!(-models[k].log_bayes_factor > errors * std::hypot(models[0].standard_error, models[k].standard_error)))
      return k;
  return 0;
}

}  // namespace aleator::campaign
