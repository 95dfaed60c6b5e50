/// What      The page of jobs that are no sampling: model runs at many rows, draws from a prior, simulated data.
/// Method    An overview in words and tiles, then statistics, histograms, maps and tables of what there is.
/// Parallel  rank 0 only; starts child processes.
/// Cost      about 20 ms a picture, at most 40 pictures.
/// Fails     never for missing data; parts without data are left out.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "campaign/report/report.hpp"
#include "campaign/report/report_data.hpp"
#include "io/fields.hpp"

namespace aleator::campaign::report {

/// Sobol' indices of a factor for an output, each with its interval.
struct VarianceShare {
  std::string output, factor;
  double first, first_low, first_high, total, total_low, total_high;
};

/// What two factors explain together, beyond what each explains alone.
struct PairShare {
  std::string output, factor, other;
  double second, low, high;
};

/// Eigenvalues of the modes that a field is made of, and their share of the field's variance.
struct FieldModes {
  std::string field;
  std::vector<double> eigenvalues;
  double kept;
};

struct RowsPage {
  ReportData base;  ///< title, deck, version, date; `row_word` and `main.parameters`: the statistics
  std::string headline;
  std::vector<std::string> warnings;
  std::vector<std::pair<std::string, std::string>> tiles;  ///< value, what it is
  std::vector<std::pair<std::string, std::vector<double>>> samples;
  std::vector<io::FieldSet> fields;
  std::string fields_file;           ///< where all of them are
  std::vector<double> clean, noisy;  ///< of simulated data
  std::vector<VarianceShare> shares;
  std::vector<PairShare> pairs;
  std::vector<FieldModes> spectra;
};

std::string render_rows_html(const RowsPage& page, const std::string& work_dir, const RenderOptions& options = {});

}  // namespace aleator::campaign::report
