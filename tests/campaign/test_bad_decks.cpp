// Every deck in tests/deck/bad is refused, with exactly the faults that its first lines announce:
//   # expect: 17:12: ensemble = 1 is not allowed (>= 2)   place and piece of the message (FOLDER: the deck's folder)
//   # expect: a piece of the message                         a fault without a place in the deck
//   # set: kind.name.key=value                               an override of the command line
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "campaign/commands.hpp"

namespace aleator::campaign {
namespace {

const std::string bad_decks = std::string(ALEATOR_SOURCE_DIR) + "/tests/deck/bad";

struct BadDeck {
  std::string path;
  std::vector<std::string> expected, overrides;
};

std::string with_folder(std::string text) {
  const std::size_t at = text.find("FOLDER");
  return at == std::string::npos ? text : text.replace(at, 6, bad_decks);
}

BadDeck read_bad_deck(const std::string& path) {
  BadDeck deck{path, {}, {}};
  std::ifstream file(path);
  const std::string expect = "# expect: ", set = "# set: ";
  for (std::string line; std::getline(file, line) && line.rfind("#", 0) == 0;) {
    if (line.rfind(expect, 0) == 0) deck.expected.push_back(with_folder(line.substr(expect.size())));
    if (line.rfind(set, 0) == 0) deck.overrides.push_back(line.substr(set.size()));
  }
  return deck;
}

std::vector<std::string> paths() {
  std::vector<std::string> found;
  for (const auto& entry : std::filesystem::directory_iterator(bad_decks))
    if (entry.path().extension() == ".toml") found.push_back(entry.path().string());
  std::sort(found.begin(), found.end());
  return found;
}

std::string complaint_about(const BadDeck& deck) {
  try {
    check_deck(deck.path, deck.overrides);
  } catch (const core::UserError& error) {
    return error.what();
  }
  return {};
}

// "17:12: message" must begin what is said about that place; anything else may stand anywhere.
bool is_in(const std::string& complaint, const BadDeck& deck, const std::string& expected) {
  const std::size_t space = expected.find(": ");
  const bool has_place = space != std::string::npos && expected.find_first_not_of("0123456789:") >= space + 1;
  if (!has_place) return complaint.find(expected) != std::string::npos;
  const std::size_t at = complaint.find(deck.path + ":" + expected.substr(0, space) + ": error: ");
  if (at == std::string::npos) return false;
  return complaint.substr(at, complaint.find('\n', at) - at).find(expected.substr(space + 2)) != std::string::npos;
}

class BadDecks : public testing::TestWithParam<std::string> {};

TEST_P(BadDecks, AreRefusedWithTheFaultsTheyAnnounce) {
  const BadDeck deck = read_bad_deck(GetParam());
  ASSERT_FALSE(deck.expected.empty()) << "the deck begins with no '# expect: ' line";
  const std::string complaint = complaint_about(deck);
  for (const std::string& expected : deck.expected)
    EXPECT_TRUE(is_in(complaint, deck, expected)) << "expected: " << expected << "\nshown:\n" << complaint;
  const std::size_t count = deck.expected.size();  // and no fault that follows from another
  EXPECT_THAT(complaint,
              testing::HasSubstr(std::to_string(count) + (count == 1 ? " error; " : " errors; ") + "nothing was run."));
}

INSTANTIATE_TEST_SUITE_P(Deck, BadDecks, testing::ValuesIn(paths()),
                         [](const testing::TestParamInfo<std::string>& info) {
                           return std::filesystem::path(info.param).stem().string();
                         });

TEST(BadDecksFolder, HoldsManyDecks) { EXPECT_GE(paths().size(), 30U); }

}  // namespace
}  // namespace aleator::campaign
