#pragma once
/// What      The [campaign] block, and the runs it asks for: the deck as it is, with other values and other seeds.
/// Method    Each combination of the values under `vary` is a setting, and each setting runs `replicates` times with the seeds
///           seed, seed + 1, …; a run is the deck with overrides (deck.hpp), so that it is a run like any other: its
///           folder can be resumed, moved and read alone.
/// Parallel  local.
/// Cost      -
/// Fails     UserError for a key that is varied twice, and for lists of different lengths that go in step.
#include <string>
#include <utility>
#include <vector>

#include "deck/deck.hpp"
#include "deck/schema.hpp"
#include "deck/variations.hpp"

namespace aleator::campaign {

struct CampaignSettings {
  enum class Combine { all, in_step };

  std::int64_t replicates = 1;
  deck::Variations vary;
  Combine combine = Combine::all;
  int groups = 0;

  static deck::Schema<CampaignSettings> schema();
  bool asks_for_runs() const { return replicates > 1 || !vary.keys.empty(); }
};

struct PlannedRun {
  std::string name;  ///< of its folder in runs/: "001"
  int setting = 0;   ///< runs of one setting differ in the seed alone
  std::int64_t seed = 1;
  std::vector<std::pair<std::string, std::string>> values;  ///< key, value as TOML: those that are varied
  deck::Overrides overrides;                                ///< what makes the deck that of this run
  std::string deck;                                         ///< that deck's fingerprint, once it was checked

  /// "particles = 256, seed 3": what tells it from the others.
  std::string words(bool with_seed) const;
};

/// All runs, the settings one after the other. `settings` must ask for some.
std::vector<PlannedRun> plan_runs(const deck::Deck& deck);

}  // namespace aleator::campaign
