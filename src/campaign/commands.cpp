#include "campaign/commands.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "campaign/evaluate.hpp"
#include "campaign/job.hpp"
#include "campaign/progress.hpp"
#include "campaign/register_all.hpp"
#include "campaign/rows_report.hpp"
#include "campaign/run_folder.hpp"
#include "campaign/sample_job.hpp"
#include "campaign/shared_reader.hpp"
#include "core/log.hpp"
#include "core/version.hpp"
#include "io/files.hpp"
#include "parallel/process_grid.hpp"
#include "parallel/session.hpp"
#include "parallel/waiting.hpp"

namespace aleator::campaign {
namespace {

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

// The process grid of a run, split when its models are known.
std::shared_ptr<parallel::ProcessGrid> provide_grid(const deck::Deck& deck, deck::Builder& builder) {
  auto grid = std::make_shared<parallel::ProcessGrid>(deck.settings<RunSettings>("run").domain);
  builder.provide(grid);
  return grid;
}

std::string divisors_of(int number) {
  std::string text;
  for (int d = 1; d <= number; ++d)
    if (number % d == 0) text += (text.empty() ? "" : ", ") + std::to_string(d);
  return text;
}

void refuse_domain(const deck::Deck& deck, int domain, int ranks) {
  const std::string message =
      fmt::format("domain = {} does not divide the {} rank{} of this run", domain, ranks, ranks == 1 ? "" : "s");
  const std::string hint = fmt::format(
      "start it with a multiple of {} ranks (mpirun -n {} aleator ...), or set domain to one "
      "of {}, or 0 for an automatic choice",
      domain, domain, divisors_of(ranks));
  deck.fail(*deck.of_kind("run").front(), "domain", message, hint);
}

std::string domain_note(const parallel::ProcessGrid& grid, const std::string& reason) {
  const int groups = grid.world().size() / grid.domain_ranks();
  std::string text = fmt::format("process grid: {} group{} of {} rank{} each", groups, groups == 1 ? "" : "s",
                                 grid.domain_ranks(), grid.domain_ranks() == 1 ? "" : "s");
  return reason.empty() ? text : text + fmt::format(", chosen from: {}", reason);
}

void split_grid(const parallel::Comm& comm, const deck::Deck& deck, std::int64_t rows_at_once,
                parallel::ProcessGrid& grid) {
  parallel::DomainChoice choice{grid.requested_domain(), ""};
  if (choice.ranks == 0) choice = parallel::choose_domain(comm.size(), rows_at_once, grid.models());
  if (comm.size() % choice.ranks != 0) refuse_domain(deck, choice.ranks, comm.size());
  grid.split(comm, choice.ranks);
}

std::int64_t rows_at_once(const Jobs& jobs) {
  std::int64_t most = 1;
  for (const auto& [name, job] : jobs) most = std::max(most, job->rows_at_once());
  return most;
}

void log_grid(const parallel::ProcessGrid& grid, std::int64_t rows) {
  const bool is_automatic = grid.requested_domain() == 0;
  const std::string reason =
      is_automatic ? parallel::choose_domain(grid.world().size(), rows, grid.models()).reason : std::string();
  if (is_automatic || grid.domain_ranks() > 1) core::info("{}", domain_note(grid, reason));
  if (grid.domain_ranks() > 1 && grid.models().empty())
    core::warn(
        "no model of this deck works on a decomposed domain: the {} ranks of each group do the same work; "
        "leave out run.domain",
        grid.domain_ranks());
}

// With several groups: the time that each waited for the others.
void log_idle_time(const parallel::ProcessGrid& grid, double seconds) {
  const std::vector<double> idle = parallel::idle_shares(grid.ensemble(), parallel::seconds_waited(), seconds);
  if (idle.empty()) return;
  const auto most = std::max_element(idle.begin(), idle.end());
  double sum = 0.0;
  for (const double share : idle) sum += share;
  core::info("idle, waiting for other groups: {:.1f} % of the time on average over {} groups, {:.1f} % in group {}",
             100.0 * sum / static_cast<double>(idle.size()), idle.size(), 100.0 * *most, most - idle.begin());
}

void run_jobs(const parallel::ProcessGrid& grid, const deck::Deck& deck, const Jobs& jobs, const std::string& folder) {
  const parallel::Comm& comm = grid.world();
  const RunSettings settings = deck.settings<RunSettings>("run");
  const FolderLock lock(comm, folder);
  StopWatch watch(comm, settings);
  parallel::catch_stop_signals();
  log_grid(grid, rows_at_once(jobs));
  if (grid.ensemble().size() > 1) parallel::count_waiting(grid.ensemble()), parallel::count_waiting(comm);
  for (const auto& [name, job] : jobs) {
    const JobEnd end = job->run({grid.ensemble(), settings, watch, job_folder(folder, deck, name), fingerprint(deck)});
    if (end == JobEnd::finished) continue;
    core::info("stopped ({}) {}; to go on:  aleator resume {}", watch.reason().empty() ? "asked to" : watch.reason(),
               end == JobEnd::stopped ? "with a checkpoint" : "without one: this job will begin anew", folder);
    return;
  }
  log_idle_time(grid, watch.seconds());
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

// Runs the deck that `read` gives; returns the folders of its jobs.
std::vector<std::string> run_deck(const parallel::Comm& comm, const RunRequest& request, const deck::FileReader& read) {
  const deck::Registry registry = register_all();
  const deck::Deck deck(request.deck, registry, request.overrides, read);
  require_job(deck);
  deck::Builder builder(deck, on_root(comm));
  const auto grid = provide_grid(deck, builder);
  const Jobs jobs = build_jobs(deck, builder);  // every component refuses bad values before a folder is made
  split_grid(comm, deck, rows_at_once(jobs), *grid);
  std::string folder = request.folder;
  if (folder.empty() && comm.is_root()) folder = default_folder(request.deck);
  comm.broadcast(folder);
  create_run_folder(comm, folder, deck, request.command);
  open_log(comm, folder);
  log_start(comm, request.deck + " -> " + folder);
  run_jobs(*grid, deck, jobs, folder);
  std::vector<std::string> folders;
  for (const auto& [name, job] : jobs) folders.push_back(job_folder(folder, deck, name));
  return folders;
}

// The deck's text with all jobs but those that calibrate left blank, and one added where there is none: lines keep their places.
std::string calibration_text(const deck::Deck& deck, const std::string& text) {
  std::vector<int> starts, dropped;
  std::string added;
  bool has_own = false;
  for (const deck::ParsedBlock& parsed : deck.blocks()) {
    starts.push_back(parsed.block.at.line);
    if (parsed.block.kind != "job") continue;
    if (parsed.block.type == "job/calibrate") {
      has_own = true;
      continue;
    }
    dropped.push_back(parsed.block.at.line);
    if (parsed.block.type != "job/sample" || !added.empty()) continue;
    const auto params = std::any_cast<SampleJob::Params>(parsed.params);
    added = fmt::format("\n[job.calibration]\ntype = \"job/calibrate\"\nproblem = \"{}\"\nsampler = \"{}\"\n",
                        params.problem, params.sampler);
  }
  if (!has_own && added.empty())
    throw core::UserError(fmt::format(
        "{}:1:1: error: the deck has neither a job/calibrate nor a job/sample, so there is nothing to calibrate",
        deck.path()));
  std::string out;
  bool is_dropped = false;
  int line = 1;
  for (std::size_t at = 0; at < text.size(); ++line) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    if (std::count(starts.begin(), starts.end(), line) > 0)
      is_dropped = std::count(dropped.begin(), dropped.end(), line) > 0;
    if (!is_dropped) out += text.substr(at, end - at);
    out += "\n";
    at = end + 1;
  }
  return has_own ? out : out + added;
}

}  // namespace

void run(const parallel::Comm& comm, const RunRequest& request) { run_deck(comm, request, shared_reader(comm)); }

bool calibrate(const parallel::Comm& comm, const RunRequest& request) {
  const deck::FileReader read = shared_reader(comm);
  const deck::Registry registry = register_all();
  const deck::Deck deck(request.deck, registry, {}, read);
  const std::string text = calibration_text(deck, read(request.deck).value_or(""));
  RunRequest calibration = request;
  if (calibration.folder.empty()) {
    if (comm.is_root())
      calibration.folder = default_folder(std::filesystem::path(request.deck).stem().string() + "-calibration.toml");
    comm.broadcast(calibration.folder);
  }
  const std::vector<std::string> folders = run_deck(
      comm, calibration,
      [&](const std::string& path) -> std::optional<std::string> { return path == request.deck ? text : read(path); });
  bool is_refused = false;
  parallel::agree(comm, [&] {
    for (const std::string& folder : folders)  // a job that was stopped has no summary yet
      if (comm.is_root() && io::file_exists(folder + "/summary.json"))
        is_refused = is_refused || !read_summary(folder).at("is_calibrated").get<bool>();
  });
  return !comm.any(is_refused);
}

void resume(const parallel::Comm& comm, const std::string& folder, const deck::Overrides& overrides,
            const std::string& command) {
  const deck::Registry registry = register_all();
  std::string deck_path;
  parallel::agree(comm, [&] { deck_path = resolved_deck_path(folder); });
  const deck::Deck deck(deck_path, registry, overrides, shared_reader(comm));
  require_job(deck);
  deck::Builder builder(deck, on_root(comm));
  const auto grid = provide_grid(deck, builder);
  const Jobs jobs = build_jobs(deck, builder);
  split_grid(comm, deck, rows_at_once(jobs), *grid);
  if (is_finished(comm, deck, jobs, folder)) {
    core::info("{0}: this run is finished, nothing was changed; to draw its report anew:  aleator report {0}", folder);
    return;
  }
  open_log(comm, folder);
  log_start(comm, command);
  run_jobs(*grid, deck, jobs, folder);
}

void evaluate(const parallel::Comm& comm, const std::string& path, const deck::Overrides& overrides,
              const std::string& at, const std::string& out) {
  const deck::Registry registry = register_all();
  const deck::FileReader read = shared_reader(comm);
  const deck::Deck deck(path, registry, overrides, read);
  deck::Builder builder(deck, on_root(comm));
  const auto grid = provide_grid(deck, builder);
  const auto problem = first_problem(deck, builder);
  const std::optional<std::string> rows = read(at);
  if (!rows) throw core::UserError(fmt::format("{}: the file given with --at cannot be read", at));
  split_grid(comm, deck, std::count(rows->begin(), rows->end(), '\n'), *grid);
  const std::string text = evaluate_rows(grid->ensemble(), *problem, {at, *rows});
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
  provide_grid(deck, builder);
  const Jobs jobs = build_jobs(deck, builder);
  std::string text;
  for (const deck::ParsedBlock* const parsed : deck.of_kind("problem")) {
    const auto problem = builder.get<model::Problem>("problem", parsed->block.name);
    const std::size_t data = problem->facts().data.size();
    text += fmt::format("problem {}: {} parameters, {}{}\n", parsed->block.name, problem->parameter_dimension(),
                        data > 0 ? fmt::format("{} data", data) : "a log-density",
                        problem->has_gradient() ? ", with gradient" : ", without gradient");
  }
  for (const auto& [name, job] : jobs)
    text += fmt::format("job {}: {}\n", name, deck.block("job", name).component->schema->title());
  return text + fmt::format("{}: no errors\n", path);
}

void draw_report(const std::string& folder) {
  const deck::Registry registry = register_all();
  const deck::Deck deck(resolved_deck_path(folder), registry, {}, read_here);
  deck::Builder builder(deck);
  provide_grid(deck, builder);
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
