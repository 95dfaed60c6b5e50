#include "campaign/report/calibration_page.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "campaign/report/format.hpp"
#include "campaign/report/page_parts.hpp"
#include "campaign/report/plot.hpp"
#include "core/markup.hpp"

namespace aleator::campaign::report {
namespace {

constexpr std::size_t most_quantities = 12;

std::vector<RankedQuantity> worst_first(const CalibrationPage& page) {
  std::vector<RankedQuantity> shown = page.quantities;
  std::stable_sort(shown.begin(), shown.end(), [](const RankedQuantity& a, const RankedQuantity& b) {
    return std::min(a.ecdf_p, a.chi_square_p) < std::min(b.ecdf_p, b.chi_square_p);
  });
  if (shown.size() > most_quantities) shown.resize(most_quantities);
  return shown;
}

void label(Script& s, const std::string& name) {
  s.place(0.14, 0.97, 0.17, 0.88);
  s << fmt::format("set label 1 at screen 0.04, screen 0.94 {} font ',12' textcolor rgb '{}'", gnuplot_string(name),
                   marker::ink);
}

std::string draw_ranks(const CalibrationPage& page, const RankedQuantity& one, Gnuplot& gnuplot) {
  const double expected = static_cast<double>(page.simulations) / page.bins;
  const double sd = std::sqrt(expected * (1.0 - 1.0 / page.bins)), width = static_cast<double>(page.values) / page.bins;
  std::vector<double> centre, heights = one.histogram;
  for (std::size_t i = 0; i < one.histogram.size(); ++i) centre.push_back((static_cast<double>(i) + 0.5) * width);
  heights.push_back(expected + 4.0 * sd);
  Script s;
  label(s, one.name);
  s.axis("x", {0.0, static_cast<double>(page.values), false}, 5, "rank of the truth");
  s.axis("y", {0.0, 1.05 * *std::max_element(heights.begin(), heights.end()), false}, 4);
  const std::string band = s.block({{0.0, expected - 2.0 * sd, expected + 2.0 * sd},
                                    {static_cast<double>(page.values), expected - 2.0 * sd, expected + 2.0 * sd}});
  s << fmt::format(
      "set boxwidth {:.6g}; set style fill solid 0.55 noborder; plot {} using 1:2:3 with filledcurves lc rgb '{}' "
      "notitle, {} using 1:2 with boxes lc rgb {} notitle, {:.6g} with lines lw 1.4 lc rgb '{}' notitle",
      0.92 * width, band, marker::band, s.block(centre, one.histogram), series_colour(0), expected, marker::reference);
  return gnuplot.draw(s.text(), 520, 230, "Rank histogram of " + one.name);
}

std::string draw_ecdf(const CalibrationPage& page, const RankedQuantity& one, Gnuplot& gnuplot) {
  std::vector<std::vector<double>> rows;
  std::vector<double> all{0.0};
  for (std::size_t i = 0; i < one.ecdf.size(); ++i) {
    const double at = (static_cast<double>(i) + 1.0) / page.values;
    rows.push_back({at, page.band_low[i] - at, page.band_high[i] - at, one.ecdf[i] - at});
    all.insert(all.end(), rows.back().begin() + 1, rows.back().end());
  }
  Script s;
  label(s, one.name);
  s.axis("x", {0.0, 1.0, false}, 5, "rank / number of values");
  s.axis("y", axis_for(all, false), 4);
  const std::string data = s.block(rows);
  s << fmt::format(
      "plot {0} using 1:2:3 with filledcurves lc rgb '{1}' notitle, {0} using 1:4 with lines lw 1.6 lc rgb {2} notitle",
      data, marker::band, series_colour(0));
  return gnuplot.draw(s.text(), 520, 230, "ECDF difference of " + one.name);
}

Figure calibration_figure(const CalibrationPage& page, Gnuplot& gnuplot) {
  Figure figure{"ranks", "Ranks of the truth", "two", {}, "", !page.quantities.empty()};
  for (const RankedQuantity& one : worst_first(page))
    for (const std::string& picture : {draw_ranks(page, one, gnuplot), draw_ecdf(page, one, gnuplot)})
      if (!picture.empty()) figure.pictures.push_back(picture);
  figure.caption =
      "Left: histogram of the ranks; the band holds two standard deviations of a bin. Right: the ECDF of the ranks "
      "minus that of uniform ranks; uniform ranks leave the band anywhere in one of 20 experiments. A valley in the "
      "histogram: the posterior is too narrow; a hill: too wide; a slope: shifted.";
  if (page.quantities.size() > most_quantities)
    figure.caption +=
        fmt::format(" Shown are the {} quantities of {} with the smallest p.", most_quantities, page.quantities.size());
  return figure;
}

std::string table_of(const CalibrationPage& page) {
  std::string out =
      "<div class=\"scroll\"><table><thead><tr><th>quantity</th><th>p, ECDF</th><th>p, "
      "chi-square</th><th>verdict</th></tr></thead><tbody>";
  for (const RankedQuantity& one : page.quantities)
    out += fmt::format("<tr><td>{}</td><td>{}</td><td>{}</td><td class=\"{}\">{}</td></tr>",
                       core::escape_markup(one.name), number(one.ecdf_p), number(one.chi_square_p),
                       level_class(one.words.empty() ? Level::good : Level::bad),
                       one.words.empty() ? "uniform" : core::escape_markup(one.words));
  return out + "</tbody></table></div>";
}

}  // namespace

std::string render_calibration_html(const CalibrationPage& page, const std::string& work_dir,
                                    const RenderOptions& options) {
  Gnuplot gnuplot(options.gnuplot, work_dir);
  const std::string words = paragraphs(page.base.problem_text);
  const std::vector<Section> sections{{"problem", "What was done", "<div class=\"card prose\">" + words + "</div>"},
                                      {"figures", "Ranks", figure_html(calibration_figure(page, gnuplot))},
                                      {"table", "All quantities", table_of(page)},
                                      {"reproduce", "Reproduce", reproduce(page.base)}};
  const std::string tiles =
      "<div id=\"overview\" class=\"tiles\">" +
      tile(page.is_calibrated ? "yes" : "no", "calibrated", page.is_calibrated ? Level::good : Level::bad) +
      tile(count(page.simulations), "simulations") + tile(count(page.values - 1), "draws ranked among") +
      tile(count(page.model_evaluations), "model evaluations") + tile(duration(page.seconds), "time") + "</div>";
  return lead_page_html(page.base, page.verdict + ".", {"overview", "Overview", tiles}, sections, gnuplot);
}

}  // namespace aleator::campaign::report
