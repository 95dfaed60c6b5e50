#pragma once
/// What      Progress of a sampler: a bar with rate and time left on a terminal, a plain line now and then in the log.
/// Method    a line at every tenth of the way, and after every half minute without one.
/// Parallel  rank 0 prints; other ranks may call it too.
/// Cost      at most ten terminal updates a second.
/// Fails     -
#include <chrono>
#include <string>
#include <vector>

#include "sampler/sampler.hpp"

namespace aleator::campaign {

class Progress {
 public:
  /// `progress_before`: where a resumed run starts, so that the time left is right.
  Progress(std::string label, double progress_before);
  void update(const sampler::StepInfo& info, std::int64_t evaluations);
  void end();

 private:
  using Clock = std::chrono::steady_clock;
  std::string line(const sampler::StepInfo& info, std::int64_t evaluations) const;
  std::string label_;
  double progress_before_;
  std::int64_t evaluations_before_ = -1;
  Clock::time_point start_ = Clock::now(), last_bar_ = start_, last_line_ = start_;
  std::string numbers_;
  std::string phase_;
  int last_tenth_ = -1;
};

/// Says in the log how much of the time each group of ranks was idle, and which of them most.
void log_idle_shares(const std::string& doing, const std::vector<double>& idle);
/// "1 h 02 min", "3 min 20 s", "4.2 s".
std::string duration_text(double seconds);
/// "1 234 567".
std::string count_text(std::int64_t count);

}  // namespace aleator::campaign
