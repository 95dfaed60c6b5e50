#include "campaign/report/draw_checks.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "campaign/report/format.hpp"
#include "campaign/report/particle_checks.hpp"
#include "campaign/report/selection.hpp"
#include "campaign/report/statistics.hpp"
#include "prob/diagnostics.hpp"

namespace aleator::campaign::report {
namespace {

struct AcceptanceRange {
  const char* part_of_component;
  double low, high;
  const char* best;
};
// Ranges within which efficiency is close to its best; optima: Roberts, Rosenthal 2001 (0.234, 0.574), Beskos et al.
// 2013 (0.65).
constexpr AcceptanceRange acceptance_ranges[] = {
    {"nuts", 0.55, 0.98, "0.8"},         {"hmc", 0.45, 0.98, "0.65 to 0.8"},      {"mala", 0.30, 0.85, "0.57"},
    {"random_walk", 0.10, 0.50, "0.23"}, {"metropolis", 0.10, 0.50, "0.23"},      {"rwm", 0.10, 0.50, "0.23"},
    {"pcn", 0.10, 0.60, "0.2 to 0.4"},   {"", 0.10, 0.98, "between 0.2 and 0.8"},
};

// Where nearly every draw counts, no proposal is too timid: those of sampler/dili on a Gaussian posterior.
bool draws_are_independent(const MethodRun& run) {
  constexpr double enough = 0.5;  // effective samples of a draw
  const double draws = all_draws(run);
  return draws > 0.0 && extreme_of(run, &ParameterRow::ess_bulk, -1).value > enough * draws;
}

Check acceptance_check(const MethodRun& run) {
  const AcceptanceRange& range =
      *std::find_if(std::begin(acceptance_ranges), std::end(acceptance_ranges),
                    [&run](const auto& r) { return run.component.find(r.part_of_component) != std::string::npos; });
  Check c{Level::good, "Acceptance", fmt::format("{} of the proposals", percent(run.acceptance)), ""};
  if (run.acceptance < range.low) {
    c.level = run.acceptance < 0.01 ? Level::bad : Level::caution;
    c.advice =
        fmt::format("Proposals are too bold: take a smaller step, or let it adapt longer (best: {}).", range.best);
  } else if (run.acceptance > range.high && !draws_are_independent(run)) {
    c.level = Level::caution;
    c.advice =
        fmt::format("Proposals are too timid: take a larger step, or let it adapt longer (best: {}).", range.best);
  }
  return c;
}

Check rhat_check(const ReportData& data, const Extreme& worst) {
  const MethodRun& run = data.main;
  Check c{rhat_level(worst.value), "R-hat",
          fmt::format("largest {}, at {}", number(worst.value, 4), parameter_name(data, worst.parameter)), ""};
  int above = 0, missing = 0;
  for (const ParameterRow& row : run.parameters) {
    above += row.rhat >= threshold::rhat_good;
    missing += std::isnan(row.rhat) && row.sd != 0.0;  // a constant of the prior is one value for all chains
  }
  if (above > 1)
    c.found += fmt::format("; {} of {} parameters at {} or more", above, run.parameters.size(), threshold::rhat_good);
  if (c.level == Level::caution) c.advice = "The chains still differ a little: run about twice as many draws.";
  if (c.level == Level::bad) {
    c.advice =
        "The chains do not agree: discard a longer warm-up and run longer; if chains stay apart, start them closer to "
        "the posterior or use a tempered sampler, for there may be several modes.";
  }
  if (missing > 0) {  // where no chain moves
    c.level = std::max(c.level, Level::caution);
    c.found += fmt::format("; undefined for {}", plural(missing, "parameter"));
    c.advice += std::string(c.advice.empty() ? "" : " ") + "See whether those parameters move at all.";
  }
  if (run.chains == 1 && run.kind == "chains") {
    c.level = std::max(c.level, Level::caution);
    c.found += "; from one chain only, whose halves are compared";
    c.advice += std::string(c.advice.empty() ? "" : " ") + "Run at least four chains from scattered starts.";
  }
  return c;
}

// `factor`: of the draws.
std::string advice_on_samples(const MethodRun& run, double factor) {
  constexpr double apart = 1.1, hardly = 1.1, far = 20.0;
  if (extreme_of(run, &ParameterRow::rhat, 1).value > apart)
    return "So far it tells no more than that the chains do not agree: see R-hat.";
  if (const Series* const tails = history_of(run, "pareto_k");
      tails != nullptr && tails->y.back() > threshold::weights_tail_bad)
    return "More draws of this proposal do not help: see the weights.";
  if (factor < hardly) return fmt::format("A few more draws would reach {}.", count(threshold::ess_good));
  const bool knows_shape = run.component == "sampler/hmc" || run.component == "sampler/nuts" ||
                           run.component == "sampler/mala" || run.component == "sampler/dili" ||
                           run.component == "sampler/gpcn";
  return fmt::format("About {} times as many draws would reach {}{}.", number(factor, 2), count(threshold::ess_good),
                     factor > far && !knows_shape
                         ? "; a sampler that uses gradients or the posterior's shape costs less than that"
                         : "");
}

Check ess_check(const ReportData& data, const char* what, const Extreme& worst) {
  Check c{ess_level(worst.value), what,
          fmt::format("smallest {}, at {}", count(worst.value), parameter_name(data, worst.parameter)), ""};
  if (c.level != Level::good && data.main.kind == "ensemble") {  // no sign of a run that went wrong
    c.level = Level::caution;
    c.advice = "What all members share (a gain, a covariance, a kernel) is known from them alone: take more members.";
  } else if (c.level != Level::good) {
    c.advice = advice_on_samples(data.main, threshold::ess_good / std::max(worst.value, 1.0));
  }
  return c;
}

// R-hat and ESS look at ranks; a mean that hangs on rare large values may still be uncertain, or not exist. Empty: none does.
Check mean_check(const ReportData& data) {
  const Extreme tail = extreme_of(data.main, &ParameterRow::pareto_k, 1);
  if (tail.value > threshold::mean_tail)
    return {
        Level::caution, "Means",
        fmt::format("{} has a tail like |x|^-{}, as far as the draws reach (Pareto k = {}): its mean "
                    "hangs on values rarer than the draws, or is infinite, and its error is not that stated",
                    parameter_name(data, tail.parameter), number(1.0 + 1.0 / tail.value, 2), number(tail.value, 2)),
        "Use its median and quantiles; if its mean is finite, run longer, or give it the tail or coordinate moves of "
        "sampler/hmc. Its logarithm has a mean."};
  double worst = 0.0;
  int at = -1, uncertain = 0;
  for (std::size_t p = 0; p < data.main.parameters.size(); ++p) {
    const ParameterRow& row = data.main.parameters[p];
    const double relative = row.mcse / prob::central_spread(row.q05, row.q95);
    if (!(row.q95 > row.q05) || !prob::has_heavy_tail(row.sd, row.q05, row.q95) || !(relative > threshold::mean_error))
      continue;
    ++uncertain;
    if (relative > worst) worst = relative, at = static_cast<int>(p);
  }
  if (uncertain == 0) return {};
  return {
      Level::caution, "Means",
      fmt::format("{} with a heavy tail known to worse than {} of the spread of most draws; worst {}, to ± {}",
                  plural(uncertain, "mean"), percent(threshold::mean_error), parameter_name(data, at), percent(worst)),
      "Quantiles can be used; for these means run longer, since rare large values decide them, or give these "
      "parameters the tail or coordinate moves of sampler/hmc."};
}

// After the warm-up, those between draws too.
double trajectories(const MethodRun& run) {
  const Series* const counted = history_of(run, "trajectories");
  return counted == nullptr ? all_draws(run) : counted->y.back();
}

// Draws that a trajectory could not reach are missing: the neck of a funnel, usually.
Check divergence_check(const MethodRun& run, double divergences) {
  const double share = divergences / trajectories(run);
  Check c{Level::good, "Divergences", fmt::format("{} of the trajectories after the warm-up", count(divergences)), ""};
  if (share > threshold::divergent_good) {
    c.level = share > threshold::divergent ? Level::bad : Level::caution;
    c.advice =
        "Where trajectories diverge, draws are missing: a higher target_acceptance, or other parameters. Where "
        "data say little of each effect, a scale and standard normal factors; where they say much, the effects "
        "themselves; or the effects integrated out.";
  }
  return c;
}

// Trajectories that max_depth ended: not wrong, but a sign of steps far shorter than the posterior is wide.
Check depth_check(const MethodRun& run, double cut_short) {
  const double share = cut_short / trajectories(run);
  return {Level::caution, "Trajectories",
          fmt::format("{} were as long as max_depth allows", percent(std::min(1.0, share))),
          "Steps are short beside the posterior: look for jumps of the density (an if in a formula) and for scales "
          "that lie far apart or hang on each other. Another metric (dense, or hessian for many parameters and data) "
          "makes such scales alike."};
}

// Chains stick at lucky estimates (Doucet, Pitt, Deligiannidis, Kohn 2015: 1 to 1.7 is best). SMC^2 takes more members by itself.
Check estimate_check(const MethodRun& run) {
  Check c{Level::good, "Estimated likelihood",
          fmt::format("the filter's log-likelihood has a standard deviation of {} at the posterior mean",
                      number(run.estimate_sd, 2)),
          ""};
  if (run.component == "sampler/smc2" || !(run.estimate_sd > threshold::estimate_sd)) return c;
  c.level = Level::caution;
  c.advice =
      "Chains stick at lucky estimates, which looks like several modes: more members of the filter (the variance "
      "falls with their number), or a proposal of it that looks at the data.";
  return c;
}

}  // namespace

void draw_checks(const ReportData& data, std::vector<Check>& checks) {
  const MethodRun& run = data.main;
  const Extreme rhat = extreme_of(run, &ParameterRow::rhat, 1);
  if (rhat.parameter >= 0)
    checks.push_back(rhat_check(data, rhat));
  else if (run.kind == "chains" && run.farthest > 0.0 && !run.parameters.empty())
    checks.push_back({Level::bad, "R-hat", "infinite or undefined for every parameter",
                      "The chains stand still, each at a place of its own: nothing has been sampled."});
  const Extreme bulk = extreme_of(run, &ParameterRow::ess_bulk, -1),
                tail = extreme_of(run, &ParameterRow::ess_tail, -1);
  if (run.is_posterior && bulk.parameter >= 0) checks.push_back(ess_check(data, "Bulk ESS", bulk));
  if (run.is_posterior && tail.parameter >= 0) checks.push_back(ess_check(data, "Tail ESS", tail));
  if (Check c = mean_check(data); run.is_exact && !c.found.empty()) checks.push_back(std::move(c));
  if (std::isfinite(run.estimate_sd)) checks.push_back(estimate_check(run));
  if (std::isfinite(run.acceptance)) checks.push_back(acceptance_check(run));
  if (const Series* const divergences = history_of(run, "divergences"))
    checks.push_back(divergence_check(run, divergences->y.back()));
  if (const Series* const cut_short = history_of(run, "cut_short");
      cut_short != nullptr && cut_short->y.back() > threshold::cut_short * trajectories(run))
    checks.push_back(depth_check(run, cut_short->y.back()));
}

}  // namespace aleator::campaign::report
