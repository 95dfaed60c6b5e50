#include "deck/builder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "deck/toy.hpp"

namespace aleator::deck {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

std::string build_fault(const std::string& text) {
  const Registry menu = toy::registry();
  const Deck deck = toy::deck(menu, text);
  Builder builder(deck);
  try {
    builder.get<toy::Colour>("colour", "red");
  } catch (const core::UserError& error) {
    return error.what();
  }
  return {};
}

const std::string red = "[colour.red]\ntype = \"colour/plain\"\nof = \"a\"\n[shape.a]\ntype = \"shape/everything\"\n";

TEST(Builder, BuildsABlockOnce) {
  const Registry menu = toy::registry();
  const Deck deck = toy::deck(menu, red);
  Builder builder(deck);
  EXPECT_EQ(builder.get<toy::Shape>("shape", "a"), builder.get<toy::Shape>("shape", "a"));
}

TEST(Builder, AComponentsComplaintIsShownAtItsKey) {
  EXPECT_EQ(build_fault(red + "draws = 13\n"),
            "in/deck.toml:6:9: error: [shape.a] draws: brings bad luck\n    6 | draws = 13\n      |         ^ take "
            "14\n1 error; nothing was run.");
}

TEST(Builder, AComplaintAboutDataNamesTheBlockThatReadsIt) {
  EXPECT_THAT(build_fault(red + "draws = 17\n"),
              StartsWith("in/deck.toml:4:8: error: [shape.a] data.txt:3:7: not a number\n"));
}

TEST(Builder, BlocksThatReferToThemselvesAreRefused) {
  EXPECT_THAT(build_fault(red + "partner = \"a\"\n"), HasSubstr("refers to itself"));
  EXPECT_THAT(build_fault(red + "partner = \"b\"\n[shape.b]\ntype = \"shape/everything\"\npartner = \"a\"\n"),
              HasSubstr("refers to itself"));
}

TEST(Builder, AFailedBlockFailsAlikeTheSecondTime) {
  const Registry menu = toy::registry();
  const Deck deck = toy::deck(menu, red + "draws = 13\n");
  Builder builder(deck);
  for (int i = 0; i < 2; ++i) {
    try {
      builder.get<toy::Colour>("colour", "red");
      FAIL() << "nothing thrown";
    } catch (const core::UserError& error) {
      EXPECT_THAT(error.what(), HasSubstr("brings bad luck"));
    }
  }
}

struct Workshop {
  int tools = 1;
};

TEST(Builder, MakersGetWhatTheProgramProvidesAndADefaultOtherwise) {
  const Registry menu = toy::registry();
  const Deck deck = toy::deck(menu, red);
  Builder bare(deck), equipped(deck);
  EXPECT_EQ(bare.service<Workshop>()->tools, 1);
  bare.service<Workshop>()->tools = 2;  // the same object for every maker
  EXPECT_EQ(bare.service<Workshop>()->tools, 2);
  equipped.provide(std::make_shared<Workshop>(Workshop{7}));
  EXPECT_EQ(equipped.service<Workshop>()->tools, 7);
}

}  // namespace
}  // namespace aleator::deck
