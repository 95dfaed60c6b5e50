#pragma once
/// What      summary.json: what a run found, for programs and people, from results.h5 and the sampler's bill.
/// Method    prob/diagnostics for chains; for particles the variance of a mean from groups of common ancestry (Chan, Lai
///           2013; Lee, Whiteley 2018); for ensembles sd / sqrt(J), which does not count the bias.
/// Parallel  collective: the parameters are shared out to the ranks; the numbers do not depend on how.
/// Cost      reads the draws once.
/// Fails     UserError when results.h5 cannot be read.
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "campaign/sampling/predictive.hpp"
#include "campaign/sampling/sample_distance.hpp"
#include "model/failures.hpp"
#include "model/problem.hpp"
#include "prob/diagnostics.hpp"
#include "sampler/sampler.hpp"

namespace aleator::campaign {

/// What the loop knows and results.h5 does not.
struct RunFacts {
  std::string sampler, component;
  sampler::Plan plan;
  std::string approximation;  ///< model::ProblemFacts; no method is exact then
  std::int64_t model_evaluations = 0, gradient_evaluations = 0;
  std::int64_t evaluations_at_first_draw = 0;
  double wall_time_seconds = 0.0, sampling_seconds = 0.0;
  double acceptance = 0.0, log_evidence = 0.0, log_evidence_standard_error = 0.0;
  double divergences =
      std::numeric_limits<double>::quiet_NaN();  ///< trajectories after the warm-up; NaN: not of such a method
  int ranks = 1, threads = 1;
  std::vector<double> idle;  ///< share of the time that each group of ranks waited for others; empty with one group
  std::string deck;          ///< fingerprint of the deck that made it
  model::FailureCounts failures;
  std::int64_t lost_in_warmup = 0;               ///< of chains: model runs that failed before the first draw
  PredictiveCheck posterior_check, prior_check;  ///< fewer than two draws: not made
  SteinDistance stein;
  double farthest = 0.0;                                                  ///< largest |z| of a state at the end
  double effective_ancestors = std::numeric_limits<double>::quiet_NaN();  ///< of particles
  std::vector<double> mode;  ///< the parameters of the largest density in latent coordinates, where it was looked for
  std::vector<double> curvatures;  ///< sampler::BaseState
  RunDistance distance;
  std::string reference_run;
  double estimate_sd = std::numeric_limits<double>::quiet_NaN();  ///< of a log-likelihood that a filter estimates
};

struct NamedSummary {
  std::string name;
  prob::ScalarSummary summary;
};

/// One quantity over particles that share ancestors, or over an ensemble (no ancestors; BaseState's influence):
/// values[i * stride] of member i.
prob::ScalarSummary summarise_members(const double* values, std::int64_t count, std::ptrdiff_t stride,
                                      const std::vector<std::int64_t>& ancestors,
                                      const std::vector<double>& influence = {});

/// "log evidence -31.3 +- 0.05".
std::string evidence_text(const RunFacts& facts);

/// Diagnostics of every parameter.
std::vector<NamedSummary> summarise_parameters(const parallel::Comm& comm, const std::string& folder,
                                               const std::vector<prob::Variable>& variables, sampler::Plan::Kind kind,
                                               const std::vector<double>& influence = {});

/// e = sum_k ((mean_k - reference_k) / reference_k)^2 (Aristoff, Bangerth 2023); NaN without a reference.
double relative_squared_error(const std::vector<double>& means, const std::vector<double>& reference);
double relative_squared_error(const std::vector<NamedSummary>& rows, const std::vector<double>& reference);

std::string summary_json(const RunFacts& facts, const std::vector<NamedSummary>& rows,
                         const std::vector<double>& reference);

/// A summary.json: what is said of the run, and the parameters, which are kept in no other form.
struct SamplingSummary {
  nlohmann::json facts;
  std::vector<NamedSummary> rows;
};
/// UserError where `path` holds no JSON.
SamplingSummary read_sampling_summary(const std::string& path);

/// One or two lines for the log: the worst R-hat and ESS, evidence, error.
std::string summary_text(const RunFacts& facts, const std::vector<NamedSummary>& rows,
                         const std::vector<double>& reference);

}  // namespace aleator::campaign
