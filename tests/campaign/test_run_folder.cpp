// The folder of a run: made whole or not at all, never over another, and recognised when it comes back.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "campaign/register_all.hpp"
#include "campaign/run/run_folder.hpp"

namespace aleator::campaign {
namespace {

namespace fs = std::filesystem;
using parallel::Comm;
using testing::HasSubstr;

const std::string small_deck = R"(
[run]
seed = 3
[likelihood.data]
type = "likelihood/gaussian"
data = "data.txt"
sd = 1.0
)";

deck::Deck read_small_deck(const deck::Overrides& overrides = {}, const std::string& data = "1\n") {
  static const deck::Registry registry = register_all();
  return deck::Deck("deck.toml", registry, overrides, [&](const std::string& path) -> std::optional<std::string> {
    return path == "deck.toml" ? small_deck : data;
  });
}

std::string what_of(const std::function<void()>& work) {
  try {
    work();
  } catch (const core::UserError& error) {
    return error.what();
  }
  return "nothing was thrown";
}

class RunFolder : public testing::Test {
 protected:
  void SetUp() override { fs::remove_all(folder_); }
  void TearDown() override { fs::remove_all(folder_); }
  const std::string folder_ = (fs::temp_directory_path() / fmt::format("run_folder_{}", getpid())).string();
};

TEST_F(RunFolder, HoldsTheDeckAndItsFilesAndTheDeckReadsTheSame) {
  const deck::Deck deck = read_small_deck();
  create_run_folder(Comm::self(), folder_, deck, "aleator run deck.toml");
  static const deck::Registry registry = register_all();
  const deck::Deck again(resolved_deck_path(folder_), registry, {},
                         [](const std::string& path) -> std::optional<std::string> {
                           std::ifstream file(path);
                           return std::string(std::istreambuf_iterator<char>(file), {});
                         });
  EXPECT_EQ(fingerprint(again), fingerprint(deck));
}

TEST_F(RunFolder, IsNotMadeOverAnotherRunOrAFile) {
  const deck::Deck deck = read_small_deck();
  fs::create_directories(folder_);
  create_run_folder(Comm::self(), folder_, deck, "aleator run deck.toml");  // an empty folder will do
  EXPECT_THAT(what_of([&] { create_run_folder(Comm::self(), folder_, deck, "again"); }),
              HasSubstr("nothing was overwritten"));
  const std::string file = folder_ + "/resolved.toml";
  EXPECT_THAT(what_of([&] { create_run_folder(Comm::self(), file, deck, "again"); }),
              HasSubstr("a file, not a folder"));
}

TEST_F(RunFolder, OneThatCannotBeMadeLeavesNothing) {
  if (geteuid() == 0) GTEST_SKIP() << "root may write everywhere";
  fs::create_directories(folder_);
  fs::permissions(folder_, fs::perms::owner_read | fs::perms::owner_exec);
  EXPECT_THAT(what_of([&] { create_run_folder(Comm::self(), folder_ + "/run", read_small_deck(), ""); }),
              HasSubstr(folder_));
  fs::permissions(folder_, fs::perms::owner_all);
  EXPECT_TRUE(fs::is_empty(folder_));
}

TEST_F(RunFolder, IsLockedWhileARunLives) {
  create_run_folder(Comm::self(), folder_, read_small_deck(), "");
  {
    const FolderLock lock(Comm::self(), folder_);
    EXPECT_THAT(what_of([&] { FolderLock(Comm::self(), folder_); }),
                HasSubstr("another process is running in this folder"));
  }
  const FolderLock lock(Comm::self(), folder_);  // and free again
}

TEST_F(RunFolder, AFolderWithoutADeckIsNone) {
  EXPECT_THAT(what_of([&] { resolved_deck_path(folder_); }), HasSubstr("no such folder"));
  fs::create_directories(folder_);
  EXPECT_THAT(what_of([&] { resolved_deck_path(folder_); }), HasSubstr("not a run folder"));
}

TEST(Fingerprint, ChangesWithWhateverChangesTheSamples) {
  const std::string original = fingerprint(read_small_deck());
  EXPECT_NE(fingerprint(read_small_deck({"likelihood.data.sd=2.0"})), original);
  EXPECT_NE(fingerprint(read_small_deck({"run.seed=4"})), original);
  EXPECT_NE(fingerprint(read_small_deck({}, "2\n")), original);
}

TEST(Fingerprint, DoesNotChangeWithWhenToStopAndSave) {
  EXPECT_EQ(
      fingerprint(read_small_deck({"run.checkpoint_minutes=1.0", "run.wall_time_minutes=90.0", "run.title=other"})),
      fingerprint(read_small_deck()));
}

}  // namespace
}  // namespace aleator::campaign
