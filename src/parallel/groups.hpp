#pragma once
/// What      The campaign level of the process grid, campaign x ensemble x domain: groups of ranks, a run at a time each.
/// Method    G groups of neighbouring ranks; a group is the world of its run, whose process grid (process_grid.hpp) splits it
///           further. Runs say nothing to each other, so the more groups the better, as far as each holds its model.
/// Parallel  the constructor is collective over the world, everybody_comes over the group; the rest is local.
/// Cost      two communicators.
/// Fails     never by itself; campaign/sweep/campaign.cpp refuses a G that does not divide the number of ranks.
#include "parallel/comm.hpp"
#include "parallel/process_grid.hpp"

namespace aleator::parallel {

class Groups {
 public:
  Groups(const Comm& world, int count);
  const Comm& world() const { return world_; }
  const Comm& group() const { return group_; }
  int count() const { return count_; }
  int index() const { return index_; }  ///< of this rank's group

  /// Do all ranks of the group come here within so many seconds? If not, one of them waits elsewhere for a rank that has failed.
  bool everybody_comes(double seconds) const;

 private:
  Comm world_, group_, doors_;  // doors_: of the group, for everybody_comes alone
  int count_ = 1, index_ = 0;
};

/// As many groups as there are runs, of at least `ranks_of_a_run` ranks each, all of one size.
int choose_groups(int world_ranks, std::int64_t runs, int ranks_of_a_run);

/// Ranks that a run needs for the largest of `models` to fit: with D asked for, D.
int least_ranks(int requested_domain, const std::vector<DecomposableModel>& models);

}  // namespace aleator::parallel
