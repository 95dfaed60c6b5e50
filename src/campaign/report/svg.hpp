/// What      Turns what gnuplot's `svg` terminal writes into a small inline <svg> that may stand beside others in
///           one page.
/// Method    Ids get a prefix; the prolog, filters, unused point symbols, empty groups and the defaults repeated in
///           every group go; coordinates keep one decimal; marker colours become CSS variables, so plots follow the
///           page's light or dark theme.
/// Parallel  no.
/// Cost      linear in the text.
/// Fails     never; text that is no SVG gives an empty string.
#pragma once

#include <string>

namespace aleator::campaign::report {

/// Marker colours: gnuplot draws with '#0f00kk', the page shows a CSS variable. Density markers '#0f01kk' show --s1
/// at opacity kk/255.
namespace marker {
inline constexpr const char* ink = "#0f0000";
inline constexpr const char* muted = "#0f0001";
inline constexpr const char* axis = "#0f0002";
inline constexpr const char* grid = "#0f0003";
inline constexpr const char* paper = "#0f0004";
inline constexpr const char* reference = "#0f0005";
inline constexpr const char* band = "#0f0006";
inline constexpr int first_series = 16;  ///< '#0f0010' and on: --s1, --s2, ...
inline constexpr int series_count = 8;
}  // namespace marker

/// `prefix`: unique in the page. `description`: the text for those who cannot see the picture (plain text).
std::string inline_svg(const std::string& raw, const std::string& prefix, const std::string& description);

}  // namespace aleator::campaign::report
