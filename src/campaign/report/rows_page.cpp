#include "campaign/report/rows_page.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "campaign/report/field_panel.hpp"
#include "campaign/report/format.hpp"
#include "campaign/report/mesh_plane.hpp"
#include "campaign/report/page_parts.hpp"
#include "campaign/report/selection.hpp"
#include "campaign/report/statistics.hpp"
#include "campaign/report/tables.hpp"
#include "core/markup.hpp"

namespace aleator::campaign::report {
namespace {

constexpr std::size_t most_field_pictures = 16;

// A field as a picture shows it: of three dimensions the middle plane.
struct Plane {
  std::vector<int> shape;  // {ny, nx}; ny = 1: a curve
  std::vector<double> values;
  std::string place;    // ", z = 0.5"
  double aspect = 0.0;  // width over height; 0: cells are squares
};

Plane plane_of(const io::Field& field) {
  if (field.mesh != nullptr) {
    MeshPlane sampled = sample_mesh(field);
    return {std::move(sampled.shape), std::move(sampled.values),
            field.mesh->dimension == 3 ? fmt::format(", z = {}", number(sampled.z)) : "", 0.0};
  }
  const std::vector<int> points = io::points_of(field);
  Plane plane{{points.size() > 1 ? points[1] : 1, points[0]}, field.values, "", 0.0};
  if (points.size() > 1) plane.aspect = field.spacing[0] * points[0] / (field.spacing[1] * points[1]);
  if (points.size() < 3) return plane;
  const int middle = points[2] / 2;
  const auto first = field.values.begin() + static_cast<std::ptrdiff_t>(middle) * points[0] * points[1];
  plane.values.assign(first, first + static_cast<std::ptrdiff_t>(points[0]) * points[1]);
  const double z = field.origin[2] + field.spacing[2] * (middle + (field.is_at_nodes ? 0.0 : 0.5));
  plane.place = fmt::format(", z = {}", number(z));
  return plane;
}

std::vector<double> positions(const io::Field& field) {
  std::vector<double> x;
  for (int i = 0; i < io::points_of(field)[0]; ++i)
    x.push_back(field.origin[0] + field.spacing[0] * (i + (field.is_at_nodes ? 0.0 : 0.5)));
  return x;
}

// One scale for all fields of a name, so that maps can be compared.
Axis scale_of(const std::string& name, const std::vector<io::FieldSet>& sets) {
  std::vector<double> all;
  for (const io::FieldSet& set : sets)
    for (const io::Field& field : set.fields) {
      if (field.name != name) continue;
      const std::vector<double> values = plane_of(field).values;
      all.insert(all.end(), values.begin(), values.end());
    }
  const auto extremes = std::minmax_element(all.begin(), all.end());
  constexpr double most = 1e6;  // beyond it a logarithmic map shows what has underflowed
  const bool is_log = is_wide(all) && *extremes.second < most * *extremes.first;
  return axis_for(all, is_log, 0.0);
}

Figure rows_field_figure(const RowsPage& page, Gnuplot& gnuplot) {
  Figure figure{"fields", "Fields", "four", {}, "", false};
  std::size_t shown = 0, all = 0;
  for (const io::FieldSet& set : page.fields) {
    for (const io::Field& field : set.fields) {
      if (++all > most_field_pictures) continue;
      ++shown;
      figure.has_data = true;
      const Plane plane = plane_of(field);
      const std::string title = (set.label == field.name ? field.name : field.name + ", " + set.label) + plane.place;
      const std::string picture = plane.shape[0] == 1
                                      ? draw_curve(title, positions(field), plane.values, gnuplot)
                                      : draw_field(plane.shape,
                                                   {title, "Map of " + title, plane.values,
                                                    scale_of(field.name, page.fields), false, false, plane.aspect},
                                                   gnuplot);
      if (!picture.empty()) figure.pictures.push_back(picture);
    }
  }
  figure.caption =
      "Maps of one name share one colour scale; the origin is at the lower left. Of fields in three dimensions the "
      "middle plane is shown.";
  if (shown < all) figure.caption += fmt::format(" Shown are the first {} of {} fields.", shown, all);
  if (!page.fields_file.empty())
    figure.caption += fmt::format(" All are in {}, which ParaView opens.", page.fields_file);
  return figure;
}

Figure spectrum_figure(const RowsPage& page, Gnuplot& gnuplot) {
  Figure figure{"modes", "Modes", "three", {}, "", false};
  for (const FieldModes& modes : page.spectra) {
    figure.has_data = true;
    const std::string picture = draw_spectrum(fmt::format("{}: {} of the variance", modes.field, percent(modes.kept)),
                                              modes.eigenvalues, gnuplot);
    if (!picture.empty()) figure.pictures.push_back(picture);
  }
  figure.caption =
      "Eigenvalues of the covariance for the modes that the field is made of, and the share of its variance (of its "
      "logarithm with transform = \"exp\"), averaged over the domain, that they hold. summary.json has the numbers.";
  return figure;
}

Figure sample_figure(const RowsPage& page, Gnuplot& gnuplot) {
  Figure figure{"histograms", "Histograms", "four", {}, "", false};
  for (const auto& [name, values] : page.samples) {
    figure.has_data = true;
    const std::string picture = draw_histogram(name, values, gnuplot);
    if (!picture.empty()) figure.pictures.push_back(picture);
  }
  const std::string word = page.base.row_word;
  figure.caption = "The bar on the axis holds the central 90 %.";
  if (page.samples.size() < page.base.main.parameters.size())
    figure.caption += fmt::format(" Shown are {} of {} {}s, spread evenly over all.", page.samples.size(),
                                  page.base.main.parameters.size(), word);
  return figure;
}

Figure rows_interval_figure(const RowsPage& page, Gnuplot& gnuplot) {
  Figure figure = interval_figure(page.base, gnuplot);
  figure.title = fmt::format("All {}s at a glance", page.base.row_word);
  figure.caption = "Bars hold the central 90 % of the rows, dots are medians.";
  return figure;
}

// First-order and total indices of one output, side by side for each factor.
std::string draw_shares(const std::vector<VarianceShare>& shares, Gnuplot& gnuplot) {
  std::vector<std::vector<double>> first, total;
  std::string names;
  double top = 1.0;
  for (std::size_t k = 0; k < shares.size(); ++k) {
    const VarianceShare& s = shares[k];
    const double x = static_cast<double>(k);
    first.push_back({x - 0.15, s.first, s.first_low, s.first_high - s.first_low});
    total.push_back({x + 0.15, s.total, s.total_low, s.total_high - s.total_low});
    if (std::isfinite(s.total_high)) top = std::max(top, s.total_high);
    names += fmt::format("{}{} {}", k == 0 ? "" : ", ", gnuplot_string(short_name(s.factor, 14)), k);
  }
  Script s;
  s.place(0.12, 0.97, 0.15, 0.84);
  s << fmt::format("set label 1 at screen 0.04, screen 0.95 {} font ',12' textcolor rgb '{}'",
                   gnuplot_string(shares.front().output), marker::ink);
  s.axis("x", {-0.6, static_cast<double>(shares.size()) - 0.4, false}, 8);
  s.axis("y", {-0.05, 1.05 * top, false}, 5, "share of the variance");
  s << fmt::format("set xtics ({}); unset xlabel", names);
  s << "set key above horizontal right Left reverse samplen 1 height 0; set boxwidth 0.26; set style fill solid 0.6";
  s << fmt::format(
      "plot {0} using 1:2 with boxes lc rgb {2} title 'first order', {1} using 1:2 with boxes lc rgb {3} title "
      "'total', {0} using 1:3:(0):4 with vectors nohead lw 1.6 lc rgb '{4}' notitle, {1} using 1:3:(0):4 with vectors "
      "nohead lw 1.6 lc rgb '{4}' notitle",
      s.block(first), s.block(total), series_colour(0), series_colour(1), marker::ink);
  return gnuplot.draw(s.text(), 520, 300, "Sobol' indices of " + shares.front().output);
}

std::string share_text(double value, double low, double high) {
  if (!std::isfinite(value)) return "<td>–</td>";
  const double shown = std::abs(value) < 5e-4 ? 0.0 : value;  // no "-0.000"
  return fmt::format("<td>{:.3f} <small>{:.3f} to {:.3f}</small></td>", shown, low, high);
}

// The largest pairs of each output.
std::string pairs_table(const RowsPage& page) {
  constexpr std::size_t most_pairs = 20, most_rows = 500;
  std::string rows;
  std::size_t written = 0;
  for (std::size_t begin = 0, end = 0; begin < page.pairs.size() && written < most_rows; begin = end) {
    while (end < page.pairs.size() && page.pairs[end].output == page.pairs[begin].output) ++end;
    std::vector<PairShare> of_output(page.pairs.begin() + static_cast<std::ptrdiff_t>(begin),
                                     page.pairs.begin() + static_cast<std::ptrdiff_t>(end));
    std::stable_sort(of_output.begin(), of_output.end(),
                     [](const auto& a, const auto& b) { return std::abs(a.second) > std::abs(b.second); });
    if (of_output.size() > most_pairs) of_output.resize(most_pairs);
    written += of_output.size();
    for (const PairShare& s : of_output)
      rows += fmt::format("<tr><th scope=\"row\">{}</th><th scope=\"row\">{}</th><th scope=\"row\">{}</th>{}</tr>",
                          core::escape_markup(s.output), core::escape_markup(s.factor), core::escape_markup(s.other),
                          share_text(s.second, s.low, s.high));
  }
  if (rows.empty()) return "";
  return "<p>Share of an output's variance that two parameters explain together, beyond what each explains alone "
         "(second order); the largest of each output. sobol_pairs.csv has all.</p><div class=\"scroll "
         "tall\"><table><thead><tr><th scope=\"col\">output</th><th scope=\"col\">parameter</th><th "
         "scope=\"col\">and</th><th scope=\"col\">second order</th></tr></thead><tbody>" +
         rows + "</tbody></table></div>";
}

std::string shares_section(const RowsPage& page, Gnuplot& gnuplot) {
  constexpr std::size_t most_pictures = 6, most_bars = 16, most_rows = 500;
  if (page.shares.empty()) return "";
  Figure figure{"shares", "Sobol' indices", "two", {}, "", false};
  std::string rows;
  std::size_t outputs = 0;
  for (std::size_t begin = 0, end = 0; begin < page.shares.size(); begin = end, ++outputs) {
    while (end < page.shares.size() && page.shares[end].output == page.shares[begin].output) ++end;
    std::vector<VarianceShare> of_output(page.shares.begin() + static_cast<std::ptrdiff_t>(begin),
                                         page.shares.begin() + static_cast<std::ptrdiff_t>(end));
    std::stable_sort(of_output.begin(), of_output.end(),
                     [](const auto& a, const auto& b) { return a.total > b.total; });
    if (begin < most_rows)
      for (const VarianceShare& s : of_output)
        rows +=
            fmt::format("<tr><th scope=\"row\">{}</th><th scope=\"row\">{}</th>{}{}</tr>",
                        core::escape_markup(s.output), core::escape_markup(s.factor),
                        share_text(s.first, s.first_low, s.first_high), share_text(s.total, s.total_low, s.total_high));
    if (of_output.size() > most_bars) of_output.resize(most_bars);
    if (outputs >= most_pictures || !std::isfinite(of_output.front().total)) continue;
    figure.has_data = true;
    const std::string picture = draw_shares(of_output, gnuplot);
    if (!picture.empty()) figure.pictures.push_back(picture);
  }
  if (rows.empty()) return "";
  figure.caption =
      "Share of an output's variance that a parameter explains alone (first order), and with all its interactions "
      "(total); the largest first. Lines hold 95 % of the bootstrap replicates.";
  if (outputs > most_pictures)
    figure.caption +=
        fmt::format(" Shown are the first {} of {} outputs; sobol_indices.csv has all.", most_pictures, outputs);
  return figure_html(figure) +
         "<div class=\"scroll tall\"><table><thead><tr><th scope=\"col\">output</th><th "
         "scope=\"col\">parameter</th><th scope=\"col\">first order</th><th "
         "scope=\"col\">total</th></tr></thead><tbody>" +
         rows + "</tbody></table></div>" + pairs_table(page);
}

std::string draw_noisy(const RowsPage& page, const std::vector<double>& shown, bool is_difference, Gnuplot& gnuplot) {
  std::vector<double> index, all = shown;
  for (std::size_t i = 0; i < shown.size(); ++i) index.push_back(static_cast<double>(i));
  if (!is_difference) all.insert(all.end(), page.clean.begin(), page.clean.end());
  const Axis x = axis_for(index, false, 0.02), y = axis_for(all, false, 0.08);
  Script s;
  s.place(0.13, 0.97, 0.15, 0.96);
  s.axis("x", x, 6, "datum");
  s.axis("y", y, 5, is_difference ? "noise" : "value");
  if (is_difference) {
    s << fmt::format("plot {} using 1:2 with points pt 7 ps 0.35 lc rgb {}", s.block(index, shown), series_colour(1));
  } else {
    s << fmt::format(
        "plot {} using 1:2 with points pt 7 ps 0.35 lc rgb {} title 'data', {} using 1:2 with points pt 2 ps 0.5 lw "
        "1.6 lc rgb '{}' title 'without noise'",
        s.block(index, shown), series_colour(0), s.block(index, page.clean), marker::reference);
  }
  return gnuplot.draw(s.text(), 520, 360, is_difference ? "The noise of the data" : "Data with and without noise");
}

Figure noise_figure(const RowsPage& page, Gnuplot& gnuplot) {
  Figure figure{"data", "Data", "two", {}, "", false};
  if (page.noisy.empty() || page.noisy.size() != page.clean.size()) return figure;
  figure.has_data = true;
  std::vector<double> noise = page.noisy;
  for (std::size_t i = 0; i < noise.size(); ++i) noise[i] -= page.clean[i];
  for (const std::string& picture :
       {draw_noisy(page, page.noisy, false, gnuplot), draw_noisy(page, noise, true, gnuplot)})
    if (!picture.empty()) figure.pictures.push_back(picture);
  figure.caption = "Left: the data and the model outputs they were made from. Right: their difference, the noise.";
  return figure;
}

}  // namespace

std::string draw_curve(const std::string& title, const std::vector<double>& x, const std::vector<double>& y,
                       Gnuplot& gnuplot) {
  if (sorted_finite(y).empty()) return "";
  Script s;
  s.place(0.16, 0.96, 0.17, 0.88);
  s << fmt::format("set label 1 at screen 0.04, screen 0.94 {} font ',12' textcolor rgb '{}'", gnuplot_string(title),
                   marker::ink);
  s.axis("x", axis_for(x, false, 0.0), 4);
  s.axis("y", axis_for(y, false), 4);
  s << fmt::format("plot {} using 1:2 with lines lw 1.6 lc rgb {}", s.block(x, y), series_colour(0));
  return gnuplot.draw(s.text(), 256, 200, "Curve of " + title);
}

std::string render_rows_html(const RowsPage& page, const std::string& work_dir, const RenderOptions& options) {
  Gnuplot gnuplot(options.gnuplot, work_dir);
  std::vector<Section> sections;
  const auto add = [&sections](const char* id, const std::string& title, std::string body) {
    sections.push_back({id, title, std::move(body)});
  };
  const std::string words = paragraphs(page.base.problem_text);
  add("problem", "What was done", words.empty() ? "" : "<div class=\"card prose\">" + words + "</div>");
  add("maps", "Fields", figure_html(rows_field_figure(page, gnuplot)));
  add("modes", "Modes", figure_html(spectrum_figure(page, gnuplot)));
  add("simulated", "Data", figure_html(noise_figure(page, gnuplot)));
  const bool has_rows = !page.base.main.parameters.empty();
  add("distributions", "Distributions",
      (has_rows ? figure_html(rows_interval_figure(page, gnuplot)) : "") + figure_html(sample_figure(page, gnuplot)));
  add("sensitivity", "Sensitivity", shares_section(page, gnuplot));
  add("table", "Statistics", has_rows ? statistics_table(page.base) : "");
  add("reproduce", "Reproduce", reproduce(page.base));
  return overview_page_html(page.base, page.headline, page.tiles, page.warnings, std::move(sections), gnuplot);
}

}  // namespace aleator::campaign::report
