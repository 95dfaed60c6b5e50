#pragma once
/// What      How many model runs failed, and what became of them.
/// Method    A problem that counts derives from CountsFailures beside Problem; whoever reports asks for it.
/// Parallel  counts of this rank.
/// Cost      -
/// Fails     -
#include <cstdint>

namespace aleator::model {

struct FailureCounts {
  std::int64_t rejected = 0;   ///< likelihood zero
  std::int64_t recovered = 0;  ///< sound when computed again
  std::int64_t imputed = 0;    ///< given what the nearest sound row has
  std::int64_t lost() const { return rejected + imputed; }
};

class CountsFailures {
 public:
  virtual ~CountsFailures() = default;
  /// This rank's failures since the last call.
  virtual FailureCounts take_failure_counts() const = 0;
};

}  // namespace aleator::model
