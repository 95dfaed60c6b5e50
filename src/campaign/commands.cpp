#include "campaign/commands.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <set>

#include "assimilation/filter.hpp"
#include "campaign/register_all.hpp"
#include "campaign/rows/evaluate.hpp"
#include "campaign/rows/rows_report.hpp"
#include "campaign/run/deck_run.hpp"
#include "campaign/run/job_files.hpp"
#include "campaign/run/run_folder.hpp"
#include "campaign/run/shared_reader.hpp"
#include "campaign/sampling/sample_job.hpp"
#include "campaign/sweep/campaign.hpp"
#include "campaign/sweep/campaign_files.hpp"
#include "core/log.hpp"
#include "io/files.hpp"
#include "model/forward_model.hpp"
#include "model/likelihood.hpp"
#include "model/target.hpp"
#include "parallel/session.hpp"
#include "prob/prior/prior.hpp"
#include "sampler/functional/measure_functional.hpp"
#include "sampler/sampler.hpp"

namespace aleator::campaign {
namespace {

std::shared_ptr<model::Problem> first_problem(const deck::Deck& deck, deck::Builder& builder) {
  const auto problems = deck.of_kind("problem");
  if (problems.empty())
    throw core::UserError(fmt::format("{}:1:1: error: the deck has no [problem.…] block to evaluate", deck.path()));
  return builder.get<model::Problem>("problem", problems.front()->block.name);
}

// The folder a run is to have, the same on all ranks.
std::string folder_for(const parallel::Comm& comm, const RunRequest& request) {
  std::string folder = request.folder;
  if (folder.empty() && comm.is_root()) folder = default_folder(request.deck);
  comm.broadcast(folder);
  return folder;
}

void run_once(const parallel::Comm& comm, const RunRequest& request, const deck::Deck& deck) {
  const DeckRun run(comm, deck);
  const std::string folder = folder_for(comm, request);
  create_run_folder(comm, folder, deck, request.command);
  run.run(folder, request.deck + " -> " + folder);
}

// What takes all jobs but those that calibrate out of the deck, and puts one in where there is none.
deck::Deck::Change calibrations_alone(const deck::Deck& deck) {
  std::string added;
  bool has_own = false;
  for (const deck::ParsedBlock* const parsed : deck.of_kind("job")) {
    has_own = has_own || parsed->block.type == "job/calibrate";
    if (parsed->block.type != "job/sample" || !added.empty()) continue;
    const auto params = std::any_cast<SampleJob::Params>(parsed->params);
    added =
        fmt::format(R"({{type = "job/calibrate", problem = "{}", sampler = "{}"}})", params.problem, params.sampler);
  }
  if (!has_own && added.empty())
    throw core::UserError(fmt::format(
        "{}:1:1: error: the deck has neither a job/calibrate nor a job/sample, so there is nothing to calibrate",
        deck.path()));
  return [has_own, added, origin = deck.path()](deck::Node& root) {
    std::vector<deck::Node::Entry>& jobs = root.find("job")->value.entries;
    const auto is_other = [](const deck::Node::Entry& job) {
      const deck::Node::Entry* const type = job.value.find("type");
      return type == nullptr || type->value.text != "job/calibrate";
    };
    jobs.erase(std::remove_if(jobs.begin(), jobs.end(), is_other), jobs.end());
    if (has_own) return;
    deck::Node value = deck::parse_value(added, origin);
    jobs.push_back({"calibration", {origin, 1, 1}, std::move(value)});
  };
}

// Every block, also those that no job names, so that all their faults are told together.
void build_every_block(const deck::Deck& deck, deck::Builder& builder) {
  deck::ReportedFaults faults;
  const auto build = [&](const std::string& kind, const auto& get) {
    for (const deck::ParsedBlock* const parsed : deck.of_kind(kind))
      faults.attempt([&] { get(kind, parsed->block.name); });
  };
  build("model", [&](auto... block) { builder.get<model::ForwardModel>(block...); });
  build("prior", [&](auto... block) { builder.get<prob::Prior>(block...); });
  build("likelihood", [&](auto... block) { builder.get<model::Likelihood>(block...); });
  build("target", [&](auto... block) { builder.get<model::Target>(block...); });
  build("problem", [&](auto... block) { builder.get<model::Problem>(block...); });
  build("functional", [&](auto... block) { builder.get<sampler::MeasureFunctional>(block...); });
  build("sampler", [&](auto... block) { builder.get<sampler::Sampler>(block...); });
  build("filter", [&](auto... block) { builder.get<assimilation::Filter>(block...); });
  build("job", [&](auto... block) { builder.get<Job>(block...); });
  faults.throw_if_any();
}

// What decides the numbers of a run, or of all runs of a campaign.
std::string what_is_computed(const deck::Deck& deck) {
  std::string all = fingerprint(deck);
  if (!deck.settings<CampaignSettings>("campaign").asks_for_runs()) return all;
  for (const PlannedRun& run : plan_runs(deck))
    for (const std::string& override : run.overrides) all += ";" + override;
  return all;
}

// "on_failure, pairs, retries": what may change of the deck's blocks.
std::string changeable_keys(const deck::Deck& deck) {
  std::set<std::string> names;
  for (const deck::ParsedBlock& parsed : deck.blocks())
    if (parsed.component != nullptr)
      for (const deck::KeyInfo& key : parsed.component->schema->keys())
        if (key.may_change) names.insert(key.name);
  return fmt::format("{}", fmt::join(names, ", "));
}

// Some of several --set may make a deck only together: as `begun` where these make none.
std::string computed_with(const std::string& deck_path, const deck::Registry& registry,
                          const deck::Overrides& overrides, const deck::FileReader& read, const std::string& begun) {
  try {
    return what_is_computed(deck::Deck(deck_path, registry, overrides, read));
  } catch (const core::UserError&) {
    return begun;
  }
}

// A run goes on as it was begun: finished parts would stand beside parts of another problem.
void refuse_other_run(const std::string& folder, const std::string& deck_path, const deck::Registry& registry,
                      const deck::Overrides& overrides, const deck::FileReader& read) {
  const deck::Deck own(deck_path, registry, {}, read);
  const std::string begun = what_is_computed(own);
  if (what_is_computed(deck::Deck(deck_path, registry, overrides, read)) == begun) return;
  for (std::size_t last = 1; last <= overrides.size(); ++last) {  // the first that makes another run of it
    const deck::Overrides some(overrides.begin(), overrides.begin() + static_cast<std::ptrdiff_t>(last));
    const std::string& override = some.back();
    if (computed_with(deck_path, registry, some, read, begun) != begun)
      throw core::UserError(fmt::format(
          "--set {0}: {1} was begun with another value; of a run only [run] may change, but for its seed, "
          "campaign.groups, and what computes nothing: {3}\n  to start another run:  aleator run {2} --set '{0}' "
          "--out DIR",
          override, folder, deck_path, changeable_keys(own)));
  }
}

// Whether all calibrations that are done found the posterior right; one that was stopped has no summary yet.
bool finds_calibrated(const parallel::Comm& comm, const DeckRun& run, const std::string& folder) {
  bool is_refused = false;
  parallel::agree(comm, [&] {
    for (const std::string& job : run.job_folders(folder))
      if (comm.is_root() && io::file_exists(job + "/summary.json"))
        is_refused = is_refused || !read_summary(job).value("is_calibrated", true);
  });
  return !comm.any(is_refused);
}

}  // namespace

void run(const parallel::Comm& comm, const RunRequest& request) {
  parallel::catch_stop_signals();
  const deck::Registry registry = register_all();
  const deck::Deck deck(request.deck, registry, request.overrides, shared_reader(comm));
  say_notes(deck);
  if (!deck.settings<CampaignSettings>("campaign").asks_for_runs()) return run_once(comm, request, deck);
  const Campaign campaign(comm, registry, deck, request.overrides);
  const std::string folder = folder_for(comm, request);
  create_run_folder(comm, folder, deck, request.command);
  campaign.run(folder, request.command);
}

bool calibrate(const parallel::Comm& comm, const RunRequest& request) {
  parallel::catch_stop_signals();
  const deck::FileReader read = shared_reader(comm);
  const deck::Registry registry = register_all();
  const deck::Deck deck(request.deck, registry, request.overrides, read,
                        calibrations_alone(deck::Deck(request.deck, registry, {}, read)));
  say_notes(deck);
  if (deck.settings<CampaignSettings>("campaign").asks_for_runs())
    deck.fail(*deck.of_kind("campaign").front(), "", "calibration is of one run, not of a campaign",
              "leave the block out, or --set campaign.replicates=1 and --set campaign.vary={}");
  const DeckRun run(comm, deck);
  RunRequest calibration = request;
  if (request.folder.empty() && comm.is_root())
    calibration.folder = default_folder(std::filesystem::path(request.deck).stem().string() + "-calibration.toml");
  comm.broadcast(calibration.folder);
  create_run_folder(comm, calibration.folder, deck, request.command);
  run.run(calibration.folder, request.deck + " -> " + calibration.folder);
  return finds_calibrated(comm, run, calibration.folder);
}

bool resume(const parallel::Comm& comm, const std::string& folder, const deck::Overrides& overrides,
            const std::string& command) {
  parallel::catch_stop_signals();
  const deck::Registry registry = register_all();
  const deck::FileReader read = shared_reader(comm);
  std::string deck_path;
  parallel::agree(comm, [&] { deck_path = resolved_deck_path(folder); });
  const deck::Deck deck(deck_path, registry, overrides, read);
  refuse_other_run(folder, deck_path, registry, overrides, read);
  if (deck.settings<CampaignSettings>("campaign").asks_for_runs()) {
    Campaign(comm, registry, deck, overrides).run(folder, command);
    return true;
  }
  const DeckRun run(comm, deck);
  if (run.is_finished(folder))
    core::info("{0}: this run is finished, nothing was changed; to draw its report anew:  aleator report {0}", folder);
  else
    run.run(folder, command);
  return finds_calibrated(comm, run, folder);
}

void evaluate(const parallel::Comm& comm, const std::string& path, const deck::Overrides& overrides,
              const std::string& at, const std::string& out) {
  const deck::Registry registry = register_all();
  const deck::FileReader read = shared_reader(comm);
  const deck::Deck deck(path, registry, overrides, read);
  say_notes(deck);
  deck::Builder builder(deck, on_root(comm));
  const auto grid = provide_grid(deck, builder);
  const auto problem = first_problem(deck, builder);
  const std::optional<std::string> table = read(deck::split_array_path(at).file);
  if (!table) throw core::UserError(fmt::format("{}: the file given with --at cannot be read", at));
  const deck::File rows{at, *table};
  split_grid(comm, deck, EvaluateJob(problem, rows).rows_at_once(), *grid);
  const std::string text = evaluate_rows(grid->ensemble(), *problem, rows);
  if (!out.empty())
    write_text(comm, out, text);
  else if (comm.is_root())
    fmt::print("{}", text);
}

std::string check_deck(const std::string& path, const deck::Overrides& overrides) {
  const deck::Registry registry = register_all();
  const deck::Deck deck(path, registry, overrides, read_here);
  say_notes(deck);
  deck::Builder builder(deck);
  provide_grid(deck, builder);
  build_every_block(deck, builder);
  std::string text;
  for (const deck::ParsedBlock* const parsed : deck.of_kind("problem")) {
    const auto problem = builder.get<model::Problem>("problem", parsed->block.name);
    const std::size_t data = problem->facts().data.size();
    text += fmt::format("problem {}: {} parameters, {}{}\n", parsed->block.name, problem->parameter_dimension(),
                        data > 0 ? fmt::format("{} data", data) : "a log-density",
                        problem->has_gradient() ? ", with gradient" : ", without gradient");
  }
  const auto has = [&](const char* kind) { return !deck.of_kind(kind).empty(); };
  const bool is_to_be_served =
      (has("model") || has("problem")) && !has("job") && !has("sampler") && (!has("filter") || has("target"));
  if (is_to_be_served)
    return text + fmt::format("{}: no errors; without a [job.…] block it is for aleator serve and evaluate\n", path);
  for (const auto& [name, job] : build_jobs(deck, builder))
    text += fmt::format("job {}: {}\n", name, deck.block("job", name).component->schema->title());
  if (deck.settings<CampaignSettings>("campaign").asks_for_runs())
    text += fmt::format("campaign: {} runs\n", check_runs(registry, deck, overrides, read_here).runs.size());
  return text + fmt::format("{}: no errors\n", path);
}

void draw_report(const std::string& folder, const deck::Overrides& overrides) {
  const deck::Registry registry = register_all();
  const std::string deck_path = resolved_deck_path(folder);
  const deck::Deck deck(deck_path, registry, overrides, read_here);
  refuse_other_run(folder, deck_path, registry, overrides, read_here);
  if (deck.settings<CampaignSettings>("campaign").asks_for_runs()) return write_campaign_files(folder, deck);
  deck::Builder builder(deck);
  provide_grid(deck, builder);
  const RunSettings settings = deck.settings<RunSettings>("run");
  for (const auto& [name, job] : build_jobs(deck, builder)) {
    const std::string job_files = job_folder(folder, deck, name);
    RunSettings without_report = settings;
    without_report.report = false;
    if (!job->is_finished(job_files, without_report))
      throw core::UserError(fmt::format(
          "{0}: job '{1}' is not finished, so there is nothing to report yet; to go on with it:  aleator resume {0}",
          folder, name));
    job->report(job_files, settings);
  }
}

}  // namespace aleator::campaign
