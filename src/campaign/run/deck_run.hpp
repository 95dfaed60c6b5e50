#pragma once
/// What      One deck made ready to run, and its run: objects built, ranks dealt out, jobs run one after the other in a folder.
/// Method    Everything that a deck can get wrong is found by the constructor, before a folder is made.
/// Parallel  constructor, is_finished and run are collective over the communicator given.
/// Cost      that of the jobs.
/// Fails     UserError that points into the deck; what the jobs throw.
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "campaign/run/job.hpp"
#include "deck/deck.hpp"
#include "parallel/process_grid.hpp"

namespace aleator::campaign {

/// The deck's jobs by name, each built with all that it refers to. UserError where it has none.
using Jobs = std::vector<std::pair<std::string, std::shared_ptr<Job>>>;
Jobs build_jobs(const deck::Deck& deck, deck::Builder& builder);

/// Warns of what a deck says without effect.
void say_notes(const deck::Deck& deck);

/// The process grid of a run, which models join while they are built; split_grid when they all are.
std::shared_ptr<parallel::ProcessGrid> provide_grid(const deck::Deck& deck, deck::Builder& builder);
/// UserError where the deck's domain does not divide the ranks. Collective.
void split_grid(const parallel::Comm& comm, const deck::Deck& deck, std::int64_t rows_at_once,
                parallel::ProcessGrid& grid);

class DeckRun {
 public:
  DeckRun(const parallel::Comm& comm, const deck::Deck& deck);

  /// Everything run() would write lies in the folder.
  bool is_finished(const std::string& folder) const;
  /// The folders of the jobs in that of the run.
  std::vector<std::string> job_folders(const std::string& folder) const;
  /// In a folder with this run's resolved deck; `what` heads its log. `began` is when the time granted by the deck began.
  JobEnd run(const std::string& folder, const std::string& what, StopWatch::TimePoint began = StopWatch::now()) const;

 private:
  void log_grid() const;
  std::int64_t rows_at_once() const;

  parallel::Comm comm_;
  const deck::Deck& deck_;
  deck::Builder builder_;
  std::shared_ptr<parallel::ProcessGrid> grid_;
  Jobs jobs_;
};

}  // namespace aleator::campaign
