#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "campaign/report/field_panel.hpp"
#include "campaign/report/figures.hpp"
#include "campaign/report/format.hpp"
#include "campaign/report/plot.hpp"
#include "campaign/report/selection.hpp"
#include "campaign/report/statistics.hpp"

namespace aleator::campaign::report {
namespace {

constexpr int density_cells = 44;
constexpr int marginal_bins = 36;

// Draws in the units of the axis on which they are shown: a log axis where the sample is positive and wide.
struct Marginal {
  std::string name;
  std::vector<double> drawn;
  Axis axis;
  double reference = undefined;  // drawn units
};

Marginal marginal_of(const ReportData& data, int parameter) {
  Marginal m{parameter_name(data, parameter), draws_of(data.main, parameter), {}, undefined};
  const std::vector<double> sorted = sorted_finite(m.drawn);
  const bool log_axis = is_wide(sorted);
  std::vector<double> extent = {quantile(sorted, 0.001), quantile(sorted, 0.999)};
  if (has_reference(data)) {
    const double r = data.reference_mean[parameter];
    const double span = extent[1] - extent[0];
    if (r > extent[0] - 0.5 * span && r < extent[1] + 0.5 * span && !(log_axis && r <= 0)) extent.push_back(r);
  }
  m.axis = axis_for(extent, log_axis, 0.05);
  for (double& v : m.drawn) v = m.axis(v);
  if (has_reference(data)) m.reference = m.axis(data.reference_mean[parameter]);
  return m;
}

std::string bin_block(Script& s, const Marginal& m, int bins, double& top) {
  const std::vector<double> counts = histogram(m.drawn, m.axis.low, m.axis.high, bins);
  const double width = (m.axis.high - m.axis.low) / bins;
  std::vector<std::vector<double>> rows;
  top = std::max(1.0, *std::max_element(counts.begin(), counts.end()));
  for (int b = 0; b < bins; ++b) rows.push_back({m.axis.low + (b + 0.5) * width, counts[b]});
  return s.block(rows);
}

void reference_line(Script& s, int tag, const Marginal& m, bool is_vertical) {
  if (!std::isfinite(m.reference) || m.reference < m.axis.low || m.reference > m.axis.high) {
    s << fmt::format("unset arrow {}", tag);
  } else if (is_vertical) {
    s << fmt::format(
        "set arrow {0} from {1:.10g}, graph 0 to {1:.10g}, graph 1 nohead front lw 1.4 dt (4,3) lc rgb '{2}'", tag,
        m.reference, marker::reference);
  } else {
    s << fmt::format(
        "set arrow {0} from graph 0, first {1:.10g} to graph 1, first {1:.10g} nohead front lw 1.4 dt (4,3) lc rgb "
        "'{2}'",
        tag, m.reference, marker::reference);
  }
}

// Lines around the regions of highest density with 50 % and 90 % of the draws.
std::string contour_block(Script& s, const Grid2& grid, int number) {
  std::vector<std::vector<double>> cells;
  for (int iy = 0; iy < grid.ny; ++iy) {
    for (int ix = 0; ix < grid.nx; ++ix) {
      cells.push_back({grid.x_low + (ix + 0.5) * (grid.x_high - grid.x_low) / grid.nx,
                       grid.y_low + (iy + 0.5) * (grid.y_high - grid.y_low) / grid.ny,
                       grid.density[static_cast<std::size_t>(iy) * grid.nx + ix]});
    }
    cells.push_back({undefined});  // an empty line between scan lines
  }
  const std::string block = s.block(cells), contours = fmt::format("$c{}", number);
  s << fmt::format("set contour base; set cntrparam levels discrete {:.6g}, {:.6g}; unset surface; unset key",
                   grid.level_90, grid.level_50)
    << fmt::format("set table {}; splot {} using 1:2:3; unset table; unset contour; set surface", contours, block);
  return contours;
}

std::string draw_joint(const Marginal& a, const Marginal& b, const std::string& why, Gnuplot& gnuplot) {
  constexpr int width = 345, height = 345;
  constexpr double left = 0.17, right = 0.80, bottom = 0.15, top = 0.78;
  Grid2 grid{density_cells, density_cells, a.axis.low, a.axis.high, b.axis.low, b.axis.high, {}, 0, 0};
  fill_density(a.drawn, b.drawn, grid);
  Script s;
  s << fmt::format("set xrange [{:.10g}:{:.10g}]; set yrange [{:.10g}:{:.10g}]", a.axis.low, a.axis.high, b.axis.low,
                   b.axis.high);
  const std::string contours = contour_block(s, grid, 1);
  std::vector<std::vector<double>> rows;
  for (int iy = 0; iy < grid.ny; ++iy) {
    for (int ix = 0; ix < grid.nx; ++ix) {
      const double d = grid.density[static_cast<std::size_t>(iy) * grid.nx + ix];
      rows.push_back({a.axis.low + (ix + 0.5) * (a.axis.high - a.axis.low) / grid.nx,
                      b.axis.low + (iy + 0.5) * (b.axis.high - b.axis.low) / grid.ny, d});
    }
  }
  if (rows.empty()) return "";
  s << "set multiplot; unset key; unset colorbox; unset grid"
    << "set palette model RGB functions 15.0/255, 1.0/255, gray"
    << "set cbrange [0:1.15]";
  s << fmt::format("set label 1 at screen 0.5, screen 0.965 center {} font ',11' textcolor rgb '{}'",
                   gnuplot_string(why), marker::muted);
  s.place(left, right, bottom, top);
  s.axis("x", a.axis, 4, short_name(a.name, 40));
  s.axis("y", b.axis, 4, short_name(b.name, 32));
  reference_line(s, 1, a, true);
  reference_line(s, 2, b, false);
  s << fmt::format("plot {} using 1:2:3 with image pixels, {} using 1:2 with lines lw 1.3 lc rgb {}", s.block(rows),
                   contours, series_colour(0))
    << "unset label 1; unset arrow 2; unset xlabel; unset ylabel; set border 0; unset ytics; unset xtics; set boxwidth "
       "0.92 relative";
  double highest = 1;
  std::string block = bin_block(s, a, marginal_bins, highest);
  s.place(left, right, top + 0.015, 0.93);
  s << fmt::format("set yrange [0:{:.6g}]", 1.04 * highest)
    << fmt::format("plot {} using 1:2 with boxes lc rgb {}", block, series_colour(0));
  block = bin_block(s, b, marginal_bins, highest);
  s.place(right + 0.015, 0.97, bottom, top);
  s << "unset arrow 1";
  reference_line(s, 2, b, false);
  s << fmt::format("set xrange [0:{:.6g}]; set yrange [{:.10g}:{:.10g}]", 1.04 * highest, b.axis.low, b.axis.high);
  const double half = 0.46 * (b.axis.high - b.axis.low) / marginal_bins;
  s << fmt::format("plot {} using (0.5*$2):1:(0.5*$2):({:.6g}) with boxxyerror lc rgb {}", block, half,
                   series_colour(0))
    << "unset multiplot";
  return gnuplot.draw(s.text(), width, height, fmt::format("Joint marginal of {} and {}", a.name, b.name));
}

std::string draw_marginal(const Marginal& m, Gnuplot& gnuplot) {
  Script s;
  double top = 1;
  const std::string block = bin_block(s, m, 40, top);
  s.place(0.04, 0.96, 0.19, 0.86);
  s.axis("x", m.axis, 5);
  s << "unset ytics; unset grid; set border 1; set boxwidth 0.94 relative"
    << fmt::format("set yrange [0:{:.6g}]", 1.08 * top)
    << fmt::format("set label 1 at screen 0.04, screen 0.93 {} font ',12' textcolor rgb '{}'",
                   gnuplot_string(short_name(m.name, 32)), marker::ink);
  const std::vector<double> sorted = sorted_finite(m.drawn);
  s << fmt::format("set arrow 2 from {:.10g}, graph 0 to {:.10g}, graph 0 nohead front lw 4 lc rgb {}",
                   quantile(sorted, 0.05), quantile(sorted, 0.95), series_colour(1));
  reference_line(s, 1, m, true);
  s << fmt::format("plot {} using 1:2 with boxes lc rgb {} fs solid 0.85 noborder", block, series_colour(0));
  return gnuplot.draw(s.text(), 256, 165, "Marginal of " + m.name);
}

std::string reference_words(const ReportData& data) {
  return has_reference(data) ? fmt::format(" Dotted lines: the {}.", data.reference_label) : "";
}

}  // namespace

std::string draw_histogram(const std::string& title, const std::vector<double>& values, Gnuplot& gnuplot) {
  Marginal m{title, sorted_finite(values), {}, undefined};
  if (m.drawn.empty()) return "";
  m.axis = axis_for({quantile(m.drawn, 0.001), quantile(m.drawn, 0.999)}, is_wide(m.drawn), 0.05);
  for (double& v : m.drawn) v = m.axis(v);
  return draw_marginal(m, gnuplot);
}

Figure joint_figure(const ReportData& data, Gnuplot& gnuplot) {
  Figure figure{"joint", "Joint marginals", "three", {}, "", false};
  if (!has_draws(data.main) || data.main.dimension < 2) return figure;
  figure.has_data = true;
  for (const ChosenPair& pair : chosen_pairs(data)) {
    const std::string picture = draw_joint(marginal_of(data, pair.a), marginal_of(data, pair.b), pair.why, gnuplot);
    if (!picture.empty()) figure.pictures.push_back(picture);
  }
  figure.caption =
      "Posterior density of pairs, the stronger the colour the denser; the lines hold 50 % and 90 % of the draws, the "
      "bars are the marginals." +
      reference_words(data) +
      " A thin slanted region means that the data fix a combination of the two better than either; axes are "
      "logarithmic where a parameter spans more than a factor of ten.";
  return figure;
}

Figure marginal_figure(const ReportData& data, Gnuplot& gnuplot) {
  Figure figure{"marginals", "Marginals", "four", {}, "", false};
  if (!has_draws(data.main)) return figure;
  figure.has_data = true;
  const std::vector<int> shown = marginal_parameters(data.main, 12);
  for (const int p : shown) {
    const std::string picture = draw_marginal(marginal_of(data, p), gnuplot);
    if (!picture.empty()) figure.pictures.push_back(picture);
  }
  figure.caption = "Histograms of the draws; the bar on the axis holds the central 90 %." + reference_words(data);
  if (static_cast<int>(shown.size()) < data.main.dimension) {
    figure.caption +=
        fmt::format(" Shown are {} of {} parameters: {}the widest, and some spread over the rest.", shown.size(),
                    data.main.dimension, knows_mixing(data.main) ? "the worst mixing, " : "");
  }
  return figure;
}

}  // namespace aleator::campaign::report
