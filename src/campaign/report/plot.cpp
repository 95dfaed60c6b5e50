#include "campaign/report/plot.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "campaign/report/format.hpp"
#include "campaign/report/statistics.hpp"
#include "core/utf8.hpp"

namespace aleator::campaign::report {
namespace {

std::vector<Tick> linear_ticks(const Axis& axis, int about) {
  const double raw = (axis.high - axis.low) / std::max(1, about);
  if (!(raw > 0) || !std::isfinite(raw)) return {};
  const double decade = std::pow(10.0, std::floor(std::log10(raw)));
  double step = 10 * decade;
  for (const double factor : {5.0, 2.0, 1.0}) {
    if (factor * decade >= 0.7 * raw) step = factor * decade;
  }
  const double largest = std::max(std::abs(axis.low), std::abs(axis.high));
  const int decimals = std::max(0, static_cast<int>(-std::floor(std::log10(step) + 1e-9)));
  const bool plain = largest < 1e5 && decimals <= 4;
  std::vector<Tick> ticks;
  for (double k = std::ceil(axis.low / step - 1e-9); k * step <= axis.high + 1e-9 * step; k += 1) {
    const double value = k * step;
    std::string label =
        plain
            ? fmt::format("{:.{}f}", std::abs(value), decimals)
            : number(std::abs(value), std::max(1, 1 + static_cast<int>(std::floor(std::log10(largest / step) + 1e-9))));
    if (k == 0) label = "0";
    ticks.push_back({value, (k < 0 ? "−" : "") + label});
  }
  return ticks;
}

std::string log_label(double mantissa, int exponent, bool as_power) {
  if (as_power ? std::abs(exponent) <= 1 : std::abs(exponent) <= 3)
    return number(mantissa * std::pow(10.0, exponent), 1);
  return mantissa == 1 ? power_of_ten(exponent) : fmt::format("{:.0f}×{}", mantissa, power_of_ten(exponent));
}

std::vector<Tick> log_ticks(const Axis& axis, int about) {
  const double decades = axis.high - axis.low;
  if (!std::isfinite(decades) || decades > 600) return {};
  const int first = static_cast<int>(std::floor(axis.low)), last = static_cast<int>(std::ceil(axis.high));
  const int stride = std::max(1, static_cast<int>(std::lround(decades / std::max(1, about))));
  const int powers =
      static_cast<int>(std::floor(axis.high + 1e-9) - std::ceil(axis.low - 1e-9)) + 1;  // of ten inside the axis
  const bool with_2_and_5 = 3 * decades <= 1.2 * about || powers < 2;
  const bool as_power = axis.low < -4 || axis.high >= 4;
  std::vector<Tick> ticks;
  int labels = 0;
  for (int e = first; e <= last; ++e) {
    for (int m = 1; m <= 9; ++m) {
      const double position = e + std::log10(static_cast<double>(m));
      if (position < axis.low - 1e-9 || position > axis.high + 1e-9 || (stride > 1 && m > 1)) continue;
      const bool show = (m == 1 || (with_2_and_5 && (m == 2 || m == 5))) && ((e % stride + stride) % stride == 0);
      labels += show;
      ticks.push_back({position, show ? log_label(m, e, as_power) : ""});
    }
  }
  if (labels >= 2) return ticks;
  // less than a decade without round numbers: ticks at equal steps of the value, at their logarithms
  const Axis values{std::pow(10.0, axis.low), std::pow(10.0, axis.high), false};
  ticks = linear_ticks(values, about);
  ticks.erase(std::remove_if(ticks.begin(), ticks.end(), [](const Tick& t) { return t.position <= 0; }), ticks.end());
  for (Tick& t : ticks) t.position = std::log10(t.position);
  return ticks;
}

}  // namespace

std::string gnuplot_string(std::string_view text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'' || c == '`') {
      out += "’";  // gnuplot's own doubling of quotes fails where several follow one another
    } else {
      out += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
    }
  }
  return out + "'";
}

std::string series_colour(int i) {
  return fmt::format("'#0f00{:02x}'", marker::first_series + i % marker::series_count);
}

double Axis::operator()(double value) const {
  if (!is_log) return value;
  return value > 0 ? std::log10(value) : undefined;
}

