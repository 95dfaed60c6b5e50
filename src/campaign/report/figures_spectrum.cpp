#include <fmt/format.h>

#include <algorithm>

#include "campaign/report/figures.hpp"
#include "campaign/report/plot.hpp"
#include "campaign/report/svg.hpp"

namespace aleator::campaign::report {

std::string draw_spectrum(const std::string& title, const std::vector<double>& values, Gnuplot& gnuplot) {
  std::vector<double> number, drawn;
  const bool is_log = std::all_of(values.begin(), values.end(), [](double value) { return value > 0.0; });
  const Axis y = axis_for(values, is_log);
  for (std::size_t n = 0; n < values.size(); ++n)
    number.push_back(static_cast<double>(n + 1)), drawn.push_back(y(values[n]));
  Script s;
  s.place(0.17, 0.97, 0.17, 0.88);
  s << fmt::format("set label 1 at screen 0.04, screen 0.94 {} font ',12' textcolor rgb '{}'", gnuplot_string(title),
                   marker::ink);
  s.axis("x", axis_for(number, false), 5, "number");
  s.axis("y", y, 5, "eigenvalue");
  s << fmt::format("plot {} using 1:2 with points pt 7 ps 0.4 lc rgb {}", s.block(number, drawn), series_colour(0));
  return gnuplot.draw(s.text(), 340, 240, "Eigenvalues: " + title);
}

Figure hessian_figure(const ReportData& data, Gnuplot& gnuplot) {
  Figure figure{"hessian", "Hessian of the data", "three", {}, "", false};
  if (data.main.curvatures.empty()) return figure;
  figure.has_data = true;
  const std::string picture =
      draw_spectrum(fmt::format("{} eigenvalues", data.main.curvatures.size()), data.main.curvatures, gnuplot);
  if (!picture.empty()) figure.pictures.push_back(picture);
  figure.caption =
      "Eigenvalues of the Hessian of -log-likelihood at the mode, in coordinates in which the prior's precision is 1: "
      "directions above 1 are told by the data more than by the prior. summary.json has the numbers.";
  return figure;
}

}  // namespace aleator::campaign::report
