#pragma once
/// What      Texts of other programs, and parts of them that do not tear a character, in UTF-8.
/// Method    a byte 10xxxxxx goes on with the character before it; bytes that are no UTF-8 (Unicode 15, table 3-7) become U+FFFD.
/// Parallel  local.
/// Cost      -
/// Fails     -
#include <string>

namespace aleator::core {

inline bool begins_character(char byte) { return (static_cast<unsigned char>(byte) & 0xC0) != 0x80; }

/// As files and terminals can take it: also without control characters but line ends and tabs.
std::string printable(const std::string& text);

/// The first `most` bytes or a few less, and "…" where something is left out.
inline std::string beginning_of(const std::string& raw, std::size_t most) {
  const std::string text = printable(raw);
  if (text.size() <= most) return text;
  while (most > 0 && !begins_character(text[most])) --most;
  return text.substr(0, most) + "…";
}

/// The last `most` bytes or a few less, and "…" where something is left out.
inline std::string end_of(const std::string& raw, std::size_t most) {
  const std::string text = printable(raw);
  if (text.size() <= most) return text;
  std::size_t at = text.size() - most;
  while (at < text.size() && !begins_character(text[at])) ++at;
  return "…" + text.substr(at);
}

}  // namespace aleator::core
