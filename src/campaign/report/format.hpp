/// What      Words and numbers for the report: HTML escaping, numbers with a given precision, counts, durations.
/// Method    Undefined numbers print as an en dash; powers of ten with Unicode superscripts, so no markup is needed
///           in plots.
/// Parallel  no.
/// Cost      linear in the text.
/// Fails     never.
#pragma once

#include <string>
#include <string_view>

namespace aleator::campaign::report {

/// `digits` significant digits: 0.0123, 4.56, 12 300, 1.23×10⁻⁷; undefined: –.
std::string number(double value, int digits = 3);

/// "4.56 ± 0.12"; the value alone where no error is known.
std::string with_error(double value, double error);

/// A count with narrow spaces between thousands: 1 234 567; fractions are rounded.
std::string count(double value);

/// 10⁻³ and the like.
std::string power_of_ten(int exponent);

/// 0.8 s, 12 s, 3 min 20 s, 2 h 5 min, 3 d 4 h.
std::string duration(double seconds);

/// 0.253 -> 25 %.
std::string percent(double fraction);

/// At most so many characters of a long name: its beginning and its end with … between.
std::string short_name(const std::string& name, int characters);

/// "1 chain", "4 chains".
std::string plural(double number_of, std::string_view singular);

}  // namespace aleator::campaign::report
