#pragma once
/// What      The settings of a campaign as rival models: which of them do the data prefer?
/// Method    ln Z of a setting is the mean over its replicates; its error the larger of their spread and of what they state, over
///           sqrt(R). Settings that were equally probable before have the probabilities Z_i / sum Z_j afterwards, and the Bayes
///           factor of two is the ratio of their evidences (Kass, Raftery 1995). Only evidences of the same data may be compared.
/// Parallel  local.
/// Cost      linear in the runs.
/// Fails     never.
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "campaign/sweep/campaign_results.hpp"

namespace aleator::campaign {

/// A setting, and the job of its deck where several state an evidence.
struct ModelEvidence {
  std::vector<std::pair<std::string, std::string>> values;  ///< of the keys varied: key, value as TOML
  std::string name;  ///< "problem = \"linear\", job_a": what tells it from the others
  int runs = 0;
  double log_evidence = 0.0;
  double standard_error = std::numeric_limits<double>::quiet_NaN();  ///< NaN: none stated, and one run
  double log_bayes_factor = 0.0;  ///< to the model of the largest evidence: 0 or less
  double probability = 0.0;
};

/// The largest evidence first; empty where fewer than two are stated. `settings`: the finished runs of each.
std::vector<ModelEvidence> compare_evidence(const std::vector<std::vector<const CampaignRun*>>& settings);

/// Do the errors tell the best from the second? False too where no error is stated.
bool is_decided(const std::vector<ModelEvidence>& models);

}  // namespace aleator::campaign
