#include "campaign/run/run_folder.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

#include "campaign/run/settings.hpp"
#include "core/version.hpp"
#include "io/checksum.hpp"
#include "io/files.hpp"
#include "io/json.hpp"
#include "parallel/session.hpp"

namespace aleator::campaign {
namespace {

namespace fs = std::filesystem;

// What was typed, as one line of a comment: TOML allows no control characters there.
std::string in_one_line(std::string text) {
  for (char& c : text)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) c = ' ';
  return text;
}

std::string header(const parallel::Comm& comm, const deck::Deck& deck, const std::string& command) {
  std::string backends;
  for (const std::string& name : parallel::kokkos_backends()) backends += (backends.empty() ? "" : ", ") + name;
  return fmt::format(
      "# The deck of this run with every value written out; itself a deck.\n"
      "# from       {}\n# command    {}\n# aleator    {} ({})\n# ranks      {}, {} threads each\n# Kokkos     {} "
      "({})\n",
      in_one_line(deck.path()), in_one_line(command), core::version(), core::git_hash(), comm.size(),
      parallel::threads(), parallel::kokkos_version(), backends);
}

// A program's contents; empty where it cannot be read.
std::string checksum(const std::string& path) {
  constexpr std::int64_t longest = 1 << 24;  // beyond, a file is data rather than a program
  if (!io::file_exists(path)) return {};
  if (const std::int64_t size = io::file_size(path); size > longest) return fmt::format("{} bytes", size);
  const std::string bytes = io::read_text_file(path);
  return fmt::format("{:016x}", io::checksum_of_bytes(bytes.data(), bytes.size()));
}

constexpr const char* programs_file = "/inputs/programs.json";

void write_programs(const std::string& folder, const deck::Deck& deck) {
  io::Json checksums = io::Json::object();
  for (const std::string& path : deck.programs()) checksums[path] = checksum(path);
  if (!checksums.empty()) io::atomic_write_text(folder + programs_file, checksums.dump(2) + "\n");
}

}  // namespace

std::string default_folder(const std::string& deck_path) {
  const std::string stem = "runs/" + fs::path(deck_path).stem().string();
  std::error_code failure;
  fs::create_directories("runs", failure);
  std::string folder = stem;  // made here, so that of two runs that begin together each has its own
  for (int i = 2; !fs::create_directory(folder, failure) && fs::exists(folder); ++i)
    folder = fmt::format("{}-{}", stem, i);
  return folder;
}

void create_run_folder(const parallel::Comm& comm, const std::string& folder, const deck::Deck& deck,
                       const std::string& command) {
  const std::string head = header(comm, deck, command);
  parallel::agree(comm, [&] {
    if (!comm.is_root()) return;
    std::error_code failure;
    if (fs::exists(folder, failure) && !fs::is_directory(folder, failure))
      throw core::UserError(
          fmt::format("{}: this is a file, not a folder; nothing was overwritten; give --out another name", folder));
    const auto is_free = [&] { return fs::is_directory(folder, failure) && fs::is_empty(folder, failure); };
    const bool is_new = !fs::exists(folder, failure);
    if (is_new) io::make_directory(folder);
    // Of two runs that are told the same folder, one makes this.
    if (!is_free() || !fs::create_directory(folder + "/inputs", failure)) {
      if (failure) throw core::UserError(fmt::format("{}: cannot be written: {}", folder, failure.message()));
      throw core::UserError(fmt::format(
          "{0}: the run folder exists and is not empty; nothing was overwritten\n"
          "  to go on with that run:  aleator resume {0}\n  to start another:        give --out another name",
          folder));
    }
    try {
      for (const auto& [name, text] : deck.copies_of_files()) io::atomic_write_text(folder + "/inputs/" + name, text);
      write_programs(folder, deck);
      io::atomic_write_text(folder + "/resolved.toml", deck.resolved(head, "inputs"));
    } catch (...) {  // leave nothing behind that would stand in the way of the next try
      fs::remove_all(folder + "/inputs", failure);
      fs::remove(folder, failure);
      throw;
    }
  });
}

