#pragma once
/// What      From one unit of measurement to another.
/// Method    UDUNITS-2: the units of the CF conventions ("mg L-1", "degC", "km/h"), with SI prefixes.
/// Parallel  local; not for threads side by side.
/// Cost      the first call reads the data base of units (10 ms).
/// Fails     UserError: text that is no unit, units of different kinds, scales with a logarithm.
#include <string>

namespace aleator::math {

/// Of a number: value in the new unit = factor x value + offset. Of a difference: the factor alone.
struct UnitConversion {
  double factor = 1.0, offset = 0.0;
};

UnitConversion unit_conversion(const std::string& from, const std::string& to);
/// Throws where the text is no unit.
void check_unit(const std::string& text);

}  // namespace aleator::math
