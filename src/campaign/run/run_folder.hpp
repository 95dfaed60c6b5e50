#pragma once
/// What      The folder of a run: what lies where, made without ever overwriting another run.
/// Method    resolved.toml and inputs/ hold all that the run needs: the folder can be moved and resumed anywhere.
/// Parallel  rank 0 touches the file system; the others agree.
/// Cost      -
/// Fails     UserError when the folder exists and is not empty, cannot be written, or is in use.
#include <string>
#include <vector>

#include "deck/deck.hpp"
#include "parallel/comm.hpp"

namespace aleator::campaign {

/// A run's folder when the user names none, made: runs/<deck>, runs/<deck>-2, …
std::string default_folder(const std::string& deck_path);

/// Creates the folder with resolved.toml and inputs/.
void create_run_folder(const parallel::Comm& comm, const std::string& folder, const deck::Deck& deck,
                       const std::string& command);

/// Of the programs and scripts that the deck names and that lie outside the folder: a sentence for each that is not what it was
/// when the folder was created. Local.
std::vector<std::string> changed_programs(const std::string& folder, const deck::Deck& deck);

/// The deck of a run folder. UserError when it is none.
std::string resolved_deck_path(const std::string& folder);

/// While it lives no other process runs in the folder: two would write the same files. The system takes it from a killed process.
class FolderLock {
 public:
  FolderLock(const parallel::Comm& comm, const std::string& folder);
  ~FolderLock();
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;

 private:
  int file_ = -1;
};

/// A number that tells decks apart by what they compute: of all blocks and files but [run], of which the seed counts, and
/// [campaign].
std::string fingerprint(const deck::Deck& deck);

/// Whether rank 0 sees the file: on all ranks the same, also where the file systems of some remember for a while that it is not
/// there. Collective.
bool exists(const parallel::Comm& comm, const std::string& path);

/// One JSON or text file under the folder, whole or not at all; rank 0 writes.
void write_text(const parallel::Comm& comm, const std::string& path, const std::string& text);

/// Folder of the i-th job: the run folder itself when it is the only one.
std::string job_folder(const std::string& folder, const deck::Deck& deck, const std::string& job);

}  // namespace aleator::campaign
