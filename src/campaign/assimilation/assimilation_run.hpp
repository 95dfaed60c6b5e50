#pragma once
/// What      One assimilation in one folder, from the start or from its checkpoint, until it is done or stopped.
/// Method    Blocks of cycles: truth, data, filter, scores; between blocks the ranks agree and look at the clock. A block is
///           as long as a few milliseconds allow, and begins with a copy of the state: what fails goes back to it.
/// Parallel  collective; the same bits on any number of ranks, interrupted or not.
/// Cost      the filter's, and O(d N log N) a cycle for the scores.
/// Fails     UserError: a checkpoint of another deck, a disk that is full. NumericsError as the filter.
#include <string>
#include <vector>

#include "assimilation/filter.hpp"
#include "campaign/run/job.hpp"
#include "campaign/run/progress.hpp"

namespace aleator::campaign {

/// What is recorded at each cycle.
enum Score {
  rmse,
  spread,
  forecast_rmse,
  forecast_spread,
  crps,
  error_ratio,
  innovation,
  innovation_ratio,
  log_likelihood,
  inflation,
  effective_members,
  score_count
};
inline constexpr const char* score_names[score_count] = {
    "rmse",           "spread",      "forecast_rmse",    "forecast_spread",
    "crps",           "error_ratio", "innovation_rms",   "innovation_ratio",
    "log_likelihood", "inflation",   "effective_members"};

struct AssimilationPlan {
  std::vector<double> times;  ///< of the cycles
  std::vector<double> data;   ///< [cycle][observable] of a file; empty: a twin experiment
  int shown_cycles = 0;       ///< the last of them, whose states of replicate 0 are kept
  int spin_up = 0;            ///< the first of them, which no mean and no rank of the truth counts
};

class AssimilationRun {
 public:
  AssimilationRun(const assimilation::Experiment& experiment, assimilation::Filter& filter,
                  const AssimilationPlan& plan, const JobContext& job);
  JobEnd run();

  bool is_twin() const { return plan_.data.empty(); }
  int cycles() const { return static_cast<int>(plan_.times.size()); }
  int first_shown() const { return std::max(0, cycles() - plan_.shown_cycles); }
  /// Of all replicates, before a resume too. Collective.
  std::int64_t model_runs() const;
  double seconds() const { return seconds_before_ + job_.watch.seconds() - start_seconds_; }

  /// What changes: the checkpoint, with the filter's own state.
  struct State {
    int cycle = 0;
    std::vector<double> truth;              ///< [replicate][state]
    std::vector<double> ranks;              ///< [replicate][bin], after the spin-up
    std::vector<double> scores;             ///< [replicate][cycle][score]
    std::vector<double> shown_truth, mean;  ///< replicate 0: [shown cycle][state]
    std::vector<double> sd;
    std::vector<double> data;  ///< replicate 0: [cycle][observable], NaN where missing
  };
  const State& state() const { return s_; }

 private:
  void start_or_resume();
  void fields(io::Archive& archive);
  void save_checkpoint();
  void keep();
  void go_back();
  void one_cycle();
  void step(const assimilation::Cycle& cycle);
  void make_data(const assimilation::Cycle& cycle, const kernels::Batch& data);
  void take_scores(const assimilation::Cycle& cycle, int replicate);
  [[noreturn]] void give_up(const std::exception_ptr& error);
  /// Doubles or keeps the block's length, for all ranks alike.
  int next_block(int block, double seconds) const;

  const assimilation::Experiment& experiment_;
  assimilation::Filter& filter_;
  const AssimilationPlan& plan_;
  const JobContext& job_;
  std::int64_t runs_before_ = 0;
  State s_;
  struct {
    int cycle = 0;
    std::vector<double> truth, ranks;
  } kept_;
  double seconds_before_ = 0.0, start_seconds_ = 0.0;
};

}  // namespace aleator::campaign
