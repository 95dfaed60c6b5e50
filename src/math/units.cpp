#include "math/units.hpp"

#include <fmt/format.h>
#include <udunits2.h>

#include <cmath>
#include <memory>

#include "core/error.hpp"

namespace aleator::math {
namespace {

using Unit = std::unique_ptr<ut_unit, decltype(&ut_free)>;
using Converter = std::unique_ptr<cv_converter, decltype(&cv_free)>;

const ut_system* all_units() {
  static const std::unique_ptr<ut_system, decltype(&ut_free_system)> units = [] {
    ut_set_error_message_handler(ut_ignore);
    return std::unique_ptr<ut_system, decltype(&ut_free_system)>(ut_read_xml(nullptr), ut_free_system);
  }();
  if (units == nullptr)
    throw core::UserError("the data base of units, udunits2.xml, cannot be read: install libudunits2-data");
  return units.get();
}

Unit parse(const std::string& text) {
  Unit unit(ut_parse(all_units(), text.c_str(), UT_UTF8), ut_free);
  if (unit == nullptr)
    throw core::UserError(fmt::format("'{}' is no unit: write it as \"m s-1\", \"mg/L\", \"degC\", \"1\"", text));
  return unit;
}

}  // namespace

void check_unit(const std::string& text) { parse(text); }

UnitConversion unit_conversion(const std::string& from, const std::string& to) {
  const Unit old_unit = parse(from), new_unit = parse(to);
  const Converter converter(ut_get_converter(old_unit.get(), new_unit.get()), cv_free);
  if (converter == nullptr) throw core::UserError(fmt::format("'{}' cannot be converted to '{}'", from, to));
  const double at_0 = cv_convert_double(converter.get(), 0.0), at_1 = cv_convert_double(converter.get(), 1.0),
               at_2 = cv_convert_double(converter.get(), 2.0);
  const double scale = std::abs(at_0) + std::abs(at_2);
  if (!std::isfinite(scale) || std::abs(at_2 - 2.0 * at_1 + at_0) > 1e-9 * scale)
    throw core::UserError(
        fmt::format("from '{}' to '{}' goes through a logarithm: convert the data beforehand", from, to));
  return {at_1 - at_0, at_0};
}

}  // namespace aleator::math
