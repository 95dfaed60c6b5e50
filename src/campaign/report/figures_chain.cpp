#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "campaign/report/figures.hpp"
#include "campaign/report/format.hpp"
#include "campaign/report/plot.hpp"
#include "campaign/report/selection.hpp"
#include "campaign/report/statistics.hpp"

namespace aleator::campaign::report {
namespace {

constexpr int most_chains = 8;     // as many as there are colours
constexpr int most_points = 4000;  // in one trace picture, over all chains
constexpr int rank_bins = 20;

bool is_chain_run(const MethodRun& run) { return run.kind == "chains" && has_draws(run) && run.draws >= 4; }

struct Quantity {  // one thing to look at along the chains
  std::string name, why;
  std::vector<std::vector<double>> chains;
  double chain_ess = undefined;  // effective draws of one chain
};

std::vector<Quantity> watched_quantities(const ReportData& data) {
  const MethodRun& run = data.main;
  const int chains = std::min(run.chains, most_chains);
  std::vector<Quantity> out;
  for (const Chosen& c : representative_parameters(run)) {
    Quantity q{parameter_name(data, c.parameter), c.why, {}, undefined};
    for (int k = 0; k < chains; ++k) q.chains.push_back(draws_of(run, c.parameter, k));
    if (c.parameter < static_cast<int>(run.parameters.size()))
      q.chain_ess = run.parameters[c.parameter].ess_bulk / run.chains;
    out.push_back(std::move(q));
  }
  if (run.log_likelihood.size() == static_cast<std::size_t>(run.chains) * run.draws) {
    Quantity q{"log-likelihood", "", {}, undefined};
    for (int k = 0; k < chains; ++k) {
      const auto first = run.log_likelihood.begin() + static_cast<std::ptrdiff_t>(k) * run.draws;
      q.chains.emplace_back(first, first + run.draws);
    }
    q.chain_ess = rough_ess(q.chains) / chains;
    out.push_back(std::move(q));
  }
  return out;
}

std::vector<double> pooled_draws(const Quantity& q) {
  std::vector<double> all;
  for (const auto& chain : q.chains) all.insert(all.end(), chain.begin(), chain.end());
  return all;
}

std::string heading(const Quantity& q) { return q.why.empty() ? q.name : fmt::format("{}  ·  {}", q.name, q.why); }

std::string draw_trace(const Quantity& q, const MethodRun& run, Gnuplot& gnuplot) {
  const int draws = run.draws;
  const int kept = std::min({draws, 1000, most_points / static_cast<int>(q.chains.size())});
  const double stride = static_cast<double>(draws) / kept;
  const std::vector<double> sorted = sorted_finite(pooled_draws(q));
  if (sorted.empty()) return "";
  // one draw in a thousand at either end may leave the picture: a single spike must not flatten the rest
  const Axis y = axis_for({quantile(sorted, 0.001), quantile(sorted, 0.999)}, is_wide(sorted), 0.08);
  Script s;
  s.place(0.055, 0.985, 0.23, 0.86);
  s << fmt::format("set label 1 at graph 0, screen 0.94 {} front font ',12' textcolor rgb '{}'",
                   gnuplot_string(heading(q)), marker::ink)
    << "set grid noxtics ytics back; unset key; set clip two";
  s.axis("x", {0.0, static_cast<double>(draws) * run.stride, false}, 10);
  s.axis("y", y, 4);
  std::string plot;
  for (std::size_t c = 0; c < q.chains.size(); ++c) {
    std::vector<std::vector<double>> rows;
    for (int i = 0; i < kept; ++i) {
      const std::size_t at = static_cast<std::size_t>(i * stride);
      rows.push_back({static_cast<double>(at) * run.stride, std::clamp(y(q.chains[c][at]), y.low, y.high)});
    }
    plot += fmt::format("{}{} using 1:2 with lines lw 0.8 lc rgb {}", plot.empty() ? "plot " : ", ", s.block(rows),
                        series_colour(static_cast<int>(c)));
  }
  s << plot;
  return gnuplot.draw(s.text(), 1060, 150, "Trace of " + heading(q));
}

std::string draw_ranks(const Quantity& q, Gnuplot& gnuplot) {
  const auto counts = rank_histograms(q.chains, rank_bins);
  const double draws = static_cast<double>(q.chains.front().size()), expected = draws / rank_bins;
  // binomial spread of a bin, widened by the autocorrelation: draws / (effective draws of one chain)
  const double effective = std::isfinite(q.chain_ess) ? std::clamp(q.chain_ess, 1.0, draws) : draws;
  const double spread = 2 * std::sqrt(expected * (1 - 1.0 / rank_bins) * draws / effective);
  double top = 1.7 * expected;
  for (const auto& bins : counts) top = std::max(top, *std::max_element(bins.begin(), bins.end()));
  const int n = static_cast<int>(counts.size()), columns = std::max(4, n);
  Script s;
  s << "set multiplot; unset key; unset grid; set border 1; unset ytics; unset xtics; set boxwidth 0.86 relative";
  s << fmt::format("set label 1 at screen 0.006, screen 0.91 {} front font ',12' textcolor rgb '{}'",
                   gnuplot_string(heading(q)), marker::ink);
  s << fmt::format("set xrange [0:{}]; set yrange [0:{:.6g}]", rank_bins, 1.05 * top);
  for (int c = 0; c < n; ++c) {
    const double left = 0.006 + 0.988 * c / columns, right = 0.006 + 0.988 * (c + 0.92) / columns;
    s.place(left, right, 0.16, 0.80);
    s << fmt::format("set xlabel 'chain {}' offset 0,0.3 font ',11' textcolor rgb '{}'", c + 1, marker::muted);
    s << fmt::format(
        "set object 1 rectangle from 0,{:.6g} to {},{:.6g} behind fillcolor rgb '{}' fillstyle solid 1.0 noborder",
        std::max(0.0, expected - spread), rank_bins, std::min(expected + spread, 1.05 * top), marker::band);
    s << fmt::format("set arrow 1 from 0,{0:.6g} to {1},{0:.6g} nohead front lw 1 lc rgb '{2}'", expected, rank_bins,
                     marker::ink);
    std::vector<double> x;
    for (int b = 0; b < rank_bins; ++b) x.push_back(b + 0.5);
    const std::string block = s.block(x, counts[c]);
    s << fmt::format("plot {} using 1:2 with boxes lc rgb {} fs transparent solid 0.8 noborder", block,
                     series_colour(c));
    if (c == 0) s << "unset label 1";
  }
  s << "unset multiplot";
  return gnuplot.draw(s.text(), 1060, 130, "Rank histograms of " + heading(q));
}

// The lags worth showing: a half more than where every curve has come down to noise, at most a third of the chain.
int shown_lags(const std::vector<std::vector<double>>& curves, int longest) {
  int last = 10;
  for (const auto& curve : curves) {
    for (int k = 0; k < static_cast<int>(curve.size()); ++k) {
      if (curve[k] > 0.05) {
        last = std::max(last, k);
      } else {
        break;
      }
    }
  }
  return std::min(longest, last + last / 2);
}

}  // namespace

Figure trace_figure(const ReportData& data, Gnuplot& gnuplot) {
  Figure figure{"traces", "Traces", "one", {}, "", false};
  if (!is_chain_run(data.main)) return figure;
  figure.has_data = true;
  for (const Quantity& q : watched_quantities(data)) {
    const std::string picture = draw_trace(q, data.main, gnuplot);
    if (!picture.empty()) figure.pictures.push_back(picture);
  }
  figure.caption = fmt::format(
      "Value against draw, one colour a chain{}, thinned for the picture. Chains that mix look like the same noise; a "
      "chain that drifts, sits still or keeps to its own level has not reached the posterior.",
      data.main.chains > most_chains ? fmt::format(" (the first {} of {})", most_chains, data.main.chains) : "");
  return figure;
}

Figure rank_figure(const ReportData& data, Gnuplot& gnuplot) {
  Figure figure{"ranks", "Rank plots", "one", {}, "", false};
  if (!is_chain_run(data.main) || data.main.chains < 2) return figure;
  figure.has_data = true;
  std::vector<Quantity> quantities = watched_quantities(data);
  for (std::size_t i = 0; i < quantities.size(); ++i) {
    if (quantities[i].why == "best mixing" && quantities.size() > 2) continue;  // it says least
    const std::string picture = draw_ranks(quantities[i], gnuplot);
    if (!picture.empty()) figure.pictures.push_back(picture);
  }
  figure.caption =
      "How the draws of each chain rank among the draws of the chains shown. When chains agree, every histogram is "
      "flat: "
      "bars end in the band, which holds two standard deviations of a uniform histogram with this effective sample "
      "size. A slope means that a chain lies higher or lower than the others, a hump or a trough that it is narrower "
      "or wider.";
  return figure;
}

Figure autocorrelation_figure(const ReportData& data, Gnuplot& gnuplot) {
  Figure figure{"autocorrelation", "Autocorrelation", "one", {}, "", false};
  if (!is_chain_run(data.main)) return figure;
  figure.has_data = true;
  const std::vector<Quantity> quantities = watched_quantities(data);
  const int longest = std::max(2, std::min(data.main.draws / 3, 20000));
  std::vector<std::vector<double>> curves;
  for (const Quantity& q : quantities) curves.push_back(mean_autocorrelation(q.chains, longest));
  const int lags = shown_lags(curves, longest);
  Script s;
  s.place(0.055, 0.76, 0.17, 0.96);
  const double apart = data.main.stride;  // draws of the run between two that were read
  s.axis("x", {0.0, lags * apart, false}, 10, "lag in draws");
  s.axis("y", {-0.15, 1.02, false}, 5);
  s << "set key outside right top Left reverse spacing 1.3 samplen 1.4"
    << fmt::format("set arrow 1 from 0,0 to {},0 nohead back lw 1 lc rgb '{}'", lags * apart, marker::axis);
  std::string plot;
  for (std::size_t i = 0; i < curves.size(); ++i) {
    if (curves[i].empty()) continue;
    std::vector<std::vector<double>> rows;
    const int stride = std::max(1, lags / 400);
    for (int k = 0; k <= lags; k += stride) rows.push_back({k * apart, curves[i][k]});
    plot += fmt::format("{}{} using 1:2 with lines lw 2 lc rgb {} title {}", plot.empty() ? "plot " : ", ",
                        s.block(rows), series_colour(static_cast<int>(i)), gnuplot_string(heading(quantities[i])));
  }
  if (!plot.empty()) {
    s << plot;
    const std::string picture = gnuplot.draw(s.text(), 1060, 260, "Autocorrelation against lag");
    if (!picture.empty()) figure.pictures.push_back(picture);
  }
  figure.caption =
      "Correlation of a chain with itself some draws later, averaged over chains. The area under a curve, counted on "
      "both sides, is the number of draws that one independent draw costs.";
  return figure;
}

}  // namespace aleator::campaign::report
