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

ModelEvidence evidence_of(const std::vector<const CampaignRun*>& runs, const std::string& quantity,
                          const std::string& job) {
  ModelEvidence model;
  const PlannedRun& plan = runs.front()->plan;
  model.values = plan.values, model.name = plan.words(false);
  if (!job.empty()) model.name += (model.name.empty() ? "" : ", ") + job;
  double stated = 0.0, square = 0.0;
  std::vector<double> found;
  for (const CampaignRun* const run : runs)
    if (const Quantity* const one = run->find(quantity); one != nullptr && std::isfinite(one->value))
      found.push_back(one->value), stated += one->error * one->error;
  const auto n = static_cast<double>(found.size());
  model.runs = static_cast<int>(found.size());
  for (const double value : found) model.log_evidence += value / n;
  for (const double value : found) square += (value - model.log_evidence) * (value - model.log_evidence);
  const double spread = n > 1.0 ? square / (n - 1.0) : 0.0;
  if (std::isfinite(stated) || n > 1.0)
    model.standard_error = std::sqrt(std::max(spread, std::isfinite(stated) ? stated / n : 0.0) / n);
  return model;
}

}  // namespace

std::vector<ModelEvidence> compare_evidence(const std::vector<std::vector<const CampaignRun*>>& settings) {
  std::vector<ModelEvidence> models;
  for (const auto& runs : settings) {
    if (runs.empty()) continue;
    for (const Quantity& quantity : runs.front()->quantities)
      if (std::string job; is_evidence(quantity.name, job)) models.push_back(evidence_of(runs, quantity.name, job));
  }
  models.erase(std::remove_if(models.begin(), models.end(), [](const auto& model) { return model.runs == 0; }),
               models.end());
  if (models.size() < 2) return {};
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

bool is_decided(const std::vector<ModelEvidence>& models) {
  constexpr double errors = 3.0;
  return -models[1].log_bayes_factor > errors * std::hypot(models[0].standard_error, models[1].standard_error);
}

}  // namespace aleator::campaign
