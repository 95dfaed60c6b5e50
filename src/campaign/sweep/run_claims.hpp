#pragma once
/// What      Deals the runs of a campaign to groups of ranks, the next to whoever is free.
/// Method    A claim is a file that only one process can create (open with O_EXCL, which network file systems keep too). A
///           counter in one rank's memory would be answered when that rank next enters MPI, perhaps after hours.
/// Parallel  constructor and finish() are collective; claim() is local, for the first rank of a group.
/// Cost      a file a run.
/// Fails     UserError when the folder cannot be written.
#include <string>

#include "parallel/comm.hpp"

namespace aleator::campaign {

class RunClaims {
 public:
  /// Claims of an earlier session, which ended with it, are removed.
  RunClaims(const parallel::Comm& world, const std::string& campaign_folder);
  /// True for one caller.
  bool claim(const std::string& run) const;
  void finish(const parallel::Comm& world) const;

 private:
  std::string folder_;
};

}  // namespace aleator::campaign
