#include "campaign/report/tables.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "campaign/report/format.hpp"
#include "campaign/report/selection.hpp"
#include "campaign/report/verdict.hpp"
#include "core/markup.hpp"

namespace aleator::campaign::report {
namespace {

constexpr std::size_t most_rows = 500;  // of the parameter table: a page must stay small

std::string cell(const std::string& text, double sort_value, const char* css_class = "") {
  const std::string value = std::isfinite(sort_value) ? fmt::format(" data-v=\"{:.8g}\"", sort_value) : "";
  const std::string style = *css_class ? fmt::format(" class=\"{}\"", css_class) : "";
  return fmt::format("<td{}{}>{}</td>", value, style, text);
}

std::string number_cell(double value, int digits = 3) { return cell(number(value, digits), value); }

const char* concern(Level level) { return level == Level::caution || level == Level::bad ? level_class(level) : ""; }

std::string head(const std::vector<std::pair<std::string, std::string>>& columns) {
  std::string out = "<thead><tr>";
  for (const auto& [name, meaning] : columns) {
    out += fmt::format("<th scope=\"col\"{}{}>{}</th>", name == "bias" ? " class=\"words\"" : "",
                       meaning.empty() ? "" : fmt::format(" title=\"{}\"", core::escape_markup(meaning)), name);
  }
  return out + "</tr></thead>";
}

std::string comparison_row(const MethodRun& run, bool is_main) {
  const double ess = extreme_of(run, &ParameterRow::ess_bulk, -1).value;
  std::string out = is_main ? "<tr class=\"main\">" : "<tr>";
  out += fmt::format("<th scope=\"row\">{}<small>{}</small></th>", core::escape_markup(run.name),
                     core::escape_markup(run.component));
  out += cell(count(run.model_evaluations), run.model_evaluations);
  out += cell(duration(run.wall_time_seconds), run.wall_time_seconds);
  out += cell(count(ess), ess, concern(ess_level(ess)));
  const double rhat = extreme_of(run, &ParameterRow::rhat, 1).value;
  out += cell(number(rhat, 4), rhat, concern(rhat_level(rhat)));
  out += number_cell(1000 * ess / run.model_evaluations);
  out += number_cell(ess / run.wall_time_seconds);
  out += number_cell(run.error);
  const double evidence_error = run.log_evidence_standard_error;
  out += std::isfinite(evidence_error)
             ? cell(fmt::format("{} ± {}", number(run.log_evidence, 5), number(evidence_error, 2)), run.log_evidence)
             : number_cell(run.log_evidence, 5);
  return out + fmt::format("<td class=\"words\">{}</td></tr>",
                           !run.is_exact ? "<span class=\"tag biased\">biased</span> but in special cases"
                           : run.approximation.empty()
                               ? "exact in the limit"
                               : "exact in the limit, of an <span class=\"tag biased\">approximate</span> likelihood");
}

}  // namespace

std::string comparison_table(const ReportData& data) {
  std::string out = "<div class=\"scroll\"><table class=\"sortable\">";
  out += head({{"method", ""},
               {"evaluations", "model runs in all"},
               {"time", "wall time"},
               {"ESS", "smallest bulk effective sample size of all parameters"},
               {"R-hat", "largest of all parameters; particles and ensembles have none"},
               {"ESS / 1000 runs", "smallest ESS for a thousand model runs"},
               {"ESS / s", "smallest ESS for a second of wall time"},
               {"e", "relative squared error of the mean to the reference"},
               {"log evidence", ""},
               {"bias", ""}});
  out += "<tbody>" + comparison_row(data.main, true);
  for (const MethodRun& run : data.comparisons) out += comparison_row(run, false);
  return out + "</tbody></table></div>";
}

std::string bias_table(const ReportData& data) {
  if (!has_reference(data) || data.reference_is_truth) return "";
  constexpr std::size_t most_columns = 12;
  const std::size_t all = data.reference_mean.size(), shown = std::min(all, most_columns);
  std::vector<const MethodRun*> runs{&data.main};
  for (const MethodRun& run : data.comparisons) runs.push_back(&run);
  std::vector<std::pair<std::string, std::string>> columns{{"(mean − reference) / sd", ""}};
  for (std::size_t p = 0; p < shown; ++p)
    columns.push_back({core::escape_markup(parameter_name(data, static_cast<int>(p))), ""});
  columns.push_back({"largest |·|", "over all parameters"});
  std::string out = "<div class=\"scroll\"><table class=\"sortable\">" + head(columns) + "<tbody>";
  for (const MethodRun* run : runs) {
    if (run->parameters.size() != all) continue;
    out += fmt::format("<tr><th scope=\"row\">{}<small>{}</small></th>", core::escape_markup(run->name),
                       run->is_exact ? "exact in the limit" : "biased");
    double largest = 0.0;
    for (std::size_t p = 0; p < all; ++p) {
      const ParameterRow& row = run->parameters[p];
      const double z = (row.mean - data.reference_mean[p]) / row.sd, error = row.mcse / row.sd;
      if (!(std::abs(z) <= largest)) largest = std::abs(z);
      if (p < shown)
        out += cell(fmt::format("{}{} ± {}", z > 0 ? "+" : "", number(z, 2), number(error, 1)), z,
                    std::abs(z) > 3 * error ? "caution" : "");
    }
    out += number_cell(largest, 2) + "</tr>";
  }
  out +=
      "</tbody></table></div><p>Error of each sampler's mean with its sign, in its posterior standard deviations, ± "
      "the Monte Carlo standard error";
  if (all > shown) out += fmt::format("; the first {} of {} parameters", shown, count(static_cast<double>(all)));
  return out +
         ". Marked where chance does not explain it: above three standard errors it is bias, or a run too short.</p>";
}

std::string parameter_table(const ReportData& data) {
  const bool with_reference = has_reference(data);
  std::vector<std::pair<std::string, std::string>> columns = {
      {"parameter", ""},
      {"mean", ""},
      {"sd", "posterior standard deviation"},
      {"MCSE", "Monte Carlo standard error of the mean"},
      {"5 %", ""},
      {"median", ""},
      {"95 %", ""},
      {"ESS bulk", "effective sample size for the centre"},
      {"ESS tail", "effective sample size for the 5 % and 95 % quantiles"},
      {"R-hat", "rank-normalised split R-hat; 1 when chains agree"}};
  if (with_reference) {
    columns.push_back({core::escape_markup(data.reference_label), ""});
    columns.push_back({"z", "(mean - reference) / sd"});
  }
  std::vector<int> shown = by_mixing(data.main);
  const std::size_t all = data.main.parameters.size();
  std::string out;
  if (all > most_rows) {
    shown.resize(most_rows);
    out = fmt::format("<p>The {} of {} parameters that mix worst; the results file has all.</p>", count(most_rows),
                      count(static_cast<double>(all)));
  }
  std::sort(shown.begin(), shown.end());
  out += "<div class=\"scroll tall\"><table class=\"sortable\">" + head(columns) + "<tbody>";
  for (const int p : shown) {
    if (p >= static_cast<int>(all)) continue;
    const ParameterRow& row = data.main.parameters[p];
    out += fmt::format("<tr><th scope=\"row\" data-v=\"{}\">{}</th>", p, core::escape_markup(parameter_name(data, p)));
    out += number_cell(row.mean, 4) + number_cell(row.sd) + number_cell(row.mcse, 2);
    out += number_cell(row.q05) + number_cell(row.q50) + number_cell(row.q95);
    out += cell(count(row.ess_bulk), row.ess_bulk, concern(ess_level(row.ess_bulk)));
    out += cell(count(row.ess_tail), row.ess_tail, concern(ess_level(row.ess_tail)));
    out += cell(number(row.rhat, 4), row.rhat, concern(rhat_level(row.rhat)));
    if (with_reference) {
      const double z = (row.mean - data.reference_mean[p]) / row.sd;
      out += number_cell(data.reference_mean[p], 4);
      out += cell(number(z, 2), z, std::abs(z) > 3 ? "bad" : std::abs(z) > 2 ? "caution" : "");
    }
    out += "</tr>";
  }
  return out + "</tbody></table></div>";
}

std::string statistics_table(const ReportData& data) {
  const std::size_t all = data.main.parameters.size(), shown = std::min(all, most_rows);
  std::string out;
  if (shown < all)
    out = fmt::format("<p>The first {} of {} {}s; summary.json has all.</p>", count(static_cast<double>(shown)),
                      count(static_cast<double>(all)), core::escape_markup(data.row_word));
  out += "<div class=\"scroll tall\"><table class=\"sortable\">";
  out += head({{core::escape_markup(data.row_word), ""},
               {"mean", ""},
               {"standard error", "of the mean: sd / square root of the number of rows"},
               {"sd", "standard deviation"},
               {"5 %", ""},
               {"median", ""},
               {"95 %", ""}});
  out += "<tbody>";
  for (std::size_t p = 0; p < shown; ++p) {
    const ParameterRow& row = data.main.parameters[p];
    out += fmt::format("<tr><th scope=\"row\" data-v=\"{}\">{}</th>", p, core::escape_markup(row.name));
    out += number_cell(row.mean, 4) + number_cell(row.mcse, 2) + number_cell(row.sd);
    out += number_cell(row.q05) + number_cell(row.q50) + number_cell(row.q95) + "</tr>";
  }
  return out + "</tbody></table></div>";
}

}  // namespace aleator::campaign::report
