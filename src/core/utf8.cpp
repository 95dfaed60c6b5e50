#include "core/utf8.hpp"

namespace aleator::core {
namespace {

// Bytes of the character that begins at `at`; 0: none does.
std::size_t character_size(const std::string& text, std::size_t at) {
  const auto byte = [&](std::size_t i) {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : static_cast<unsigned char>(0);
  };
  const unsigned char first = byte(at);
  if (first < 0x80) return 1;
  const std::size_t size = first >= 0xC2 && first <= 0xDF   ? 2
                           : first >= 0xE0 && first <= 0xEF ? 3
                           : first >= 0xF0 && first <= 0xF4 ? 4
                                                            : 0;
  for (std::size_t i = 1; i < size; ++i)
    if (begins_character(byte(at + i)) || at + i >= text.size()) return 0;
  const unsigned char second = byte(at + 1);
  const bool is_overlong = (first == 0xE0 && second < 0xA0) || (first == 0xF0 && second < 0x90);
  const bool is_no_character = (first == 0xED && second > 0x9F) || (first == 0xF4 && second > 0x8F);
  return is_overlong || is_no_character ? 0 : size;
}

}  // namespace

std::string printable(const std::string& text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t size = character_size(text, at);
    const auto byte = static_cast<unsigned char>(text[at]);
    const bool is_control = size == 1 && (byte < 0x20 || byte == 0x7F) && byte != '\n' && byte != '\t' && byte != '\r';
    if (size == 0 || is_control)
      out += "\xEF\xBF\xBD", ++at;
    else
      out.append(text, at, size), at += size;
  }
  return out;
}

}  // namespace aleator::core
