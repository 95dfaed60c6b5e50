#pragma once
/// What      How decks get what lies outside the program, on any number of ranks: files, and answers of other programs.
/// Method    Rank 0 asks and broadcasts, so that every rank parses the same bytes and fails alike.
/// Parallel  collective.
/// Cost      one broadcast each.
/// Fails     the reader: nothing for a file that cannot be read.
#include "deck/builder.hpp"
#include "parallel/comm.hpp"

namespace aleator::campaign {

/// The text of a file, read by this process.
std::optional<std::string> read_here(const std::string& path);
deck::FileReader shared_reader(const parallel::Comm& comm);
deck::Builder::Once on_root(const parallel::Comm& comm);

}  // namespace aleator::campaign
