#pragma once
/// What      Text as it may stand in HTML and XML, between tags and in quoted attributes.
/// Method    the five characters with a meaning become entities; control characters but line ends and tabs are left out.
/// Parallel  none.
/// Cost      linear.
/// Fails     never.
#include <string>
#include <string_view>

namespace aleator::core {

std::string escape_markup(std::string_view text);

}  // namespace aleator::core
