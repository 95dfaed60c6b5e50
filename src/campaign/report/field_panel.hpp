/// What      Pictures of one field or one sample, for any page: a map with its colour bar, a curve, a histogram.
/// Method    fields finer than 60 cells a side are averaged over blocks; scales come from the caller, so that maps share them.
/// Parallel  rank 0 only.
/// Cost      one gnuplot process a picture.
/// Fails     never; an empty string where gnuplot is missing or nothing is finite.
#pragma once

#include <string>
#include <vector>

#include "campaign/report/gnuplot.hpp"
#include "campaign/report/plot.hpp"

namespace aleator::campaign::report {

struct FieldPanel {
  std::string title, description;
  std::vector<double> values;  ///< [iy][ix], iy upwards
  Axis colours;
  bool is_diverging = false;
  bool is_numbered = true;  ///< small fields show the number of each cell
  double aspect = 0.0;      ///< of the box, width over height; 0: cells are squares
};

/// `shape` = {ny, nx}.
std::string draw_field(const std::vector<int>& shape, const FieldPanel& panel, Gnuplot& gnuplot);

/// Values against their position.
std::string draw_curve(const std::string& title, const std::vector<double>& x, const std::vector<double>& y,
                       Gnuplot& gnuplot);

/// Histogram of a sample, on a logarithmic axis where it is positive and wide.
std::string draw_histogram(const std::string& title, const std::vector<double>& values, Gnuplot& gnuplot);

}  // namespace aleator::campaign::report
