#include "campaign/run/deck_run.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "campaign/run/progress.hpp"
#include "campaign/run/run_folder.hpp"
#include "campaign/run/shared_reader.hpp"
#include "core/log.hpp"
#include "core/version.hpp"
#include "deck/diagnostics.hpp"
#include "parallel/session.hpp"
#include "parallel/waiting.hpp"

namespace aleator::campaign {
namespace {

std::string divisors_of(int number) {
  std::string text;
  for (int d = 1; d <= number; ++d)
    if (number % d == 0) text += (text.empty() ? "" : ", ") + std::to_string(d);
  return text;
}

[[noreturn]] void refuse_domain(const deck::Deck& deck, int domain, int ranks) {
  const std::string message =
      fmt::format("domain = {} does not divide the {} rank{} of this run", domain, ranks, ranks == 1 ? "" : "s");
  const std::string hint = fmt::format(
      "start it with a multiple of {} ranks (mpirun -n {} aleator ...), or set domain to one of {}, or 0 for an "
      "automatic choice",
      domain, domain, divisors_of(ranks));
  deck.fail(*deck.of_kind("run").front(), "domain", message, hint);
}

std::string domain_note(const parallel::ProcessGrid& grid, const std::string& reason) {
  const int groups = grid.world().size() / grid.domain_ranks();
  std::string text = fmt::format("process grid: {} group{} of {} rank{} each", groups, groups == 1 ? "" : "s",
                                 grid.domain_ranks(), grid.domain_ranks() == 1 ? "" : "s");
  return reason.empty() ? text : text + fmt::format(", chosen from: {}", reason);
}

// With several groups: the time that each waited for the others.
void log_idle_time(const parallel::ProcessGrid& grid, double waited, double seconds) {
  const std::vector<double> idle = parallel::idle_shares(grid.ensemble(), waited, seconds);
  if (!idle.empty()) log_idle_shares("waiting for other groups", idle);
}

// Rank 0 opens it, and all fail when it cannot be written.
void open_log(const parallel::Comm& comm, const std::string& folder) {
  parallel::agree(comm, [&folder] { core::set_log_file(folder + "/log.txt"); });
}

void require_job(const deck::Deck& deck) {
  if (deck.of_kind("job").empty())
    throw deck::ReportedError(
        fmt::format("{0}:1:1: error: the deck has no [job.…] block, so there is nothing to run\n"
                    "      add one, for example: [job.posterior] type = \"job/sample\" (aleator describe job/sample)\n"
                    "1 error; nothing was run.",
                    deck.path()));
}

}  // namespace

Jobs build_jobs(const deck::Deck& deck, deck::Builder& builder) {
  require_job(deck);
  Jobs jobs;
  deck::ReportedFaults faults;
  for (const deck::ParsedBlock* const parsed : deck.of_kind("job")) {
    const std::string& name = parsed->block.name;
    faults.attempt([&] { jobs.emplace_back(name, builder.get<Job>("job", name)); });
  }
  faults.throw_if_any();
  return jobs;
}

void say_notes(const deck::Deck& deck) {
  for (const std::string& note : deck.notes()) core::warn("{}", note);
}

std::shared_ptr<parallel::ProcessGrid> provide_grid(const deck::Deck& deck, deck::Builder& builder) {
  auto grid = std::make_shared<parallel::ProcessGrid>(deck.settings<RunSettings>("run").domain);
  builder.provide(grid);
  return grid;
}

void split_grid(const parallel::Comm& comm, const deck::Deck& deck, std::int64_t rows_at_once,
                parallel::ProcessGrid& grid) {
  parallel::DomainChoice choice{grid.requested_domain(), ""};
  if (choice.ranks == 0) choice = parallel::choose_domain(comm.size(), rows_at_once, grid.models());
  if (comm.size() % choice.ranks != 0) refuse_domain(deck, choice.ranks, comm.size());
  grid.split(comm, choice.ranks);
}

DeckRun::DeckRun(const parallel::Comm& comm, const deck::Deck& deck)
    : comm_(comm), deck_(deck), builder_(deck, on_root(comm)) {
  grid_ = provide_grid(deck, builder_);
  jobs_ = build_jobs(deck, builder_);
  split_grid(comm, deck, rows_at_once(), *grid_);
}

std::int64_t DeckRun::rows_at_once() const {
  std::int64_t most = 1;
  for (const auto& [name, job] : jobs_) most = std::max(most, job->rows_at_once());
  return most;
}

void DeckRun::log_grid() const {
  const bool is_automatic = grid_->requested_domain() == 0;
  const std::string reason =
      is_automatic ? parallel::choose_domain(comm_.size(), rows_at_once(), grid_->models()).reason : std::string();
  if (is_automatic || grid_->domain_ranks() > 1) core::info("{}", domain_note(*grid_, reason));
  if (grid_->domain_ranks() > 1 && grid_->models().empty())
    core::warn(
        "no model of this deck works on a decomposed domain: the {} ranks of each group do the same work; leave out "
        "run.domain",
        grid_->domain_ranks());
}

bool DeckRun::is_finished(const std::string& folder) const {
  bool all = true;
  for (const auto& [name, job] : jobs_)
    all = all && job->is_finished(job_folder(folder, deck_, name), deck_.settings<RunSettings>("run"));
  return comm_.all(all);
}

std::vector<std::string> DeckRun::job_folders(const std::string& folder) const {
  std::vector<std::string> folders;
  for (const auto& [name, job] : jobs_) folders.push_back(job_folder(folder, deck_, name));
  return folders;
}

JobEnd DeckRun::run(const std::string& folder, const std::string& what, StopWatch::TimePoint began) const {
  const RunSettings settings = deck_.settings<RunSettings>("run");
  const FolderLock lock(comm_, folder);
  open_log(comm_, folder);
  core::info("aleator {} ({}), {} rank{} x {} thread{}, {}", core::version(), core::git_hash(), comm_.size(),
             comm_.size() == 1 ? "" : "s", parallel::threads(), parallel::threads() == 1 ? "" : "s", what);
  parallel::agree(comm_, [&] {
    if (comm_.is_root())
      for (const std::string& change : changed_programs(folder, deck_)) core::warn("{}", change);
  });
  StopWatch watch(comm_, settings, began);
  log_grid();
  const parallel::Comm& ensemble = grid_->ensemble();
  if (ensemble.size() > 1) parallel::count_waiting(ensemble), parallel::count_waiting(comm_);
  const double waited_before = parallel::seconds_waited(), seconds_before = watch.seconds();
  for (const auto& [name, job] : jobs_) {
    const JobEnd end = job->run({ensemble, settings, watch, job_folder(folder, deck_, name), fingerprint(deck_)});
    if (end == JobEnd::finished) continue;
    core::info("stopped ({}) {}; to go on:  aleator resume {}", watch.reason().empty() ? "asked to" : watch.reason(),
               end == JobEnd::stopped ? "with a checkpoint" : "without one: this job will begin anew", folder);
    return end;
  }
  const double seconds = watch.seconds() - seconds_before;
  log_idle_time(*grid_, parallel::seconds_waited() - waited_before, seconds);
  core::info("done in {}: {}", duration_text(seconds), folder);
  return JobEnd::finished;
}

}  // namespace aleator::campaign
