// JSON that keeps the order of its entries, however many.
#include "io/json.hpp"

#include <gtest/gtest.h>

#include <string>

namespace aleator::io {
namespace {

Json numbered(int entries) {
  Json out = Json::object();
  for (int i = entries; i > 0; --i) out["key" + std::to_string(i)] = i;
  return out;
}

TEST(Json, KeepsTheOrderAndFindsEveryKey) {
  for (const int entries : {3, 16, 17, 5000}) {
    const Json out = Json::parse(numbered(entries).dump());
    ASSERT_EQ(out.size(), static_cast<std::size_t>(entries));
    int expected = entries;
    for (const auto& [key, value] : out.items()) {
      EXPECT_EQ(value, expected);
      EXPECT_EQ(out.at(key), expected);
      EXPECT_EQ(key, "key" + std::to_string(expected--));
    }
    EXPECT_FALSE(out.contains("key0"));
    EXPECT_EQ(out.value("key0", 7), 7);
    EXPECT_THROW(static_cast<void>(out.at("key0")), Json::out_of_range);
  }
}

TEST(Json, EntriesAreReplacedErasedAndCopiedWithTheirIndex) {
  Json one = numbered(100);
  one["key50"] = "new";
  Json two = one;
  two.erase("key99");
  two["more"] = true;
  EXPECT_EQ(one.size(), 100U);
  EXPECT_EQ(one.at("key50"), "new");
  EXPECT_EQ(two.size(), 100U);
  EXPECT_FALSE(two.contains("key99"));
  EXPECT_EQ(two.at("key98"), 98);
  EXPECT_EQ(two.at("key1"), 1);
  EXPECT_EQ(two.back(), true);
  EXPECT_NE(one, two);
  one.clear();
  one["key7"] = 1;
  EXPECT_EQ(one.dump(), R"({"key7":1})");
  // A key written twice: the last value, in the first place, as nlohmann's own.
  EXPECT_EQ(Json::parse(R"({"a": 1, "b": 2, "a": 3})").dump(),
            nlohmann::ordered_json::parse(R"({"a": 1, "b": 2, "a": 3})").dump());
}

}  // namespace
}  // namespace aleator::io
