#include "deck/deck.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <set>

#include "deck/toy.hpp"

namespace aleator::deck {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using toy::Everything;
using toy::faults;

const char* const two_shapes =
    "[shape.a]\n"
    "type = \"shape/everything\"\n"
    "partner = \"b\"\n"
    "[shape.b]\n"
    "type = \"shape/circle\"\n"
    "radius = 12\n";

Everything::Params params_of(const Deck& deck, const std::string& name) {
  return std::any_cast<Everything::Params>(deck.block("shape", name).params);
}

TEST(Deck, ASoundDeckIsReadIntoItsParams) {
  const Registry menu = toy::registry();
  const Deck deck = toy::deck(menu, std::string(two_shapes) + "[run]\nseed = 7\n");
  EXPECT_EQ(params_of(deck, "a").partner, "b");
  EXPECT_EQ(params_of(deck, "a").draws, 100);
  EXPECT_EQ(deck.settings<toy::Settings>("run").seed, 7);
  EXPECT_EQ(deck.of_kind("shape").size(), 2U);
}

TEST(Deck, BlocksOfUnknownKindsAreRefused) {
  EXPECT_THAT(faults("[shap.a]\ntype = \"x\"\n"),
              AllOf(HasSubstr("in/deck.toml:1:2: error: unknown block or key 'shap'"), HasSubstr("'shape'")));
  EXPECT_THAT(faults("seed = 3\n"), HasSubstr("1:1: error: unknown block or key 'seed'"));
  EXPECT_THAT(faults("shape = 3\n"), HasSubstr("1:1: error: 'shape' must be a block: [shape.some_name]"));
  EXPECT_THAT(faults("run = 3\n"), HasSubstr("1:1: error: 'run' must be a block: [run]"));
  EXPECT_THAT(faults("[[run]]\nseed = 3\n"), HasSubstr("1:3: error: 'run' must be a block: [run]"));
  EXPECT_THAT(faults("[[shape.a]]\ntype = \"shape/circle\"\n"),
              HasSubstr("1:9: error: [[shape.a]] must be one block: [shape.a]"));
}

TEST(Deck, ABlockNeedsANameOfPlainLetters) {
  EXPECT_THAT(faults("[shape]\ntype = \"shape/circle\"\n"),
              HasSubstr("2:1: error: [shape] needs a name: [shape.some_name]"));
  EXPECT_THAT(faults("[shape]\n"), HasSubstr("1:2: error: [shape] needs a name"));
  EXPECT_THAT(faults("[shape.\"../x\"]\ntype = \"shape/circle\"\n"),
              HasSubstr("1:8: error: the name '../x' of a [shape.…] block is not allowed"));
  // and the blocks that have one are still read
  EXPECT_THAT(faults("[shape]\ntype = \"shape/circle\"\n[shape.b]\ntype = \"shape/everything\"\ndraws = 0\n"),
              HasSubstr("5:9: error: [shape.b] draws = 0"));
}

TEST(Deck, SettingsHaveNeitherTypeNorName) {
  EXPECT_THAT(faults("[run]\ntype = \"run\"\n"), HasSubstr("2:1: error: [run] unknown key 'type'"));
  EXPECT_THAT(faults("[run.fast]\nseed = 1\n"), HasSubstr("1:6: error: [run] unknown key 'fast'"));
}

TEST(Deck, TheTypeMustBeAComponentOfTheKind) {
  EXPECT_THAT(faults("[shape.a]\n"),
              AllOf(HasSubstr("1:8: error: [shape.a] has no type"), HasSubstr("shape/everything, shape/circle")));
  EXPECT_THAT(faults("[shape.a]\ntype = 3\n"), HasSubstr("2:8: error: [shape.a] type must be text in quotes, not 3"));
  EXPECT_THAT(faults("[shape.a]\ntype = \"circel\"\n"),
              AllOf(HasSubstr("2:8: error: [shape.a] type = \"circel\" is not a shape"),
                    HasSubstr("did you mean 'shape/circle'?")));
  EXPECT_THAT(faults("[shape.a]\ntype = \"colour/plain\"\n"),
              AllOf(HasSubstr("2:8: error: [shape.a] type = \"colour/plain\" is not a shape"),
                    HasSubstr("it fills [colour.…] blocks")));
}

TEST(Deck, AReferenceMustNameABlockOfItsKind) {
  EXPECT_THAT(faults("[colour.red]\ntype = \"colour/plain\"\nof = \"a\"\n"),
              AllOf(HasSubstr("3:6: error: [colour.red] of = \"a\": there is no block [shape.a]"),
                    HasSubstr("the deck has no [shape.…] block")));
  EXPECT_THAT(faults(std::string(two_shapes) + "[colour.red]\ntype = \"colour/plain\"\nof = \"red\"\n"),
              AllOf(HasSubstr("9:6: error: [colour.red] of = \"red\": there is no block [shape.red]"),
                    HasSubstr("there are: a, b")));
  EXPECT_THAT(faults(std::string(two_shapes) + "[colour.red]\ntype = \"colour/plain\"\n"),
              HasSubstr("7:9: error: [colour.red] the key 'of' is missing"));
  EXPECT_THAT(faults(std::string(two_shapes) + "[colour.red]\ntype = \"colour/plain\"\nof = \"\"\n"),
              HasSubstr("9:6: error: [colour.red] of is empty"));
}

TEST(Deck, OfAListOfReferencesTheDanglingOneIsShown) {
  EXPECT_THAT(faults(std::string(two_shapes) + "[shape.c]\ntype = \"shape/everything\"\nfriends = [\"a\", \"bb\"]\n"),
              AllOf(HasSubstr("9:17: error: [shape.c] friends = \"bb\""), HasSubstr("did you mean 'b'?")));
}

TEST(Deck, DanglingReferencesAreShownBesideOtherFaults) {
  const std::string text = faults(
      "[shape.a]\ntype = \"shape/everything\"\ndraws = 0\npartner = \"nobody\"\nfriends = [\"b\"]\n[shape.b]\ntype = "
      "\"none\"\n");
  EXPECT_THAT(text, AllOf(HasSubstr(":3:9:"), HasSubstr(":4:11:"), HasSubstr(":7:8:"), HasSubstr("3 errors")));
  EXPECT_THAT(text, Not(HasSubstr("[shape.b]: ")));  // b is there, though unsound: no fault of a
}

TEST(Deck, CarriageReturnsAndAByteOrderMarkChangeNothing) {
  EXPECT_EQ(faults("\xEF\xBB\xBF[shape.b]\r\ntype = \"shape/circle\"\r\nradius = 12\r\n"), "");
  EXPECT_THAT(faults("\xEF\xBB\xBF[shap.b]\r\ntype = \"shape/circle\"\r\n"),
              HasSubstr("in/deck.toml:1:2: error: unknown block or key 'shap'\n    1 | [shap.b]\n      |  ^ did"));
}

TEST(Deck, ADeckThatCannotBeReadIsRefused) {
  const Registry menu = toy::registry();
  EXPECT_THROW(Deck("none.toml", menu, {}, toy::reader({})), core::UserError);
}

TEST(Deck, AnEmptyDeckHasTheDefaultSettingsOnly) {
  const Registry menu = toy::registry();
  for (const char* const text : {"", "# nothing\n", "\n\n"}) {
    const Deck deck = toy::deck(menu, text);
    ASSERT_EQ(deck.blocks().size(), 1U);
    EXPECT_EQ(deck.settings<toy::Settings>("run").seed, 1);
  }
}

TEST(DeckOverrides, ReplaceValuesInTheOrderGiven) {
  const Registry menu = toy::registry();
  const Deck deck =
      toy::deck(menu, two_shapes, {"shape.a.draws=7", "shape.a.label=two words", "run.seed = 5", "shape.a.draws=9"});
  EXPECT_EQ(params_of(deck, "a").draws, 9);
  EXPECT_EQ(params_of(deck, "a").label, "two words");
  EXPECT_EQ(deck.settings<toy::Settings>("run").seed, 5);
}

TEST(DeckOverrides, MisspeltBlocksAndKeysAreRefused) {
  EXPECT_THAT(faults(two_shapes, {"shape.aa.draws=7"}),
              AllOf(HasSubstr("--set shape.aa.draws=7: error: the deck has no block [shape.aa]"),
                    HasSubstr("did you mean 'a'?")));
  EXPECT_THAT(faults(two_shapes, {"shap.a.draws=7"}),
              AllOf(HasSubstr("there are no blocks [shap.…]"), HasSubstr("'shape'")));
  EXPECT_THAT(faults(two_shapes, {"shape.a.drawz=7"}),
              AllOf(HasSubstr("--set shape.a.drawz=7: error: [shape.a] unknown key 'drawz'"), HasSubstr("'draws'")));
  EXPECT_THAT(faults(two_shapes, {"run.sed=7"}), HasSubstr("[run] unknown key 'sed'"));
  EXPECT_THAT(faults(two_shapes, {"colour.red.of=a"}), HasSubstr("the deck has no block [colour.red]"));
}

TEST(DeckOverrides, TheirFormIsChecked) {
  for (const char* const text : {"shape.a.draws", "shape.draws=1", "shape.a.b.draws=1", "=1", "", "shape..draws=1",
                                 ".a.draws=1", "shape=1", "run.a.seed=1"})
    EXPECT_NE(faults(two_shapes, {text}), "") << text;
}

TEST(DeckOverrides, TheirValuesAreCheckedLikeThoseOfTheDeck) {
  EXPECT_THAT(faults(two_shapes, {"shape.a.draws=1"}),
              HasSubstr("--set shape.a.draws=1: error: [shape.a] draws = 1 is not allowed (>= 2)"));
  EXPECT_THAT(faults(two_shapes, {"shape.a.start=[0, 9]"}),
              HasSubstr("--set shape.a.start=[0, 9]: error: [shape.a] start = 9"));
  EXPECT_THAT(faults(two_shapes, {"shape.a.type=shape/square"}), HasSubstr("is not a shape"));
  EXPECT_THAT(faults(two_shapes, {"shape.a.partner=c"}),
              HasSubstr("--set shape.a.partner=c: error: [shape.a] partner = \"c\": there is no block [shape.c]"));
}

// resolved() is a deck again, and reading it gives the same values: written out once more, the same text.
std::string resolved_twice(const std::string& text, toy::Files files = {}, const Overrides& overrides = {}) {
  const Registry menu = toy::registry();
  const Deck first = toy::deck(menu, text, overrides, files);
  const std::string once = first.resolved("# header\n", "files");
  for (const auto& [name, contents] : first.copies_of_files()) files["in/files/" + name] = contents;
  const Deck second = toy::deck(menu, once, {}, files);
  EXPECT_EQ(first.blocks().size(), second.blocks().size());
  for (const ParsedBlock& block : first.blocks()) {
    const ParsedBlock& again = second.block(block.block.kind, block.block.name);
    auto values = block.component->schema->write(block.params),
         values_again = again.component->schema->write(again.params);
    const auto contents = block.component->schema->files(block.params),
               contents_again = again.component->schema->files(again.params);
    EXPECT_EQ(contents.size(), contents_again.size());
    for (std::size_t i = 0; i < values.size(); ++i) {
      const bool is_file = block.component->schema->find(values[i].first)->is_file;  // its folder differs
      EXPECT_TRUE(is_file || values[i] == values_again[i]) << values[i].first << " = " << values[i].second;
      EXPECT_EQ(values[i].second.empty(), values_again[i].second.empty()) << values[i].first;
    }
    for (std::size_t i = 0; i < contents.size() && i < contents_again.size(); ++i)
      EXPECT_EQ(contents[i].second.text, contents_again[i].second.text);
  }
  return once;
}

TEST(DeckResolved, DefaultsSurvive) {
  const std::string text = resolved_twice(two_shapes);
  EXPECT_THAT(text, AllOf(HasSubstr("draws = 100  # default\n"), HasSubstr("# limit is not set\n"),
                          HasSubstr("partner = \"b\"\n"), HasSubstr("[run]\n")));
}

TEST(DeckResolved, EveryTypeOfValueSurvives) {
  const std::string text = resolved_twice(
      "[run]\ntitle = \"quotes \\\" and\\nnew lines\\u0007\\\\ # not a comment\"\n[shape.a]\ntype = "
      "\"shape/everything\"\nlarge = 9223372036854775807\n"
      "scale = 0.30000000000000004\nadapt = false\nrule = \"fixed\"\nlabel = '''two\nlines'''\nlimit = 1e-300\n"
      "start = [0.1, -0.2, 6.6e-5]\nmatrix = [[1, 2], [3, 4.5]]\nwords = [\"a\", \"\", \"c # d\"]\nfriends = [\"a\", "
      "\"a\"]\nhigh = 1e22\n");
  EXPECT_THAT(text, AllOf(HasSubstr("large = 9223372036854775807\n"), HasSubstr("scale = 0.30000000000000004\n"),
                          HasSubstr("adapt = false\n"), HasSubstr("rule = \"fixed\"\n"),
                          HasSubstr("friends = [\"a\", \"a\"]\n")));
}

TEST(DeckResolved, ValuesOfOverridesSurvive) {
  EXPECT_THAT(resolved_twice(two_shapes, {}, {"shape.a.label=it's \"so\"", "shape.a.draws=77", "run.seed=3"}),
              AllOf(HasSubstr("draws = 77\n"), HasSubstr("seed = 3\n")));
}

TEST(DeckResolved, FilesOfOneNameInSeveralFoldersStayApart) {
  const toy::Files files{{"in/x/data.txt", "first"}, {"in/y/data.txt", "second"}, {"in/z/data.txt", "third"}};
  const std::string text = resolved_twice(
      "[shape.a]\ntype = \"shape/everything\"\ndata = \"x/data.txt\"\nmap = \"y/data.txt\"\n"
      "[shape.b]\ntype = \"shape/everything\"\ndata = \"z/data.txt\"\n",
      files);
  std::set<std::string> names;  // each file has a name of its own in the run folder
  for (std::size_t at = text.find("data = \""); at != std::string::npos; at = text.find("data = \"", at + 1))
    names.insert(text.substr(at, text.find('\n', at) - at));
  EXPECT_EQ(names.size(), 2U) << text;
}

TEST(DeckResolved, NumbersInThePlaceOfAFileBecomeAFileOfTheRunFolder) {
  const std::string text =
      resolved_twice("[shape.a]\ntype = \"shape/everything\"\ndata = [0.1, 2]\nmap = [[1, 2], [3, 4]]\n");
  EXPECT_THAT(text, AllOf(HasSubstr("data = \"files/shape.a.data.list_in_the_deck.txt\"\n"),
                          HasSubstr("map = \"files/shape.a.map.list_in_the_deck.txt\"\n")));
}

}  // namespace
}  // namespace aleator::deck
