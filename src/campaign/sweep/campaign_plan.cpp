#include "campaign/sweep/campaign_plan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "campaign/run/settings.hpp"

namespace aleator::campaign {
namespace {

using Combine = CampaignSettings::Combine;

std::string last_part(const std::string& key) { return key.substr(key.rfind('.') + 1); }

// Entry k: which value key k takes. The last key changes fastest.
std::vector<std::vector<std::size_t>> combinations(const CampaignSettings& settings) {
  const std::vector<deck::Variation>& keys = settings.vary.keys;
  if (keys.empty()) return {{}};
  std::vector<std::vector<std::size_t>> all;
  if (settings.combine == Combine::in_step) {
    for (std::size_t i = 0; i < keys.front().values.size(); ++i) all.emplace_back(keys.size(), i);
    return all;
  }
  std::vector<std::size_t> chosen(keys.size(), 0);
  while (true) {
    all.push_back(chosen);
    std::size_t k = keys.size();
    while (k > 0 && ++chosen[k - 1] == keys[k - 1].values.size()) chosen[--k] = 0;
    if (k == 0) return all;
  }
}

// What no single key shows; empty where all is well.
std::string fault_of(const CampaignSettings& settings) {
  const std::vector<deck::Variation>& keys = settings.vary.keys;
  for (std::size_t k = 0; k < keys.size(); ++k) {
    if (keys[k].key.rfind("campaign.", 0) == 0) return "cannot vary the campaign itself (" + keys[k].key + ")";
    if (keys[k].key == "run.seed" && settings.replicates > 1)
      return "varies run.seed, which replicates > 1 does too; leave one of them out";
    for (std::size_t i = 0; i < k; ++i)
      if (keys[i].key == keys[k].key) return fmt::format("names {} twice", keys[k].key);
    if (settings.combine == Combine::in_step && keys[k].values.size() != keys.front().values.size())
      return fmt::format("gives {} {} values and {} {}, which cannot go in step", keys.front().key,
                         keys.front().values.size(), keys[k].key, keys[k].values.size());
  }
  return {};
}

}  // namespace

deck::Schema<CampaignSettings> CampaignSettings::schema() {
  deck::Schema<CampaignSettings> s(
      "Several runs of the deck, side by side: replicates, and keys that take several values", "");
  s.key("replicates", &CampaignSettings::replicates, "1",
        "runs of each setting, with the seeds run.seed, run.seed + 1, …: what they differ by is the error of one",
        deck::between(1, 100000));
  s.key("vary", &CampaignSettings::vary, "", "keys of other blocks and the values that each takes")
      .example("{run.seed = [1, 2, 3]}");
  s.choice("combine", &CampaignSettings::combine, "how the values of several keys meet",
           {{"all", Combine::all, "each with each"},
            {"in_step", Combine::in_step, "the first of each, then the second, …"}});
  s.key("groups", &CampaignSettings::groups, "1",
        "groups of ranks that each do one run at a time; divides the number of ranks; 0: as many as there are runs for",
        deck::at_least(0));
  s.check("vary", fault_of);
  return s;
}

std::string PlannedRun::words(bool with_seed) const {
  std::string text;
  for (const auto& [key, value] : values)
    text += fmt::format("{}{} = {}", text.empty() ? "" : ", ", last_part(key), value);
  if (with_seed) text += fmt::format("{}seed {}", text.empty() ? "" : ", ", seed);
  return text;
}

std::vector<PlannedRun> plan_runs(const deck::Deck& deck) {
  const auto settings = deck.settings<CampaignSettings>("campaign");
  const std::int64_t first_seed = deck.settings<RunSettings>("run").seed;
  std::vector<PlannedRun> runs;
  int setting = 0;
  for (const std::vector<std::size_t>& chosen : combinations(settings)) {
    for (std::int64_t r = 0; r < settings.replicates; ++r) {
      PlannedRun run;
      run.setting = setting, run.seed = first_seed + r;
      run.overrides = {"campaign.replicates=1", "campaign.vary={}", "campaign.groups=0",
                       fmt::format("run.seed={}", run.seed)};
      for (std::size_t k = 0; k < chosen.size(); ++k) {
        const deck::Variation& variation = settings.vary.keys[k];
        run.values.emplace_back(variation.key, variation.values[chosen[k]]);
        run.overrides.push_back(variation.key + "=" + variation.values[chosen[k]]);
        if (variation.key == "run.seed") run.seed = std::atoll(variation.values[chosen[k]].c_str());
      }
      runs.push_back(std::move(run));
    }
    ++setting;
  }
  const auto digits = std::max<std::size_t>(3, std::to_string(runs.size()).size());
  for (std::size_t i = 0; i < runs.size(); ++i) runs[i].name = fmt::format("{:0{}}", i + 1, digits);
  return runs;
}

}  // namespace aleator::campaign
