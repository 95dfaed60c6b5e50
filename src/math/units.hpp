#pragma once
/// What      From one unit of measurement to another.
/// Method    UDUNITS-2: the units of the CF conventions ("mg L-1", "degC", "km/h"), with SI prefixes.
/// Parallel  local; not for threads side by side.
/// Cost      the first call reads the data base of units (10 ms).
/// Fails     UserError: text that is no unit, units of different kinds, or such that differences have no unit of their own
///           (logarithms, reciprocals).
#include <memory>
#include <string>

namespace aleator::math {

class UnitConversion {
 public:
  UnitConversion(const std::string& from, const std::string& to);
  double operator()(double value) const;
  /// Of a difference of two values.
  double factor() const { return factor_; }

 private:
  std::shared_ptr<const void> converter_;
  double factor_ = 1.0;
};

/// Throws where the text is no unit.
void check_unit(const std::string& text);

}  // namespace aleator::math
