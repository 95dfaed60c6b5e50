#include "campaign/report/assimilation_page.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "campaign/report/field_panel.hpp"
#include "campaign/report/format.hpp"
#include "campaign/report/page_parts.hpp"
#include "core/markup.hpp"

namespace aleator::campaign::report {
namespace {

constexpr std::size_t longest_curve = 400;
constexpr std::size_t most_state_curves = 8;

// Block means.
Series thinned(const Series& all) {
  const std::size_t block = (all.x.size() + longest_curve - 1) / longest_curve;
  Series out{all.name, {}, {}};
  for (std::size_t first = 0; first < all.x.size(); first += block) {
    const std::size_t last = std::min(first + block, all.x.size());
    double x = 0.0, y = 0.0;
    for (std::size_t i = first; i < last; ++i)
      x += all.x[i] / static_cast<double>(last - first), y += all.y[i] / static_cast<double>(last - first);
    out.x.push_back(x), out.y.push_back(y);
  }
  return out;
}

Figure skill_figure(const AssimilationPage& page, Gnuplot& gnuplot) {
  Figure figure{"skill", page.curves.size() > 1 ? "Error and spread in time" : "Spread in time",
                "one",   {},
                "",      !page.curves.empty()};
  if (page.curves.empty()) return figure;
  std::vector<double> all{0.0};
  std::vector<Series> curves;
  for (const Series& one : page.curves) {
    curves.push_back(thinned(one));
    all.insert(all.end(), curves.back().y.begin(), curves.back().y.end());
  }
  const Axis x = axis_for(curves[0].x, false, 0.01), y = axis_for(all, false);
  Script s;
  s.place(0.055, 0.995, 0.15, 0.90);
  s.axis("x", x, 8, "time");
  s.axis("y", y, 5);
  s << "set key above horizontal right Left reverse samplen 1.5 height 0";
  s << fmt::format("set arrow 1 from {0:.10g},{1:.10g} to {0:.10g},{2:.10g} nohead lc rgb '{3}' dt 2", page.spin_up_end,
                   y.low, y.high, marker::muted);
  std::string plot = "plot ";
  for (std::size_t i = 0; i < curves.size(); ++i)
    plot += fmt::format("{}{} using 1:2 with lines lw 1.5 lc rgb {} title {}", i ? ", " : "",
                        s.block(curves[i].x, curves[i].y), series_colour(static_cast<int>(i)),
                        gnuplot_string(curves[i].name == "innovation_rms" ? "data minus forecast" : curves[i].name));
  s << plot;
  const std::string picture = gnuplot.draw(s.text(), 1060, 300, figure.title);
  if (!picture.empty()) figure.pictures.push_back(picture);
  figure.caption =
      page.is_twin
          ? "Root mean square error of the analysis and spread of its members, means over the replicates. An ensemble "
            "that knows its error has both alike; a spread far below the error is about to lose the truth. Dashed: the "
            "end of the spin-up."
      : page.curves.size() > 1
          ? "Root mean square of data minus forecast, and spread of the members. Dashed: the end of the spin-up."
          : "Spread of the members. Dashed: the end of the spin-up.";
  return figure;
}

Figure talagrand_figure(const AssimilationPage& page, Gnuplot& gnuplot) {
  Figure figure{"talagrand", "Rank of the truth among the members", "one", {}, "", !page.ranks.empty()};
  double total = 0.0;
  for (const double count : page.ranks) total += count;
  if (!(total > 0.0)) return figure;
  const auto bins = static_cast<double>(page.ranks.size());
  std::vector<double> centre, share{0.0};
  for (std::size_t i = 0; i < page.ranks.size(); ++i) {
    centre.push_back(static_cast<double>(i));
    share.push_back(page.ranks[i] / total * bins);
  }
  const Axis y = axis_for(share, false);
  share.erase(share.begin());
  Script s;
  s.place(0.055, 0.995, 0.19, 0.96);
  s.axis("x", {-0.7, bins - 0.3, false}, std::min(10, static_cast<int>(bins)), "rank");
  s.axis("y", {0.0, y.high, false}, 5, "frequency over uniform");
  s << fmt::format(
      "set boxwidth 0.9; set style fill solid 0.55 noborder; plot {} using 1:2 with boxes lc rgb {}, 1 with lines lw "
      "1.4 lc rgb '{}'",
      s.block(centre, share), series_colour(0), marker::reference);
  const std::string picture = gnuplot.draw(s.text(), 1060, 240, "Rank histogram");
  if (!picture.empty()) figure.pictures.push_back(picture);
  figure.caption =
      "How often the truth is the first, second, … of the sorted members, over all states and replicates and the "
      "cycles after the spin-up. Flat: the members are as spread as they should be. A valley: too narrow; a hill: too "
      "wide; a slope: a bias.";
  return figure;
}

// The times of one state.
std::vector<double> column(const std::vector<double>& values, std::size_t states, std::size_t i, double sd_factor = 0.0,
                           const std::vector<double>& sd = {}) {
  std::vector<double> out;
  for (std::size_t at = i; at < values.size(); at += states)
    out.push_back(values[at] + (sd.empty() ? 0.0 : sd_factor * sd[at]));
  return out;
}

std::string draw_state(const AssimilationPage& page, std::size_t i, Gnuplot& gnuplot) {
  const std::size_t d = page.states.size();
  const std::vector<double> truth = column(page.truth, d, i), low = column(page.mean, d, i, -2.0, page.sd),
                            high = column(page.mean, d, i, 2.0, page.sd), mean = column(page.mean, d, i);
  std::vector<double> all = low;
  all.insert(all.end(), high.begin(), high.end());
  all.insert(all.end(), truth.begin(), truth.end());
  std::vector<std::vector<double>> band, of_truth;
  for (std::size_t k = 0; k < mean.size(); ++k) {
    band.push_back({page.times[k], low[k], high[k], mean[k]});
    if (std::isfinite(truth[k])) of_truth.push_back({page.times[k], truth[k]});
  }
  Script s;
  s.place(0.09, 0.98, 0.17, 0.88);
  s << fmt::format("set label 1 at screen 0.03, screen 0.94 {} font ',12' textcolor rgb '{}'",
                   gnuplot_string(page.states[i]), marker::ink);
  s.axis("x", axis_for(page.times, false, 0.0), 6, "time");
  s.axis("y", axis_for(all, false), 4);
  const std::string rows = s.block(band);
  std::string plot = fmt::format(
      "plot {} using 1:2:3 with filledcurves lc rgb '{}' notitle, {} using 1:4 with lines lw 1.4 lc rgb {} notitle",
      rows, marker::band, rows, series_colour(0));
  if (!of_truth.empty())
    plot +=
        fmt::format(", {} using 1:2 with lines lw 1.2 dt 2 lc rgb '{}' notitle", s.block(of_truth), marker::reference);
  s << plot;
  return gnuplot.draw(s.text(), d == 1 ? 1060 : 520, 230, "State " + page.states[i] + " in time");
}

constexpr std::size_t pictured_times = 60;  // as many as a map shows without averaging

// [state][time], state upwards, of the last times.
std::vector<double> turned(const std::vector<double>& values, std::size_t states) {
  const std::size_t all = values.size() / states, times = std::min(all, pictured_times);
  std::vector<double> out(times * states);
  for (std::size_t k = 0; k < times; ++k)
    for (std::size_t i = 0; i < states; ++i) out[i * times + k] = values[(all - times + k) * states + i];
  return out;
}

// One field at one time.
std::vector<double> map_of(const std::vector<double>& values, std::size_t begin, std::size_t size) {
  const auto from = values.begin() + static_cast<std::ptrdiff_t>(begin);
  return {from, from + static_cast<std::ptrdiff_t>(size)};
}

// A row of pictures for each time: truth, mean, their difference, spread; scales are those of all times.
void add_maps(const AssimilationPage& page, std::size_t field, const std::vector<std::size_t>& times, Gnuplot& gnuplot,
              Figure& figure) {
  const std::vector<int> shape{page.grid[1], page.grid[0]};
  const std::size_t d = page.states.size(), size = static_cast<std::size_t>(page.grid[0]) * page.grid[1];
  std::vector<double> both, errors{0.0}, spreads;
  for (const std::size_t k : times)
    for (std::size_t i = k * d + field * size; i < k * d + (field + 1) * size; ++i) {
      both.push_back(page.mean[i]), spreads.push_back(page.sd[i]);
      if (page.is_twin) both.push_back(page.truth[i]), errors.push_back(std::abs(page.mean[i] - page.truth[i]));
    }
  const double largest = *std::max_element(errors.begin(), errors.end());
  const Axis values = axis_for(both, false, 0.0), sd = axis_for(spreads, false, 0.0);
  const auto add = [&](const FieldPanel& panel) {
    const std::string picture = draw_field(shape, panel, gnuplot);
    if (!picture.empty()) figure.pictures.push_back(picture);
  };
  for (const std::size_t k : times) {
    const std::size_t begin = k * d + field * size;
    const std::string of = fmt::format("{}, t = {:.4g}", page.fields[field], page.times[k]);
    const std::vector<double> mean = map_of(page.mean, begin, size);
    if (page.is_twin) add({"Truth: " + of, "Map of the truth", map_of(page.truth, begin, size), values, false, false});
    add({"Mean: " + of, "Map of the members' mean", mean, values, false, false});
    if (page.is_twin) {
      std::vector<double> error = mean;
      for (std::size_t i = 0; i < size; ++i) error[i] -= page.truth[begin + i];
      add({"Mean − truth", "Map of the error", std::move(error), {-largest, largest, false}, true, false});
    }
    add({"Spread", "Map of the spread", map_of(page.sd, begin, size), sd, false, false});
  }
}

Figure map_figure(const AssimilationPage& page, Gnuplot& gnuplot) {
  const std::size_t shown = page.times.size();
  Figure figure{"states", "Fields", page.is_twin ? "four" : "two", {}, "", true};
  std::vector<std::size_t> times{0, (shown - 1) / 2, shown - 1};
  if (page.fields.size() > 1) times = {shown - 1};
  times.erase(std::unique(times.begin(), times.end()), times.end());
  for (std::size_t field = 0; field < page.fields.size(); ++field) add_maps(page, field, times, gnuplot, figure);
  figure.caption = fmt::format(
      "The first replicate after the analysis; x to the right, y upwards. Each kind of picture has one scale at all "
      "times. {}",
      page.is_twin ? "The error should look like noise as large as the spread says, with nothing of the field in it."
                   : "The spread says how far the mean may be off.");
  return figure;
}

Figure state_figure(const AssimilationPage& page, Gnuplot& gnuplot) {
  const std::size_t d = page.states.size(), shown = page.times.size();
  Figure figure{"states", "States in time", d == 1 ? "one" : "two", {}, "", d > 0 && shown > 0};
  if (!figure.has_data) return figure;
  const auto add = [&figure](const std::string& picture) {
    if (!picture.empty()) figure.pictures.push_back(picture);
  };
  if (d <= most_state_curves) {
    for (std::size_t i = 0; i < d; ++i) add(draw_state(page, i, gnuplot));
    figure.caption =
        fmt::format("The last {} cycles of the first replicate: mean of the members with two standard deviations{}.",
                    shown, page.is_twin ? ", and the truth (dashed)" : "");
    return figure;
  }
  const std::size_t pictured = std::min(shown, pictured_times);
  const std::vector<int> shape{static_cast<int>(d), static_cast<int>(pictured)};
  std::vector<double> both = page.mean;
  if (page.is_twin) both.insert(both.end(), page.truth.begin(), page.truth.end());
  const Axis values = axis_for(both, false, 0.0);
  if (page.is_twin)
    add(draw_field(shape, {"Truth", "Truth, state against time", turned(page.truth, d), values, false, false},
                   gnuplot));
  add(draw_field(shape, {"Mean of the members", "Mean, state against time", turned(page.mean, d), values, false, false},
                 gnuplot));
  if (page.is_twin) {
    std::vector<double> error = page.mean;
    double largest = 0.0;
    for (std::size_t i = 0; i < error.size(); ++i) largest = std::max(largest, std::abs(error[i] -= page.truth[i]));
    add(draw_field(
        shape, {"Mean − truth", "Error, state against time", turned(error, d), {-largest, largest, false}, true, false},
        gnuplot));
  }
  add(draw_field(
      shape, {"Spread", "Spread, state against time", turned(page.sd, d), axis_for(page.sd, false, 0.0), false, false},
      gnuplot));
  figure.caption = fmt::format(
      "The last {} cycles of the first replicate: time to the right, states upwards; more than 60 states are averaged "
      "over neighbours.",
      pictured);
  return figure;
}

}  // namespace

std::string render_assimilation_html(const AssimilationPage& page, const std::string& work_dir,
                                     const RenderOptions& options) {
  Gnuplot gnuplot(options.gnuplot, work_dir);
  std::vector<Section> sections;
  const auto add = [&sections](const char* id, const std::string& title, std::string body) {
    sections.push_back({id, title, std::move(body)});
  };
  const std::string words = paragraphs(page.base.problem_text);
  add("problem", "What was done", words.empty() ? "" : "<div class=\"card prose\">" + words + "</div>");
  add("in_time", "Skill", figure_html(skill_figure(page, gnuplot)) + figure_html(talagrand_figure(page, gnuplot)));
  const bool is_map = page.grid.size() == 2 && !page.times.empty();
  add("trajectories", "States", figure_html(is_map ? map_figure(page, gnuplot) : state_figure(page, gnuplot)));
  add("reproduce", "Reproduce", reproduce(page.base));
  const Lead lead{"verdict", "Verdict", verdict_box(page.verdict) + overview_html(page.tiles, {})};
  return lead_page_html(page.base, page.headline, lead, std::move(sections), gnuplot);
}

}  // namespace aleator::campaign::report
