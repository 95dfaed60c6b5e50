#include "campaign/sampling/report_files.hpp"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <sstream>

#include "campaign/report/report.hpp"
#include "campaign/run/job_files.hpp"
#include "campaign/run/verdict_file.hpp"
#include "campaign/sampling/predictive.hpp"
#include "campaign/sampling/problem_fields.hpp"
#include "campaign/sampling/summary.hpp"
#include "core/log.hpp"
#include "io/checksum.hpp"
#include "io/files.hpp"
#include "io/json.hpp"
#include "io/results.hpp"

namespace aleator::campaign {
namespace {

using nlohmann::json;

constexpr std::int64_t most_values_in_report = 20'000'000;

// Counts the different draws of particles, and where they are to be drawn keeps all parameters, [chain][draw][parameter];
// every stride-th draw when there are very many. Reads some draws at a time: those of a field may be all that the memory holds.
void read_draws(const std::string& folder, const model::Problem& problem, bool keep, report::MethodRun& run) {
  const io::ResultsReader reader(folder + "/results.h5");
  run.dimension = problem.parameter_dimension();
  const std::int64_t total = static_cast<std::int64_t>(run.chains) * run.draws * run.dimension;
  const int all_draws = run.draws;
  const int stride =
      static_cast<int>(std::clamp<std::int64_t>(total / most_values_in_report, 1, std::max(1, all_draws)));
  run.draws = all_draws / stride, run.draws_made = all_draws, run.stride = stride;
  if (keep) run.values.resize(static_cast<std::size_t>(run.chains) * run.draws * run.dimension);
  const bool counts = run.kind == "particles";
  std::vector<io::Checksum> marks(counts ? static_cast<std::size_t>(run.chains) * run.draws : 0);
  int column = 0;
  for (const prob::Variable& variable : problem.variables()) {
    const int at_once = std::max(1, (1 << 21) / variable.size / stride);
    for (int chain = 0; chain < run.chains; ++chain)
      for (int first = 0; first < run.draws; first += at_once) {
        const int some = std::min(at_once, run.draws - first), begin = first * stride, count = some * stride;
        const std::vector<double> values =
            variable.size == 1
                ? reader.read("posterior", variable.name, {{chain, begin}, {1, count}})
                : reader.read("posterior", variable.name, {{chain, begin, 0}, {1, count, variable.size}});
        for (int i = 0; i < some; ++i) {
          const double* const draw = &values[static_cast<std::size_t>(i) * stride * variable.size];
          const std::size_t row = static_cast<std::size_t>(chain) * run.draws + first + i;
          if (counts) marks[row].add(draw, static_cast<std::uint64_t>(column), static_cast<std::size_t>(variable.size));
          if (keep) std::copy_n(draw, variable.size, &run.values[row * run.dimension + column]);
        }
      }
    column += variable.size;
  }
  std::vector<std::uint64_t> different;
  for (const io::Checksum& mark : marks) different.push_back(mark.value());
  std::sort(different.begin(), different.end());
  run.different_draws = static_cast<int>(std::unique(different.begin(), different.end()) - different.begin());
  const std::vector<double> log_likelihood = reader.read("sample_stats", "log_likelihood");
  for (int chain = 0; chain < run.chains; ++chain)
    for (int draw = 0; draw < run.draws; ++draw)
      run.log_likelihood.push_back(
          log_likelihood[static_cast<std::size_t>(chain) * all_draws + static_cast<std::size_t>(draw) * stride]);
}

// Relative squared error of the means so far, against the model runs made by then; one point for particles and ensembles.
report::Series error_curve(const std::string& folder, const report::MethodRun& run) {
  const io::Json history = read_json(folder + "/history.json");
  if (!history.contains("error_curve")) return {run.name, {run.model_evaluations}, {run.error}};
  const io::Json& curve = history.at("error_curve");
  return {run.name, curve.at("model_evaluations").get<std::vector<double>>(),
          curve.at("error").get<std::vector<double>>()};
}

std::vector<report::Series> read_histories(const std::string& path) {
  const io::Json history = read_json(path);
  std::vector<double> x;
  for (const io::Json& value : history.at("iteration")) x.push_back(io::number_or_nan(value));
  std::vector<report::Series> all;
  for (const auto& [name, values] : history.items()) {
    if (name == "iteration" || name == "model_evaluations" || name == "error_curve") continue;
    report::Series series{name, {}, {}};
    for (std::size_t i = 0; i < values.size(); ++i)
      if (values[i].is_number()) series.x.push_back(x[i]), series.y.push_back(values[i].get<double>());
    if (!series.y.empty()) all.push_back(std::move(series));
  }
  return all;
}

// How much of a sampler's draws is read.
enum class Draws { none, counted, kept };

report::MethodRun read_method(const std::string& folder, const model::Problem& problem, Draws draws) {
  const SamplingSummary file = read_sampling_summary(folder + "/summary.json");
  const json& summary = file.facts;
  report::MethodRun run;
  run.name = summary.at("sampler"), run.component = summary.at("component"), run.kind = summary.at("kind");
  run.is_posterior = summary.value("is_posterior", true);
  run.approximation = summary.value("approximation", std::string());
  run.is_exact = summary.at("is_exact"), run.chains = summary.at("chains"), run.draws = summary.at("draws");
  run.model_evaluations = io::number_or_nan(summary.at("model_evaluations"));
  run.wall_time_seconds = io::number_or_nan(summary.at("wall_time_seconds"));
  run.curvatures = summary.value("hessian_eigenvalues", std::vector<double>());
  run.idle = summary.value("idle", std::vector<double>());
  run.acceptance = io::number_or_nan(summary.at("acceptance"));
  run.error = io::number_or_nan(summary.at("error"));
  run.ancestors = summary.value("effective_ancestors", report::undefined);
  run.estimate_sd = summary.value("estimate_sd", report::undefined);
  run.farthest = summary.contains("farthest") ? io::number_or_nan(summary.at("farthest")) : report::undefined;
  if (const json& s = summary.value("stein_discrepancy", json()); s.is_object()) {
    run.ksd = io::number_or_nan(s.at("value")), run.ksd_expected = io::number_or_nan(s.at("expected"));
    run.ksd_p_value = io::number_or_nan(s.at("p_value")), run.ksd_draws = s.at("draws");
    run.ksd_edge_share = s.value("edge_share", 0.0);
    for (const auto& [key, to] : {std::pair{"spread", &run.ksd_spread},
                                  {"spread_error", &run.ksd_spread_error},
                                  {"typical_spread", &run.ksd_typical_spread}})
      if (s.contains(key)) *to = io::number_or_nan(s.at(key));
  }
  if (const json& s = summary.value("reference_run", json()); s.is_object()) {
    run.sliced_wasserstein = io::number_or_nan(s.at("sliced_wasserstein"));
    run.sliced_wasserstein_noise = io::number_or_nan(s.at("noise")), run.reference_run = s.at("path");
  }
  if (summary.contains("failed_rows")) {
    const json& failed = summary.at("failed_rows");
    run.rejected_rows = failed.at("rejected"), run.recovered_rows = failed.at("recovered_by_retry"),
    run.imputed_rows = failed.at("imputed"), run.lost_in_warmup = failed.value("in_warmup", 0.0);
    run.warmup_evaluations = summary.value("evaluations_at_first_draw", 0.0);
  }
  if (summary.at("log_evidence").is_object()) {
    run.log_evidence = io::number_or_nan(summary.at("log_evidence").at("value"));
    run.log_evidence_standard_error = io::number_or_nan(summary.at("log_evidence").at("standard_error"));
  }
  for (const auto& [name, s] : file.rows)
    run.parameters.push_back(
        {name, s.mean, s.sd, s.mcse, s.ess_bulk, s.ess_tail, s.rhat, s.q05, s.q50, s.q95, s.pareto_k});
  if (static_cast<int>(run.parameters.size()) != problem.parameter_dimension())
    throw core::UserError(fmt::format("{}/summary.json has {} parameters where the problem has {}", folder,
                                      run.parameters.size(), problem.parameter_dimension()));
  run.histories = read_histories(folder + "/history.json");
  if (draws == Draws::kept || (draws == Draws::counted && run.kind == "particles"))
    read_draws(folder, problem, draws == Draws::kept, run);
  if (!problem.facts().reference_mean.empty()) run.error_curve = error_curve(folder, run);
  return run;
}

// Fills in the mean of the outputs at the posterior draws that results.h5 keeps, and how many they are.
void read_predictions(const std::string& folder, int outputs, report::ReportData& data) {
  const std::vector<double> values = io::ResultsReader(folder + "/results.h5").read("predictions", "outputs");
  std::vector<double> mean(static_cast<std::size_t>(outputs), 0.0);
  int rows = 0;  // without those of failed model runs
  for (std::size_t row = 0; (row + 1) * mean.size() <= values.size(); ++row) {
    if (!std::isfinite(values[row * mean.size()])) continue;
    ++rows;
    for (std::size_t i = 0; i < mean.size(); ++i) mean[i] += values[row * mean.size() + i];
  }
  if (rows == 0) return;
  for (double& value : mean) value /= rows;
  // Outputs behind the data are parameters of the likelihood (Likelihood::parameters).
  if (!data.observed.empty()) mean.resize(data.observed.size());
  data.predicted_mean = std::move(mean), data.predicted_draws = rows;
}

// The checks again, from the replicates in results.h5.
report::Prediction read_prediction(const io::ResultsReader& reader, const std::string& group,
                                   const std::vector<double>& data) {
  if (!reader.has(group, "data")) return {};
  const PredictiveCheck c = check_prediction(data, reader.read(group, "data"));
  return {c.draws, c.failed, c.p_value, c.outside, c.extreme, c.pit, c.mean, c.q05, c.q50, c.q95};
}

// Of counts the outputs may be logarithms or logits: what is expected of the data is the mean of their replicates.
void expect_counts(const model::Problem& problem, report::ReportData& data) {
  const bool are_counts =
      problem.noise() == nullptr &&
      std::all_of(data.observed.begin(), data.observed.end(), [](double x) { return x == std::floor(x) && x >= 0.0; });
  if (are_counts && data.posterior_prediction.draws >= 2) data.predicted_mean = data.posterior_prediction.mean;
}

// Lines of a log at the level of a warning, each once, in their order. What is said of the machine is no matter of trust.
std::vector<std::string> warnings_in(const std::string& log) {
  constexpr std::size_t most = 12;
  std::vector<std::string> found;
  if (!io::file_exists(log)) return found;
  std::istringstream lines(io::read_text_file(log));
  for (std::string line; std::getline(lines, line);) {
    const std::string level = "  warning  ";
    const std::size_t at = line.find(level);
    if (at != std::string("2026-01-01 00:00:00").size()) continue;
    std::string text = line.substr(at + level.size());
    if (text.find("slow each other down") != std::string::npos) continue;
    if (std::find(found.begin(), found.end(), text) == found.end()) found.push_back(std::move(text));
  }
  if (found.size() > most) {
    const std::size_t left = found.size() - most;
    found.resize(most);
    found.push_back(fmt::format("{} more are in log.txt", left));
  }
  return found;
}

report::FieldPart shown(const prob::FieldPart& part) {
  report::FieldPart field;
  field.name = part.name, field.first = static_cast<std::size_t>(part.first);
  field.mesh = part.mesh, field.owner = part.owner, field.values = static_cast<std::size_t>(part.size);
  field.shape.assign(part.grid.rbegin(), part.grid.rend());
  if (!field.shape.empty() && field.size() != field.values)
    for (int& n : field.shape) ++n;  // at the nodes
  if (part.lengths.size() > 1) field.aspect = part.lengths[0] / part.lengths[1];
  return field;
}

}  // namespace

void write_report(const std::string& folder, const std::vector<std::string>& folders, const model::Problem& problem,
                  const std::string& problem_text, const RunSettings& settings, const PagePlan& plan) try {
  report::ReportData data = head_of_page(folder, settings);
  data.warnings = warnings_in(data.deck_path + "/log.txt");
  data.problem_text = problem_text;
  data.parameter_names = prob::parameter_names(problem.variables());
  for (const prob::FieldPart& part : fields_of(problem)) data.fields.push_back(shown(part));
  data.pairs = plan.pairs;
  data.reference_is_truth = !problem.facts().truth.empty();
  data.reference_mean = data.reference_is_truth ? problem.facts().truth : problem.facts().reference_mean;
  data.reference_label = data.reference_is_truth ? "truth" : "published posterior mean";
  data.observed = problem.facts().data, data.data_units = problem.facts().data_units;
  for (std::size_t i = 0; i < data.observed.size(); ++i)
    data.observed_numbers.push_back(problem.facts().number_of_datum(i));
  const io::ResultsReader results(folders.front() + "/results.h5");
  if (results.has("predictions", "outputs")) read_predictions(folders.front(), predicted_outputs(problem), data);
  data.posterior_prediction = read_prediction(results, "posterior_predictive", data.observed);
  expect_counts(problem, data);
  data.prior_prediction = read_prediction(results, "prior_predictive", data.observed);
  data.main = read_method(folders.front(), problem, plan.page == Page::none ? Draws::counted : Draws::kept);
  const json summary = read_sampling_summary(folders.front() + "/summary.json").facts;
  if (const json& check = summary.at("posterior_predictive"); check.is_object())
    data.posterior_prediction.p_value_log_likelihood = io::number_or_nan(check.at("p_value_log_likelihood"));
  data.ranks = summary.at("ranks"), data.threads = summary.at("threads");
  for (std::size_t i = 1; i < folders.size(); ++i)
    data.comparisons.push_back(read_method(folders[i], problem, Draws::none));
  write_verdict(folder, report::judge(data));
  if (plan.page == Page::none) return;
  io::make_directory(folder + "/report");
  io::atomic_write_text(folder + "/report/index.html", report::render_html(data, folder + "/report"));
  core::info("report: {}/report/index.html", folder);
} catch (const json::exception& error) {
  throw core::UserError(fmt::format("{}: summary.json or history.json is not as this version of Aleator writes it ({})",
                                    folder, error.what()));
}

}  // namespace aleator::campaign
