/// What      The run report: one self-contained HTML page with inline SVG plots, tables, and a verdict in words.
/// Method    gnuplot draws (gnuplot.hpp), figures_*.cpp say what, verdict.cpp judges, tables.cpp and page.cpp write
///           the page. The page needs no network, follows the reader's light or dark theme, and shows its tables
///           also where gnuplot is missing.
/// Parallel  rank 0 only; starts child processes.
/// Cost      about a second; O(n log n) in the number of draws; a page of about 1 MB.
/// Fails     never for missing data; std::bad_alloc apart.
#pragma once

#include <string>

#include "campaign/report/report_data.hpp"

namespace aleator::campaign::report {

struct RenderOptions {
  std::string gnuplot = "gnuplot";  ///< the program, a path or a name to look up in PATH
};

/// The whole page. `work_dir`: where a folder for temporary files may be made (removed again).
std::string render_html(const ReportData& data, const std::string& work_dir, const RenderOptions& options = {});

}  // namespace aleator::campaign::report
