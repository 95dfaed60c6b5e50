/// What      The plain data a run report is drawn from: no file handle, no MPI, no view; whoever has the numbers
///           fills it in.
/// Method    Undefined numbers are NaN and print as an en dash; empty vectors leave out the figures that would need
///           them.
/// Parallel  rank 0 only.
/// Cost      holds the draws by value: chains x draws x dimension doubles.
/// Fails     never.
#pragma once

#include <cstddef>
#include <limits>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "io/fields.hpp"

namespace aleator::campaign::report {

inline constexpr double undefined = std::numeric_limits<double>::quiet_NaN();

/// One curve: a tempering path, a misfit curve, the live acceptance, an error curve.
struct Series {
  std::string name;
  std::vector<double> x, y;
};

/// Posterior summary and convergence diagnostics of one parameter, in model space.
struct ParameterRow {
  std::string name;
  double mean = undefined, sd = undefined, mcse = undefined;
  double ess_bulk = undefined, ess_tail = undefined, rhat = undefined;
  double q05 = undefined, q50 = undefined, q95 = undefined;
  double pareto_k = undefined;  ///< of the heavier tail, where it is heavy
};

/// One sampler's result on the problem.
struct MethodRun {
  std::string name, component;  ///< the deck's block name, and the component: "mala", "sampler/mala"
  std::string kind = "chains";  ///< "chains" | "particles" | "ensemble"
  bool is_exact = true;         ///< false: biased but in special cases (EKI in the linear Gaussian one)
  bool is_posterior = true;     ///< false: it looks for something else, as a minimum
  std::string approximation;    ///< why the density it sampled is not quite the posterior's; empty: it is
  int chains = 0, draws = 0, dimension = 0;
  int stride = 1;              ///< `values` and `log_likelihood` hold every stride-th draw of the run
  int draws_made = 0;          ///< of the run; 0: as many as `draws`
  int different_draws = 0;     ///< of the `draws`: the particles that are no copies of another; 0: not counted
  std::vector<double> values;  ///< [chain][draw][parameter], model space; empty where they are not drawn
  std::vector<ParameterRow> parameters;
  std::vector<double> log_likelihood;  ///< [chain][draw]; may be empty
  double model_evaluations = undefined, wall_time_seconds = undefined, acceptance = undefined;
  double log_evidence = undefined, log_evidence_standard_error = undefined;
  std::vector<double> curvatures;  ///< eigenvalues of the Hessian of -log-likelihood; empty: not known
  std::vector<double> idle;  ///< share of the time that each group of ranks waited for others; empty with one group
  std::vector<Series> histories;  ///< numbers per step
  Series error_curve;        ///< e = sum_k ((mean_k - ref_k) / ref_k)^2 against model evaluations, with a reference
  double error = undefined;  ///< its final value
  double ksd = undefined, ksd_expected = undefined, ksd_p_value = undefined;  ///< kernelised Stein discrepancy
  int ksd_draws = 0;
  double ksd_spread = undefined, ksd_spread_error = undefined,
         ksd_typical_spread = undefined;  ///< -mean s.(x - mean) / d: 1 of draws that fit
  double ksd_edge_share = 0.0;            ///< of points beside draws that have no density
  double ancestors = undefined;           ///< of particles, effective
  double farthest = undefined;            ///< largest |z| of a state at the end, in prior standard deviations
  double sliced_wasserstein = undefined, sliced_wasserstein_noise = undefined;  ///< to a reference run
  std::string reference_run;
  double estimate_sd = undefined;  ///< of a log-likelihood that a filter estimates, at the posterior mean
  double rejected_rows = 0, recovered_rows = 0, imputed_rows = 0;  ///< model runs that failed
  double lost_in_warmup = 0, warmup_evaluations = 0;  ///< of them, and of all, before the first draw of chains
};

/// The data among what was replicated from draws of the posterior, or the prior.
struct Prediction {
  int draws = 0, failed = 0;  ///< fewer than two draws: not made
  double p_value = undefined, outside = undefined;
  int extreme = -1;
  std::vector<double> pit, mean, q05, q50, q95;  ///< datum by datum
  double p_value_log_likelihood = undefined;
};

/// Parameters from `first` on that are a field: parameter first + ix + nx (iy + ny iz), iy upwards; or on a mesh.
struct FieldPart {
  std::string name;  ///< empty: all parameters are this field
  std::size_t first = 0;
  std::vector<int> shape;  ///< {ny, nx} or {nz, ny, nx}; empty: on a mesh
  double aspect = 0.0;     ///< of the box, width over height; 0: cells are squares
  std::shared_ptr<const io::Simplices> mesh{};
  std::vector<int> owner{};  ///< by element: which of `values` values it has, or -1; empty: each its own
  std::size_t values = 0;    ///< on a mesh
  std::size_t size() const {
    std::size_t count = shape.empty() ? values : 1;
    for (const int cells : shape) count *= static_cast<std::size_t>(cells);
    return count;
  }
};

/// Everything on the page.
struct ReportData {
  std::string title, deck_path, program_version, git_hash, date, command;
  int ranks = 1, threads = 1;
  std::string problem_text;  ///< the model, the prior and the likelihood in words; an empty line starts a new paragraph
  int data_count = 0;        ///< number of scalar data; 0: the size of `observed`
  std::vector<std::string> parameter_names;
  std::string row_word = "parameter";  ///< what `main.parameters` are: on other pages "output"
  std::vector<FieldPart> fields;       ///< which parameters are fields
  std::vector<double> reference_mean;  ///< empty: none
  std::string reference_label = "reference";
  bool reference_is_truth =
      false;  ///< true: the parameters that made the data; false: a posterior mean known from elsewhere
  std::vector<std::pair<int, int>> pairs;  ///< joint marginals to show; empty: chosen by the report
  std::vector<int> observed_numbers;       ///< of the data among all, with those that are missing; empty: 0, 1, 2, …
  double number_of_datum(std::size_t i) const {
    return observed_numbers.empty() ? static_cast<double>(i) : observed_numbers[i];
  }
  std::vector<double> observed, predicted_mean;
  std::string data_units;  ///< empty: not known
  /// "datum (mg/L)".
  std::string with_data_units(const std::string& label) const {
    return data_units.empty() ? label : label + " (" + data_units + ")";
  }
  Prediction posterior_prediction, prior_prediction;
  int predicted_draws = 0;  ///< over how many posterior draws the prediction is a mean; 0: not known
  MethodRun main;
  std::vector<MethodRun> comparisons;
  std::string resolved_deck;
  std::vector<std::string> warnings;  ///< of the log: what models and samplers had to say
};

inline bool has_draws(const MethodRun& run) {
  return run.chains > 0 && run.draws > 0 && run.dimension > 0 &&
         run.values.size() == static_cast<std::size_t>(run.chains) * run.draws * run.dimension;
}

/// Of all chains together, also those that were not read.
inline double all_draws(const MethodRun& run) {
  return static_cast<double>(run.chains) * (run.draws_made > 0 ? run.draws_made : run.draws);
}

inline bool has_reference(const ReportData& data) {
  return !data.reference_mean.empty() && data.reference_mean.size() == data.main.parameters.size();
}

}  // namespace aleator::campaign::report
