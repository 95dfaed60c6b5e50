#include "campaign/report/bench_page.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include "campaign/report/format.hpp"
#include "campaign/report/page_parts.hpp"
#include "campaign/report/plot.hpp"
#include "core/markup.hpp"

namespace aleator::campaign::report {
namespace {

constexpr double least_error = 1e-4;                               // of the tolerance: smaller ones are drawn there
constexpr int symbols[] = {7, 9, 5, 13, 11, 2}, symbol_count = 6;  // gnuplot's point types: with the colours 48 series

// "hmc", "eki (biased)"
std::string legend_of(const BenchSummary& one) {
  const std::string kind = "sampler/";
  return (one.sampler.rfind(kind, 0) == 0 ? one.sampler.substr(kind.size()) : one.sampler) +
         (one.is_judged ? "" : " (biased)");
}

Figure error_figure(const BenchPage& page, Gnuplot& gnuplot) {
  Figure figure{"errors", "Error against model evaluations", "one", {}, "", false};
  std::map<std::string, std::pair<std::vector<double>, std::vector<double>>> samplers;
  std::vector<double> evaluations, errors{1.0};
  for (const BenchSummary& one : page.samplers) {
    if (!std::isfinite(one.largest_error) || !(one.model_evaluations > 0.0)) continue;
    evaluations.push_back(one.model_evaluations);
    errors.push_back(std::max(one.largest_error, least_error));
    auto& [runs, error] = samplers[legend_of(one)];
    runs.push_back(evaluations.back()), error.push_back(errors.back());
  }
  figure.has_data = !evaluations.empty();
  if (!figure.has_data) return figure;
  const Axis x = axis_for(evaluations, true), y = axis_for(errors, true);
  const int height = std::max(420, 90 + 10 * static_cast<int>(samplers.size() + 1));
  Script s;
  const bool is_wide = samplers.size() > 20;
  s.place(0.07, is_wide ? 0.57 : 0.72, 60.0 / height, 1.0 - 20.0 / height);  // room for two columns
  s.axis("x", x, 6, "model evaluations");
  s.axis("y", y, 5, "largest error / tolerance");
  s << fmt::format("set key at screen {}, screen 0.98 left top vertical maxrows {} Left reverse samplen 1 height 0",
                   is_wide ? 0.58 : 0.73, is_wide ? samplers.size() / 2 + 1 : 21);
  std::string plot =
      fmt::format("plot {:.10g} with lines lw 1.4 dt 2 lc rgb '{}' title 'tolerance'", y(1.0), marker::reference);
  int series = 0;
  for (auto& [sampler, points] : samplers) {
    for (double& runs : points.first) runs = x(runs);
    for (double& error : points.second) error = y(error);
    plot += fmt::format(", {} using 1:2 with points pt {} ps 0.7 lc rgb {} title {}",
                        s.block(points.first, points.second), symbols[series / marker::series_count % symbol_count],
                        series_colour(series), gnuplot_string(sampler));
    ++series;
  }
  s << plot;
  const std::string picture = gnuplot.draw(s.text(), 1060, height, "Error over tolerance against model evaluations");
  if (!picture.empty()) figure.pictures.push_back(picture);
  figure.caption = fmt::format(
      "One point a sampler and problem: the largest distance of its values from the known ones, in units of their "
      "tolerance. Above the dashed line one fails, unless the method is biased by its nature. Errors below {} are "
      "drawn there.",
      power_of_ten(-4));
  return figure;
}

std::string signed_number(double value) {
  const std::string text = fmt::format("{:.3f}", value);
  return text[0] == '-' ? "\xE2\x88\x92" + text.substr(1) : text;
}

// "-1.75 +- 0.03, known -1.746", or empty.
std::string evidence_of(const BenchSummary& one) {
  return std::isnan(one.known_log_evidence)
             ? ""
             : fmt::format("{} \xC2\xB1 {:.3f}, known {}", signed_number(one.log_evidence), one.log_evidence_error,
                           signed_number(one.known_log_evidence));
}

std::string word_of(const BenchSummary& one) {
  if (!one.failure.empty()) return "fail: " + one.failure;
  return !one.is_judged ? "biased, not judged" : one.passed == one.values ? "pass" : "fail";
}

std::string samplers_html(const BenchPage& page) {
  std::string out =
      "<div class=\"scroll\"><table><thead><tr><th>problem</th><th>sampler</th><th>verdict</th><th>values</th>"
      "<th>largest error / tolerance</th><th>at</th><th>log evidence</th><th>model runs</th><th>runs an effective "
      "sample</th><th>time</th></tr></thead><tbody>";
  for (const BenchSummary& one : page.samplers) {
    const Level level = !one.is_judged ? Level::biased : one.passed == one.values ? Level::good : Level::bad;
    out += fmt::format(
        "<tr><td>{}</td><td>{}</td><td class=\"{}\">{}</td><td>{} of "
        "{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td>"
        "<td>{}</td><td>{}</td></tr>",
        core::escape_markup(one.problem), core::escape_markup(one.sampler), level_class(level),
        core::escape_markup(word_of(one)), one.passed, one.values, number(one.largest_error, 2),
        core::escape_markup(one.largest_at), evidence_of(one), count(one.model_evaluations),
        number(one.runs_per_sample), duration(one.seconds));
  }
  return out + "</tbody></table></div>";
}

std::string table_html(const BenchPage& page) {
  std::string out =
      "<div "
      "class=\"scroll\"><table><thead><tr><th>problem</th><th>quantity</th><th>sampler</th><th>found</th><th>known</"
      "th><th>tolerance</th><th>verdict</th><th>model runs</th><th>runs an effective "
      "sample</th><th>time</th></tr></thead><tbody>";
  for (const BenchLine& row : page.rows) {
    const Level level = !row.is_judged ? Level::biased : row.passes ? Level::good : Level::bad;
    const std::string word = !row.is_judged ? "biased, not judged" : row.passes ? "pass" : "fail";
    out += fmt::format(
        "<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td "
        "class=\"{}\">{}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
        core::escape_markup(row.problem), core::escape_markup(row.quantity), core::escape_markup(row.sampler),
        number(row.found, 6), number(row.known, 6), number(row.tolerance), level_class(level),
        core::escape_markup(row.failure.empty() ? word : word + ": " + row.failure), count(row.model_evaluations),
        number(row.runs_per_sample), duration(row.seconds));
  }
  return out + "</tbody></table></div>";
}

}  // namespace

std::string render_bench_markdown(const BenchPage& page) {
  std::string out =
      page.verdict +
      ".\n\n| problem | sampler | verdict | values | largest error / tolerance, at | log evidence | model "
      "runs | runs an effective sample | seconds |\n|---|---|---|---|---|---|---|---|---|\n";
  const auto known = [](double runs, const char* format) {
    return std::isfinite(runs) ? fmt::format(fmt::runtime(format), runs) : std::string();
  };
  for (const BenchSummary& one : page.samplers)
    out += fmt::format("| {} | `{}` | {} | {} of {} | {:.2f}, {} | {} | {} | {} | {:.1f} |\n", one.problem, one.sampler,
                       word_of(one), one.passed, one.values, one.largest_error, one.largest_at, evidence_of(one),
                       known(one.model_evaluations, "{:.0f}"), known(one.runs_per_sample, "{:.3g}"), one.seconds);
  return out;
}

std::string render_bench_html(const BenchPage& page, const std::string& work_dir, const RenderOptions& options) {
  Gnuplot gnuplot(options.gnuplot, work_dir);
  ReportData data;
  data.title = "Problems with known answers", data.program_version = page.program, data.ranks = 0;
  const std::vector<Section> sections{{"chart", "Errors", figure_html(error_figure(page, gnuplot))},
                                      {"samplers", "Samplers", samplers_html(page)},
                                      {"table", "All values", table_html(page)}};
  Page outer;
  outer.title = data.title, outer.header = header_html(data, core::escape_markup(page.verdict + "."));
  return page_html(outer, sections, gnuplot);
}

}  // namespace aleator::campaign::report
