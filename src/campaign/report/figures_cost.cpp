#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "campaign/report/figures.hpp"
#include "campaign/report/format.hpp"
#include "campaign/report/plot.hpp"
#include "campaign/report/statistics.hpp"

namespace aleator::campaign::report {
namespace {

// At most `points` of the curve: equal steps in the index, first and last kept.
Series thinned_series(const Series& series, std::size_t points) {
  const std::size_t n = std::min(series.x.size(), series.y.size());
  Series out{series.name, {}, {}};
  const std::size_t kept = std::min(n, points);
  for (std::size_t i = 0; i < kept; ++i) {
    const std::size_t at = kept < 2 ? 0 : i * (n - 1) / (kept - 1);
    out.x.push_back(series.x[at]);
    out.y.push_back(series.y[at]);
  }
  return out;
}

std::vector<double> on_axis(const std::vector<double>& values, const Axis& axis) {
  std::vector<double> out;
  for (const double v : values) out.push_back(axis(v));
  return out;
}

std::string draw_history(const Series& full, Gnuplot& gnuplot) {
  const Series series = thinned_series(full, 1000);
  if (sorted_finite(series.y).empty()) return "";
  const Axis x = axis_for(series.x, false, 0.02), y = axis_for(series.y, is_wide(series.y), 0.08);
  Script s;
  s.place(0.155, 0.97, 0.18, 0.86);
  s.axis("x", x, 5, "step");
  s.axis("y", y, 4);
  s << "unset key"
    << fmt::format("set label 1 at screen 0.02, screen 0.94 {} font ',12' textcolor rgb '{}'",
                   gnuplot_string(series.name), marker::ink);
  const std::string block = s.block(on_axis(series.x, x), on_axis(series.y, y));
  s << (series.x.size() <= 60
            ? fmt::format("plot {} using 1:2 with linespoints lw 1.6 pt 7 ps 0.4 lc rgb {}", block, series_colour(0))
            : fmt::format("plot {} using 1:2 with lines lw 1.4 lc rgb {}", block, series_colour(0)));
  return gnuplot.draw(s.text(), 345, 220, "History of " + series.name);
}

struct Contender {
  std::string label;
  Series curve;  // at least one point
  bool is_line = true;
};

std::vector<Contender> contenders(const ReportData& data) {
  std::vector<Contender> out;
  const auto add = [&out](const MethodRun& run) {
    Contender c{run.name, {}, run.kind == "chains"};
    const std::size_t n = std::min(run.error_curve.x.size(), run.error_curve.y.size());
    for (std::size_t i = 0; i < n; ++i) {
      if (!(run.error_curve.x[i] > 0 && run.error_curve.y[i] > 0)) continue;  // no place on logarithmic axes
      if (!std::isfinite(run.error_curve.x[i]) || !std::isfinite(run.error_curve.y[i])) continue;
      c.curve.x.push_back(run.error_curve.x[i]);
      c.curve.y.push_back(run.error_curve.y[i]);
    }
    if (c.curve.x.empty() && run.model_evaluations > 0 && run.error > 0 && std::isfinite(run.error)) {
      c.curve.x.push_back(run.model_evaluations);
      c.curve.y.push_back(run.error);
    }
    if (c.curve.x.empty()) return;
    if (!run.is_exact) c.label += " (biased)";
    c.is_line = c.is_line && c.curve.x.size() > 1;
    c.curve = thinned_series(c.curve, 300);
    out.push_back(std::move(c));
  };
  add(data.main);
  for (const MethodRun& run : data.comparisons) add(run);
  return out;
}

std::string draw_comparison(const std::vector<Contender>& all, Gnuplot& gnuplot) {
  std::vector<double> xs, ys;
  for (const Contender& c : all) {
    xs.insert(xs.end(), c.curve.x.begin(), c.curve.x.end());
    ys.insert(ys.end(), c.curve.y.begin(), c.curve.y.end());
  }
  const Axis x = axis_for(xs, true, 0.05), y = axis_for(ys, true, 0.07);
  Script s;
  s.place(0.075, 0.78, 0.14, 0.96);
  s.axis("x", x, 7, "model evaluations");
  s.axis("y", y, 7, "relative squared error e");
  s << "set key outside right top Left reverse spacing 1.35 samplen 1.4";
  std::string plot;
  for (std::size_t i = 0; i < all.size(); ++i) {
    const Contender& c = all[i];
    const int colour = static_cast<int>(i), shape = i < 8 ? 7 : 5;
    const std::string block = s.block(on_axis(c.curve.x, x), on_axis(c.curve.y, y));
    plot += plot.empty() ? "plot " : ", ";
    if (c.is_line) {
      plot += fmt::format("{} using 1:2 with lines lw {} dt {} lc rgb {} title {}", block, i == 0 ? 2.8 : 1.8,
                          i < 8 ? 1 : 2, series_colour(colour), gnuplot_string(c.label));
    } else {
      plot += fmt::format("{} using 1:2 with points pt {} ps 0.9 lc rgb {} title {}", block, shape,
                          series_colour(colour), gnuplot_string(c.label));
    }
  }
  // the slope of independent draws, e ~ 1/N, through the last point of the first method
  const double x0 = x(all[0].curve.x.back()), y0 = y(all[0].curve.y.back());
  const double from = std::max(x.low, x0 - (y.high - y0)), to = std::min(x.high, x0 + (y0 - y.low));
  plot += fmt::format(", {} using 1:2 with lines lw 1 dt (5,4) lc rgb '{}' title 'slope −1'",
                      s.block({from, to}, {y0 + (x0 - from), y0 - (to - x0)}), marker::muted);
  s << plot;
  return gnuplot.draw(s.text(), 1060, 420, "Error against model evaluations");
}

bool has_fit(const ReportData& data) {
  return !data.observed.empty() && data.observed.size() == data.predicted_mean.size();
}

// Few chains leave few draws, and their mean is not yet the posterior's.
std::string predicted_label(const ReportData& data) {
  return data.predicted_draws > 0
             ? fmt::format("predicted (mean of {})", plural(data.predicted_draws, "posterior draw"))
             : "predicted (posterior mean)";
}

}  // namespace

Figure history_figure(const ReportData& data, Gnuplot& gnuplot) {
  Figure figure{"histories", "Step histories", "three", {}, "", false};
  for (const Series& series : data.main.histories) {
    if (sorted_finite(series.y).empty()) continue;
    figure.has_data = true;
    const std::string picture = draw_history(series, gnuplot);
    if (!picture.empty()) figure.pictures.push_back(picture);
  }
  figure.caption =
      "Numbers the sampler reported at each step. A tempering path should rise smoothly to its end, a misfit should "
      "fall and level off, and an acceptance should settle.";
  return figure;
}

Figure comparison_figure(const ReportData& data, Gnuplot& gnuplot) {
  Figure figure{"comparison", "Accuracy against cost", "one", {}, "", false};
  const std::vector<Contender> all = contenders(data);
  if (all.empty()) return figure;
  figure.has_data = true;
  const std::string picture = draw_comparison(all, gnuplot);
  if (!picture.empty()) figure.pictures.push_back(picture);
  figure.caption = fmt::format(
      "Relative squared error of the posterior mean, e = Σ ((mean − reference) / reference)² over the parameters, "
      "against the number of model runs; lower and further left is better. Draws of an exact method come down with "
      "slope −1 once it has forgotten its start; a curve that levels off has reached its bias{}. Points are methods "
      "with one result at the end.",
      data.reference_is_truth ? ", or the distance between truth and posterior mean"
                              : ", or the accuracy of the reference");
  return figure;
}

Figure data_fit_figure(const ReportData& data, Gnuplot& gnuplot) {
  Figure figure{"data-fit", "Data fit", "two", {}, "", false};
  if (!has_fit(data)) return figure;
  figure.has_data = true;
  std::vector<double> both = data.observed, residuals, index;
  both.insert(both.end(), data.predicted_mean.begin(), data.predicted_mean.end());
  const std::size_t n = data.observed.size(), stride = std::max<std::size_t>(1, n / 2000);
  std::vector<double> predicted, observed;
  for (std::size_t i = 0; i < n; i += stride) {
    predicted.push_back(data.predicted_mean[i]);
    observed.push_back(data.observed[i]);
    residuals.push_back(data.observed[i] - data.predicted_mean[i]);
    index.push_back(data.number_of_datum(i));
  }
  const Axis axis = axis_for(both, false), lag = axis_for(index, false, 0.02),
             residual = axis_for(residuals, false, 0.08);
  Script scatter;
  scatter.place(0.13, 0.97, 0.15, 0.96);
  scatter.axis("x", axis, 5, data.with_data_units(predicted_label(data)));
  scatter.axis("y", axis, 5, data.with_data_units("observed"));
  scatter << fmt::format("set arrow 1 from {0:.10g},{0:.10g} to {1:.10g},{1:.10g} nohead back lw 1 lc rgb '{2}'",
                         axis.low, axis.high, marker::muted)
          << fmt::format("plot {} using 1:2 with points pt 7 ps 0.35 lc rgb {}", scatter.block(predicted, observed),
                         series_colour(0));
  Script rest;
  rest.place(0.13, 0.97, 0.15, 0.96);
  rest.axis("x", lag, 6, "datum");
  rest.axis("y", residual, 5, data.with_data_units("observed − predicted"));
  rest << fmt::format("set arrow 1 from {:.10g},0 to {:.10g},0 nohead back lw 1 lc rgb '{}'", lag.low, lag.high,
                      marker::muted)
       << fmt::format("plot {} using 1:2 with points pt 7 ps 0.35 lc rgb {}", rest.block(index, residuals),
                      series_colour(1));
  for (const auto& [script, words] :
       {std::make_pair(&scatter, "Observed against predicted data"), std::make_pair(&rest, "Residuals of the data")}) {
    const std::string picture = gnuplot.draw(script->text(), 520, 360, words);
    if (!picture.empty()) figure.pictures.push_back(picture);
  }
  figure.caption =
      "Left: a good fit lies on the diagonal, scattered by the noise. Right: the differences in the order of the data; "
      "they should look like noise, without trend or groups, or the model lacks something.";
  return figure;
}

}  // namespace aleator::campaign::report
