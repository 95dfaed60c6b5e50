#pragma once
/// What      Parts of a text in UTF-8 that do not tear a character.
/// Method    a byte 10xxxxxx goes on with the character before it.
/// Parallel  local.
/// Cost      -
/// Fails     -
#include <string>

namespace aleator::core {

inline bool begins_character(char byte) { return (static_cast<unsigned char>(byte) & 0xC0) != 0x80; }

/// The first `most` bytes or a few less, and "…" where something is left out.
inline std::string beginning_of(const std::string& text, std::size_t most) {
  if (text.size() <= most) return text;
  while (most > 0 && !begins_character(text[most])) --most;
  return text.substr(0, most) + "…";
}

/// The last `most` bytes or a few less, and "…" where something is left out.
inline std::string end_of(const std::string& text, std::size_t most) {
  if (text.size() <= most) return text;
  std::size_t at = text.size() - most;
  while (at < text.size() && !begins_character(text[at])) ++at;
  return "…" + text.substr(at);
}

}  // namespace aleator::core
