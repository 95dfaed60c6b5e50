#include "campaign/report/filter_verdict.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "campaign/report/format.hpp"

namespace aleator::campaign::report {
namespace {

namespace limit {
constexpr double too_sure = 1.5, lost = 2.0, too_unsure = 0.5;  // errors over what the members say
constexpr double ranks = 0.15;                                  // total variation beyond chance
constexpr double cycles = 30;                                   // of all replicates
constexpr double replaced = 1e-3, replaced_bad = 0.05;          // share of the members
}  // namespace limit

const char* advice_for(const FilterRun& run) {
  return run.members == 1 ? "a larger scale of the background" : "more members, more inflation, or localisation";
}

// A filter that has lost the truth in one replicate shows in that one alone.
Check consistency_check(const FilterRun& run) {
  Check c{Level::unknown, run.is_twin ? "Error over spread" : "Data over forecast", "not known", ""};
  std::vector<double> known;
  for (const double one : run.off_by)
    if (std::isfinite(one)) known.push_back(one);
  if (known.empty()) return c;
  const double worst = *std::max_element(known.begin(), known.end()),
               least = *std::min_element(known.begin(), known.end());
  const auto lost = std::count_if(known.begin(), known.end(), [](double r) { return r > limit::lost; });
  c.found = known.size() == 1
                ? number(worst, 2)
                : fmt::format("{} to {} in {} replicates", number(least, 2), number(worst, 2), known.size());
  c.level = worst > limit::lost ? Level::bad : worst > limit::too_sure ? Level::caution : Level::good;
  if (c.level == Level::bad) {
    const std::string where = known.size() == 1 ? "" : fmt::format(" in {} of {} replicates", lost, known.size());
    c.advice = run.is_twin ? fmt::format(
                                 "The analysis is off the truth by up to {} times the spread of the members{}: "
                                 "the filter has lost the truth, or is far too sure; {}.",
                                 number(worst, 2), where, advice_for(run))
                           : fmt::format(
                                 "The data are off the forecast by up to {} times what the filter and noise_sd "
                                 "explain{}: the filter has lost the truth or is far too sure, or the data are "
                                 "noisier; {}.",
                                 number(worst, 2), where, advice_for(run));
  } else if (c.level == Level::caution) {
    c.advice = fmt::format("The filter is too sure of itself: {}.", advice_for(run));
  } else if (least < limit::too_unsure) {
    c.level = Level::caution;
    c.advice = run.is_twin ? "The members are further apart than they are wrong: less inflation, or a smaller noise of "
                             "the model, would use the data better."
                           : "The forecast and noise_sd explain more than the data show: a smaller noise_sd, or less "
                             "inflation.";
  }
  return c;
}

// A valley, a hill or a slope, by the shares of the outer fifths.
std::string shape_of(const std::vector<double>& ranks, double total) {
  const std::size_t fifth = std::max<std::size_t>(1, ranks.size() / 5);
  const double even = static_cast<double>(fifth) / static_cast<double>(ranks.size());
  const double low = std::accumulate(ranks.begin(), ranks.begin() + static_cast<std::ptrdiff_t>(fifth), 0.0) / total,
               high = std::accumulate(ranks.end() - static_cast<std::ptrdiff_t>(fifth), ranks.end(), 0.0) / total;
  if (std::abs(low - high) > std::abs(low + high - 2.0 * even))
    return "the truth lies on one side of the members: they are biased";
  return low + high > 2.0 * even ? "the truth is too often among the last of the members: they are too narrow"
                                 : "the truth is too often in the middle of the members: they are too wide";
}

// Cycles count as independent, states of one time as one: what chance leaves is rather over- than underestimated.
Check rank_check(const FilterRun& run) {
  const double total = std::max(std::accumulate(run.ranks.begin(), run.ranks.end(), 0.0), 1.0),
               bins = static_cast<double>(run.ranks.size());
  double distance = 0.0;
  for (const double count : run.ranks) distance += 0.5 * std::abs(count / total - 1.0 / bins);
  const double chance = std::sqrt(bins / (2.0 * M_PI * run.cycles * run.replicates));
  Check c{Level::good, "Ranks of the truth",
          fmt::format("{} of them would have to be others for a flat histogram", percent(distance)), ""};
  if (distance > limit::ranks + 1.5 * chance)
    c.level = Level::caution, c.advice = "See the histogram: " + shape_of(run.ranks, total) + ".";
  return c;
}

Check gain_check(const FilterRun& run) {
  Check c{Level::good, "What the data bring",
          fmt::format("error {} before, {} after the data of a time", number(run.forecast_rmse), number(run.rmse)), ""};
  if (run.rmse > run.forecast_rmse) {
    c.level = Level::caution;
    c.advice =
        "The analysis throws the members further from the truth: more members, a smaller radius of localisation, "
        "or a noise_sd that is true.";
  }
  return c;
}

Check replaced_check(const FilterRun& run) {
  const double share = run.replaced / run.member_cycles;
  return {share > limit::replaced_bad ? Level::bad
          : share > limit::replaced   ? Level::caution
                                      : Level::good,
          "Members that diverged",
          fmt::format("{} were replaced, {} of those moved", count(run.replaced), percent(share)),
          share > limit::replaced ? "The model's dt may be too long, or the analysis throws members off the attractor."
                                  : ""};
}

void put_in_words(const FilterRun& run, Verdict& v) {
  std::string named;
  for (const Check& c : v.checks)
    if (c.level == v.level) named += (named.empty() ? "" : ", ") + c.what;
  const char* const what = run.is_twin ? "truth" : "data";
  if (v.level == Level::good) {
    v.headline = fmt::format("The filter follows the {}", what);
    v.summary = "Its members are about as far apart as they are wrong; error, spread and states below can be used.";
  } else if (v.level == Level::unknown) {
    v.headline = "Not judged";
    v.summary = "The run left too little to say whether the filter follows.";
  } else if (v.level == Level::caution) {
    v.headline = "Use with caution";
    v.summary =
        fmt::format("The filter follows the {}, but its spread is not to be taken at its word: {}.", what, named);
  } else {
    v.headline = "Not reliable";
    v.summary = fmt::format("Do not trust this run: {}.", named);
  }
}

}  // namespace

Verdict judge(const FilterRun& run) {
  Verdict v;
  v.checks.push_back(consistency_check(run));
  if (!run.ranks.empty()) v.checks.push_back(rank_check(run));
  if (run.is_twin && std::isfinite(run.rmse) && std::isfinite(run.forecast_rmse)) v.checks.push_back(gain_check(run));
  if (run.replaced > 0.0) v.checks.push_back(replaced_check(run));
  if (run.cycles * run.replicates < limit::cycles)
    v.checks.push_back({Level::caution, "Cycles",
                        fmt::format("{} after the spin-up", count(run.cycles * run.replicates)),
                        "Means over so few say little: more observations, or replicates."});
  for (const Check& c : v.checks) v.level = std::max(v.level, c.level);
  if (v.level == Level::unknown && v.checks.front().level == Level::good) v.level = Level::good;
  put_in_words(run, v);
  return v;
}

}  // namespace aleator::campaign::report
