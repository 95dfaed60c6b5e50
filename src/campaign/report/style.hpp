/// What      The page's style sheet and its one small script (sorting tables by a click on a column's head).
/// Method    CSS variables for both themes; the plots use the same variables (svg.hpp).
/// Parallel  no.
/// Cost      none.
/// Fails     never.
#pragma once

namespace aleator::campaign::report {

extern const char* const page_style;
extern const char* const page_script;

}  // namespace aleator::campaign::report
