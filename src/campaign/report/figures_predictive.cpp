#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "campaign/report/figures.hpp"
#include "campaign/report/format.hpp"
#include "campaign/report/plot.hpp"
#include "campaign/report/statistics.hpp"

namespace aleator::campaign::report {
namespace {

constexpr std::size_t most_bars = 300;
constexpr int bins = 20;

// Bars of the replicates' central 90 %, the data as crosses; of very many data some spread evenly.
std::string draw_intervals(const ReportData& data, Gnuplot& gnuplot) {
  const Prediction& p = data.posterior_prediction;
  const std::size_t n = data.observed.size(), shown = std::min(n, most_bars);
  std::vector<double> extent;
  std::vector<std::vector<double>> bars, medians, crosses;
  for (std::size_t k = 0; k < shown; ++k) {
    const std::size_t i = k * n / shown;
    const double x = data.number_of_datum(i);
    bars.push_back({x, p.q05[i], 0.0, p.q95[i] - p.q05[i]});
    medians.push_back({x, p.q50[i]});
    crosses.push_back({x, data.observed[i]});
    extent.insert(extent.end(), {p.q05[i], p.q95[i], data.observed[i]});
  }
  Script s;
  s.place(0.07, 0.99, 0.16, 0.89);
  s.axis("y", axis_for(extent, false), 6, data.with_data_units("datum"));
  s.axis("x", {data.number_of_datum(0) - 0.8, data.number_of_datum(n - 1) + 0.8, false}, 10, "number of the datum");
  s << "set grid noxtics ytics back; set key above horizontal right Left reverse samplen 1 height 0";
  s << fmt::format(
      "plot {} using 1:2:3:4 with vectors nohead lw {:.1f} lc rgb {} title '5 % to 95 % of the replicates', {} using "
      "1:2 with points pt 7 ps 0.3 lc rgb {} title 'median', {} using 1:2 with points pt 2 ps 0.5 lw 1.8 lc rgb '{}' "
      "title 'data'",
      s.block(bars), std::clamp(420.0 / static_cast<double>(shown), 1.2, 10.0), gnuplot_string(marker::band),
      s.block(medians), series_colour(0), s.block(crosses), marker::reference);
  return gnuplot.draw(s.text(), 1060, 300, "Data among what the posterior predicts");
}

std::string draw_places(const std::string& title, const std::vector<double>& pit, Gnuplot& gnuplot) {
  const std::vector<double> counts = histogram(pit, 0.0, 1.0, bins);
  std::vector<std::vector<double>> rows;
  const double expected = static_cast<double>(pit.size()) / bins;
  double top = expected;
  for (int b = 0; b < bins; ++b) {
    rows.push_back({(b + 0.5) / bins, counts[static_cast<std::size_t>(b)]});
    top = std::max(top, counts[static_cast<std::size_t>(b)]);
  }
  Script s;
  s.place(0.06, 0.985, 0.17, 0.87);
  s.axis("x", {0.0, 1.0, false}, 5, "place of the datum among its replicates");
  s.axis("y", {0.0, 1.08 * top, false}, 4);
  s << "unset key; set boxwidth 0.94 relative"
    << fmt::format("set label 1 at screen 0.06, screen 0.94 {} font ',12' textcolor rgb '{}'", gnuplot_string(title),
                   marker::ink)
    << fmt::format("set arrow 1 from 0,{0:.10g} to 1,{0:.10g} nohead front lw 1 lc rgb '{1}'", expected, marker::muted)
    << fmt::format("plot {} using 1:2 with boxes lc rgb {} fs solid 0.85 noborder", s.block(rows), series_colour(0));
  return gnuplot.draw(s.text(), 1060, 260, title + ": places of the data");
}

}  // namespace

Figure predictive_figure(const ReportData& data, Gnuplot& gnuplot) {
  Figure figure{"predictive", "Predictive checks", "one", {}, "", false};
  const Prediction &posterior = data.posterior_prediction, &prior = data.prior_prediction;
  const bool has_posterior = posterior.draws >= 2, has_prior = prior.draws >= 2;
  if (!has_posterior && !has_prior) return figure;
  figure.has_data = true;
  const auto keep = [&figure](std::string picture) {
    if (!picture.empty()) figure.pictures.push_back(std::move(picture));
  };
  if (has_posterior) {
    keep(draw_intervals(data, gnuplot));
    keep(draw_places("Posterior", posterior.pit, gnuplot));
    figure.caption += fmt::format(
        "{} data sets were replicated from draws of the posterior: {} of the data lie outside the central 90 % of "
        "their replicates, and {} of the replicated sets lie as far from the prediction as the data do (p = {}). "
        "Crosses outside their bars should be few and scattered; places that pile up at 0 and 1 mean that the model "
        "lacks something or the noise is understated, a hill in the middle that it is overstated, or that many "
        "parameters follow the data. ",
        count(posterior.draws), percent(posterior.outside), percent(posterior.p_value), number(posterior.p_value, 2));
  }
  if (has_prior) {
    keep(draw_places("Prior", prior.pit, gnuplot));
    figure.caption +=
        fmt::format("From the prior p = {} over {} replicated sets: a small one says that the data surprise the prior.",
                    number(prior.p_value, 2), count(prior.draws));
  }
  if (posterior.failed + prior.failed > 0)
    figure.caption +=
        fmt::format(" {} draws are left out, for the model failed there.", count(posterior.failed + prior.failed));
  return figure;
}

}  // namespace aleator::campaign::report
