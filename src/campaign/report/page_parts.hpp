/// What      The pieces that every report page is made of: head, tiles, figures, how to reproduce, and the page around them.
/// Method    Self-contained HTML; every text that comes from outside is escaped here.
/// Parallel  rank 0 only.
/// Cost      linear in the text.
/// Fails     never.
#pragma once

#include <string>
#include <vector>

#include "campaign/report/figures.hpp"
#include "campaign/report/gnuplot.hpp"
#include "campaign/report/report_data.hpp"
#include "campaign/report/verdict.hpp"

namespace aleator::campaign::report {

struct Section {
  std::string id, title, body;
};

/// What stands above the sections; `link`: its own name in the list of links.
struct Lead {
  std::string id, link, body;
};

struct Page {
  std::string title, header, footer;
  Lead lead;
};

/// The head of a page; `headline` is HTML.
std::string header_html(const ReportData& data, const std::string& headline);
std::string tile(const std::string& value, const std::string& label, Level level = Level::good);
/// Tiles of (value, what it is), then warnings: the overview of a page; plain text.
std::string overview_html(const std::vector<std::pair<std::string, std::string>>& tiles,
                          const std::vector<std::string>& warnings);
/// What the reader must know before trusting the numbers, a paragraph each.
std::string notices_html(const std::vector<std::string>& warnings);
std::string verdict_box(const Verdict& verdict);
/// Plain text, an empty line between paragraphs.
std::string paragraphs(const std::string& text);
std::string figure_html(const Figure& figure);
std::string reproduce(const ReportData& data);
/// A page that begins with overview_html; sections without a body are left out.
std::string overview_page_html(const ReportData& base, const std::string& headline,
                               const std::vector<std::pair<std::string, std::string>>& tiles,
                               const std::vector<std::string>& warnings, std::vector<Section> sections,
                               const Gnuplot& gnuplot);
/// Likewise, with another lead.
std::string lead_page_html(const ReportData& base, const std::string& headline, const Lead& lead,
                           std::vector<Section> sections, const Gnuplot& gnuplot);
std::string page_html(const Page& page, const std::vector<Section>& sections, const Gnuplot& gnuplot);

}  // namespace aleator::campaign::report
