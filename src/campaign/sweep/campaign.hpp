#pragma once
/// What      Several runs of one deck, side by side on groups of ranks: replicates and sweeps.
/// Method    Each group claims the next run, reads its deck (campaign_plan.hpp) and runs it in runs/<name> like any other. A run
///           that fails is noted, and the campaign goes on. What a run computes does not depend on its group.
/// Parallel  constructor and run are collective over the world, a run over its group; groups meet at the end alone.
/// Cost      the runs; every deck is read and its objects built twice, at the start and for its run.
/// Fails     UserError before any work for a fault in any run's deck, and at the end when runs failed.
#include <string>
#include <vector>

#include "campaign/run/deck_run.hpp"
#include "campaign/sweep/campaign_plan.hpp"
#include "campaign/sweep/campaign_results.hpp"
#include "campaign/sweep/run_claims.hpp"
#include "deck/builder.hpp"
#include "parallel/groups.hpp"

namespace aleator::campaign {

/// Reads the deck of every run and builds all its objects; a UserError says of which run it is. Collective where the builder's
/// `once` is.
struct CheckedRuns {
  std::vector<PlannedRun> runs;
  int least_ranks = 1;  ///< that the largest model among them needs
};
CheckedRuns check_runs(const deck::Registry& registry, const deck::Deck& deck, const deck::Overrides& overrides,
                       const deck::FileReader& read, const deck::Builder::Once& once = {});

class Campaign {
 public:
  /// `overrides`: those that `deck` was read with.
  Campaign(const parallel::Comm& comm, const deck::Registry& registry, const deck::Deck& deck,
           const deck::Overrides& overrides);

  /// All runs that are not finished, in a folder with the campaign's resolved deck.
  void run(const std::string& folder, const std::string& command) const;

 private:
  struct Tally;
  void work(const RunClaims& claims, const std::string& folder, const std::string& command, StopWatch::TimePoint began,
            Tally& tally) const;
  RunState run_one(const PlannedRun& run, const std::string& folder, const std::string& command,
                   StopWatch::TimePoint began) const;
  JobEnd run_deck(const PlannedRun& run, const std::string& folder, const std::string& command,
                  StopWatch::TimePoint began) const;

  const deck::Registry& registry_;
  const deck::Deck& deck_;
  deck::Overrides overrides_;
  CheckedRuns checked_;
  parallel::Groups groups_;
};

}  // namespace aleator::campaign
