#pragma once
/// What      What the runs of a campaign found: every number of their summaries, and whether replicates agree.
/// Method    A summary.json is walked: an object with a value (or mean) and a standard error (or mcse) is one quantity with its
///           error, any other number a quantity without. Replicates x_1 … x_R whose runs state errors e_r should spread by
///           them: ratio = sqrt(mean over quantities of s²(x) / mean e²) is 1 for honest errors. Quantities of a run are
///           dependent, so the ratio is judged as if they were one: (R − 1) ratio² against chi-square with R − 1 degrees of
///           freedom, which refuses too seldom rather than too often.
/// Parallel  local; reads files.
/// Cost      linear in the summaries.
/// Fails     UserError where a summary or state is not readable.
#include <limits>
#include <string>
#include <unordered_map>
#include <vector>

#include "campaign/run/verdict_file.hpp"
#include "campaign/sweep/campaign_plan.hpp"

namespace aleator::campaign {

/// state.json in the folder of a run.
struct RunState {
  std::string status = "not run";  ///< "finished", "failed", "stopped"
  std::string message;             ///< why it failed
  std::string deck;                ///< fingerprint of the deck that was run
  double seconds = 0.0;            ///< of all sessions
  int group = 0, ranks = 1;        ///< of the last
};
RunState read_state(const std::string& run_folder);
void write_state(const std::string& run_folder, const RunState& state);

struct Quantity {
  std::string name;  ///< "parameters.x", "compare.smc.log_evidence": its place in the summary
  double value = 0.0;
  double error = std::numeric_limits<double>::quiet_NaN();  ///< standard error, where the run states one
};
/// The numbers of one summary.json, or of any JSON text.
std::vector<Quantity> quantities_of(const std::string& json_text, const std::string& prefix);

struct CampaignRun {
  PlannedRun plan;
  RunState state;
  RunVerdict verdict;                                  ///< of its jobs; only if finished
  std::vector<Quantity> quantities;                    ///< empty unless finished
  std::unordered_map<std::string, std::size_t> place;  ///< of each in `quantities`: fields have a hundred thousand
  void add(Quantity quantity);
  const Quantity* find(const std::string& name) const;
};
/// All runs, in the order of the plan.
std::vector<CampaignRun> read_runs(const std::string& folder, const std::vector<PlannedRun>& plan);

/// One quantity over the replicates of a setting.
struct Spread {
  std::string name;
  int runs = 0;
  double mean = 0.0, sd = 0.0;  ///< over the runs
  double stated = 0.0;          ///< root mean square of the runs' errors; NaN: none
};
/// Over the finished runs of one setting, two at least.
std::vector<Spread> spreads(const std::vector<const CampaignRun*>& replicates);

/// Over one setting's replicates: of the sampler (of the run and those it compares) that agrees least.
struct Agreement {
  int runs = 0;
  std::string method;                                         ///< "compare.eki"; empty: the run's own
  double ratio = std::numeric_limits<double>::quiet_NaN();    ///< spread over stated errors; NaN: no errors stated
  double p_value = std::numeric_limits<double>::quiet_NaN();  ///< times the number of samplers that were looked at
};
Agreement agreement_of(const std::vector<Spread>& spreads);

/// The names of all quantities, in the order in which runs first have them.
std::vector<std::string> quantity_names(const std::vector<CampaignRun>& runs);

}  // namespace aleator::campaign
