#include "campaign/report/format.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "core/utf8.hpp"

namespace aleator::campaign::report {
namespace {

constexpr const char* en_dash = "–";
constexpr const char* minus_sign = "−";
constexpr const char* narrow_space = "\u202f";

std::string group_thousands(const std::string& digits) {
  const std::size_t dot = digits.find('.');
  const std::size_t whole = dot == std::string::npos ? digits.size() : dot;
  if (whole < 5) return digits;  // four digits read well without a gap
  std::string out;
  for (std::size_t i = 0; i < whole; ++i) {
    if (i > 0 && (whole - i) % 3 == 0) out += narrow_space;
    out += digits[i];
  }
  return out + digits.substr(whole);
}

}  // namespace

std::string power_of_ten(int exponent) {
  static constexpr const char* superscripts[] = {"⁰", "¹", "²", "³", "⁴", "⁵", "⁶", "⁷", "⁸", "⁹"};
  std::string out = "10";
  for (const char c : fmt::format("{}", exponent)) out += c == '-' ? "⁻" : superscripts[c - '0'];
  return out;
}

std::string number(double value, int digits) {
  if (std::isnan(value)) return en_dash;
  if (std::isinf(value)) return value > 0 ? "∞" : "−∞";
  if (value == 0.0) return "0";
  const std::string sign = value < 0 ? minus_sign : "";
  const std::string scientific =
      fmt::format("{:.{}e}", std::abs(value), digits - 1);  // rounds, so 9.996 counts as 10.0
  const std::size_t e = scientific.find('e');
  const int exponent = std::stoi(scientific.substr(e + 1));
  if (exponent < -3 || exponent > 5) return sign + scientific.substr(0, e) + "×" + power_of_ten(exponent);
  const int decimals = std::max(0, digits - 1 - exponent);
  return sign + group_thousands(fmt::format("{:.{}f}", std::stod(scientific), decimals));
}

std::string with_error(double value, double error) {
  return std::isfinite(error) ? number(value, 5) + " ± " + number(error, 2) : number(value, 5);
}

std::string count(double value) {
  if (!std::isfinite(value)) return en_dash;
  return (value < 0 ? minus_sign : "") + group_thousands(fmt::format("{:.0f}", std::abs(value)));
}

std::string duration(double seconds) {
  if (!std::isfinite(seconds) || seconds < 0) return en_dash;
  if (seconds < 10) return number(seconds, 2) + " s";
  const long total = std::lround(seconds);
  if (total < 60) return fmt::format("{} s", total);
  if (total < 3600) return fmt::format("{} min {} s", total / 60, total % 60);
  if (total < 86400) return fmt::format("{} h {} min", total / 3600, total % 3600 / 60);
  return fmt::format("{} d {} h", total / 86400, total % 86400 / 3600);
}

std::string percent(double fraction) {
  if (!std::isfinite(fraction)) return en_dash;
  const double p = 100 * fraction;
  return (p > 0 && p < 1) || (p > 99 && p < 100) ? fmt::format("{:.1f} %", p) : fmt::format("{:.0f} %", p);
}

std::string plural(double number_of, std::string_view singular) {
  return fmt::format("{} {}{}", count(number_of), singular, number_of == 1 ? "" : "s");
}

std::string short_name(const std::string& name, int characters) {
  std::vector<std::size_t> starts;  // of the characters: bytes that do not go on from one before
  for (std::size_t i = 0; i < name.size(); ++i)
    if (core::begins_character(name[i])) starts.push_back(i);
  const auto count = static_cast<int>(starts.size());
  if (count <= characters) return name;
  const int head = 2 * (characters - 1) / 3, tail = characters - 1 - head;
  return name.substr(0, starts[static_cast<std::size_t>(head)]) + "…" +
         name.substr(starts[static_cast<std::size_t>(count - tail)]);
}

}  // namespace aleator::campaign::report
