#pragma once
/// What      One sampler on one problem in one folder, from the start or from its checkpoint, until it is done or stopped.
/// Method    loop: step, record, report, checkpoint; see run().
/// Parallel  collective; the same bits on any number of ranks, interrupted or not.
/// Cost      the sampler's.
/// Fails     UserError: a sampler that cannot treat the problem, a checkpoint of another deck, a disk that is full.
#include "campaign/run/history.hpp"
#include "campaign/sampling/recorder.hpp"
#include "campaign/sampling/sample_job.hpp"
#include "campaign/sampling/summary.hpp"

namespace aleator::campaign {

class SamplerRun {
 public:
  /// What is looked at when the sampling is done.
  struct Checks {
    PredictiveDraws predictive;
    int stein_draws = 0;
    std::string reference_run;  ///< empty: none
  };
  struct Place {
    std::string folder;
    Checks checks;
  };
  SamplerRun(const model::Problem& problem, const SampleJob::NamedSampler& sampler, const JobContext& job,
             const Place& place);
  /// Nothing is done when summary.json exists.
  JobEnd run();

 private:
  /// Throws when the finished result in the folder is that of another deck.
  void check_finished() const;
  void start_or_resume();
  void resume_from(const std::string& checkpoint, const std::string& results);
  void refuse_lost_draws(const std::string& checkpoint, const std::string& results) const;
  /// Which deck and sampler a checkpoint belongs to: written, or read and compared.
  void owner(io::Archive& archive);
  void fields(io::Archive& archive);
  void save_checkpoint();
  /// stopped: while the model was run for the checks.
  JobEnd finish();
  bool has_more_runs() const;
  JobContext context_of_checks() const;
  void remove_checks() const;
  void refuse_a_start_without_density();
  /// Runs the model again at draws of posterior and prior, and compares what it predicts with the data. Collective.
  bool predict(RunFacts& facts);
  /// Compares the draws with the density and with a reference run. Collective.
  bool measure(RunFacts& facts);
  /// Appends the rows that failed since the last call to failed_rows.csv; whether there are any. Collective.
  bool record_failures();
  std::string listed_failures();
  /// Notes what the first draw ends. Collective.
  void end_warmup();
  void report_failures() const;
  /// Collective; valid on rank 0.
  prob::ScalarSummary log_density_summary();
  void show_live_diagnostics(const sampler::StepInfo& info);
  RunFacts facts() const;
  /// Largest |z|; warns of a sampler that has run away. Collective.
  sampler::StepInfo step();
  double farthest_state() const;
  /// The parameters of the state's mode.
  std::vector<double> mode() const;
  sampler::MeanEstimate running_means() const;
  /// Mean and sd of what is a field.
  void write_moments(const std::vector<NamedSummary>& rows, const std::vector<double>& mode) const;
  void use_running_means(const sampler::MeanEstimate& estimate, std::vector<NamedSummary>& rows) const;
  /// History of the error of the running means against the reference.
  void record_error();

  const model::Problem& problem_;
  const SampleJob::NamedSampler& named_;
  const JobContext& job_;
  std::string folder_;
  model::Context context_;
  sampler::Plan plan_;
  Checks checks_;
  PredictiveDraws predictive_;  // those that there are
  std::unique_ptr<Recorder> recorder_;

  // The loop's own state, part of the checkpoint.
  std::int64_t draws_ = 0;
  std::int64_t evaluations_at_first_draw_ = 0;
  double seconds_before_ = 0.0, warmup_seconds_ = 0.0, progress_ = 0.0;
  bool is_sampled_ = false;
  double accepted_ = 0.0;  // sum over draws of the mean acceptance
  History history_;
  double next_error_at_ = 1.0;     // draws after which the error of the means is taken next
  model::FailureCounts failures_;  // over all ranks, up to the last call of record_failures
  std::int64_t lost_in_warmup_ = 0;
  std::int64_t failed_rows_bytes_ = 0;  // of the file; the writer's

  double start_seconds_ = 0.0;  // of the watch, when this process began this sampler
  double saved_seconds_ = 0.0;  // of the watch, at the last checkpoint
  double waited_before_ = 0.0;  // for other groups, until then
  int last_live_tenth_ = 0;
};

}  // namespace aleator::campaign
