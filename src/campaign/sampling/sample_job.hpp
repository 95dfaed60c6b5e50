#pragma once
/// What      job/sample: the posterior of a problem by a sampler, and by others to compare with.
/// Method    each sampler runs in its own folder (the job's for the first, compare/<name> for the others) as a loop of
///           steps: record draws, report progress, write checkpoints, stop when asked to, summarise at the end.
/// Parallel  collective.
/// Cost      the sampler's; the loop adds one broadcast of a word ten times a second.
/// Fails     UserError when a sampler cannot treat the problem or is named twice, or a checkpoint belongs to another deck.
#include <memory>
#include <string>
#include <vector>

#include "campaign/run/job.hpp"
#include "campaign/sampling/predictive.hpp"
#include "campaign/sampling/report_files.hpp"
#include "model/problem.hpp"
#include "sampler/sampler.hpp"

namespace aleator::campaign {

class SampleJob : public Job {
 public:
  struct Params {
    std::string problem;
    std::string sampler;
    std::vector<std::string> compare;
    int posterior_predictive = 200, prior_predictive = 100, stein_discrepancy = 200;
    std::string reference_run;
    std::vector<std::vector<std::string>> pairs;
  };
  struct NamedSampler {
    std::string name, component;
    std::shared_ptr<sampler::Sampler> sampler;
  };
  static deck::Schema<Params> schema();
  SampleJob(const Params& params, std::shared_ptr<model::Problem> problem, std::vector<NamedSampler> samplers,
            std::string problem_text);

  JobEnd run(const JobContext& context) override;
  std::int64_t rows_at_once() const override;
  bool is_finished(const std::string& folder, const RunSettings& settings) const override;
  void report(const std::string& folder, const RunSettings& settings) const override;

 private:
  std::string folder_of(const std::string& job_folder, std::size_t i) const;
  /// UserError where the reference run of a run that begins is missing. Collective.
  void look_for_reference(const JobContext& context) const;
  /// Of all samplers together, from their files.
  void write_files(const std::string& folder, const RunSettings& settings, Page page) const;
  std::shared_ptr<model::Problem> problem_;
  std::vector<NamedSampler> samplers_;
  std::string problem_text_;
  Params params_;
  std::vector<std::pair<int, int>> pairs_;  ///< numbers of the parameters
};

}  // namespace aleator::campaign
