/// What      A gnuplot script under construction: quoting, data blocks, axes with ticks chosen here, the house style.
/// Method    Logarithmic axes are drawn as linear axes of log10, with ticks labelled in the original unit; so every
///           plot command is the same for both and no value outside the domain reaches gnuplot.
/// Parallel  no.
/// Cost      linear in the data.
/// Fails     never; undefined points are left out.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "campaign/report/svg.hpp"

namespace aleator::campaign::report {

/// A quoted gnuplot string with nothing left to interpret.
std::string gnuplot_string(std::string_view text);

/// The marker colour of the i-th curve, quoted for `lc rgb`.
std::string series_colour(int i);

/// The range of one axis in drawn units (log10 of the value when `is_log`).
struct Axis {
  double low = 0, high = 1;
  bool is_log = false;
  double operator()(double value) const;  ///< from a value to drawn units; NaN outside the domain
};

/// An axis that holds the finite values with a small margin; logarithmic when asked for and all of them are positive.
Axis axis_for(const std::vector<double>& values, bool want_log, double margin = 0.04);

/// Whether a sample is positive and spans more than a factor of ten, so that a logarithmic axis reads better.
bool is_wide(const std::vector<double>& values);

struct Tick {
  double position = 0;  ///< drawn units
  std::string label;    ///< empty: a minor tick
};
std::vector<Tick> ticks_for(const Axis& axis, int about);

class Script {
 public:
  Script();
  Script& operator<<(const std::string& line);  ///< appends a line

  /// Adds rows of numbers as a data block and returns its name; rows with an undefined number become gaps.
  std::string block(const std::vector<std::vector<double>>& rows);
  std::string block(const std::vector<double>& x, const std::vector<double>& y);
  /// For `with image`, which counts points: undefined numbers become transparent.
  std::string pixels(const std::vector<std::vector<double>>& rows);

  /// Range, ticks and label of "x", "y", "cb" or "x2".
  void axis(const std::string& name, const Axis& axis, int about, std::string_view label = "");
  /// Puts the next plot in multiplot at the box given in fractions of the canvas.
  void place(double left, double right, double bottom, double top);

  const std::string& text() const { return text_; }

 private:
  enum class Undefined { is_gap, is_kept };  ///< what becomes of a row with such a number
  std::string data(const std::vector<std::vector<double>>& rows, Undefined undefined);
  std::string text_;
  int blocks_ = 0;
};

}  // namespace aleator::campaign::report
