#include "campaign/report/campaign_page.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "campaign/report/format.hpp"
#include "campaign/report/page_parts.hpp"
#include "campaign/report/plot.hpp"
#include "core/markup.hpp"

namespace aleator::campaign::report {
namespace {

std::string header_cells(const std::vector<std::string>& names) {
  std::string out;
  for (const std::string& name : names) out += fmt::format("<th scope=\"col\">{}</th>", core::escape_markup(name));
  return out;
}

std::string value_cell(double value, const std::string& text) {
  return std::isfinite(value) ? fmt::format("<td data-v=\"{:.10g}\">{}</td>", value, text) : "<td>–</td>";
}

std::string runs_table(const CampaignPage& page) {
  std::vector<std::string> names{"run"};
  names.insert(names.end(), page.keys.begin(), page.keys.end());
  names.insert(names.end(), {"seed", "status", "time"});
  names.insert(names.end(), page.columns.begin(), page.columns.end());
  std::string out =
      "<div class=\"scroll tall\"><table class=\"sortable\"><thead><tr>" + header_cells(names) + "</tr></thead><tbody>";
  for (const CampaignLine& run : page.runs) {
    out += run.link.empty()
               ? fmt::format("<tr><td>{}</td>", run.name)
               : fmt::format("<tr><td><a href=\"{}\">{}</a></td>", core::escape_markup(run.link), run.name);
    for (const std::string& value : run.values) out += fmt::format("<td>{}</td>", core::escape_markup(value));
    const std::string words = run.message.empty() ? run.status : run.status + ": " + run.message;
    out += fmt::format("<td>{}</td><td class=\"{}\">{}</td>", run.seed, level_class(run.level),
                       core::escape_markup(words));
    out += value_cell(run.seconds, duration(run.seconds));
    for (const auto& [value, error] : run.numbers) out += value_cell(value, with_error(value, error));
    out += "</tr>";
  }
  return out + "</tbody></table></div>";
}

std::string replicates_section(const CampaignPage& page) {
  if (page.replicates.empty()) return "";
  std::string out;
  for (const auto& [level, words] : page.agreements)
    out += fmt::format("<p class=\"{}\">{}</p>", level_class(level), core::escape_markup(words));
  out = "<div class=\"card prose\">" + out + "</div>";
  out += "<div class=\"scroll tall\"><table class=\"sortable\"><thead><tr>" +
         header_cells({"setting", "quantity", "mean of the runs", "spread of the runs (sd)", "error a run states",
                       "spread / error", "runs"}) +
         "</tr></thead><tbody>";
  for (const ReplicateLine& row : page.replicates)
    out +=
        fmt::format("<tr><td>{}</td><td>{}</td>", core::escape_markup(row.setting), core::escape_markup(row.quantity)) +
        value_cell(row.mean, with_error(row.mean, row.sd / std::sqrt(static_cast<double>(row.runs)))) +
        value_cell(row.sd, number(row.sd, 3)) + value_cell(row.stated, number(row.stated, 3)) +
        value_cell(row.sd / row.stated, number(row.sd / row.stated, 2)) + fmt::format("<td>{}</td></tr>", row.runs);
  return out + "</tbody></table></div>";
}

std::string models_section(const CampaignPage& page) {
  if (page.models.empty()) return "";
  std::string out = fmt::format("<div class=\"card prose\"><p class=\"{}\">{}</p></div>",
                                level_class(page.preference.first), core::escape_markup(page.preference.second));
  out += "<div class=\"scroll tall\"><table class=\"sortable\"><thead><tr>" +
         header_cells({"setting", "log evidence", "ln Bayes factor to the best", "probability", "runs"}) +
         "</tr></thead><tbody>";
  for (const ModelLine& model : page.models)
    out += fmt::format("<tr><td>{}</td>", core::escape_markup(model.name)) +
           value_cell(model.log_evidence, with_error(model.log_evidence, model.standard_error)) +
           value_cell(model.log_bayes_factor, number(model.log_bayes_factor, 4)) +
           value_cell(model.probability, number(model.probability, 3)) + fmt::format("<td>{}</td></tr>", model.runs);
  return out + "</tbody></table></div>";
}

// Points with their errors, those at one place side by side; a line joins the means of the places.
void draw_points(Script& s, const CampaignPanel& panel, const std::string& curve, const Axis& x, const Axis& y,
                 int colour, bool is_named, std::string& plot) {
  std::vector<std::vector<double>> marks, means;
  for (const PanelPoint& p : panel.points) {
    if (p.curve != curve || !std::isfinite(x(p.x)) || !std::isfinite(y(p.y))) continue;
    const bool has_error = std::isfinite(p.error);
    const double low = has_error ? y(p.y - p.error) : y(p.y);
    marks.push_back({x(p.x), y(p.y), std::isfinite(low) ? low : y.low, has_error ? y(p.y + p.error) : y(p.y)});
  }
  std::stable_sort(marks.begin(), marks.end(), [](const auto& a, const auto& b) { return a[0] < b[0]; });
  constexpr double widest = 0.08, step = 0.018;  // of the axis
  for (std::size_t i = 0, end = 0; i < marks.size(); i = end) {
    double mean = 0.0;
    const double place = marks[i][0];
    for (end = i; end < marks.size() && marks[end][0] == place; ++end) mean += marks[end][1];
    const auto n = static_cast<double>(end - i);
    means.push_back({place, mean / n});
    const double apart = n < 2.0 ? 0.0 : std::min(step, widest / (n - 1.0)) * (x.high - x.low);
    for (std::size_t k = i; k < end; ++k) marks[k][0] += apart * (static_cast<double>(k - i) - 0.5 * (n - 1.0));
  }
  const std::string title = is_named ? "title " + gnuplot_string(curve) : "notitle";
  const std::string block = s.block(marks);
  plot += fmt::format(
      "{0}{1} using 1:2:3:4 with yerrorbars pt -1 lw 1.2 lc rgb {2} notitle, {1} using 1:2 with points pt 7 ps 0.5 lc "
      "rgb {2} {3}",
      plot.empty() ? "plot " : ", ", block, series_colour(colour), title);
  if (means.size() > 1 && panel.has_key)
    plot += fmt::format(", {} using 1:2 with lines lw 1.2 lc rgb {} notitle", s.block(means), series_colour(colour));
}

std::string draw_panel(const CampaignPanel& panel, Gnuplot& gnuplot) {
  std::vector<double> xs, ys;
  std::vector<std::string> curves;
  for (const PanelPoint& p : panel.points) {
    xs.push_back(p.x), ys.push_back(p.y);
    if (std::isfinite(p.error)) ys.push_back(p.y - p.error), ys.push_back(p.y + p.error);
    if (std::find(curves.begin(), curves.end(), p.curve) == curves.end()) curves.push_back(p.curve);
  }
  const Axis x = axis_for(xs, panel.has_key && is_wide(xs), 0.06), y = axis_for(ys, is_wide(ys), 0.08);
  Script s;
  s.place(0.15, 0.97, 0.17, curves.size() > 1 ? 0.78 : 0.88);
  s.axis("x", x, 5, panel.x_label);
  s.axis("y", y, 4);
  s << (curves.size() > 1 ? "set key above horizontal right Left reverse samplen 1 height 0" : "unset key")
    << fmt::format("set label 1 at screen 0.02, screen 0.95 {} font ',12' textcolor rgb '{}'",
                   gnuplot_string(short_name(panel.quantity, 48)), marker::ink);
  std::string plot;
  for (std::size_t i = 0; i < curves.size(); ++i)
    draw_points(s, panel, curves[i], x, y, static_cast<int>(i), curves.size() > 1, plot);
  s << plot;
  return gnuplot.draw(s.text(), 520, 330, panel.quantity + " of the runs");
}

Figure panel_figure(const CampaignPage& page, Gnuplot& gnuplot) {
  Figure figure{"quantities", "What the runs found", "two", {}, "", false};
  for (const CampaignPanel& panel : page.panels) {
    if (panel.points.empty()) continue;
    figure.has_data = true;
    const std::string picture = draw_panel(panel, gnuplot);
    if (!picture.empty()) figure.pictures.push_back(picture);
  }
  figure.caption =
      "One point a run, with the standard error that the run states where it states one; lines join the means of the "
      "replicates. Replicates differ in the seed alone: honest errors overlap.";
  return figure;
}

}  // namespace

std::string render_campaign_html(const CampaignPage& page, const std::string& work_dir, const RenderOptions& options) {
  Gnuplot gnuplot(options.gnuplot, work_dir);
  std::vector<Section> sections;
  const auto add = [&sections](const char* id, const std::string& title, std::string body) {
    sections.push_back({id, title, std::move(body)});
  };
  add("found", "Quantities", figure_html(panel_figure(page, gnuplot)));
  add("models", "Which do the data prefer?", models_section(page));
  add("replicates", "Do replicates agree?", replicates_section(page));
  add("runs", "Runs", runs_table(page));
  add("reproduce", "Reproduce", reproduce(page.base));
  return overview_page_html(page.base, page.headline, page.tiles, page.warnings, std::move(sections), gnuplot);
}

}  // namespace aleator::campaign::report
