#pragma once
/// What      One job of a deck: something that runs in a folder, can be asked to stop, and goes on from where it stopped.
/// Method    interface; the jobs stand in the folders beside this one: sampling/, rows/, assimilation/, calibration/.
/// Parallel  run is collective.
/// Cost      the job's.
/// Fails     as the job.
#include <memory>
#include <string>

#include "campaign/run/settings.hpp"
#include "campaign/run/stop_watch.hpp"
#include "deck/builder.hpp"
#include "parallel/process_grid.hpp"

namespace aleator::campaign {

/// What a job needs to run.
struct JobContext {
  parallel::Comm comm;  ///< rows are dealt over it: the ensemble communicator of the process grid
  RunSettings settings;
  StopWatch& watch;
  std::string folder;       ///< where its files go
  std::string fingerprint;  ///< of the resolved deck: a checkpoint of another deck is refused
};

/// stopped: with a checkpoint; cut_short: without one, a resumed run does the job from its beginning.
enum class JobEnd { finished, stopped, cut_short };

class Job {
 public:
  virtual ~Job() = default;
  virtual JobEnd run(const JobContext& context) = 0;
  /// How many model runs may be under way side by side.
  virtual std::int64_t rows_at_once() const { return 1; }
  /// Everything run() would write lies in the folder, a summary.json and the report where nothing else is said: a resumed run
  /// has nothing to do. Local.
  virtual bool is_finished(const std::string& folder, const RunSettings& settings) const;
  /// Draws the report anew from the files in the folder; rank 0 only, no MPI.
  virtual void report(const std::string& folder, const RunSettings& settings) const = 0;
};

void register_jobs(deck::Registry& registry);

}  // namespace aleator::campaign