std::vector<std::string> changed_programs(const std::string& folder, const deck::Deck& deck) {
  std::vector<std::string> changes;
  if (deck.programs().empty() || !io::file_exists(folder + programs_file)) return changes;
  const io::Json before = io::Json::parse(io::read_text_file(folder + programs_file), nullptr, false);
  for (const std::string& path : deck.programs())
    if (before.is_object() && before.value(path, "") != checksum(path))
      changes.push_back(
          fmt::format("{} has changed since this run was begun: what was computed before and what is computed now may "
                      "be of two models. Put the old one back, or start another run.",
                      path));
  return changes;
}

std::string resolved_deck_path(const std::string& folder) {
  const std::string path = folder + "/resolved.toml";
  std::error_code ignored;
  if (!fs::exists(folder, ignored))
    throw core::UserError(fmt::format("{}: there is no such folder; name the one that 'aleator run' made", folder));
  if (!io::file_exists(path))
    throw core::UserError(
        fmt::format("{}: this is not a run folder (it has no resolved.toml); name the folder that 'aleator run' made\n"
                    "  if a run was killed here before it had begun, remove the folder and run the deck again",
                    folder));
  return path;
}

FolderLock::FolderLock(const parallel::Comm& comm, const std::string& folder) {
  parallel::agree(comm, [&] {
    if (!comm.is_root()) return;
    const std::string path = folder + "/resolved.toml";
    file_ = open(path.c_str(), O_RDWR | O_CLOEXEC);  // NFS locks only what is open for writing
    if (file_ < 0) file_ = open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (file_ < 0 || flock(file_, LOCK_EX | LOCK_NB) == 0) return;
    if (errno != EWOULDBLOCK)
      return core::warn("{}: the file system knows no locks: see to it that no two processes run in this folder",
                        folder);
    throw core::UserError(fmt::format(
        "{}: another process is running in this folder; wait for it, or ask it to stop (kill -TERM)", folder));
  });
}

FolderLock::~FolderLock() {
  if (file_ >= 0) close(file_);
}

// FNV-1a
std::string fingerprint(const deck::Deck& deck) {
  std::uint64_t hash = 0xCBF29CE484222325ull;
  const auto add = [&hash](const std::string& text) {
    for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3ull;
  };
  // Of the settings only the seed decides the numbers; wall time, checkpoints and title may change when a run is resumed.
  add(fmt::format("seed={};", deck.settings<RunSettings>("run").seed));
  for (const deck::ParsedBlock& parsed : deck.blocks()) {
    if (parsed.block.kind == "run" || parsed.block.kind == "campaign") continue;
    add(parsed.block.label());
    const auto files = parsed.component->schema->files(parsed.params);
    for (const auto& [key, value] : parsed.component->schema->write(parsed.params)) {
      if (const deck::KeyInfo* const info = parsed.component->schema->find(key); info != nullptr && info->may_change)
        continue;
      bool is_file = false;
      for (const auto& file : files) is_file = is_file || file.first == key;
      add(key + "=" + (is_file ? "" : value) + ";");
    }
    for (const auto& [key, file] : files) add(file.text + deck::split_array_path(file.path).array);
  }
  return fmt::format("{:016x}", hash);
}

bool exists(const parallel::Comm& comm, const std::string& path) {
  bool is_there = false;
  parallel::agree(comm, [&] { is_there = comm.is_writer() && io::file_exists(path); });
  return comm.whole().any(is_there);
}

void write_text(const parallel::Comm& comm, const std::string& path, const std::string& text) {
  parallel::agree(comm, [&] {
    if (comm.is_writer()) io::atomic_write_text(path, text);
  });
}

std::string job_folder(const std::string& folder, const deck::Deck& deck, const std::string& job) {
  return deck.of_kind("job").size() == 1 ? folder : folder + "/" + job;
}

}  // namespace aleator::campaign
