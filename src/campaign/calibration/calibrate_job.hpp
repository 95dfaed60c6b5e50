#pragma once
/// What      job/calibrate: simulation-based calibration of a problem and a sampler together.
/// Method    Talts, Betancourt, Simpson, Vehtari, Gelman 2018: for l = 1 ... L draw u* from the prior and data from the
///           likelihood at G(u*), sample the posterior of those data, and take the rank of u* among K - 1 of its draws. If
///           model, likelihood and sampler fit together, ranks are uniform: prob/rank_test.hpp judges. The log-likelihood
///           at u* is ranked too (Modrák et al. 2023): it sees a sampler that ignores its data. Ties: a random rank.
/// Parallel  collective: one simulation after the other, each on all ranks; the same ranks (of u*) on any number of them.
/// Cost      L runs of the sampler. Stopped, it loses the simulation under way.
/// Fails     KeyError: a problem whose data cannot be drawn, a sampler with fewer draws than ranks are wanted or that
///           cannot treat
///           the problem. NumericsError: the model fails at nearly all draws from the prior.
#include <memory>
#include <string>
#include <vector>

#include "campaign/run/progress.hpp"
#include "campaign/sampling/sample_job.hpp"

namespace aleator::campaign {

class CalibrateJob : public Job {
 public:
  struct Params {
    std::string problem, sampler, data_from;
    int simulations = 200, ranks = 99;
    double significance = 0.01;
  };
  struct Parts {
    std::shared_ptr<const model::Problem> problem, data_from;
    SampleJob::NamedSampler sampler;
    std::string text;
  };
  static deck::Schema<Params> schema();
  CalibrateJob(const Params& params, Parts parts);

  JobEnd run(const JobContext& context) override;
  std::int64_t rows_at_once() const override { return parts_.sampler.sampler->plan().members; }
  void report(const std::string& folder, const RunSettings& settings) const override;

 private:
  /// What is kept of the simulations done: the checkpoint.
  struct State {
    std::int64_t done = 0, model_evaluations = 0, redrawn = 0;
    double seconds = 0.0;
    std::vector<std::int64_t> ranks;  ///< [simulation][quantity]
    bool is_checkpoint_due = false;   ///< as soon as a simulation is done
    void fields(io::Archive& archive);
  };
  /// One simulation's truth.
  struct Truth {
    std::vector<double> quantities;  ///< parameters shown, then the log-likelihood
    std::unique_ptr<model::Problem> problem;
  };
  std::vector<std::string> quantity_names() const;
  Truth draw_truth(const JobContext& context, std::int64_t simulation, std::int64_t& redrawn) const;
  /// Counts this rank's chosen draws below, and at, each quantity of the truth.
  void count(const Truth& truth, std::int64_t draw, std::vector<std::int64_t>& below,
             std::vector<std::int64_t>& at) const;
  void resume_or_begin(const JobContext& context, State& state) const;
  void save(const JobContext& context, State& state) const;
  /// False: asked to stop on the way.
  bool simulate(const JobContext& context, Progress& progress, State& state) const;
  void finish(const JobContext& context, const State& state) const;

  Params params_;
  Parts parts_;
  std::vector<int> shown_;                         // parameters that are ranked
  std::vector<std::vector<std::int64_t>> chosen_;  // by draw: the chains whose draw is used
};

}  // namespace aleator::campaign
