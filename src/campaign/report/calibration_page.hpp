/// What      The page of job/calibrate: the verdict, rank histograms and ECDF differences with their bands, and a table.
/// Method    The ECDF is drawn minus the uniform one, with the band that uniform ranks leave in one of 20 experiments.
/// Parallel  rank 0 only; starts child processes.
/// Cost      two pictures a quantity, of at most 12 quantities: those with the smallest p.
/// Fails     never.
#pragma once

#include <string>
#include <vector>

#include "campaign/report/report.hpp"

namespace aleator::campaign::report {

struct RankedQuantity {
  std::string name, words;
  double ecdf_p = 1.0, chi_square_p = 1.0;
  std::vector<double> histogram;
  std::vector<double> ecdf;  ///< share of ranks below k = 1 ... values - 1
};

struct CalibrationPage {
  ReportData base;
  std::string verdict;
  bool is_calibrated = false;
  int simulations = 0, values = 0, bins = 1;
  double model_evaluations = undefined, seconds = undefined;
  std::vector<double> band_low, band_high;  ///< of the ECDF, at k = 1 ... values - 1
  std::vector<RankedQuantity> quantities;
};

std::string render_calibration_html(const CalibrationPage& page, const std::string& work_dir,
                                    const RenderOptions& options = {});

}  // namespace aleator::campaign::report
