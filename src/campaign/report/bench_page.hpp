/// What      The page of `aleator bench`: the table, and the error of each value against its model evaluations.
/// Method    Errors are drawn in units of the tolerance, so that all problems share one axis and the line at 1 decides.
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

struct BenchPage {
  std::string program, verdict;
  std::vector<BenchLine> rows;
};

std::string render_bench_html(const BenchPage& page, const std::string& work_dir, const RenderOptions& options = {});

}  // namespace aleator::campaign::report
