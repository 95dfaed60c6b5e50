#pragma once
/// What      Decides, for all ranks alike, when to write a checkpoint and when to stop.
/// Method    rank 0's clock and every rank's signal flag are combined in one reduction, about ten times a second, or at every
///           16th poll, whichever comes first; one rank alone asks its clock at every poll.
///           A checkpoint is due after checkpoint_minutes, or as soon as writing one costs a hundredth of the time since the
///           last, as measured at the last, but not within 30 s of it.
/// Parallel  poll() is collective and must be called equally often by all ranks.
/// Cost      nothing between the reductions; 30 ns on one rank.
/// Fails     -
#include <chrono>
#include <string>

#include "campaign/run/settings.hpp"
#include "parallel/comm.hpp"

namespace aleator::campaign {

class StopWatch {
  using Clock = std::chrono::steady_clock;

 public:
  enum class Order { go_on, checkpoint, stop };

  using TimePoint = Clock::time_point;
  static TimePoint now() { return Clock::now(); }
  static double seconds_since(TimePoint then);

  /// `began`: when the time that the deck grants began; that of a campaign's runs is the campaign's.
  StopWatch(const parallel::Comm& comm, const RunSettings& settings, TimePoint began = now());
  Order poll();
  /// Call after each checkpoint.
  void checkpoint_written();
  /// Why the last poll said stop: "SIGTERM", "the wall time of the deck"; rank 0's view.
  const std::string& reason() const { return reason_; }
  double seconds() const;              ///< since it began
  double checkpoint_interval() const;  ///< s, from the last checkpoint to the next; rank 0's view

 private:
  parallel::Comm comm_;
  RunSettings settings_;
  TimePoint start_, last_checkpoint_ = Clock::now(), ordered_ = last_checkpoint_;
  TimePoint last_look_ = last_checkpoint_ - std::chrono::hours(1);  // the first poll looks
  double checkpoint_cost_ = 0.0;                                    // s, of the last one ordered
  int polls_until_look_ = 0;
  int polls_between_looks_ = 0;
  std::string reason_;
};

}  // namespace aleator::campaign
