#include "campaign/report/page_parts.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "campaign/report/format.hpp"
#include "campaign/report/style.hpp"
#include "core/markup.hpp"

namespace aleator::campaign::report {
namespace {

std::string fact(const std::string& name, const std::string& value, bool is_code) {
  if (value.empty()) return "";
  const char* tag = is_code ? "code" : "span";
  return fmt::format("<dt>{0}</dt><dd><{2}>{1}</{2}></dd>", name, core::escape_markup(value), tag);
}

const char* level_word(Level level) { return level == Level::unknown ? "not judged" : level_class(level); }

}  // namespace

std::string header_html(const ReportData& data, const std::string& headline) {
  std::string meta;
  const auto add = [&meta](const std::string& text) {
    if (!text.empty()) meta += (meta.empty() ? "" : " &nbsp;·&nbsp; ") + text;
  };
  add(core::escape_markup(data.date));
  if (!data.program_version.empty()) add("Aleator " + core::escape_markup(data.program_version));
  if (!data.git_hash.empty()) add(fmt::format("<code>{}</code>", core::escape_markup(data.git_hash)));
  if (data.ranks > 0) add(fmt::format("{}, {} each", plural(data.ranks, "rank"), plural(data.threads, "thread")));
  return fmt::format(
      "<header class=\"top\"><p class=\"kicker\">{}</p><h1>{}</h1><p class=\"headline\">{}</p><p "
      "class=\"meta\">{}</p></header>",
      core::escape_markup(data.deck_path), core::escape_markup(data.title.empty() ? "Run report" : data.title),
      headline, meta);
}

std::string tile(const std::string& value, const std::string& label, Level level) {
  return fmt::format("<div class=\"tile {}\"><b>{}</b><span>{}</span></div>", level_class(level), value, label);
}

std::string notices_html(const std::vector<std::string>& warnings) {
  std::string out;
  for (const std::string& warning : warnings)
    out += fmt::format("<p class=\"notice\"><b>Warning.</b> {}</p>", core::escape_markup(warning));
  return out;
}

std::string overview_html(const std::vector<std::pair<std::string, std::string>>& tiles,
                          const std::vector<std::string>& warnings) {
  std::string out = "<div id=\"overview\" class=\"tiles\">";
  for (const auto& [value, what] : tiles) out += tile(core::escape_markup(value), core::escape_markup(what));
  out += "</div>";
  out += notices_html(warnings);
  return out;
}

std::string verdict_box(const Verdict& verdict) {
  std::string out = fmt::format("<div class=\"verdict {}\" id=\"verdict\" role=\"status\"><h2>{}</h2><p>{}</p><dl>",
                                level_class(verdict.level), core::escape_markup(verdict.headline),
                                core::escape_markup(verdict.summary));
  for (const Check& check : verdict.checks) {
    out += fmt::format("<dt>{}</dt><dd><span class=\"tag {}\">{}</span></dd><dd class=\"{}\">{}",
                       core::escape_markup(check.what), level_class(check.level), level_word(check.level),
                       level_class(check.level), core::escape_markup(check.found));
    if (!check.advice.empty())
      out += fmt::format("<span class=\"advice\">{}</span>", core::escape_markup(check.advice));
    out += "</dd>";
  }
  return out + "</dl></div>";
}

std::string paragraphs(const std::string& text) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find("\n\n", at), text.size());
    const std::string words = text.substr(at, end - at);
    if (words.find_first_not_of(" \n\t") != std::string::npos) out += "<p>" + core::escape_markup(words) + "</p>";
    at = end + 2;
  }
  return out;
}

std::string figure_html(const Figure& figure) {
  if (!figure.has_data) return "";
  std::string out = fmt::format("<figure id=\"{}\"><h3>{}</h3>", figure.id, core::escape_markup(figure.title));
  if (figure.pictures.empty()) {
    out += "<p class=\"notice\">This picture could not be drawn; see the note at the top of the page.</p>";
  } else {
    out += fmt::format("<div class=\"pictures {}\">", figure.layout);
    for (const std::string& picture : figure.pictures) out += picture;
    out += "</div>";
  }
  return out + fmt::format("<figcaption>{}</figcaption></figure>\n", core::escape_markup(figure.caption));
}

std::string reproduce(const ReportData& data) {
  std::string out = "<div class=\"card\"><dl class=\"facts\">";
  out += fact("Command", data.command, true) + fact("Deck", data.deck_path, true) +
         fact("Version", data.program_version, false) + fact("Git commit", data.git_hash, true) +
         fact("Date", data.date, false);
  if (data.ranks > 0)
    out +=
        fact("Run on", fmt::format("{}, {} each", plural(data.ranks, "rank"), plural(data.threads, "thread")), false);
  out += "</dl>";
  if (!data.resolved_deck.empty()) {
    out += fmt::format(
        "<details><summary>The resolved deck: every value, defaults included</summary><pre>{}</pre></details>",
        core::escape_markup(data.resolved_deck));
  }
  return out + "</div>";
}

std::string overview_page_html(const ReportData& base, const std::string& headline,
                               const std::vector<std::pair<std::string, std::string>>& tiles,
                               const std::vector<std::string>& warnings, std::vector<Section> sections,
                               const Gnuplot& gnuplot) {
  return lead_page_html(base, headline, {"overview", "Overview", overview_html(tiles, warnings)}, std::move(sections),
                        gnuplot);
}

std::string lead_page_html(const ReportData& base, const std::string& headline, const Lead& lead,
                           std::vector<Section> sections, const Gnuplot& gnuplot) {
  sections.erase(
      std::remove_if(sections.begin(), sections.end(), [](const Section& section) { return section.body.empty(); }),
      sections.end());
  Page page;
  page.title = base.title, page.header = header_html(base, core::escape_markup(headline)), page.lead = lead;
  return page_html(page, sections, gnuplot);
}

std::string page_html(const Page& page, const std::vector<Section>& sections, const Gnuplot& gnuplot) {
  std::string links = fmt::format("<a href=\"#{}\">{}</a>", page.lead.id, page.lead.link), body;
  for (const Section& s : sections) {
    links += fmt::format("<a href=\"#{}\">{}</a>", s.id, s.title);
    body += fmt::format("<section id=\"{}\"><h2>{}</h2>\n{}</section>\n", s.id, s.title, s.body);
  }
  std::string notice;
  if (!gnuplot.problem().empty()) {
    notice = fmt::format(
        "<p class=\"notice\"><b>Some or all plots are missing.</b> They are drawn by gnuplot: {}. The tables are "
        "complete.</p>",
        core::escape_markup(gnuplot.problem()));
  }
  const std::string title = core::escape_markup(page.title.empty() ? "Run report" : page.title);
  return fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>{} · "
      "Aleator</title>\n<style>{}</style>\n</head>\n<body>\n"
      "<div class=\"wrap\">{}</div>\n<nav aria-label=\"Sections\"><div class=\"wrap\">{}</div></nav>\n"
      "<main class=\"wrap\">{}{}\n{}<footer>Written by Aleator.{}</footer></main>\n<script>{}</script>\n</body>\n"
      "</html>\n",
      title, page_style, page.header, links, notice, page.lead.body, body,
      page.footer.empty() ? "" : " " + core::escape_markup(page.footer), page_script);
}

}  // namespace aleator::campaign::report
