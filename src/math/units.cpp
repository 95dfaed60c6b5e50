#include "math/units.hpp"

#include <fmt/format.h>
#include <udunits2.h>

#include <cmath>
#include <memory>

#include "core/error.hpp"

namespace aleator::math {
namespace {

using Unit = std::unique_ptr<ut_unit, decltype(&ut_free)>;

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

UnitConversion::UnitConversion(const std::string& from, const std::string& to) {
  const Unit old_unit = parse(from), new_unit = parse(to);
  cv_converter* const converter = ut_get_converter(old_unit.get(), new_unit.get());
  if (converter == nullptr) throw core::UserError(fmt::format("'{}' cannot be converted to '{}'", from, to));
  converter_ = std::shared_ptr<const void>(
      converter, [](const void* one) { cv_free(static_cast<cv_converter*>(const_cast<void*>(one))); });
  // From values so far apart that an offset is lost beside their difference.
  const double far = std::ldexp(1.0, 60), at_0 = (*this)(0.0), at_far = (*this)(far), at_half = (*this)(0.5 * far);
  factor_ = (at_far - at_0) / far;
  if (!std::isfinite(at_0) || !std::isfinite(at_far) ||
      std::abs(at_far - 2.0 * at_half + at_0) > 1e-9 * std::abs(at_far))
    throw core::UserError(
        fmt::format("from '{}' to '{}' is no straight line: convert the data and their noise beforehand", from, to));
}

double UnitConversion::operator()(double value) const {
  return cv_convert_double(static_cast<const cv_converter*>(converter_.get()), value);
}

}  // namespace aleator::math
