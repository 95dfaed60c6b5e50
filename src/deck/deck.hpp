#pragma once
/// What      A deck: blocks read and checked against the registry, all faults at once.
/// Method    TOML -> blocks -> Params by each component's schema -> references between blocks.
/// Parallel  local: give every rank the same text and file reader (campaign broadcasts both from rank 0).
/// Cost      milliseconds.
/// Fails     UserError that lists every fault with file, line, column and what to do.
#include <string>
#include <utility>
#include <vector>

#include "deck/registry.hpp"

namespace aleator::deck {

/// `--set kind.name.key=value` (of settings: kind.key=value), in the order given; the last one of a key counts.
using Overrides = std::vector<std::string>;

class Deck {
 public:
  /// Made to what the text says, before the overrides and before it is checked.
  using Change = std::function<void(Node& root)>;

  Deck(const std::string& path, const Registry& registry, const Overrides& overrides, const FileReader& read_file,
       const Change& change = {});

  const std::string& path() const { return path_; }
  const std::vector<ParsedBlock>& blocks() const { return blocks_; }
  std::vector<const ParsedBlock*> of_kind(const std::string& kind) const;
  /// The block [kind.name]; references were checked, so it exists.
  const ParsedBlock& block(const std::string& kind, const std::string& name) const;
  /// "model 'aquifer' (deck.toml:6)", for messages of a run.
  std::string named(const std::string& kind, const std::string& name) const;
  /// The settings of `[kind]`, defaults where the deck has no such block.
  template <typename Params>
  Params settings(const std::string& kind) const {
    for (const ParsedBlock& parsed : blocks_)
      if (parsed.block.kind == kind && parsed.block.name.empty()) return std::any_cast<Params>(parsed.params);
    return Params{};
  }

  /// Throws UserError that points at a key of a block, or at its head.
  [[noreturn]] void fail(const ParsedBlock& parsed, const std::string& key, const std::string& message,
                         const std::string& hint, TextPlace place = {}) const;

  /// The deck with every value written out (defaults marked), under `header`; itself a deck. Files are given as
  /// `files_folder`/name, where copies_of_files() says what to store there.
  std::string resolved(const std::string& header, const std::string& files_folder) const;
  /// The files that blocks name: name in the run folder, contents.
  std::vector<std::pair<std::string, std::string>> copies_of_files() const;
  /// The programs and scripts that blocks name, which stay where they lie.
  std::vector<std::string> programs() const;

  /// What was said of the deck that is no fault of it.
  const std::vector<std::string>& notes() const { return notes_; }

 private:
  void read_blocks(const Node& root, const Registry& registry, ReadContext& context);
  void read_kind(const Node::Entry& entry, const Registry& registry, ReadContext& context);
  void read_block(Block block, const Registry& registry, ReadContext& context);
  void check_references(const Node& root, Diagnostics& diagnostics) const;

  std::string path_;
  std::string text_;
  std::vector<ParsedBlock> blocks_;
  std::vector<std::string> notes_;
};

}  // namespace aleator::deck
