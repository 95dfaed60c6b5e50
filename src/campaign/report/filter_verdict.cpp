#include "campaign/report/filter_verdict.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "campaign/report/format.hpp"
#include "prob/diagnostics.hpp"

namespace aleator::campaign::report {
namespace {

namespace limit {
constexpr double lost = 9.0;                                         // squared error over variance, of a cycle
constexpr double lost_some = 0.05, lost_many = 0.2, lost_all = 0.5;  // share of the cycles
constexpr double too_sure = 1.5, wrong = 3.0, too_unsure = 0.5;      // roots of the mean ratio
constexpr double ranks = 0.15;                                       // total variation beyond chance
constexpr double worse = 1.05;                                       // error after the data over that before
constexpr double cycles = 30;                                        // of all replicates
constexpr double replaced = 1e-3, replaced_bad = 0.05;               // share of the members
constexpr double few = 10, few_of_all = 0.25;                        // effective members
constexpr double many_members = 50, alone = 2;                       // effective members of a single cycle
constexpr double few_cycles = 0.05, many_cycles = 0.5;               // shares of the cycles with fewer
constexpr double scatter = 2.0;                                      // sd of estimated log-likelihoods
}  // namespace limit

double share_lost(const double* begin, const double* end) {
  return begin == end ? 0.0
                      : static_cast<double>(std::count_if(begin, end, [](double r) { return r > limit::lost; })) /
                            static_cast<double>(end - begin);
}

// What the ratios of all replicates tell.
struct Ratios {
  std::size_t count = 0;
  double off_by = undefined;            // root of the mean
  double least = 0.0, most = HUGE_VAL;  // the same less and more two standard errors
  double independent = 1.0;             // cycles, as many as theirs count
  double lost = 0.0;                    // share of the cycles
  double worst = 0.0;                   // off_by of a replicate
  int lost_replicates = 0, lost_at_end = 0;

