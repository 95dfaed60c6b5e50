/// What      The page of `aleator bench`: a line for each sampler on each problem, its largest error against its model
///           evaluations, and all values.
/// Method    Errors are drawn in units of the tolerance, so that all problems share one axis; beyond 1 a value fails (and log
///           evidence by its standard errors too).
/// Parallel  rank 0 only; starts child processes.
/// Cost      one picture.
/// Fails     never; without gnuplot the picture is left out.
#pragma once

#include <string>
#include <vector>

#include "campaign/report/report.hpp"

namespace aleator::campaign::report {

struct BenchLine {
  std::string problem, quantity, sampler, failure;
  double found, known, tolerance;
  double error;                                        ///< |found - known| / tolerance
  double model_evaluations, runs_per_sample, seconds;  ///< runs for each effective sample: NaN where there are none
  bool is_judged, passes;
};

/// A sampler on a problem: all its values together.
struct BenchSummary {
  std::string problem, sampler, failure;
  int values = 0, passed = 0;
  double largest_error = 0.0;                                   ///< over the tolerance
  std::string largest_at;                                       ///< "sd of x[0]"
  double log_evidence, log_evidence_error, known_log_evidence;  ///< NaN where there is none
  double model_evaluations, runs_per_sample, seconds;  ///< runs for each effective sample: of the worst parameter
  bool is_judged = true;
};

struct BenchPage {
  std::string program, verdict;
  std::vector<BenchSummary> samplers;
  std::vector<BenchLine> rows;
};

/// The lines of the samplers as a table in Markdown.
std::string render_bench_markdown(const BenchPage& page);

std::string render_bench_html(const BenchPage& page, const std::string& work_dir, const RenderOptions& options = {});

}  // namespace aleator::campaign::report
