// Text of other programs: what is no UTF-8 becomes U+FFFD, what is stays, and no character is torn.
#include <gtest/gtest.h>

#include "core/utf8.hpp"

namespace aleator::core {
namespace {

const std::string unknown = "\xEF\xBF\xBD";

TEST(Utf8, TextStays) {
  for (const std::string text : {"", "plain\ttext\n", "μ ≈ 3 °C", "\xF0\x9F\x8C\x8A", "\xED\x9F\xBF", "\xEF\xBF\xBF"})
    EXPECT_EQ(printable(text), text);
}

TEST(Utf8, BytesThatAreNoTextAreReplaced) {
  EXPECT_EQ(printable("d\xE9mo"), "d" + unknown + "mo");                                     // Latin-1
  EXPECT_EQ(printable("\xFF\xFE"), unknown + unknown);                                       // no byte of UTF-8
  EXPECT_EQ(printable(std::string("a\0b\x1B[m", 6)), "a" + unknown + "b" + unknown + "[m");  // control characters
  EXPECT_EQ(printable("\xC0\xAF"), unknown + unknown);                                       // '/' in two bytes
  EXPECT_EQ(printable("\xED\xA0\x80").find('\xED'), std::string::npos);                      // a half of a pair
  EXPECT_EQ(printable("\xF4\x90\x80\x80").find('\xF4'), std::string::npos);                  // beyond Unicode
  EXPECT_EQ(printable("ab\xE2\x82"), "ab" + unknown + unknown);                              // torn at the end
}

TEST(Utf8, PartsDoNotTearCharacters) {
  EXPECT_EQ(beginning_of("aμb", 2), "a…");
  EXPECT_EQ(end_of("aμb", 2), "…b");
  EXPECT_EQ(beginning_of("a\xE9", 10), "a" + unknown);
}

}  // namespace
}  // namespace aleator::core
