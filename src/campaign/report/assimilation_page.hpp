/// What      The page of job/assimilate: error and spread in time, rank histogram, states against time.
/// Method    Curves are thinned to block means; many states are a picture (state, time), few are curves with their spread;
///           fields in the plane are maps, at the first, the middle and the last of the times.
/// Parallel  rank 0 only; starts child processes.
/// Cost      about 20 ms a picture, at most 14 pictures.
/// Fails     never for missing data; parts without data are left out.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "campaign/report/report.hpp"
#include "campaign/report/report_data.hpp"
#include "campaign/report/verdict.hpp"

namespace aleator::campaign::report {

struct AssimilationPage {
  ReportData base;  ///< title, deck, version, date
  std::string headline;
  Verdict verdict;
  std::vector<std::pair<std::string, std::string>> tiles;  ///< value, what it is
  bool is_twin = true;
  std::vector<Series> curves;  ///< error and spread
  double spin_up_end = undefined;
  std::vector<double> ranks;            ///< counts; empty: no truth
  std::vector<double> times;            ///< of the states below
  std::vector<std::string> states;      ///< their names
  std::vector<double> truth, mean, sd;  ///< [time][state]
  std::vector<int> grid;                ///< nx, ny of the fields that the states are; or empty
  std::vector<std::string> fields;      ///< their names
};

std::string render_assimilation_html(const AssimilationPage& page, const std::string& work_dir,
                                     const RenderOptions& options = {});

}  // namespace aleator::campaign::report
