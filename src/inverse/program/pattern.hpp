#pragma once
/// What      A regular expression and what its first group finds in a text.
/// Method    PCRE2 (the syntax of Perl), with bounds on time and memory; lines end with LF, CR LF or CR.
/// Parallel  first_group may be called by several threads.
/// Cost      compiled once.
/// Fails     UserError: no regular expression; a search beyond the bounds.
#include <memory>
#include <optional>
#include <string>

namespace aleator::inverse {

class Pattern {
 public:
  explicit Pattern(const std::string& text);
  const std::string& text() const { return text_; }
  int groups() const;
  /// Of the first match; nothing where nothing matches. Empty: the group took no part in it.
  std::optional<std::string> first_group(const std::string& in) const;

 private:
  std::string text_;
  std::shared_ptr<const void> code_;  ///< pcre2_code
};

}  // namespace aleator::inverse
