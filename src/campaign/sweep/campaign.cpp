#include "campaign/sweep/campaign.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <set>

#include "campaign/run/progress.hpp"
#include "campaign/run/run_folder.hpp"
#include "campaign/run/shared_reader.hpp"
#include "campaign/sweep/campaign_files.hpp"
#include "campaign/sweep/run_claims.hpp"
#include "core/log.hpp"
#include "core/version.hpp"
#include "io/files.hpp"
#include "parallel/session.hpp"

namespace aleator::campaign {
namespace {

deck::Overrides joined(deck::Overrides first, const deck::Overrides& then) {
  first.insert(first.end(), then.begin(), then.end());
  return first;
}

std::string label(const PlannedRun& run) { return fmt::format("run {} ({})", run.name, run.words(true)); }

// Values that a campaign gives are no --set of the user's.
std::string said_of_vary(std::string text, const PlannedRun& run) {
  for (const auto& [key, value] : run.values) {
    const std::string written = fmt::format("--set {}={}", key, value);
    for (std::size_t at = text.find(written); at != std::string::npos; at = text.find(written, at))
      text.replace(at, written.size(), fmt::format("[campaign] vary, {} = {}", key, value));
  }
  return text;
}

int count_groups(const parallel::Comm& comm, const deck::Deck& deck, const CheckedRuns& checked) {
  const int wanted = deck.settings<CampaignSettings>("campaign").groups;
  if (wanted == 0)
    return parallel::choose_groups(comm.size(), static_cast<std::int64_t>(checked.runs.size()), checked.least_ranks);
  if (comm.size() % wanted != 0)
    deck.fail(*deck.of_kind("campaign").front(), "groups",
              fmt::format("groups = {} does not divide the {} rank{} of this campaign", wanted, comm.size(),
                          comm.size() == 1 ? "" : "s"),
              fmt::format("start it with a multiple of {} ranks, or leave the key out", wanted));
  return wanted;
}

// While it lives the first rank of every group logs, to the terminal and the campaign's log.
class GroupLog {
 public:
  GroupLog(const parallel::Groups& groups, std::string folder)
      : groups_(groups), path_(std::move(folder) + "/log.txt") {
    core::set_log_rank(groups.group().rank());
    open();
  }
  ~GroupLog() {
    core::set_log_file("");
    core::set_terminal(core::Terminal::everything);
    core::set_log_rank(groups_.world().rank());
  }
  GroupLog(const GroupLog&) = delete;
  GroupLog& operator=(const GroupLog&) = delete;

  // A run has its own log; of all runs under way, one shows its progress.
  void leave_to_run() const {
    core::set_log_file("");
    core::set_terminal(groups_.index() == 0 ? core::Terminal::status : core::Terminal::nothing);
  }
  void open() const {
    core::set_status_line("");
    core::set_terminal(core::Terminal::everything);
    parallel::agree(groups_.group(), [this] { core::set_log_file(path_); });
  }

