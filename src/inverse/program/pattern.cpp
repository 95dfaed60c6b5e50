#define PCRE2_CODE_UNIT_WIDTH 8
#include "inverse/program/pattern.hpp"

#include <fmt/format.h>
#include <pcre2.h>

#include "core/error.hpp"

namespace aleator::inverse {
namespace {

std::string message_of(int error) {
  unsigned char text[256] = {};
  pcre2_get_error_message(error, text, sizeof text);
  return reinterpret_cast<const char*>(text);
}

const pcre2_code* code_of(const std::shared_ptr<const void>& code) {
  return static_cast<const pcre2_code*>(code.get());
}

}  // namespace

Pattern::Pattern(const std::string& text) : text_(text) {
  int error = 0;
  PCRE2_SIZE at = 0;
  const std::unique_ptr<pcre2_compile_context, decltype(&pcre2_compile_context_free)> settings(
      pcre2_compile_context_create(nullptr), pcre2_compile_context_free);
  pcre2_set_newline(settings.get(), PCRE2_NEWLINE_ANYCRLF);  // a dot is no end of a line, of whatever system
  pcre2_code* const code = pcre2_compile(reinterpret_cast<PCRE2_SPTR>(text.data()), text.size(), PCRE2_MULTILINE,
                                         &error, &at, settings.get());
  if (code == nullptr) throw core::UserError(fmt::format("{} at character {}", message_of(error), at + 1));
  code_ = std::shared_ptr<const void>(
      code, [](const void* one) { pcre2_code_free(static_cast<pcre2_code*>(const_cast<void*>(one))); });
}

int Pattern::groups() const {
  std::uint32_t count = 0;
  pcre2_pattern_info(code_of(code_), PCRE2_INFO_CAPTURECOUNT, &count);
  return static_cast<int>(count);
}

std::optional<std::string> Pattern::first_group(const std::string& in) const {
  const std::unique_ptr<pcre2_match_data, decltype(&pcre2_match_data_free)> match(
      pcre2_match_data_create_from_pattern(code_of(code_), nullptr), pcre2_match_data_free);
  const int found =
      pcre2_match(code_of(code_), reinterpret_cast<PCRE2_SPTR>(in.data()), in.size(), 0, 0, match.get(), nullptr);
  if (found == PCRE2_ERROR_NOMATCH) return std::nullopt;
  if (found < 0) throw core::UserError(fmt::format("the search for '{}' was given up: {}", text_, message_of(found)));
  const PCRE2_SIZE* const ends = pcre2_get_ovector_pointer(match.get());
  if (found < 2 || ends[2] == PCRE2_UNSET) return std::string();
  return in.substr(ends[2], ends[3] - ends[2]);
}

}  // namespace aleator::inverse
