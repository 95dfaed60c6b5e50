#include "campaign/report/agreement.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/math/special_functions/gamma.hpp>
#include <cmath>
#include <vector>

#include "campaign/report/format.hpp"
#include "campaign/report/particle_checks.hpp"
#include "campaign/report/selection.hpp"

namespace aleator::campaign::report {
namespace {

// The job's method and those it is compared with, as far as they are exact and have not failed by their own diagnostics.
std::vector<const MethodRun*> trusted_methods(const ReportData& data) {
  std::vector<const MethodRun*> out;
  const auto add = [&](const MethodRun& run) {
    if (run.is_exact && !has_failed(run)) out.push_back(&run);
  };
  add(data.main);
  for (const MethodRun& other : data.comparisons) add(other);
  return out;
}

// That all estimate one evidence: chi^2 of n - 1 degrees of freedom about their weighted mean.
double p_value_of_one_evidence(const std::vector<const MethodRun*>& runs) {
  static constexpr double least_error = 1e-6;  // of methods that are exact to rounding
  double weights = 0.0, mean = 0.0, chi_square = 0.0;
  const auto weight = [](const MethodRun& run) {
    return 1.0 / std::pow(std::max(run.log_evidence_standard_error, least_error), 2);
  };
  for (const MethodRun* const run : runs) weights += weight(*run), mean += weight(*run) * run->log_evidence;
  mean /= weights;
  for (const MethodRun* const run : runs) chi_square += weight(*run) * std::pow(run->log_evidence - mean, 2);
  return boost::math::gamma_q(0.5 * static_cast<double>(runs.size() - 1), 0.5 * chi_square);
}

}  // namespace

bool has_failed(const MethodRun& run) {
  const auto last_exceeds = [&run](const char* name, double limit) {
    const Series* const history = history_of(run, name);
    return history != nullptr && history->y.back() > limit;
  };
  return extreme_of(run, &ParameterRow::rhat, 1).value > threshold::rhat_caution ||
         extreme_of(run, &ParameterRow::ess_bulk, -1).value < threshold::ess_caution ||
         last_exceeds("refusing", threshold::refusing) || last_exceeds("pareto_k", threshold::weights_tail_bad) ||
         last_exceeds("unseen_share", threshold::unseen);
}

const MethodRun* best_exact_comparison(const ReportData& data) {
  const MethodRun* best = nullptr;
  const auto samples = [](const MethodRun& run) { return extreme_of(run, &ParameterRow::ess_bulk, -1).value; };
  for (const MethodRun& run : data.comparisons)
    if (run.is_exact && !has_failed(run) && run.parameters.size() == data.main.parameters.size() &&
        (best == nullptr || samples(run) > samples(*best)))
      best = &run;
  return best;
}

Check evidence_agreement(const ReportData& data) {
  Check c{Level::good, "Evidence of other methods", "", ""};
  std::vector<const MethodRun*> runs;
  for (const MethodRun* const run : trusted_methods(data))
    if (std::isfinite(run->log_evidence_standard_error)) runs.push_back(run);
  if (runs.size() < 2) return c;
  if (p_value_of_one_evidence(runs) < threshold::evidence_p_value) c.level = Level::caution;
  for (const MethodRun* const run : runs) {
    c.found += fmt::format("{}{} {} ± {}", c.found.empty() ? "" : ", ", run->name, number(run->log_evidence, 5),
                           number(run->log_evidence_standard_error, 2));
    for (const MethodRun* const other : runs)
      if (std::abs(other->log_evidence - run->log_evidence) >
          threshold::evidence_apart * std::hypot(other->log_evidence_standard_error, run->log_evidence_standard_error))
        c.level = Level::caution;
  }
  if (c.level != Level::good)
    c.advice =
        "They differ by more than their errors: one of them has missed a part of the posterior, which its own error "
        "cannot know of. Take more particles or chains, and other seeds, until they agree.";
  return c;
}

Check mean_agreement(const ReportData& data) {
  Check c{Level::good, "Means of other methods", "", ""};
  const std::vector<const MethodRun*> runs = trusted_methods(data);
  if (runs.empty() || runs.front() != &data.main) return c;
  for (const MethodRun* const other : runs) {
    Extreme apart;
    for (std::size_t p = 0; other != &data.main && p < other->parameters.size(); ++p) {
      const ParameterRow &a = data.main.parameters[p], &b = other->parameters[p];
      const double errors = std::abs(a.mean - b.mean) / std::hypot(a.mcse, b.mcse);
      if (std::isfinite(errors) && !(errors <= apart.value)) apart = {errors, static_cast<int>(p)};
    }
    if (apart.parameter < 0) continue;
    c.found += fmt::format("{}{}: furthest apart {}, by {} of their Monte Carlo errors", c.found.empty() ? "" : "; ",
                           other->name, parameter_name(data, apart.parameter), number(apart.value, 2));
    if (apart.value > threshold::means_apart) c.level = Level::caution;
  }
  if (c.level != Level::good)
    c.advice =
        "Exact methods that have converged have the same means: one of them has missed a part of the posterior. Run "
        "longer, from other starts and seeds, until they agree.";
  return c;
}

}  // namespace aleator::campaign::report
