#pragma once
/// What      What a calibration found, judged in words, its files and its report.
/// Method    Each quantity's p is the smaller of the ECDF's and the chi-square's, doubled; calibration is refused when the
///           smallest, times the number of quantities (Bonferroni), is below the significance asked for. The words come from the
///           mean and the spread of the ranks.
/// Parallel  no; rank 0 writes.
/// Cost      milliseconds a quantity.
/// Fails     UserError when a file cannot be read.
#include <string>
#include <vector>

#include "campaign/run/settings.hpp"

namespace aleator::campaign {

struct CalibratedQuantity {
  double ecdf_p = 1.0, chi_square_p = 1.0, p = 1.0;
  std::string words;  ///< what is wrong; empty where nothing is
};

struct Calibration {
  std::vector<std::string> names;
  int simulations = 0, values = 0;  ///< ranks are 0 ... values - 1
  double significance = 0.01;
  std::vector<std::vector<int>> ranks;  ///< [quantity][simulation]
  std::vector<CalibratedQuantity> quantities = {};
  bool is_calibrated = false;
  std::string headline = {};
};

struct CalibrationFacts {
  std::string deck, problem, sampler;
  std::int64_t redrawn = 0, model_evaluations = 0;
  double seconds = 0.0;
};

/// Fills quantities, is_calibrated and headline.
void judge(Calibration& calibration);

std::string calibration_csv(const Calibration& calibration);
std::string calibration_json(const Calibration& calibration, const CalibrationFacts& facts);
/// From ranks.csv and summary.json.
void write_calibration_report(const std::string& folder, const RunSettings& settings, const std::string& text);

}  // namespace aleator::campaign
