/// What      The report's figures: each a title, one or more pictures, and a caption that says how to read them.
/// Method    Data are thinned, binned and smoothed here (statistics.hpp); gnuplot only draws.
/// Parallel  rank 0 only.
/// Cost      one gnuplot process a picture, about 20 to 30 pictures.
/// Fails     never; a figure whose data are missing has no pictures and is left out.
#pragma once

#include <string>
#include <vector>

#include "campaign/report/gnuplot.hpp"
#include "campaign/report/report_data.hpp"

namespace aleator::campaign::report {

struct Figure {
  std::string id, title;
  std::string layout;                 ///< CSS class of the pictures' grid: "one", "two", "three", "four"
  std::vector<std::string> pictures;  ///< inline SVG
  std::string caption;                ///< plain text
  bool has_data = false;  ///< false: leave the figure out; true without pictures: say that gnuplot is missing
};

Figure field_figure(const ReportData& data, Gnuplot& gnuplot);
Figure interval_figure(const ReportData& data, Gnuplot& gnuplot);
Figure trace_figure(const ReportData& data, Gnuplot& gnuplot);
Figure rank_figure(const ReportData& data, Gnuplot& gnuplot);
Figure autocorrelation_figure(const ReportData& data, Gnuplot& gnuplot);
Figure joint_figure(const ReportData& data, Gnuplot& gnuplot);
Figure marginal_figure(const ReportData& data, Gnuplot& gnuplot);
Figure history_figure(const ReportData& data, Gnuplot& gnuplot);
/// Of the Hessian, where the method has it.
Figure hessian_figure(const ReportData& data, Gnuplot& gnuplot);
/// Eigenvalues by their number, on a logarithmic axis if all are positive; an SVG, or empty.
std::string draw_spectrum(const std::string& title, const std::vector<double>& values, Gnuplot& gnuplot);
Figure comparison_figure(const ReportData& data, Gnuplot& gnuplot);
Figure data_fit_figure(const ReportData& data, Gnuplot& gnuplot);
Figure predictive_figure(const ReportData& data, Gnuplot& gnuplot);

}  // namespace aleator::campaign::report
