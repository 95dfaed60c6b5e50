#include "campaign/report/bench_page.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "campaign/report/format.hpp"
#include "campaign/report/page_parts.hpp"
#include "campaign/report/plot.hpp"
#include "core/markup.hpp"

namespace aleator::campaign::report {
namespace {

constexpr double least_error = 1e-4;  // of the tolerance: smaller ones are drawn there

Figure error_figure(const BenchPage& page, Gnuplot& gnuplot) {
  Figure figure{"errors", "Error against model evaluations", "one", {}, "", false};
  std::vector<std::string> samplers;
  std::vector<double> evaluations, errors{1.0};
  for (const BenchLine& row : page.rows) {
    if (!std::isfinite(row.error) || !(row.model_evaluations > 0.0)) continue;
    if (std::find(samplers.begin(), samplers.end(), row.sampler) == samplers.end()) samplers.push_back(row.sampler);
    evaluations.push_back(row.model_evaluations);
    errors.push_back(std::max(row.error, least_error));
  }
  figure.has_data = !evaluations.empty();
  if (!figure.has_data) return figure;
  const Axis x = axis_for(evaluations, true), y = axis_for(errors, true);
  Script s;
  s.place(0.07, 0.99, 0.15, 0.90);
  s.axis("x", x, 6, "model evaluations");
  s.axis("y", y, 5, "error / tolerance");
  s << "set key above horizontal right Left reverse samplen 1 height 0";
  std::string plot =
      fmt::format("plot {:.10g} with lines lw 1.4 dt 2 lc rgb '{}' title 'tolerance'", y(1.0), marker::reference);
  for (std::size_t i = 0; i < samplers.size(); ++i) {
    std::vector<double> of_x, of_y;
    for (const BenchLine& row : page.rows)
      if (row.sampler == samplers[i] && std::isfinite(row.error) && row.model_evaluations > 0.0)
        of_x.push_back(x(row.model_evaluations)), of_y.push_back(y(std::max(row.error, least_error)));
    plot += fmt::format(", {} using 1:2 with points pt 7 ps 0.6 lc rgb {} title {}", s.block(of_x, of_y),
                        series_colour(static_cast<int>(i)), gnuplot_string(samplers[i]));
  }
  s << plot;
  const std::string picture = gnuplot.draw(s.text(), 1060, 380, "Error over tolerance against model evaluations");
  if (!picture.empty()) figure.pictures.push_back(picture);
  figure.caption = fmt::format(
      "One point a value: its distance from the known one in units of the tolerance. Above the dashed line it fails. "
      "Errors below {} are drawn there.",
      power_of_ten(-4));
  return figure;
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

std::string render_bench_html(const BenchPage& page, const std::string& work_dir, const RenderOptions& options) {
  Gnuplot gnuplot(options.gnuplot, work_dir);
  ReportData data;
  data.title = "Problems with known answers", data.program_version = page.program, data.ranks = 0;
  const std::vector<Section> sections{{"chart", "Errors", figure_html(error_figure(page, gnuplot))},
                                      {"table", "All values", table_html(page)}};
  Page outer;
  outer.title = data.title, outer.header = header_html(data, core::escape_markup(page.verdict + "."));
  return page_html(outer, sections, gnuplot);
}

}  // namespace aleator::campaign::report
