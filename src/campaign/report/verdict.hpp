/// What      Judges whether a run can be trusted, in words, and says what to change.
/// Method    R-hat < 1.01 good, < 1.05 caution; ESS (bulk and tail) >= 400 good, >= 100 caution (Vehtari et al.
///           2021, sections 4.2 and 4.3); acceptance within the range that suits the sampler; particles: share of
///           different particles, what they remember and the error of the evidence; trajectories that diverged; whether the
///           methods find the same evidence and the same means; the data among replicated data, the draws among others and
///           against the density; failed model runs. A method that is not
///           exact is judged biased however well it converged.
/// Parallel  no.
/// Cost      O(parameters), for particles O(n log n) in their number.
/// Fails     never.
#pragma once

#include <string>
#include <vector>

#include "campaign/report/report_data.hpp"

namespace aleator::campaign::report {

enum class Level { good, unknown, caution, biased, bad };  ///< in order of rising concern

namespace threshold {
inline constexpr double estimate_sd = 2.0;
inline constexpr double rhat_good = 1.01, rhat_caution = 1.05;
inline constexpr double ess_good = 400, ess_caution = 100;
inline constexpr double mean_error = 0.1;  ///< Monte Carlo error of a heavy-tailed mean, relative to the central spread
inline constexpr double mean_tail =
    0.7;  ///< Pareto k of a tail; from 1 on there is no mean, and k is known to some 0.1
inline constexpr double unique_good = 0.5, unique_caution = 0.1;      ///< share of different particles
inline constexpr double ancestors = 20, ancestors_bad = 3;            ///< families, as good as so many of one size
inline constexpr double predictive = 0.01;                            ///< p-value of the data among replicated data
inline constexpr double failed = 0.05;                                ///< share of the model runs
inline constexpr double evidence_good = 0.5, evidence_caution = 2.0;  ///< standard error of the log evidence
inline constexpr double remembered = 0.1;  ///< correlation of a coordinate with a level's start that its moves left
inline constexpr double stuck = 0.6;      ///< the same, where nothing can be used unless log-likelihoods have forgotten
inline constexpr double refusing = 0.01;  ///< share of the particles that refuse nearly all moves by the gradient
inline constexpr double weights_share = 0.95;     ///< effective share of the weights of draws of a normal law
inline constexpr double weights_tail = 0.5;       ///< Pareto k of the same
inline constexpr double weights_shift = 1.0;      ///< of the mean by them, over what the draws' errors allow
inline constexpr double unseen = 0.1;             ///< share of the posterior where a proposal has next to no draws
inline constexpr double weights_tail_bad = 0.7;   ///< Pareto k of importance weights that say nothing
inline constexpr double evidence_apart = 4.0;     ///< of two methods, in standard errors of their difference
inline constexpr double evidence_p_value = 1e-4;  ///< of all methods together
inline constexpr double means_apart = 6.0;  ///< likewise: the furthest of all parameters, whose errors are estimates
inline constexpr double divergent_good = 1e-4, divergent = 0.01;  ///< share of a chain's trajectories
inline constexpr double cut_short = 0.05;                         ///< likewise, of those that max_depth ended
inline constexpr double edges = 0.02;                             ///< share of the points beside draws
inline constexpr double spread_caution = 2.0, spread_bad = 10.0;  ///< of variances, as Stein's identity tells
inline constexpr double runaway = 1e6;                            ///< prior standard deviations
}  // namespace threshold

struct Check {
  Level level = Level::unknown;
  std::string what, found;  ///< "R-hat", "largest 1.004, at theta[3]"
  std::string advice;       ///< what to change; empty when nothing
};

struct Verdict {
  Level level = Level::unknown;
  std::string headline, summary;
  std::vector<Check> checks;
};

struct Extreme {
  double value = undefined;
  int parameter = -1;  ///< -1: defined for none
};
/// The largest (sign = 1) or smallest (sign = -1) defined value among the parameters.
Extreme extreme_of(const MethodRun& run, double ParameterRow::*what, int sign);

Level rhat_level(double rhat);
Level ess_level(double ess);
const char* level_class(Level level);  ///< CSS class: "good", "caution", ...
Level level_of_class(const std::string& name);

Verdict judge(const ReportData& data);

}  // namespace aleator::campaign::report