  // Of N members a right filter has E ratio = (N - 1) / (N - 3), for their variance is an estimate.
  explicit Ratios(const FilterRun& run) {
    const double factor = run.are_of_data || run.members <= 4 ? 1.0 : (run.members - 3.0) / (run.members - 1.0);
    std::size_t shortest = run.ratios.empty() ? 0 : run.ratios[0].size();
    double sum = 0.0, bad = 0.0;
    for (const std::vector<double>& all : run.ratios) {
      shortest = std::min(shortest, all.size());
      if (all.empty()) continue;
      const double *const begin = all.data(), *const end = begin + all.size();
      const double own = std::accumulate(begin, end, 0.0) * factor, share = share_lost(begin, end);
      sum += own, bad += share * static_cast<double>(all.size()), count += all.size();
      worst = std::max(worst, std::sqrt(own / static_cast<double>(all.size())));
      const std::size_t last = std::min(all.size(), std::clamp<std::size_t>(all.size() / 10, 5, 20));
      lost_replicates += share > limit::lost_all ? 1 : 0;
      lost_at_end += share_lost(end - last, end) > limit::lost_all ? 1 : 0;
    }
    if (count == 0) return;
    const double mean = sum / static_cast<double>(count);
    off_by = std::sqrt(mean), lost = bad / static_cast<double>(count);
    double error = mean;  // of too few cycles to tell
    if (shortest >= 4) {
      std::vector<double> draws;
      for (const std::vector<double>& all : run.ratios)
        draws.insert(draws.end(), all.end() - static_cast<std::ptrdiff_t>(shortest), all.end());
      const auto cycles = static_cast<int>(shortest);
      const prob::ScalarSummary s = prob::summarise(
          {draws.data(), static_cast<int>(run.ratios.size()), cycles, static_cast<std::ptrdiff_t>(cycles), 1});
      if (std::isfinite(s.mcse)) error = s.mcse * factor;
      if (std::isfinite(s.ess_bulk)) independent = std::max(1.0, std::min(s.ess_bulk, static_cast<double>(count)));
    }
    least = std::sqrt(std::max(0.0, mean - 2.0 * error)), most = std::sqrt(mean + 2.0 * error);
  }
};

const char* advice_for(const FilterRun& run) {
  return run.members == 1 ? "a larger scale of the background" : "more members, more inflation, or localisation";
}

std::string in_replicates(int lost, std::size_t all) {
  return all == 1 ? "" : fmt::format(" in {} of {} replicates", lost, all);
}

// A few of very many replicates may be lost by chance.
bool are_many(int lost, std::size_t all) { return lost > 0 && lost > 0.05 * static_cast<double>(all); }

Check consistency_check(const FilterRun& run, const Ratios& r) {
  Check c{Level::unknown, run.are_of_data ? "Data over forecast" : "Error over spread", "not known", ""};
  if (r.count == 0) return c;
  c.found = fmt::format("{} where 1 is right; {} of the cycles above 3", number(r.off_by, 2), percent(r.lost));
  const std::size_t all = run.ratios.size();
  const bool is_lost = r.lost > limit::lost_many || are_many(r.lost_replicates, all) || r.least > limit::wrong;
  if (is_lost) {
    c.level = Level::bad;
    const std::string where = in_replicates(r.lost_replicates, all);
    c.advice = run.are_of_data ? fmt::format(
                                     "The data are off the forecast by up to {} times what the filter and "
                                     "noise_sd explain{}: the filter has lost the truth or is far too sure, "
                                     "or the data are noisier; {}.",
                                     number(r.worst, 2), where, advice_for(run))
                               : fmt::format(
                                     "The analysis is off the truth by up to {} times the spread of the "
                                     "members{}: the filter has lost the truth, or is far too sure; {}.",
                                     number(r.worst, 2), where, advice_for(run));
  } else if (r.lost > limit::lost_some || r.least > limit::too_sure) {
    c.level = Level::caution;
    c.advice = fmt::format("The filter is too sure of itself: {}.", advice_for(run));
  } else if (r.most < limit::too_unsure) {
    c.level = Level::caution;
    c.advice = run.are_of_data ? "The forecast and noise_sd explain more than the data show: a smaller noise_sd, or "
                                 "less inflation."
                               : "The members are further apart than they are wrong: less inflation, or a smaller "
                                 "noise of the model, would use the data better.";
  } else {
    c.level = Level::good;
  }
  return c;
}

// The state that a forecast starts from.
Check end_check(const FilterRun& run, const Ratios& r) {
  const std::size_t all = run.ratios.size();
  Check c{Level::good, "The end", "the last cycles are like the others", ""};
  if (r.lost_at_end == 0) return c;
  c.level = are_many(r.lost_at_end, all) ? Level::bad : Level::caution;
  c.found = fmt::format("most of the last cycles are lost{}: off by more than 3 times what the filter says",
                        in_replicates(r.lost_at_end, all));
  c.advice = fmt::format("The filter has lost the {} and does not see it: {}.", run.are_of_data ? "data" : "truth",
                         advice_for(run));
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

// Independent cycles count, the states of one time as one: what chance leaves is rather over- than underestimated.
Check rank_check(const FilterRun& run, const Ratios& r) {
  const double total = std::max(std::accumulate(run.ranks.begin(), run.ranks.end(), 0.0), 1.0),
               bins = static_cast<double>(run.ranks.size());
  double distance = 0.0;
  for (const double count : run.ranks) distance += 0.5 * std::abs(count / total - 1.0 / bins);
  const double chance = std::sqrt(bins / (2.0 * M_PI * r.independent));
  Check c{Level::good, "Ranks of the truth",
          fmt::format("{} of them would have to be others for a flat histogram", percent(distance)), ""};
  if (distance > limit::ranks + 1.5 * chance)
    c.level = Level::caution, c.advice = "See the histogram: " + shape_of(run.ranks, total) + ".";
  return c;
}

Check gain_check(const FilterRun& run) {
  Check c{Level::good, "What the data bring",
          fmt::format("error {} before, {} after the data of a time", number(run.forecast_rmse), number(run.rmse)), ""};
  if (run.rmse > limit::worse * run.forecast_rmse) {
    c.level = Level::caution;
    c.advice = run.members == 1 ? "The analysis is further from the truth: another background, or a noise_sd that is "
                                  "true."
                                : "The analysis throws the members further from the truth: more members, a smaller "
                                  "radius of localisation, or a noise_sd that is true.";
  }
  return c;
}

// Of very few trajectories with all the weight there is nothing to average over.
Check weights_check(const FilterRun& run) {
  const std::size_t all = run.effective.size();
  const double few = std::min(limit::few, limit::few_of_all * run.members);
  double sum = 0.0, cycles = 0.0;
  for (const double n : run.effective) sum += n, cycles += n < few ? 1.0 : 0.0;
  const double share = cycles / static_cast<double>(all);
  Check c{Level::good, "Weights",
          fmt::format("{} members effective on average; fewer than {} in {} of the cycles",
                      number(sum / static_cast<double>(all), 3), number(few, 2), percent(share)),
          ""};
  const double least = *std::min_element(run.effective.begin(), run.effective.end());
  if (share <= limit::few_cycles) {
    if (run.is_twin || run.members < limit::many_members || least >= limit::alone) return c;
    c.level = Level::caution;
    c.found += fmt::format("; once {} of {}", number(least, 2), count(run.members));
    c.advice =
        "At that time hardly any particle lay where the data say: the log-likelihood may be far too low, and what "
        "follows hangs on a few. More members, or another proposal.";
    return c;
  }
  c.level = share > limit::many_cycles ? Level::bad : Level::caution;
  c.advice =
      "A few trajectories have all the weight: more members, a proposal that looks at the data, or a larger "
      "model_noise_sd.";
  return c;
}

// The logarithm of an estimate without bias lies low by half its variance.
Check scatter_check(const FilterRun& run) {
  const std::vector<double>& all = run.log_likelihoods;
  const auto n = static_cast<double>(all.size());
  const double mean = std::accumulate(all.begin(), all.end(), 0.0) / n;
  double squares = 0.0;
  for (const double one : all) squares += (one - mean) * (one - mean);
  const double sd = std::sqrt(squares / (n - 1.0));
  Check c{
      Level::good, "Log-likelihood",
      fmt::format("{}, with a standard deviation of {} over {} replicates", number(mean, 6), number(sd, 2), count(n)),
      ""};
  if (!(sd > limit::scatter)) return c;
  c.level = Level::caution;
  c.advice = "Estimates that scatter so much lie low by half their variance, and chains on them stick: more members.";
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

void put_in_words(const FilterRun& run, bool is_known, Verdict& v) {
  std::string named;
  for (const Check& c : v.checks)
    if (c.level == v.level) named += (named.empty() ? "" : ", ") + c.what;
  if (v.level == Level::good) {
    v.headline = fmt::format("The filter follows the {}", run.are_of_data ? "data" : "truth");
    v.summary = run.members == 1 ? "It errs by about what it says; the states below can be used."
                                 : "It errs by about what its members say; error, spread and states below can be used.";
  } else if (v.level == Level::unknown) {
    v.headline = "Not judged";
    v.summary =
        run.has_density
            ? "Data with a density of their own are compared with no forecast; what is known of the "
              "members is below. More members should give the same log-likelihood, and replicates = 20 tell how "
              "far it scatters."
            : "The run left too little to say whether the filter follows.";
  } else if (v.level == Level::caution) {
    v.headline = "Use with caution";
    v.summary = fmt::format("{}, with reservations: {}.", is_known ? "The filter follows" : "The filter ran", named);
  } else {
    v.headline = "Not reliable";
    v.summary = fmt::format("Do not trust this run: {}.", named);
  }
}

}  // namespace

Verdict judge(const FilterRun& run) {
  const Ratios ratios(run);
  Verdict v;
  v.checks.push_back(consistency_check(run, ratios));
  const bool is_known = ratios.count > 0;
  if (is_known) v.checks.push_back(end_check(run, ratios));
  if (is_known && !run.ranks.empty()) v.checks.push_back(rank_check(run, ratios));
  if (run.is_twin && std::isfinite(run.rmse) && std::isfinite(run.forecast_rmse)) v.checks.push_back(gain_check(run));
  if (!run.effective.empty()) v.checks.push_back(weights_check(run));
  if (run.log_likelihoods.size() > 1) v.checks.push_back(scatter_check(run));
  if (run.replaced > 0.0) v.checks.push_back(replaced_check(run));
  if (is_known && static_cast<double>(ratios.count) < limit::cycles)
    v.checks.push_back({Level::caution, "Cycles",
                        fmt::format("{} with data after the spin-up", count(static_cast<double>(ratios.count))),
                        "Means over so few say little: more observations, or replicates."});
  v.level = is_known ? Level::good : Level::unknown;
  for (const Check& c : v.checks) v.level = std::max(v.level, c.level);
  put_in_words(run, is_known, v);
  return v;
}

}  // namespace aleator::campaign::report
