#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "campaign/report/figures.hpp"
#include "campaign/report/format.hpp"
#include "campaign/report/page_parts.hpp"
#include "campaign/report/report.hpp"
#include "campaign/report/tables.hpp"
#include "campaign/report/verdict.hpp"
#include "core/markup.hpp"

namespace aleator::campaign::report {
namespace {

std::string method_words(const MethodRun& run) {
  std::string out = "<b>" + core::escape_markup(run.name.empty() ? "an unnamed sampler" : run.name) + "</b>";
  if (!run.component.empty()) out += fmt::format(" (<code>{}</code>)", core::escape_markup(run.component));
  return out;
}

// "64 parameters were inferred from 169 data with mala (sampler/mala): 4 chains of 5 000 draws, 20 400 model
// evaluations, in 2 min 10 s."
std::string headline_sentence(const ReportData& data) {
  const MethodRun& run = data.main;
  const int dimension = run.dimension > 0 ? run.dimension : static_cast<int>(run.parameters.size());
  const double m = data.data_count > 0 ? data.data_count : static_cast<double>(data.observed.size());
  std::string out = fmt::format("{} {} inferred", plural(dimension, "parameter"), dimension == 1 ? "was" : "were");
  if (m > 0) out += fmt::format(" from {} {}", count(m), m == 1 ? "datum" : "data");
  out += " with " + method_words(run);
  std::string effort;
  const auto add = [&effort](const std::string& text) { effort += (effort.empty() ? "" : ", ") + text; };
  const int draws = run.draws_made > 0 ? run.draws_made : run.draws;
  if (draws > 0) {
    if (run.kind == "chains") {
      add(fmt::format("{} of {}", plural(run.chains, "chain"), plural(draws, "draw")));
    } else {
      const std::string members = plural(draws, run.kind == "particles" ? "particle" : "ensemble member");
      add(run.chains > 1 ? fmt::format("{} of {}", plural(run.chains, "repeat"), members) : members);
    }
  }
  if (std::isfinite(run.model_evaluations)) add(plural(run.model_evaluations, "model evaluation"));
  if (std::isfinite(run.wall_time_seconds)) add("in " + duration(run.wall_time_seconds));
  return out + (effort.empty() ? "." : ": " + effort + ".");
}

std::string head_of_page(const ReportData& data) { return header_html(data, headline_sentence(data)); }

std::string key_numbers(const MethodRun& run) {
  const double rhat = extreme_of(run, &ParameterRow::rhat, 1).value,
               bulk = extreme_of(run, &ParameterRow::ess_bulk, -1).value,
               tail = extreme_of(run, &ParameterRow::ess_tail, -1).value;
  std::string out = "<div class=\"tiles\">";
  const bool has_mixing = run.kind == "chains";
  if (has_mixing || std::isfinite(rhat)) out += tile(number(rhat, 4), "largest R-hat", rhat_level(rhat));
  if (has_mixing || std::isfinite(bulk)) out += tile(count(bulk), "smallest bulk ESS", ess_level(bulk));
  if (has_mixing || std::isfinite(tail)) out += tile(count(tail), "smallest tail ESS", ess_level(tail));
  if (std::isfinite(run.acceptance)) out += tile(percent(run.acceptance), "acceptance");
  if (std::isfinite(run.log_evidence)) {
    const bool has_error = std::isfinite(run.log_evidence_standard_error);
    out += tile(number(run.log_evidence, 4) + (has_error ? " ± " + number(run.log_evidence_standard_error, 1) : ""),
                "log evidence");
  }
  out += tile(count(run.model_evaluations), "model evaluations");
  if (std::isfinite(run.wall_time_seconds)) out += tile(duration(run.wall_time_seconds), "wall time");
  if (!run.idle.empty())
    out += tile(percent(std::accumulate(run.idle.begin(), run.idle.end(), 0.0) / static_cast<double>(run.idle.size())) +
                    ", at most " + percent(*std::max_element(run.idle.begin(), run.idle.end())),
                fmt::format("idle, waiting for others, over {} groups of ranks", run.idle.size()));
  if (std::isfinite(bulk) && run.model_evaluations > 0)
    out += tile(number(1000 * bulk / run.model_evaluations), "ESS per 1000 evaluations");
  if (std::isfinite(bulk) && run.wall_time_seconds > 0)
    out += tile(number(bulk / run.wall_time_seconds), "ESS per second");
  if (std::isfinite(run.error)) out += tile(number(run.error, 2), "relative squared error e");
  return out + "</div>";
}

std::vector<Section> all_sections(const ReportData& data, Gnuplot& gnuplot) {
  std::vector<Section> sections;
  const auto add = [&sections](const char* id, const char* title, std::string body) {
    if (!body.empty()) sections.push_back({id, title, std::move(body)});
  };
  const std::string problem = paragraphs(data.problem_text);
  add("problem", "Problem", problem.empty() ? "" : "<div class=\"card prose\">" + problem + "</div>");
  add("posterior", "Posterior", figure_html(field_figure(data, gnuplot)) + figure_html(interval_figure(data, gnuplot)));
  add("marginal-distributions", "Marginals",
      figure_html(joint_figure(data, gnuplot)) + figure_html(marginal_figure(data, gnuplot)));
  add("fit", "Fit", figure_html(data_fit_figure(data, gnuplot)) + figure_html(predictive_figure(data, gnuplot)));
  add("convergence", "Convergence",
      figure_html(trace_figure(data, gnuplot)) + figure_html(rank_figure(data, gnuplot)) +
          figure_html(autocorrelation_figure(data, gnuplot)) + figure_html(history_figure(data, gnuplot)) +
          figure_html(hessian_figure(data, gnuplot)));
  std::string cost = figure_html(comparison_figure(data, gnuplot));
  if (!cost.empty() || !data.comparisons.empty()) cost += comparison_table(data) + bias_table(data);
  add("cost", "Cost", std::move(cost));
  add("parameters", "Parameters", data.main.parameters.empty() ? "" : parameter_table(data));
  add("reproduce", "Reproduce", reproduce(data));
  return sections;
}

}  // namespace

std::string render_html(const ReportData& data, const std::string& work_dir, const RenderOptions& options) {
  Gnuplot gnuplot(options.gnuplot, work_dir);
  const std::vector<Section> sections = all_sections(data, gnuplot);
  Page page;
  page.title = data.title, page.header = head_of_page(data);
  page.lead = {"verdict", "Verdict", verdict_box(judge(data)) + notices_html(data.warnings) + key_numbers(data.main)};
  page.footer =
      "Thresholds: R-hat below 1.01 and effective sample sizes of 400 or more are good; R-hat of 1.05 or more, or "
      "fewer than 100, is not enough.";
  return page_html(page, sections, gnuplot);
}

}  // namespace aleator::campaign::report
