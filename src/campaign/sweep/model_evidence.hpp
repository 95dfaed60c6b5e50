#pragma once
/// What      The settings of a campaign as rival models: which of them do the data prefer?
/// Method    Settings are models where they differ in keys of model, prior, likelihood, target, problem, or in the problem of a
///           job; those that differ in other keys, as of samplers, are runs of one model. ln Z of a model is the mean of its
///           runs; its error the larger of their spread and of what they state, over sqrt(R). Models that were equally probable
///           before have the probabilities Z_i / sum Z_j afterwards, and the Bayes factor of two is the ratio of their
///           evidences (Kass, Raftery 1995). Only evidences of the same data may be compared.
/// Parallel  local.
/// Cost      linear in the runs.
/// Fails     never.
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "campaign/sweep/campaign_results.hpp"

namespace aleator::campaign {

/// A model, and the job of its deck where several state an evidence.
struct ModelEvidence {
  std::vector<std::pair<std::string, std::string>>
      values;        ///< of the keys that make it another model: key, value as TOML
  std::string name;  ///< "problem = \"linear\", job_a": what tells it from the others
  int runs = 0;
  double log_evidence = 0.0;
  double standard_error = std::numeric_limits<double>::quiet_NaN();  ///< NaN: none stated, and one run
  double log_bayes_factor = 0.0;  ///< to the model of the largest evidence: 0 or less
  double probability = 0.0;
};

/// The largest evidence first; empty of fewer than two models, and where the data are varied. `runs`: those that are finished;
/// `same_problem`: jobs whose problem another job has too.
std::vector<ModelEvidence> compare_evidence(const std::vector<const CampaignRun*>& runs,
                                            const std::vector<std::string>& same_problem = {});

/// The first model that the errors do not tell from the best, or 0: the best is decided. One without a stated error is not told.
std::size_t undecided_rival(const std::vector<ModelEvidence>& models);

}  // namespace aleator::campaign
