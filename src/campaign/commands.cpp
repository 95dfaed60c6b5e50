#include "campaign/commands.hpp"

#include <fmt/format.h>

#include "campaign/evaluate.hpp"
#include "campaign/job.hpp"
#include "campaign/progress.hpp"
#include "campaign/register_all.hpp"
#include "campaign/run_folder.hpp"
#include "core/log.hpp"
#include "core/version.hpp"
#include "io/files.hpp"
#include "parallel/session.hpp"

namespace aleator::campaign {
namespace {

std::optional<std::string> read_here(const std::string& path) {
  if (!io::file_exists(path)) return std::nullopt;
  try {
    return io::read_text_file(path);
  } catch (const core::UserError&) {
    return std::nullopt;
  }
}

// Rank 0 reads, all get the text: every rank parses the same bytes and fails alike.
deck::FileReader shared_reader(const parallel::Comm& comm) {
  return [comm](const std::string& path) -> std::optional<std::string> {
    std::optional<std::string> text;
    if (comm.is_root()) text = read_here(path);
    if (comm.any(comm.is_root() && !text)) return std::nullopt;
    std::string shared = text.value_or("");
    comm.broadcast(shared);
    return shared;
  };
}

using Jobs = std::vector<std::pair<std::string, std::shared_ptr<Job>>>;

Jobs build_jobs(const deck::Deck& deck, deck::Builder& builder) {
  Jobs jobs;
  for (const deck::ParsedBlock* const parsed : deck.of_kind("job"))
    jobs.emplace_back(parsed->block.name, builder.get<Job>("job", parsed->block.name));
  return jobs;
}

void require_job(const deck::Deck& deck) {
  if (deck.of_kind("job").empty())
    throw deck::ReportedError(
        fmt::format("{0}:1:1: error: the deck has no [job.…] block, so there is nothing to run\n"
                    "      add one, for example: [job.posterior] type = \"job/sample\" (aleator describe job/sample)\n"
                    "1 error; nothing was run.",
                    deck.path()));
}

void run_jobs(const parallel::Comm& comm, const deck::Deck& deck, const Jobs& jobs, const std::string& folder) {
  const RunSettings settings = deck.settings<RunSettings>("run");
  const FolderLock lock(comm, folder);
  StopWatch watch(comm, settings);
  parallel::catch_stop_signals();
  for (const auto& [name, job] : jobs) {
    const JobEnd end = job->run({comm, settings, watch, job_folder(folder, deck, name), fingerprint(deck)});
    if (end == JobEnd::finished) continue;
    core::info("stopped ({}) {}; to go on:  aleator resume {}", watch.reason().empty() ? "asked to" : watch.reason(),
               end == JobEnd::stopped ? "with a checkpoint" : "without one: this job will begin anew", folder);
    return;
  }
  core::info("done in {}: {}", duration_text(watch.seconds()), folder);
}

// Rank 0 opens it, and all fail when it cannot be written.
void open_log(const parallel::Comm& comm, const std::string& folder) {
  parallel::agree(comm, [&folder] { core::set_log_file(folder + "/log.txt"); });
}

bool is_finished(const parallel::Comm& comm, const deck::Deck& deck, const Jobs& jobs, const std::string& folder) {
  bool all = true;
  for (const auto& [name, job] : jobs)
    all = all && job->is_finished(job_folder(folder, deck, name), deck.settings<RunSettings>("run"));
  return comm.all(all);
}

void log_start(const parallel::Comm& comm, const std::string& what) {
  core::info("aleator {} ({}), {} rank{} x {} thread{}, {}", core::version(), core::git_hash(), comm.size(),
             comm.size() == 1 ? "" : "s", parallel::threads(), parallel::threads() == 1 ? "" : "s", what);
}

std::shared_ptr<model::Problem> first_problem(const deck::Deck& deck, deck::Builder& builder) {
  const auto problems = deck.of_kind("problem");
  if (problems.empty())
    throw core::UserError(fmt::format("{}:1:1: error: the deck has no [problem.…] block to evaluate", deck.path()));
  return builder.get<model::Problem>("problem", problems.front()->block.name);
}

}  // namespace

void run(const parallel::Comm& comm, const RunRequest& request) {
  const deck::Registry registry = register_all();
  const deck::Deck deck(request.deck, registry, request.overrides, shared_reader(comm));
  require_job(deck);
  deck::Builder builder(deck);
  const Jobs jobs = build_jobs(deck, builder);  // every component refuses bad values before a folder is made
  std::string folder = request.folder;
  if (folder.empty() && comm.is_root()) folder = default_folder(request.deck);
  comm.broadcast(folder);
  create_run_folder(comm, folder, deck, request.command);
  open_log(comm, folder);
  log_start(comm, request.deck + " -> " + folder);
  run_jobs(comm, deck, jobs, folder);
}

void resume(const parallel::Comm& comm, const std::string& folder, const deck::Overrides& overrides,
            const std::string& command) {
  const deck::Registry registry = register_all();
  std::string deck_path;
  parallel::agree(comm, [&] { deck_path = resolved_deck_path(folder); });
  const deck::Deck deck(deck_path, registry, overrides, shared_reader(comm));
  require_job(deck);
  deck::Builder builder(deck);
  const Jobs jobs = build_jobs(deck, builder);
  if (is_finished(comm, deck, jobs, folder)) {
    core::info("{0}: this run is finished, nothing was changed; to draw its report anew:  aleator report {0}", folder);
    return;
  }
  open_log(comm, folder);
  log_start(comm, command);
  run_jobs(comm, deck, jobs, folder);
}

void evaluate(const parallel::Comm& comm, const std::string& path, const deck::Overrides& overrides,
              const std::string& at, const std::string& out) {
  const deck::Registry registry = register_all();
  const deck::FileReader read = shared_reader(comm);
  const deck::Deck deck(path, registry, overrides, read);
  deck::Builder builder(deck);
  const auto problem = first_problem(deck, builder);
  const std::optional<std::string> rows = read(at);
  if (!rows) throw core::UserError(fmt::format("{}: the file given with --at cannot be read", at));
  const std::string text = evaluate_rows(comm, *problem, {at, *rows});
  if (!out.empty())
    write_text(comm, out, text);
  else if (comm.is_root())
    fmt::print("{}", text);
}

std::string check_deck(const std::string& path, const deck::Overrides& overrides) {
  const deck::Registry registry = register_all();
  const deck::Deck deck(path, registry, overrides, read_here);
  require_job(deck);
  deck::Builder builder(deck);
  const Jobs jobs = build_jobs(deck, builder);
  std::string text;
  for (const deck::ParsedBlock* const parsed : deck.of_kind("problem")) {
    const auto problem = builder.get<model::Problem>("problem", parsed->block.name);
    text += fmt::format("problem {}: {} parameters, {} data{}\n", parsed->block.name, problem->parameter_dimension(),
                        problem->facts().data.size(), problem->has_gradient() ? ", with gradient" : "");
  }
  for (const auto& [name, job] : jobs)
    text += fmt::format("job {}: {}\n", name, deck.block("job", name).component->schema->title());
  return text + fmt::format("{}: no errors\n", path);
}

void draw_report(const std::string& folder) {
  const deck::Registry registry = register_all();
  const deck::Deck deck(resolved_deck_path(folder), registry, {}, read_here);
  deck::Builder builder(deck);
  const RunSettings settings = deck.settings<RunSettings>("run");
  for (const auto& [name, job] : build_jobs(deck, builder)) {
    const std::string job_files = job_folder(folder, deck, name);
    RunSettings without_report = settings;
    without_report.report = false;
    if (!job->is_finished(job_files, without_report))
      throw core::UserError(
          fmt::format("{0}: job '{1}' is not finished, so there is nothing to report yet; "
                      "to go on with it:  aleator resume {0}",
                      folder, name));
    job->report(job_files, settings);
  }
}

}  // namespace aleator::campaign
