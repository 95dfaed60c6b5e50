/// What      The page of a campaign: its runs, whether replicates agree, and how quantities change with the keys varied.
/// Method    A panel a quantity: its value in each run, with its error, against the first key whose values are numbers, in one
///           colour for each combination of the others; without such a key against the run's number.
/// Parallel  rank 0 only; starts child processes.
/// Cost      about 20 ms a picture, at most 8.
/// Fails     never; without gnuplot the pictures are left out.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "campaign/report/report.hpp"
#include "campaign/report/report_data.hpp"
#include "campaign/report/verdict.hpp"

namespace aleator::campaign::report {

struct CampaignLine {
  std::string name, link;           ///< link to the run's report; empty: none
  std::vector<std::string> values;  ///< of the keys varied
  std::string seed, status, message;
  Level level = Level::good;
  double seconds = undefined;
  std::vector<std::pair<double, double>> numbers;  ///< value and error of `columns`
};

/// One quantity over the replicates of a setting.
struct ReplicateLine {
  std::string setting, quantity;
  int runs;
  double mean, sd, stated;  ///< NaN: the runs state no error
};

/// A setting as a model of the data.
struct ModelLine {
  std::string name;
  double log_evidence, standard_error, log_bayes_factor, probability;
  int runs;
};

struct PanelPoint {
  std::string curve;
  double x, y, error;
};
struct CampaignPanel {
  std::string quantity, x_label;
  bool has_key = true;  ///< false: against the run's number
  std::vector<PanelPoint> points;
};

struct CampaignPage {
  ReportData base;
  std::string headline;
  std::vector<std::string> warnings;
  std::vector<std::pair<std::string, std::string>> tiles;
  std::vector<std::string> keys, columns;  ///< of the table of runs
  std::vector<CampaignLine> runs;
  std::vector<std::pair<Level, std::string>> agreements;  ///< a sentence a setting
  std::vector<ReplicateLine> replicates;
  std::pair<Level, std::string> preference;  ///< which of `models`, in words
  std::vector<ModelLine> models;
  std::vector<CampaignPanel> panels;
};

std::string render_campaign_html(const CampaignPage& page, const std::string& work_dir,
                                 const RenderOptions& options = {});

}  // namespace aleator::campaign::report
