// What holds for every component of the real menu.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "campaign/register_all.hpp"
#include "deck/deck.hpp"
#include "deck/describe.hpp"

namespace aleator::campaign {
namespace {

using deck::Component;
using deck::KeyInfo;

class EveryComponent : public testing::TestWithParam<std::string> {
 protected:
  const deck::Registry registry_ = register_all();
  const Component& component_ = *registry_.find(GetParam());
};

std::vector<std::string> menu() {
  std::vector<std::string> names;
  const deck::Registry registry = register_all();
  for (const Component& component : registry.components()) names.push_back(component.name);
  return names;
}

std::string test_name(const testing::TestParamInfo<std::string>& info) {
  std::string name = info.param;
  for (char& c : name)
    if (c == '/') c = '_';
  return name;
}

// A deck in memory; every data file reads "1".
deck::FileReader memory(const std::string& text) {
  return [text](const std::string& path) { return std::optional<std::string>(path == "deck.toml" ? text : "1\n"); };
}

// The example block of a component, and of those it must refer to.
std::string example_deck(const deck::Registry& registry, const Component& component) {
  std::string text = deck::example_block(component);
  for (const KeyInfo& key : component.schema->keys()) {
    if (!key.is_required || key.refers_to.empty()) continue;
    for (const Component& other :
         registry.components())  // one of the kind that needs no further blocks of its own kind
      if (other.kind == key.refers_to && other.name != "prior/product" && other.name != "prior/hierarchical") {
        const std::string block = example_deck(registry, other);
        if (text.find("[" + other.kind + ".my_" + other.kind + "]") == std::string::npos) text += "\n" + block;
        break;
      }
  }
  return text;
}

// Two blocks may need the same third one: keep the first of each.
std::string without_repeated_blocks(const std::string& text) {
  std::istringstream lines(text);
  std::vector<std::string> seen;
  std::string out;
  bool is_repeated = false;
  for (std::string line; std::getline(lines, line);) {
    if (line.rfind("[", 0) == 0) {
      is_repeated = std::find(seen.begin(), seen.end(), line) != seen.end();
      seen.push_back(line);
    }
    if (!is_repeated) out += line + "\n";
  }
  return out;
}

std::string sound_deck(const deck::Registry& registry, const Component& component) {
  return without_repeated_blocks(example_deck(registry, component));
}

TEST_P(EveryComponent, ItsExampleIsAcceptedByItsSchema) {
  const std::string text = sound_deck(registry_, component_);
  EXPECT_NO_THROW(deck::Deck("deck.toml", registry_, {}, memory(text))) << text;
}

TEST_P(EveryComponent, ItsResolvedBlockReadsBackToTheSameValues) {
  const deck::Deck first("deck.toml", registry_, {}, memory(sound_deck(registry_, component_)));
  const deck::Deck second("deck.toml", registry_, {}, memory(first.resolved("# all values\n", "files")));
  for (const deck::ParsedBlock& block : first.blocks()) {
    const deck::ParsedBlock& again = second.block(block.block.kind, block.block.name);
    auto values = block.component->schema->write(block.params),
         values_again = again.component->schema->write(again.params);
    for (std::size_t i = 0; i < values.size(); ++i) {
      const bool is_file = block.component->schema->find(values[i].first)->is_file;  // its folder differs
      EXPECT_TRUE(is_file || values[i] == values_again[i])
          << values[i].first << " = " << values[i].second << ", then " << values_again[i].second;
    }
  }
}

TEST_P(EveryComponent, ExplainsItselfAndEachKey) {
  EXPECT_FALSE(component_.schema->title().empty());
  EXPECT_NE(component_.schema->title().back(), '.') << "titles are no sentences";
  for (const KeyInfo& key : component_.schema->keys()) {
    EXPECT_FALSE(key.help.empty()) << key.name;
    for (const auto& [choice, meaning] : key.choices) EXPECT_FALSE(meaning.empty()) << key.name << " = " << choice;
  }
}

TEST_P(EveryComponent, RefersToKindsThatExist) {
  for (const KeyInfo& key : component_.schema->keys()) {
    if (key.refers_to.empty()) continue;
    EXPECT_THAT(registry_.kinds(), testing::Contains(key.refers_to)) << key.name;
  }
}

INSTANTIATE_TEST_SUITE_P(Menu, EveryComponent, testing::ValuesIn(menu()), test_name);

TEST(Menu, HasASchemaThatIsJson) { EXPECT_TRUE(nlohmann::json::accept(deck::json_schema(register_all()))); }

TEST(Menu, TheReferencePagesAreThoseOfThisProgram) {
  const std::filesystem::path folder = std::filesystem::path(ALEATOR_SOURCE_DIR) / "docs" / "reference";
  const char* const remedy = " is stale; run: aleator reference docs/reference";
  std::size_t pages = 0;
  for (const auto& [name, text] : deck::reference_pages(register_all())) {
    std::ifstream file(folder / name);
    std::stringstream stored;
    stored << file.rdbuf();
    EXPECT_TRUE(stored.str() == text) << "docs/reference/" << name << remedy;
    ++pages;
  }
  std::size_t stored = 0;
  if (std::filesystem::exists(folder))
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder))
      stored += entry.path().extension() == ".md" ? 1 : 0;
  EXPECT_EQ(stored, pages) << "docs/reference holds pages of components that are gone";
}

}  // namespace
}  // namespace aleator::campaign
