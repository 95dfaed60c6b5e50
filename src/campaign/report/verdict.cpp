#include "campaign/report/verdict.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "campaign/report/agreement.hpp"
#include "campaign/report/draw_checks.hpp"
#include "campaign/report/format.hpp"
#include "campaign/report/particle_checks.hpp"
#include "campaign/report/selection.hpp"
#include "campaign/report/statistics.hpp"

namespace aleator::campaign::report {
namespace {

// Effective samples of a typical parameter; of an ensemble that does not know them, its members.
double typical_samples(const MethodRun& run) {
  std::vector<double> all;
  for (const ParameterRow& row : run.parameters) all.push_back(row.ess_bulk);
  const double typical = quantile(sorted_finite(std::move(all)), 0.5);
  return std::isfinite(typical) ? typical : static_cast<double>(run.chains) * run.draws;
}

// Spreads and means beside an exact method's, with what chance leaves of them.
std::string bias_beside(const ReportData& data, const MethodRun& exact) {
  const MethodRun& run = data.main;
  std::vector<double> ratios;
  Extreme apart;
  double apart_error = 0.0;
  for (std::size_t p = 0; p < run.parameters.size(); ++p) {
    const ParameterRow &a = run.parameters[p], &b = exact.parameters[p];
    ratios.push_back(a.sd / b.sd);
    const double shift = (a.mean - b.mean) / b.sd;
    if (!std::isfinite(shift) || std::abs(shift) <= std::abs(apart.value)) continue;
    apart = {shift, static_cast<int>(p)};
    apart_error = std::hypot(std::isfinite(a.mcse) ? a.mcse : 0.0, std::isfinite(b.mcse) ? b.mcse : 0.0) / b.sd;
  }
  const double typical = quantile(sorted_finite(std::move(ratios)), 0.5),
               error = typical * std::sqrt(0.5 / typical_samples(run) + 0.5 / typical_samples(exact));
  if (!std::isfinite(typical)) return "";
  std::string out = fmt::format("its standard deviations are typically {} ± {} times those of {}", number(typical, 2),
                                number(error, 1), exact.name);
  if (apart.parameter >= 0)
    out += fmt::format(", and the mean of {} is furthest off, by {} ± {} of them",
                       parameter_name(data, apart.parameter), number(apart.value, 2), number(apart_error, 1));
  return out;
}

// What can be measured of a biased method's bias: against the reference, and against an exact method.
std::string measured_bias(const ReportData& data) {
  const MethodRun& run = data.main;
  std::string out;
  if (std::isfinite(run.error)) out += fmt::format("relative squared error of the mean e = {}", number(run.error));
  if (has_reference(data) && !data.reference_is_truth) {  // the exact mean is not at the truth
    Extreme z;
    for (std::size_t p = 0; p < run.parameters.size(); ++p) {
      const double v = std::abs(run.parameters[p].mean - data.reference_mean[p]) / run.parameters[p].sd;
      if (std::isfinite(v) && !(v <= z.value)) z = {v, static_cast<int>(p)};
    }
    if (z.parameter >= 0) {
      out += fmt::format("{}furthest off is the mean of {}, by {} of its standard deviations from the {}",
                         out.empty() ? "" : "; ", parameter_name(data, z.parameter), number(z.value, 2),
                         data.reference_label);
    }
  }
  if (const MethodRun* const exact = best_exact_comparison(data); exact != nullptr) {
    const std::string beside = bias_beside(data, *exact);
    if (!beside.empty()) out += (out.empty() ? "" : "; ") + beside;
  }
  return out;
}

std::string why_not_measured(const ReportData& data) {
  const bool has_exact =
      std::any_of(data.comparisons.begin(), data.comparisons.end(), [](const MethodRun& run) { return run.is_exact; });
  return has_exact ? "not measured: no exact method beside it has enough sound draws"
                   : "not measured: there is no reference";
}

// What draws of the prior find of the posterior where the method's have next to none.
double unseen_of(const MethodRun& run) {
  const Series* const unseen = history_of(run, "unseen_share");
  return unseen == nullptr ? 0.0 : unseen->y.back();
}

// Laplace's approximation weighs its own draws: where the weights hardly differ it is the posterior.
bool is_confirmed_by_weights(const MethodRun& run, double& share) {
  const Series *const shares = history_of(run, "effective_share"), *const tails = history_of(run, "pareto_k");
  if (shares == nullptr || history_of(run, "laplace_log_evidence") == nullptr) return false;
  share = shares->y.back();
  const Series* const shifts = history_of(run, "mean_shift");
  if (shifts != nullptr && !(shifts->y.back() <= threshold::weights_shift)) return false;
  if (unseen_of(run) > threshold::unseen) return false;
  return share >= threshold::weights_share && (tails == nullptr || !(tails->y.back() > threshold::weights_tail));
}

Check aim_check() {
  return {Level::biased, "Aim", "a point, or a law of its own, and not the posterior",
          "Spreads, quantiles and effective sample sizes say nothing of the posterior."};
}

Check bias_check(const ReportData& data) {
  const std::string measured = measured_bias(data);
  if (double share = 0.0; is_confirmed_by_weights(data.main, share))
    return {Level::good, "Bias",
            fmt::format("the posterior is normal as far as importance weights of the draws tell: they are worth {} of "
                        "as many exact ones{}",
                        percent(share), measured.empty() ? "" : "; " + measured),
            ""};
  std::string known = measured.empty() ? why_not_measured(data) : "measured: " + measured;
  if (const double unseen = unseen_of(data.main); unseen > threshold::unseen)
    known = fmt::format("by draws of the prior {} of the posterior lie where its own have next to none; ",
                        percent(unseen)) +
            known;
  return {Level::biased, "Bias", known,
          "Its draws follow the posterior in special cases only (see its page in docs/theory). Use the result to start "
          "an exact sampler, or check it against one."};
}

// p-value of the discrepancy of all data from what the posterior replicates.
Check prediction_check(const Prediction& p, bool is_exact) {
  Check c{Level::good, "Data",
          fmt::format("{} of {} replicated data sets lie as far from the prediction as the data (p = {}); {} of the "
                      "data outside the central 90 % of their replicates",
                      percent(p.p_value), count(p.draws), number(p.p_value, 2), percent(p.outside)),
          ""};
  if (std::isfinite(p.p_value_log_likelihood))
    c.found += fmt::format("; as unlikely as the data: p = {}", number(p.p_value_log_likelihood, 2));
  if (p.p_value < threshold::predictive || p.p_value_log_likelihood < threshold::predictive) {
    c.level = Level::caution;
    c.advice =
        "The model with its posterior parameters does not make such data: look at the residuals; the model lacks "
        "something, or the noise is understated.";
    if (!is_exact) c.advice += " Or the method, which is biased, has drawn from another law.";
  } else if (p.p_value_log_likelihood > 1.0 - threshold::predictive) {
    c.advice = is_exact ? "The data are more likely than nearly all that the model makes: the noise is overstated."
                        : "The data are more likely than nearly all that the model makes: the noise is overstated, or "
                          "the method, which is biased, keeps too close to the data.";
  } else if (p.p_value > 1.0 - threshold::predictive) {
    c.advice =
        "The prediction follows the data closely, as it does where there are about as many parameters as data: the "
        "distances say little of the model.";
  }
  return c;
}

// By more than this factor, and more than chance makes of it.
bool spread_is_wrong(const MethodRun& run, double factor) {
  if (run.ksd_typical_spread > factor) return true;  // of most draws, whatever a few make of the mean
  const bool is_off = run.ksd_spread > factor || run.ksd_spread < 1.0 / factor;
  return is_off && std::abs(run.ksd_spread - 1.0) > 5.0 * run.ksd_spread_error;
}

// Whether the draws fit the posterior's density, by its gradient alone.
Check stein_check(const MethodRun& run) {
  Check c{Level::good, "Stein discrepancy",
          fmt::format("{} at {}; {} is usual for as many independent draws (p = {})", number(run.ksd),
                      plural(run.ksd_draws, "draw"), number(run.ksd_expected), number(run.ksd_p_value, 2)),
          ""};
  if (run.ksd_edge_share > threshold::edges) {
    c.level = Level::unknown;
    c.advice = fmt::format(
        "{} of the points beside draws have density zero: where a density ends at an edge the discrepancy of exact "
        "draws is not small, and says nothing.",
        percent(run.ksd_edge_share));
  } else if (spread_is_wrong(run, threshold::spread_caution)) {
    c.level = spread_is_wrong(run, threshold::spread_bad) ? Level::bad : Level::caution;
    c.found += fmt::format("; by Stein's identity the draws' variance is about {} of the density's",
                           number(run.ksd_spread, 2));
    c.advice = run.ksd_spread > 1.0
                   ? "The draws lie far too wide: the method has not converged, or its steps are too long."
                   : "The draws lie far too close together: the method has collapsed, or has not converged.";
    c.advice += " Where the density jumps (an if in a formula) this is said of right draws too.";
  } else if (run.ksd_p_value < threshold::predictive) {
    c.level = Level::caution;
    c.advice =
        "The draws do not lie as the density says: they depend on each other, or the method is biased, or has not "
        "converged. Where the density jumps (an if in a formula) this is said of right draws too.";
  }
  return c;
}

// States that have run away: an explicit step that is too long for the density's tails.
Check range_check(const MethodRun& run) {
  return {Level::bad, "Range", fmt::format("states as far as {} prior standard deviations out", number(run.farthest)),
          "The states run away: shorter steps, or a method that rejects (mala, nuts). Where it does reject, the "
          "density may have no integral: a direction that neither data nor prior bound."};
}

Check reference_check(const MethodRun& run) {
  const double distance = run.sliced_wasserstein, noise = run.sliced_wasserstein_noise;
  Check c{
      Level::unknown, "Reference run",
      fmt::format("sliced Wasserstein distance {} to {}, in standard deviations", number(distance), run.reference_run),
      ""};
  if (!std::isfinite(noise)) return c;
  c.found += fmt::format("; {} between two halves of the reference", number(noise));
  c.level = distance < 2.0 * noise ? Level::good : Level::caution;
  if (c.level != Level::good)
    c.advice = "One of the two runs is biased, has not converged, or has few independent draws.";
  return c;
}

// Model runs that failed, as a share of all; in the warm-up chains may try states that say nothing of the posterior.
Check failure_check(const MethodRun& run) {
  const bool is_chains = run.kind == "chains";
  const double failed = run.rejected_rows + run.imputed_rows - (is_chains ? run.lost_in_warmup : 0.0);
  const double share = failed / (run.model_evaluations - (is_chains ? run.warmup_evaluations : 0.0));
  std::string found = fmt::format("{} of the model runs{} failed", share < 0.001 ? "under 0.1 %" : percent(share),
                                  is_chains && run.warmup_evaluations > 0 ? " after the warm-up" : "");
  for (const auto& [rows, words] : {std::pair(run.rejected_rows, "rejected"), std::pair(run.imputed_rows, "imputed"),
                                    std::pair(run.recovered_rows, "sound when computed again")})
    if (rows > 0) found += fmt::format("; {} {}", count(rows), words);
  Check c{Level::good, "Failed model runs", found, ""};
  if (share > threshold::failed) {
    c.level = Level::caution;
    c.advice = run.imputed_rows > 0.0
                   ? "Imputed rows count as if the model had given a neighbour's outputs there: where many fail the "
                     "result is not the posterior; see failed_rows.csv for where they are."
                   : "The posterior is that of the region where the model can be computed: see failed_rows.csv for "
                     "where it cannot.";
  }
  return c;
}

std::string advice_count(const std::vector<Check>& checks, Level level) {
  std::string out;
  for (const Check& c : checks) {
    if (c.level == level) out += (out.empty() ? "" : ", ") + c.what;
  }
  return out;
}

void put_in_words(const MethodRun& run, Verdict& v) {
  switch (v.level) {
    case Level::good:
      v.headline = run.kind == "chains" ? "Converged" : "No fault found";
      v.summary = run.kind == "chains"
                      ? "All diagnostics are within their limits: means, spreads and quantiles below can be used."
                      : "All checks that this method allows are within their limits; the numbers below can be used.";
      break;
    case Level::unknown:
      v.headline = "Not judged";
      v.summary = "The run left too few diagnostics to say whether it can be trusted.";
      break;
    case Level::caution:
      v.headline = "Use with caution";
      v.summary =
          fmt::format("Good for a first look, not for final numbers: {}.", advice_count(v.checks, Level::caution));
      break;
    case Level::biased:
      v.headline = !run.is_posterior ? "Not the posterior" : run.is_exact ? "Approximate likelihood" : "Biased method";
      if (!run.is_posterior) {
        v.summary = "This setting looks for something else than the posterior: its page in docs/theory says for what.";
        break;
      }
      v.summary = run.is_exact
                      ? "The sample is that of an approximate likelihood: its mean and spread may be wrong by an "
                        "amount that more draws do not remove."
                      : "This method approximates the posterior: but in special cases its mean and spread are wrong by "
                        "an amount that more draws alone do not remove.";
      break;
    case Level::bad:
      v.headline = run.kind == "chains" ? "Not converged" : "Not reliable";
      v.summary = fmt::format("Do not use these numbers: {} failed.", advice_count(v.checks, Level::bad));
      if (!run.is_exact) v.summary += " The method is also biased.";
      break;
  }
}

}  // namespace

Extreme extreme_of(const MethodRun& run, double ParameterRow::*what, int sign) {
  Extreme e;
  for (std::size_t p = 0; p < run.parameters.size(); ++p) {
    const double v = run.parameters[p].*what;
    if (!std::isnan(v) && (e.parameter < 0 || sign * v > sign * e.value)) e = {v, static_cast<int>(p)};
  }
  return e;
}

Level rhat_level(double rhat) {
  if (std::isnan(rhat)) return Level::unknown;
  return rhat < threshold::rhat_good ? Level::good : rhat < threshold::rhat_caution ? Level::caution : Level::bad;
}

Level ess_level(double ess) {
  if (!std::isfinite(ess)) return Level::unknown;
  ess *= 1.0 + 1e-12;  // as many independent draws as that have it but for rounding
  return ess >= threshold::ess_good ? Level::good : ess >= threshold::ess_caution ? Level::caution : Level::bad;
}

const char* level_class(Level level) {
  switch (level) {
    case Level::good:
      return "good";
    case Level::unknown:
      return "unknown";
    case Level::caution:
      return "caution";
    case Level::biased:
      return "biased";
    case Level::bad:
      return "bad";
  }
  return "unknown";
}

Level level_of_class(const std::string& name) {
  for (const Level level : {Level::good, Level::caution, Level::biased, Level::bad})
    if (name == level_class(level)) return level;
  return Level::unknown;
}

Verdict judge(const ReportData& data) {
  const MethodRun& run = data.main;
  Verdict v;
  if (!run.is_posterior)
    v.checks.push_back(aim_check());
  else if (!run.is_exact)
    v.checks.push_back(bias_check(data));
  if (!run.approximation.empty())
    v.checks.push_back({Level::biased, "Likelihood", run.approximation,
                        "Where that does not hold means, spreads and evidence err by more than their errors say: "
                        "compare with a filter that is right for every model (filter/particle without "
                        "regularisation)."});
  draw_checks(data, v.checks);
  if (run.kind == "particles") particle_checks(run, v.checks);
  if (Check c = evidence_agreement(data); !c.found.empty()) v.checks.push_back(std::move(c));
  if (Check c = mean_agreement(data); !c.found.empty()) v.checks.push_back(std::move(c));
  if (data.posterior_prediction.draws >= 2)
    v.checks.push_back(prediction_check(data.posterior_prediction, run.is_exact));
  if (run.farthest > threshold::runaway) v.checks.push_back(range_check(run));
  if (!run.reference_run.empty()) v.checks.push_back(reference_check(run));
  if (run.rejected_rows + run.recovered_rows + run.imputed_rows > 0) v.checks.push_back(failure_check(run));
  if (run.is_posterior && run.ksd_draws > 0) {
    Check stein = stein_check(run);
    const bool is_alone = std::all_of(v.checks.begin(), v.checks.end(), [](const Check& c) {
      return c.level == Level::good || c.level == Level::unknown;
    });
    // Of a density that jumps it says so of right draws, which no other check doubts.
    const bool may_jump = run.is_exact && run.ksd_spread < 1.0 && !(run.ksd_typical_spread > threshold::spread_bad);
    if (is_alone && may_jump && stein.level == Level::bad) stein.level = Level::caution;
    v.checks.push_back(std::move(stein));
  }
  bool any_known = false;
  for (const Check& c : v.checks) {
    any_known = any_known || c.level == Level::good;
    v.level = std::max(v.level, c.level);
  }
  // acceptance alone proves nothing about chains
  const bool judged = run.kind != "chains" || extreme_of(run, &ParameterRow::rhat, 1).parameter >= 0 ||
                      extreme_of(run, &ParameterRow::ess_bulk, -1).parameter >= 0;
  if (v.level == Level::unknown && any_known && judged) v.level = Level::good;
  put_in_words(run, v);
  return v;
}

}  // namespace aleator::campaign::report