Axis axis_for(const std::vector<double>& values, bool want_log, double margin) {
  const std::vector<double> sorted = sorted_finite(values);
  if (sorted.empty()) return {};
  constexpr double most = 1e300;  // so that the span is a number
  Axis axis;
  axis.is_log = want_log && sorted.front() > 0;
  axis.low = std::clamp(axis(sorted.front()), -most, most);
  axis.high = std::clamp(axis(sorted.back()), -most, most);
  double span = axis.high - axis.low;
  if (!(span > 1e-12 * std::max(std::abs(axis.low), std::abs(axis.high)))) {
    span = axis.is_log ? 0.2 : axis.low == 0.0 ? 1.0 : 0.2 * std::abs(axis.low);
    axis.low -= 0.5 * span;
    axis.high += 0.5 * span;
  }
  axis.low -= margin * span;
  axis.high += margin * span;
  return axis;
}

bool is_wide(const std::vector<double>& values) {
  const std::vector<double> sorted = sorted_finite(values);
  if (sorted.size() < 2 || !(sorted.front() > 0)) return false;
  return quantile(sorted, 0.98) > 10 * quantile(sorted, 0.02);
}

std::vector<Tick> ticks_for(const Axis& axis, int about) {
  return axis.is_log ? log_ticks(axis, about) : linear_ticks(axis, about);
}

Script::Script() {
  *this << fmt::format("set border 3 lc rgb '{}' lw 1", marker::axis)
        << fmt::format("set tics nomirror out scale 0.45,0.25 textcolor rgb '{}' font ',11'", marker::muted)
        << fmt::format("set grid xtics ytics back lt 1 lw 0.8 lc rgb '{}'", marker::grid)
        << fmt::format("set key noautotitle top right samplen 1.6 spacing 1.15 textcolor rgb '{}' font ',11'",
                       marker::ink)
        << "set style fill solid 1.0 noborder";
}

Script& Script::operator<<(const std::string& line) {
  text_ += line;
  text_ += '\n';
  return *this;
}

std::string Script::data(const std::vector<std::vector<double>>& rows, Undefined undefined) {
  const std::string name = fmt::format("$d{}", ++blocks_);
  text_ += name + " << END_OF_DATA\n";
  for (const std::vector<double>& row : rows) {
    const bool is_shown = undefined == Undefined::is_kept ||
                          std::all_of(row.begin(), row.end(), [](double v) { return std::isfinite(v); });
    for (const double v : row)
      if (is_shown) text_ += std::isfinite(v) ? fmt::format("{:.6g} ", v) : "NaN ";
    text_ += '\n';
  }
  text_ += "END_OF_DATA\n";
  return name;
}

std::string Script::block(const std::vector<std::vector<double>>& rows) { return data(rows, Undefined::is_gap); }

std::string Script::pixels(const std::vector<std::vector<double>>& rows) { return data(rows, Undefined::is_kept); }

std::string Script::block(const std::vector<double>& x, const std::vector<double>& y) {
  std::vector<std::vector<double>> rows;
  for (std::size_t i = 0; i < std::min(x.size(), y.size()); ++i) rows.push_back({x[i], y[i]});
  return block(rows);
}

void Script::axis(const std::string& name, const Axis& axis, int about, std::string_view label) {
  *this << fmt::format("set {}range [{:.10g}:{:.10g}]", name, axis.low, axis.high);
  std::string ticks;
  std::size_t longest = 0;
  for (const Tick& t : ticks_for(axis, about)) {
    const auto characters = std::count_if(t.label.begin(), t.label.end(), core::begins_character);
    longest = std::max(longest, static_cast<std::size_t>(characters));
    if (!ticks.empty()) ticks += ", ";
    ticks += fmt::format("{} {:.10g} {}", gnuplot_string(t.label), t.position, t.label.empty() ? 1 : 0);
  }
  const bool is_below = name == "x";  // gnuplot leaves much room between a horizontal axis and its labels
  *this << (ticks.empty() ? fmt::format("unset {}tics", name)
                          : fmt::format("set {}tics ({}) offset {}", name, ticks, is_below ? "0,0.45" : "0.3,0"));
  if (label.empty()) {
    *this << fmt::format("unset {}label", name);
  } else {
    // The margin is given: gnuplot would put the label of long numbers out of the picture.
    const double inwards = 0.7 + 0.5 * std::max(0.0, static_cast<double>(longest) - 3.0);
    *this << fmt::format("set {}label {} offset {} textcolor rgb '{}' font ',11'", name, gnuplot_string(label),
                         is_below ? "0,0.75" : fmt::format("{:.1f},0", inwards), marker::muted);
  }
}

void Script::place(double left, double right, double bottom, double top) {
  *this << fmt::format("set lmargin at screen {:.5f}; set rmargin at screen {:.5f}", left, right)
        << fmt::format("set bmargin at screen {:.5f}; set tmargin at screen {:.5f}", bottom, top);
}

}  // namespace aleator::campaign::report
