#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "campaign/report/field_panel.hpp"
#include "campaign/report/figures.hpp"
#include "campaign/report/format.hpp"
#include "campaign/report/mesh_plane.hpp"
#include "campaign/report/plot.hpp"

namespace aleator::campaign::report {
namespace {

// Nine anchors of matplotlib's viridis (CC0) and of a blue-white-red scale safe for colour-blind readers.
constexpr const char* viridis[] = {"#440154", "#472d7b", "#3b528b", "#2c728e", "#21918c",
                                   "#28ae80", "#5ec962", "#addc30", "#fde725"};
constexpr const char* diverging[] = {"#2166ac", "#4393c3", "#92c5de", "#d1e5f0", "#f7f7f7",
                                     "#fddbc7", "#f4a582", "#d6604d", "#b2182b"};
constexpr int widest_field = 60;  // cells a side; finer fields are averaged

struct Field {
  int nx = 0, ny = 0;
  std::vector<double> cells;  // [iy][ix], iy upwards
};

// Means over blocks, so that neither side has more than `widest_field` cells.
Field coarsened(const std::vector<double>& values, int ny, int nx) {
  const int bx = (nx + widest_field - 1) / widest_field, by = (ny + widest_field - 1) / widest_field;
  Field f{(nx + bx - 1) / bx, (ny + by - 1) / by, {}};
  std::vector<int> counts(static_cast<std::size_t>(f.nx) * f.ny, 0);
  f.cells.assign(counts.size(), 0.0);
  for (int iy = 0; iy < ny; ++iy) {
    for (int ix = 0; ix < nx; ++ix) {
      const std::size_t k = static_cast<std::size_t>(iy / by) * f.nx + ix / bx;
      f.cells[k] += values[static_cast<std::size_t>(iy) * nx + ix];
      ++counts[k];
    }
  }
  for (std::size_t k = 0; k < counts.size(); ++k) f.cells[k] /= counts[k];
  return f;
}

std::string palette_command(const char* const (&colours)[9]) {
  std::string out = "set palette defined (";
  for (int i = 0; i < 9; ++i) out += fmt::format("{}{} '{}'", i ? ", " : "", i, colours[i]);
  return out + ")";
}

// Whether dark text is readable on the colour at t in [0, 1]: relative luminance by linear interpolation of the
// anchors.
bool wants_dark_text(const char* const (&colours)[9], double t) {
  const double position = std::clamp(t, 0.0, 1.0) * 8;
  const int i = std::min(7, static_cast<int>(position));
  const auto luminance = [](const char* hex) {
    const long rgb = std::strtol(hex + 1, nullptr, 16);
    return (0.30 * ((rgb >> 16) & 255) + 0.59 * ((rgb >> 8) & 255) + 0.11 * (rgb & 255)) / 255;
  };
  return (1 - (position - i)) * luminance(colours[i]) + (position - i) * luminance(colours[i + 1]) > 0.52;
}

}  // namespace

std::string draw_field(const std::vector<int>& shape, const FieldPanel& panel, Gnuplot& gnuplot) {
  const int ny = shape[0], nx = shape[1];
  const Field f = coarsened(panel.values, ny, nx);
  const auto& anchors = panel.is_diverging ? diverging : viridis;
  // canvas: the longer side of the domain is 236 units, the colour bar lies below
  const double aspect = panel.aspect > 0.0 ? panel.aspect : static_cast<double>(nx) / ny;
  const double box_width = 236.0 * std::min(aspect, 1.0), box_height = 236.0 / std::max(aspect, 1.0);
  const int width = static_cast<int>(std::max(box_width, 170.0)) + 24, height = static_cast<int>(box_height) + 78;
  const double left = (width - box_width) / 2;
  Script s;
  s << "set multiplot";
  s.place(left / width, (left + box_width) / width, 50.0 / height, (50 + box_height) / height);
  s << palette_command(anchors) << "unset xtics; unset ytics; unset grid; unset border; unset key";
  s << fmt::format("set title {} font ',13' textcolor rgb '{}' offset 0,-0.4", gnuplot_string(panel.title),
                   marker::ink);
  s << fmt::format("set xrange [-0.5:{}]; set yrange [-0.5:{}]", f.nx - 0.5, f.ny - 0.5);
  s << fmt::format("set cbrange [{:.10g}:{:.10g}]", panel.colours.low, panel.colours.high);
  std::vector<std::vector<double>> rows, dark, light;
  bool is_empty = true;
  const bool labelled = panel.is_numbered && nx * ny <= 100;
  for (int iy = 0; iy < f.ny; ++iy) {
    for (int ix = 0; ix < f.nx; ++ix) {
      const double v = panel.colours(f.cells[static_cast<std::size_t>(iy) * f.nx + ix]);
      rows.push_back({static_cast<double>(ix), static_cast<double>(iy), v});
      if (!std::isfinite(v)) continue;
      is_empty = false;
      const double t = (v - panel.colours.low) / (panel.colours.high - panel.colours.low);
      (wants_dark_text(anchors, t) ? dark : light)
          .push_back({static_cast<double>(ix), static_cast<double>(iy), 1.0 * iy * nx + ix});
    }
  }
  if (is_empty) return "";
  s << "set colorbox horizontal user origin screen " + fmt::format("{:.5f},{:.5f} size screen {:.5f},{:.5f} noborder",
                                                                   left / width, 32.0 / height, box_width / width,
                                                                   9.0 / height);
  std::string ticks;
  for (const Tick& t : ticks_for(panel.colours, 4)) {
    if (!t.label.empty())
      ticks += fmt::format("{}{} {:.10g}", ticks.empty() ? "" : ", ", gnuplot_string(t.label), t.position);
  }
  s << fmt::format("set cbtics ({}) scale 0.3 offset 0,0.5 font ',11'", ticks);
  std::string plot = fmt::format("plot {} using 1:2:3 with image pixels", s.pixels(rows));
  if (labelled && !dark.empty()) {
    plot +=
        fmt::format(", {} using 1:2:(sprintf('%d',$3)) with labels font ',10' textcolor rgb '#1d2733'", s.block(dark));
  }
  if (labelled && !light.empty()) {
    plot +=
        fmt::format(", {} using 1:2:(sprintf('%d',$3)) with labels font ',10' textcolor rgb '#f4f6f8'", s.block(light));
  }
  s << plot << "unset multiplot";
  return gnuplot.draw(s.text(), width, height, panel.description);
}

namespace {

struct Map {
  std::vector<int> shape;  // {ny, nx}
  std::vector<double> values;
};

Map map_on_mesh(const FieldPart& field, const std::vector<double>& all) {
  MeshPlane plane = sample_mesh(io::field_on_elements(field.name, field.mesh, field.owner, all.data() + field.first));
  return {std::move(plane.shape), std::move(plane.values)};
}

// Of fields in space the slice in the middle.
Map map_of(const FieldPart& field, const std::vector<double>& all) {
  if (field.mesh != nullptr) return map_on_mesh(field, all);
  const std::size_t nx = static_cast<std::size_t>(field.shape.back()),
                    ny = static_cast<std::size_t>(field.shape[field.shape.size() - 2]);
  const std::size_t slice = field.shape.size() == 3 ? static_cast<std::size_t>(field.shape[0]) / 2 : 0;
  const auto from = all.begin() + static_cast<std::ptrdiff_t>(field.first + slice * nx * ny);
  return {{static_cast<int>(ny), static_cast<int>(nx)}, {from, from + static_cast<std::ptrdiff_t>(nx * ny)}};
}

Map map_of(const FieldPart& field, const MethodRun& run, double ParameterRow::*what) {
  std::vector<double> all;
  for (const ParameterRow& row : run.parameters) all.push_back(row.*what);
  return map_of(field, all);
}

void add_maps(const ReportData& data, const FieldPart& field, Gnuplot& gnuplot, Figure& figure) {
  const auto [plane, mean] = map_of(field, data.main, &ParameterRow::mean);
  const std::vector<double> sd = map_of(field, data.main, &ParameterRow::sd).values;
  std::vector<double> both = mean, reference;
  if (has_reference(data)) reference = map_of(field, data.reference_mean).values;
  both.insert(both.end(), reference.begin(), reference.end());
  const Axis values = axis_for(both, true, 0.0);
  const std::string of = field.name.empty() ? "" : ": " + field.name;
  std::vector<FieldPanel> panels;
  panels.push_back({"Posterior mean" + of, "Map of the posterior mean", mean, values});
  panels.push_back({"Posterior sd" + of, "Map of the posterior standard deviation", sd, axis_for(sd, true, 0.0)});
  if (!reference.empty()) {
    double largest = 1.0;  // less than one sd stays pale
    std::vector<double> z;
    for (std::size_t k = 0; k < mean.size(); ++k) {
      z.push_back((mean[k] - reference[k]) / sd[k]);
      if (std::isfinite(z.back())) largest = std::max(largest, std::abs(z.back()));
    }
    panels.push_back({(data.reference_is_truth ? "Truth" : "Reference") + of, "Map of the " + data.reference_label,
                      std::move(reference), values});
    panels.push_back({data.reference_is_truth ? "z = (mean − truth) / sd" : "z = (mean − reference) / sd",
                      "Map of the difference in posterior standard deviations",
                      std::move(z),
                      {-largest, largest, false},
                      true});
  }
  for (FieldPanel& panel : panels) {
    panel.aspect = field.aspect, panel.is_numbered = field.shape.size() == 2;
    const std::string picture = draw_field(plane, panel, gnuplot);
    if (!picture.empty()) figure.pictures.push_back(picture);
  }
}

std::string caption_of(const ReportData& data, const std::vector<FieldPart>& fields) {
  std::string caption;
  for (const FieldPart& field : fields) {
    const std::string of_name = field.name.empty() ? "" : " " + field.name;
    if (field.mesh != nullptr) {
      caption += fmt::format(
          "{} parameters of the field{} have their values on the {} elements of a mesh, shown on a raster{} (as they "
          "are in moments.xdmf, for ParaView). ",
          field.size(), of_name, field.mesh->elements(), field.mesh->dimension == 3 ? " through the middle" : "");
      continue;
    }
    const std::string size = fmt::format("{}", fmt::join(field.shape.rbegin(), field.shape.rend(), " × "));
    if (field.shape.size() == 3) {
      caption += fmt::format(
          "Each square is one parameter of the {} field{}; of its {} layers in z the one in the middle is shown (all "
          "are in moments.xdmf, for ParaView). ",
          size, of_name, field.shape[0]);
    } else {
      caption += fmt::format("Each square is one parameter of the {} field{}; the first is at the lower left{}. ", size,
                             of_name, field.size() <= 100 ? ", and each shows its number" : "");
    }
  }
  if (has_reference(data))
    caption += fmt::format(
        "Mean and reference ({}) share one colour scale. The last map counts their difference in posterior standard "
        "deviations: red is too high, blue too "
        "low. {}",
        data.reference_label,
        data.reference_is_truth ? "Against the truth, values between −2 and 2 are what a right posterior gives."
                                : "Against a reference mean of the same posterior, values should be close to 0; a few "
                                  "tenths are Monte Carlo noise.");
  return caption;
}

}  // namespace

Figure field_figure(const ReportData& data, Gnuplot& gnuplot) {
  constexpr std::size_t most = 4;
  Figure figure{"fields", "Fields", "four", {}, "", false};
  std::vector<FieldPart> fields;
  for (const FieldPart& field : data.fields)
    if ((field.shape.size() == 2 || field.shape.size() == 3 || field.mesh != nullptr) && field.size() > 0 &&
        field.first + field.size() <= data.main.parameters.size() && fields.size() < most)
      fields.push_back(field);
  figure.has_data = !fields.empty();
  for (const FieldPart& field : fields) add_maps(data, field, gnuplot, figure);
  if (figure.has_data) figure.caption = caption_of(data, fields);
  return figure;
}

Figure interval_figure(const ReportData& data, Gnuplot& gnuplot) {
  Figure figure{"intervals", "All parameters at a glance", "one", {}, "", false};
  const std::vector<ParameterRow>& rows = data.main.parameters;
  if (rows.empty() || rows.size() > 400) return figure;
  std::vector<double> extent;
  for (const ParameterRow& row : rows) extent.insert(extent.end(), {row.q05, row.q95});
  if (std::none_of(extent.begin(), extent.end(), [](double v) { return std::isfinite(v); })) return figure;
  figure.has_data = true;
  const bool with_reference = has_reference(data);
  if (with_reference) extent.insert(extent.end(), data.reference_mean.begin(), data.reference_mean.end());
  const Axis y = axis_for(extent, is_wide(extent));
  std::vector<std::vector<double>> bars, medians, references;
  for (std::size_t k = 0; k < rows.size(); ++k) {
    const double x = static_cast<double>(k);
    bars.push_back({x, y(rows[k].q05), 0.0, y(rows[k].q95) - y(rows[k].q05)});
    medians.push_back({x, y(rows[k].q50)});
    if (with_reference) references.push_back({x, y(data.reference_mean[k])});
  }
  const double thickness = std::clamp(560.0 / static_cast<double>(rows.size()), 1.5, 12.0);
  Script s;
  s.place(0.055, 0.995, 0.15, 0.90);
  s.axis("y", y, 6);
  s.axis("x", {-0.8, static_cast<double>(rows.size()) - 0.2, false}, std::min<int>(16, static_cast<int>(rows.size())),
         data.row_word + " number");
  if (rows.size() <= 12) {  // few enough to be named
    std::string names;
    for (std::size_t k = 0; k < rows.size(); ++k)
      names += fmt::format("{}{} {}", k == 0 ? "" : ", ",
                           gnuplot_string(short_name(rows[k].name, 120 / static_cast<int>(rows.size()))), k);
    s << fmt::format("set xtics ({}); unset xlabel", names);
  }
  s << "set grid noxtics ytics back; set key above horizontal right Left reverse samplen 1 height 0";
  std::string plot = fmt::format("plot {} using 1:2:3:4 with vectors nohead lw {:.1f} lc {} title '5 % to 95 %'",
                                 s.block(bars), thickness, fmt::format("rgb {}", gnuplot_string(marker::band)));
  plot += fmt::format(", {} using 1:2 with points pt 7 ps 0.42 lc rgb {} title 'median'", s.block(medians),
                      series_colour(0));
  if (with_reference) {
    plot += fmt::format(", {} using 1:2 with points pt 2 ps 0.6 lw 2.2 lc rgb '{}' title {}", s.block(references),
                        marker::reference, gnuplot_string(data.reference_label));
  }
  s << plot;
  const std::string picture = gnuplot.draw(s.text(), 1060, 300, "Posterior intervals of all parameters");
  if (!picture.empty()) figure.pictures.push_back(picture);
  figure.caption = "Bars hold the central 90 % of each marginal, dots are medians";
  figure.caption += with_reference ? fmt::format(", crosses the {}. ", data.reference_label) : ". ";
  if (with_reference && data.reference_is_truth) {
    figure.caption += "About one cross in ten should lie outside its bar. ";
  } else if (with_reference) {
    figure.caption +=
        "Crosses are means, so in a skewed marginal they lie away from the median, but well inside the bar. ";
  }
  figure.caption += "Long bars mark what the data do not determine.";
  return figure;
}

}  // namespace aleator::campaign::report