 private:
  const parallel::Groups& groups_;
  std::string path_;
};

// Of a group: has it been asked to stop, or is the time over?
bool must_stop(const parallel::Comm& group, const RunSettings& settings, StopWatch::TimePoint began) {
  return StopWatch(group, settings, began).poll() == StopWatch::Order::stop;
}

RunState state_of(const std::string& status, const std::string& message = "") {
  RunState state;
  state.status = status, state.message = message;
  return state;
}

// What a run that was killed before it had begun has left.
void remove_torn_folder(const parallel::Comm& group, const std::string& folder) {
  parallel::agree(group, [&] {
    std::error_code ignored;
    if (group.is_root()) std::filesystem::remove_all(folder, ignored);
  });
}

void log_idle_time(const parallel::Groups& groups, double busy, double seconds) {
  if (groups.count() == 1) return;
  const std::vector<double> mine = {std::max(0.0, 1.0 - busy / seconds)};
  const std::vector<double> idle = groups.world().all_gather(groups.group().is_root() ? mine : std::vector<double>());
  log_idle_shares("with no run left to do", idle);
}

}  // namespace

CheckedRuns check_runs(const deck::Registry& registry, const deck::Deck& deck, const deck::Overrides& overrides,
                       const deck::FileReader& read, const deck::Builder::Once& once) {
  CheckedRuns checked;
  checked.runs = plan_runs(deck);
  std::set<std::string> said(deck.notes().begin(), deck.notes().end());
  for (PlannedRun& run : checked.runs) {
    try {
      const deck::Deck own(deck.path(), registry, joined(overrides, run.overrides), read);
      deck::Builder builder(own, once);
      const auto grid = provide_grid(own, builder);
      build_jobs(own, builder);
      for (const std::string& note : own.notes())
        if (said.insert(note).second) core::warn("{}\n      in {}", said_of_vary(note, run), label(run));
      run.deck = fingerprint(own);
      checked.least_ranks =
          std::max(checked.least_ranks, parallel::least_ranks(grid->requested_domain(), grid->models()));
    } catch (const core::UserError& error) {
      throw deck::ReportedError(
          fmt::format("{}\n      this is {} of the campaign", said_of_vary(error.what(), run), label(run)));
    }
  }
  return checked;
}

// What a group has done.
struct Campaign::Tally {
  int finished = 0, failed = 0;
  double busy = 0.0;  // seconds
};

Campaign::Campaign(const parallel::Comm& comm, const deck::Registry& registry, const deck::Deck& deck,
                   const deck::Overrides& overrides)
    : registry_(registry),
      deck_(deck),
      overrides_(overrides),
      checked_(check_runs(registry, deck, overrides, shared_reader(comm), on_root(comm))),
      groups_(comm, count_groups(comm, deck, checked_)) {}

JobEnd Campaign::run_deck(const PlannedRun& run, const std::string& folder, const std::string& command,
                          StopWatch::TimePoint began) const {
  const parallel::Comm& group = groups_.group();
  const deck::Deck deck(deck_.path(), registry_, joined(overrides_, run.overrides), shared_reader(group));
  const DeckRun deck_run(group, deck);
  bool is_new = false;
  parallel::agree(group, [&] { is_new = group.is_root() && !io::file_exists(folder + "/resolved.toml"); });
  if (group.any(is_new)) {
    remove_torn_folder(group, folder);
    create_run_folder(group, folder, deck, command);
  }
  return deck_run.run(folder, label(run) + " -> " + folder, began);
}

// A user's error is that of all ranks of a group; any other may be that of one, which the others wait for: then no rank of this
// group can go on.
RunState Campaign::run_one(const PlannedRun& run, const std::string& folder, const std::string& command,
                           StopWatch::TimePoint began) const {
  try {
    return state_of(run_deck(run, folder, command, began) == JobEnd::finished ? "finished" : "stopped");
  } catch (const core::UserError& error) {
    return state_of("failed", error.what());
  } catch (const std::exception& error) {
    constexpr double patience = 5.0;
    if (!groups_.everybody_comes(patience)) throw;
    return state_of("failed", error.what());
  }
}

// One run after the other, as long as there are some that no group has claimed.
void Campaign::work(const RunClaims& claims, const std::string& folder, const std::string& command,
                    StopWatch::TimePoint began, Tally& tally) const {
  const parallel::Comm& group = groups_.group();
  const RunSettings settings = deck_.settings<RunSettings>("run");
  const GroupLog log(groups_, folder);
  const auto count = static_cast<double>(checked_.runs.size());
  for (double next = 0.0; next < count && !must_stop(group, settings, began); ++next) {
    parallel::agree(group, [&] {
      while (group.is_root() && next < count && !claims.claim(checked_.runs[static_cast<std::size_t>(next)].name))
        ++next;
    });
    group.broadcast(&next, 1);
    if (next >= count) break;
    const PlannedRun& run = checked_.runs[static_cast<std::size_t>(next)];
    const std::string run_folder = folder + "/runs/" + run.name;
    RunState before;
    parallel::agree(group, [&] { before = read_state(run_folder); });
    if (before.status == "finished") {
      if (before.deck != run.deck)
        throw core::UserError(
            fmt::format("{}: this run is finished, but with another deck (resolved.toml or inputs/ were changed "
                        "since); put back the deck it was run by, or start another campaign with another --out",
                        run_folder));
      ++tally.finished;
      continue;
    }
    log.leave_to_run();
    const StopWatch::TimePoint start = StopWatch::now();
    RunState state = run_one(run, run_folder, command, began);
    const double seconds = StopWatch::seconds_since(start);
    log.open();
    state.deck = run.deck, state.seconds = before.seconds + seconds, state.group = groups_.index(),
    state.ranks = group.size();
    parallel::agree(group, [&] {
      if (group.is_root()) write_state(run_folder, state);
    });
    tally.busy += seconds;
    tally.finished += state.status == "finished" ? 1 : 0, tally.failed += state.status == "failed" ? 1 : 0;
    if (state.status == "failed")
      core::warn("{} failed: {}", label(run), state.message);
    else
      core::info("{} {} in {}{}", label(run), state.status, duration_text(seconds),
                 groups_.count() == 1 ? "" : fmt::format(", group {}", groups_.index()));
  }
}

void Campaign::run(const std::string& folder, const std::string& command) const {
  const parallel::Comm& world = groups_.world();
  const StopWatch::TimePoint began = StopWatch::now();
  const FolderLock lock(world, folder);
  parallel::agree(world, [&folder] { core::set_log_file(folder + "/log.txt"); });
  const std::size_t count = checked_.runs.size();
  const int size = groups_.group().size();
  core::info("aleator {} ({}), campaign of {} runs on {} group{} of {} rank{} -> {}", core::version(), core::git_hash(),
             count, groups_.count(), groups_.count() == 1 ? "" : "s", size, size == 1 ? "" : "s", folder);
  if (deck_.settings<CampaignSettings>("campaign").groups == 0)
    core::info("groups chosen from: {} rank{}, {} runs, at least {} rank{} a run", world.size(),
               world.size() == 1 ? "" : "s", count, checked_.least_ranks, checked_.least_ranks == 1 ? "" : "s");
  Tally tally;
  const RunClaims claims(world, folder);
  std::string broken;
  try {
    work(claims, folder, command, began, tally);
  } catch (const core::UserError& error) {  // of this group alone: the others would wait for it for ever
    broken = error.what();
  }
  claims.finish(world);
  parallel::agree(world, [&] {
    if (!broken.empty()) throw core::UserError(broken);
    core::set_log_file(folder + "/log.txt");
  });
  const double seconds = StopWatch::seconds_since(began);
  log_idle_time(groups_, tally.busy, seconds);
  const bool counts = groups_.group().is_root();
  const std::int64_t finished = world.sum(std::int64_t{counts ? tally.finished : 0});
  const std::int64_t failed = world.sum(std::int64_t{counts ? tally.failed : 0});
  parallel::agree(world, [&] {
    if (world.is_root()) write_campaign_files(folder, deck_);
  });
  const auto left = static_cast<std::int64_t>(count) - finished - failed;
  if (left > 0) core::info("stopped with {} of {} runs to do; to go on:  aleator resume {}", left, count, folder);
  if (failed > 0)
    throw core::UserError(
        fmt::format("{} of {} runs failed, the others are sound: {}/report/index.html says why; when the cause is "
                    "removed:  aleator resume {}",
                    failed, count, folder, folder));
  if (left == 0) core::info("done in {}: {}", duration_text(seconds), folder);
}

}  // namespace aleator::campaign
