#include "campaign/report/svg.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "campaign/report/format.hpp"
#include "core/markup.hpp"

namespace aleator::campaign::report {
namespace {

void replace_every(std::string& text, std::string_view what, std::string_view with) {
  std::string out;
  std::size_t from = 0;
  for (std::size_t at; (at = text.find(what, from)) != std::string::npos; from = at + what.size()) {
    out.append(text, from, at - from).append(with);
  }
  if (from == 0) return;
  text = out.append(text, from, std::string::npos);
}

std::string css_colour(int r, int g, int b, double& opacity) {
  static constexpr const char* names[] = {"ink", "muted", "axis", "grid", "paper", "ref", "band"};
  if (r == 15 && g == 1) {
    opacity = b / 255.0;
    return "var(--s1)";
  }
  if (r == 15 && g == 0) {
    if (b < 7) return fmt::format("var(--{})", names[b]);
    if (b >= marker::first_series && b < marker::first_series + marker::series_count) {
      return fmt::format("var(--s{})", b - marker::first_series + 1);
    }
  }
  return fmt::format("#{:02x}{:02x}{:02x}", r, g, b);
}

// 'rgb( 68,   1,  84)' in quotes of either kind -> "#440154" or a variable, with an opacity where the marker carries
// one.
std::string shorter_colours(const std::string& line) {
  std::string out;
  std::size_t from = 0;
  for (std::size_t at; (at = line.find("rgb(", from)) != std::string::npos;) {
    int r = 0, g = 0, b = 0, length = 0;
    if (std::sscanf(line.c_str() + at, "rgb(%d ,%d ,%d)%n", &r, &g, &b, &length) != 3 || length == 0) {
      out.append(line, from, at + 4 - from);
      from = at + 4;
      continue;
    }
    double opacity = -1;
    out.append(line, from, at - from).append(css_colour(r, g, b, opacity));
    from = at + length;
    if (opacity >= 0 && from < line.size()) {
      out += line[from++];  // the closing quote
      out += fmt::format(" fill-opacity=\"{:.2f}\"", opacity);
    }
  }
  return out.append(line, from, std::string::npos);
}

// Numbers such as 123.456 to one decimal inside d='...', points='...' and transform="...".
std::string shorter_numbers(std::string_view line) {
  std::string out;
  for (std::size_t i = 0; i < line.size();) {
    const bool starts = std::isdigit(static_cast<unsigned char>(line[i])) != 0;
    if (!starts) {
      out += line[i++];
      continue;
    }
    std::size_t end = i;
    while (end < line.size() && std::isdigit(static_cast<unsigned char>(line[end]))) ++end;
    if (end < line.size() && line[end] == '.') {
      ++end;
      while (end < line.size() && std::isdigit(static_cast<unsigned char>(line[end]))) ++end;
      std::string text = fmt::format("{:.1f}", std::strtod(std::string(line.substr(i, end - i)).c_str(), nullptr));
      if (text.size() > 2 && text.compare(text.size() - 2, 2, ".0") == 0) text.resize(text.size() - 2);
      out += text;
    } else {
      out += line.substr(i, end - i);
    }
    i = end;
  }
  return out;
}

bool starts_with(std::string_view text, std::string_view head) { return text.substr(0, head.size()) == head; }

std::string attribute(std::string_view tag, std::string_view name) {
  const std::string key = fmt::format(" {}=\"", name);
  const std::size_t at = tag.find(key);
  if (at == std::string_view::npos) return "";
  const std::size_t begin = at + key.size();
  return std::string(tag.substr(begin, tag.find('"', begin) - begin));
}

// gnuplot opens a group with six attributes before each stroke; four of them are the root's here.
std::string shorter_group(std::string_view line) {
  const std::string colour = attribute(line, "color"), stroke = attribute(line, "stroke"),
                    width = attribute(line, "stroke-width");
  std::string out = "<g";
  if (colour != "black") out += fmt::format(" color=\"{}\"", colour);
  if (stroke != "currentColor") out += fmt::format(" stroke=\"{}\"", stroke);
  if (width != "1.00") out += fmt::format(" stroke-width=\"{}\"", width);
  return out + ">";
}

// A cell of a density picture with next to no density: left out, it saves much of the picture's size.
bool is_faint(std::string_view line) {
  constexpr int faintest = 4;  // of 255
  const std::size_t at = line.find("'rgb( 15,   1,");
  return at != std::string_view::npos && std::atoi(std::string(line.substr(at + 14, 4)).c_str()) < faintest;
}

std::string cleaned_line(std::string_view line) {
  while (!line.empty() && std::isspace(static_cast<unsigned char>(line.front()))) line.remove_prefix(1);
  while (!line.empty() && std::isspace(static_cast<unsigned char>(line.back()))) line.remove_suffix(1);
  if (starts_with(line, "<g fill=\"none\" color=")) return shorter_colours(shorter_group(line));
  if (starts_with(line, "<polygon") && is_faint(line)) return "";
  if (starts_with(line, "<text")) return std::string(line);  // what the user named is left as it is
  if (const std::size_t title = line.find("<title>"); title != std::string_view::npos) {
    return starts_with(line.substr(title), "<title>gnuplot_plot_") || line.find(" plotted") != std::string_view::npos
               ? "<g>"
               : "<g>" + std::string(line.substr(title));
  }
  std::string out = shorter_numbers(shorter_colours(std::string(line)));
  replace_every(out, " font-family=\"sans\"", "");
  replace_every(out, "fill=\"black\"", "fill=\"currentColor\"");
  replace_every(out, "stroke='black'", "");
  replace_every(out, " fill = ", " fill=");
  replace_every(out, " points = ", " points=");
  return out;
}

// Groups with nothing in them, innermost first.
void drop_empty_groups(std::vector<std::string>& lines) {
  std::vector<std::string> kept;
  for (std::string& line : lines) {
    if (line.empty()) continue;
    if (line == "</g>" && !kept.empty() && starts_with(kept.back(), "<g") &&
        kept.back().find("</") == std::string::npos && kept.back().back() == '>' &&
        kept.back().find('>') == kept.back().size() - 1) {
      kept.pop_back();
      continue;
    }
    kept.push_back(std::move(line));
  }
  lines = std::move(kept);
}

std::string used_symbols(const std::string& raw, const std::string& body, const std::string& prefix) {
  if (body.find("#gp") == std::string::npos) return "";
  const std::size_t from = raw.find("<defs>") + 6;
  std::string symbols = raw.substr(from, raw.find("<filter", from) - from);
  replace_every(symbols, "\n\t", "\n");
  replace_every(symbols, "stroke-width='0.222'", "stroke-width='0.45'");  // crosses are hardly seen otherwise
  replace_every(symbols, "id='gp", fmt::format("id='{}-gp", prefix));
  replace_every(symbols, "xlink:href='#gp", fmt::format("href='#{}-gp", prefix));
  return "<defs>" + symbols + "</defs>";
}

}  // namespace

std::string inline_svg(const std::string& raw, const std::string& prefix, const std::string& description) {
  const std::size_t box = raw.find("viewBox=\""), defs_end = raw.find("</defs>"), end = raw.rfind("</g>\n</svg>");
  if (box == std::string::npos || defs_end == std::string::npos || end == std::string::npos || end < defs_end)
    return "";
  const std::string view_box = raw.substr(box + 9, raw.find('"', box + 9) - box - 9);
  std::vector<std::string> lines;
  for (std::size_t at = defs_end + 7; at < end;) {
    const std::size_t stop = std::min(raw.find('\n', at), end);
    std::string_view line = std::string_view(raw).substr(at, stop - at);
    // a path and the group of the text that follows share a line
    if (const std::size_t second = line.find("/>\t<g "); second != std::string_view::npos) {
      lines.push_back(cleaned_line(line.substr(0, second + 2)));
      line = line.substr(second + 2);
    }
    const bool closes = line.size() > 6 && line.substr(line.size() - 6) == "/></g>";
    lines.push_back(cleaned_line(closes ? line.substr(0, line.size() - 4) : line));
    if (closes) lines.push_back("</g>");
    at = stop + 1;
  }
  drop_empty_groups(lines);
  std::string body;
  for (const std::string& line : lines) body += line + '\n';
  const std::string symbols = used_symbols(raw, body, prefix);
  replace_every(body, "xlink:href='#gp", fmt::format("href='#{}-gp", prefix));
  return fmt::format(
      "<svg class=\"plot\" id=\"{0}\" viewBox=\"{1}\" role=\"img\" aria-labelledby=\"{0}-t\" fill=\"none\" "
      "stroke=\"currentColor\" stroke-linejoin=\"round\"><title id=\"{0}-t\">{2}</title>{3}\n{4}</svg>",
      prefix, view_box, core::escape_markup(description), symbols, body);
}

}  // namespace aleator::campaign::report
