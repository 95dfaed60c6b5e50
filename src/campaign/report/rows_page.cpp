#include "campaign/report/rows_page.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "campaign/report/field_panel.hpp"
#include "campaign/report/format.hpp"
#include "campaign/report/mesh_plane.hpp"
#include "campaign/report/page_parts.hpp"
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
  std::string place;  // ", z = 0.5"
};

Plane plane_of(const io::Field& field) {
  if (field.mesh != nullptr) {
    MeshPlane sampled = sample_mesh(field);
    return {std::move(sampled.shape), std::move(sampled.values),
            field.mesh->dimension == 3 ? fmt::format(", z = {}", number(sampled.z)) : ""};
  }
  const std::vector<int> points = io::points_of(field);
  Plane plane{{points.size() > 1 ? points[1] : 1, points[0]}, field.values, ""};
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
  return axis_for(all, is_wide(all), 0.0);
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
      const std::string picture =
          plane.shape[0] == 1
              ? draw_curve(title, positions(field), plane.values, gnuplot)
              : draw_field(plane.shape,
                           {title, "Map of " + title, plane.values, scale_of(field.name, page.fields), false, false},
                           gnuplot);
      if (!picture.empty()) figure.pictures.push_back(picture);
    }
  }
  figure.caption =
      "Maps of one name share one colour scale; the origin is at the lower left. Of fields in three dimensions the "
      "middle plane is "
      "shown.";
  if (shown < all) figure.caption += fmt::format(" Shown are the first {} of {} fields.", shown, all);
  if (!page.fields_file.empty())
    figure.caption += fmt::format(" All are in {}, which ParaView opens.", page.fields_file);
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
        "1.6 "
        "lc rgb '{}' title 'without noise'",
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
    if (!body.empty()) sections.push_back({id, title, std::move(body)});
  };
  const std::string words = paragraphs(page.base.problem_text);
  add("problem", "What was done", words.empty() ? "" : "<div class=\"card prose\">" + words + "</div>");
  add("maps", "Fields", figure_html(rows_field_figure(page, gnuplot)));
  add("simulated", "Data", figure_html(noise_figure(page, gnuplot)));
  const bool has_rows = !page.base.main.parameters.empty();
  add("distributions", "Distributions",
      (has_rows ? figure_html(rows_interval_figure(page, gnuplot)) : "") + figure_html(sample_figure(page, gnuplot)));
  add("table", "Statistics", has_rows ? statistics_table(page.base) : "");
  add("reproduce", "Reproduce", reproduce(page.base));
  Page outer;
  outer.title = page.base.title, outer.header = header_html(page.base, core::escape_markup(page.headline));
  outer.lead = overview_html(page.tiles, page.warnings), outer.lead_link = "Overview", outer.lead_id = "overview";
  return page_html(outer, sections, gnuplot);
}

}  // namespace aleator::campaign::report
