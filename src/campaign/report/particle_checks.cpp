#include "campaign/report/particle_checks.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "campaign/report/format.hpp"
#include "campaign/report/statistics.hpp"

namespace aleator::campaign::report {
namespace {

// Particles that remember where a level began have not been drawn from the levels since; no standard error knows of that. Short
// chains from resampled particles always remember; how far that can be borne is then for the number of ancestors to say. They
// are also the pairs of which the correlation is known.
Check memory_check(const MethodRun& run, const Series& correlations) {
  const auto largest = [](const Series& s) { return *std::max_element(s.y.begin(), s.y.end()); };
  const Series *const chains = history_of(run, "chains"), *const densities =
                                                              history_of(run, "log_likelihood_correlation");
  const double pairs = chains == nullptr ? all_draws(run) : *std::min_element(chains->y.begin(), chains->y.end());
  const double remembered = largest(correlations),
               limit = std::max(threshold::remembered + 2.5 / std::sqrt(pairs), 4.0 / std::sqrt(pairs));
  Check c{Level::good, "Forgetting",
          fmt::format("correlation of a coordinate with the start of its level: {} at most", number(remembered, 2)),
          ""};
  if (remembered <= limit) return c;
  // A density that has forgotten what its coordinates remember: particles moved freely in regions that they did not leave.
  if (densities != nullptr && largest(*densities) <= limit) {
    c.level = Level::caution;
    c.found += fmt::format(", of the log-likelihood {} at most", number(largest(*densities), 2));
    c.advice =
        "Particles move freely but stay in the region where a level found them: modes that lie apart, or a long ridge. "
        "How many lie in each was settled before the regions parted: the standard error of the evidence knows of it, "
        "those of the means do not. Repeat the run ([campaign] replicates) to see how far they scatter.";
    return c;
  }
  // Modes of different heights: the log-likelihood tells which one a particle is in, and forgets the rest.
  const bool all_move = pairs >= all_draws(run),
             is_stuck =
                 remembered > threshold::stuck && (densities == nullptr || largest(*densities) > threshold::stuck);
  c.level = all_move && is_stuck ? Level::bad : Level::caution;
  c.advice =
      "Means and evidence may err by many of their standard errors, with more particles no less: more moves (a smaller "
      "correlation and larger max_moves, max_burn_in or chain_length), another kind of move, or parameters that the "
      "moves cross more easily (a scale and standard normal factors); compare with another method.";
  return c;
}

// Of nested sampling: points that keep their likelihoods have not spread over their level set.
Check spreading_check(const Series& correlations) {
  const double usual = quantile(sorted_finite(correlations.y), 0.5);
  Check c{Level::good, "Forgetting",
          fmt::format("correlation of log-likelihoods before and after the moves of a step: {} in the median",
                      number(usual, 2)),
          ""};
  if (usual > threshold::remembered) {
    c.level = Level::caution;
    c.advice =
        "The evidence may err by more than its standard error: raise max_moves, and compare with another method.";
  }
  return c;
}

// Of importance weights, by the shape of their tail (Vehtari, Simpson, Gelman, Yao, Gabry 2024).
// Moves by the gradient with a step that suits most of the posterior are refused where it is much narrower: in the neck of a
// hierarchical scale. Particles that stand there at its mouth are all that tells of what lies behind.
Check moves_check(double refusing) {
  Check c{Level::good, "Moves", fmt::format("{} of the particles refuse nearly all of them", percent(refusing)), ""};
  if (refusing > threshold::refusing) {
    c.level = Level::caution;
    c.advice =
        "Where these stand the posterior is far narrower than elsewhere (the neck of a hierarchical scale, a curved "
        "ridge, a hard edge), and what lies behind is found too seldom: means and evidence may err by many of their "
        "standard errors. Other parameters (where data say little of each effect, a scale and standard normal "
        "factors; where they say much, the effects themselves), or sampler/nested to compare with.";
  }
  return c;
}

Check weights_check(double pareto_k) {
  Check c{Level::good, "Weights", fmt::format("Pareto k = {:.2f}", pareto_k), ""};
  if (pareto_k > threshold::weights_tail_bad) {
    c.level = Level::bad;
    c.advice = fmt::format(
        "Above {} the weights hang on a few draws: the proposal does not cover the posterior, and neither means nor "
        "evidence nor their errors can be trusted. Take a proposal nearer to the posterior.",
        threshold::weights_tail_bad);
  }
  return c;
}

// Draws of the prior, of which the proposal knows nothing, find modes that it does not cover.
Check cover_check(double unseen) {
  Check c{Level::good, "Cover",
          fmt::format("{} of the posterior, as draws of the prior tell it, where the proposal has next to none",
                      percent(unseen)),
          ""};
  if (unseen > threshold::unseen) {
    c.level = Level::bad;
    c.advice = "There is another mode, or a long tail: sampler/smc or sampler/nested find such.";
  }
  return c;
}

// Of what is known: good, caution or bad.
Level worst_level(const std::vector<Check>& checks) {
  const auto has = [&](Level level) {
    return std::any_of(checks.begin(), checks.end(), [level](const Check& c) { return c.level == level; });
  };
  return has(Level::bad) ? Level::bad : has(Level::caution) ? Level::caution : Level::good;
}

}  // namespace

const Series* history_of(const MethodRun& run, const char* name) {
  for (const Series& series : run.histories)
    if (series.name == name && !series.y.empty()) return &series;
  return nullptr;
}

void particle_checks(const MethodRun& run, std::vector<Check>& checks) {
  if (run.different_draws > 0) {
    const double all = static_cast<double>(run.chains) * run.draws, share = run.different_draws / all;
    Check c{Level::good, "Different particles", fmt::format("{} of {}", percent(share), count(all)), ""};
    if (share < threshold::unique_good) {
      c.level = share < threshold::unique_caution ? Level::bad : Level::caution;
      c.advice =
          "Many particles are copies: take more moves per temperature and smaller temperature steps, or, of an "
          "importance sample, more draws from a proposal nearer to the posterior.";
    }
    checks.push_back(std::move(c));
  }
  if (run.ancestors < threshold::ancestors)
    checks.push_back({run.ancestors < threshold::ancestors_bad ? Level::bad : Level::caution, "Ancestors",
                      fmt::format("the particles descend from no more than {}", number(run.ancestors)),
                      "The standard errors come from differences between families: of so few they are guesses. Take "
                      "more particles, or more moves after each resampling."});
  if (const Series* const tails = history_of(run, "pareto_k"))
    checks.push_back(weights_check(tails->y.back()));
  else if (run.component == "sampler/importance")
    checks.push_back({Level::bad, "Weights", "too few draws to tell the weights' tail", "Take more draws."});
  if (const Series* const unseen = history_of(run, "unseen_share")) checks.push_back(cover_check(unseen->y.back()));
  if (const Series* const correlations = history_of(run, "worst_correlation"))
    checks.push_back(memory_check(run, *correlations));
  else if (const Series* const of_log_likelihoods = history_of(run, "correlation"))
    checks.push_back(spreading_check(*of_log_likelihoods));
  if (const Series* const refusing = history_of(run, "refusing")) checks.push_back(moves_check(refusing->y.back()));
  if (!std::isfinite(run.log_evidence)) return;
  const double error = run.log_evidence_standard_error;
  Check c{Level::unknown, "Log evidence", number(run.log_evidence, 5), ""};
  if (std::isfinite(error)) {
    c.found += fmt::format(" ± {} (standard error)", number(error, 2));
    c.level = error < threshold::evidence_good      ? Level::good
              : error < threshold::evidence_caution ? Level::caution
                                                    : Level::bad;
    if (c.level != Level::good) c.advice = "The evidence is uncertain: take more particles.";
    // Its standard error presumes particles of many families that have moved enough.
    if (const Level worst = worst_level(checks); c.level == Level::good && worst != Level::good) {
      c.level = worst == Level::bad ? Level::unknown : Level::caution;
      c.advice = "Its standard error is no better than what is said of the particles above.";
    }
    if (const Series* const unseen = history_of(run, "log_unseen_mass"))
      c.found +=
          fmt::format("; a peak of less than e^{:.0f} of the prior mass would not have been seen", unseen->y.back());
  } else {
    c.found += ", without a standard error";
    c.advice = "Repeat the run with other seeds to learn how far the evidence scatters.";
  }
  checks.push_back(std::move(c));
}

}  // namespace aleator::campaign::report
