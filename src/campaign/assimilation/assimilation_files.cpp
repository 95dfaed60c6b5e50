#include "campaign/assimilation/assimilation_files.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "assimilation/scores.hpp"
#include "campaign/report/assimilation_page.hpp"
#include "campaign/report/filter_verdict.hpp"
#include "campaign/report/format.hpp"
#include "campaign/rows/rows_report.hpp"
#include "campaign/run/job_files.hpp"
#include "campaign/run/run_folder.hpp"
#include "campaign/run/verdict_file.hpp"
#include "core/log.hpp"
#include "io/files.hpp"
#include "io/json.hpp"
#include "io/results.hpp"
#include "prob/diagnostics.hpp"

namespace aleator::campaign {
namespace {

// [replicate][cycle] of one score, from all ranks.
std::vector<double> one_score(const std::vector<double>& scores, int which) {
  std::vector<double> out;
  for (std::size_t i = static_cast<std::size_t>(which); i < scores.size(); i += score_count) out.push_back(scores[i]);
  return out;
}

struct AllScores {
  int replicates, cycles, spin_up;
  std::vector<double> scores;  // [replicate][cycle][score]

  // Data may be missing at some times: the mean of the scores that are there, and its error from the times at which all
  // replicates have one.
  io::Json time_mean(int which) const {
    const std::vector<double> all = one_score(scores, which);
    const auto at = [&](int r, int k) { return all[static_cast<std::size_t>(r) * cycles + k]; };
    double sum = 0.0, count = 0.0;
    std::vector<int> whole;
    for (int k = spin_up; k < cycles; ++k) {
      int there = 0;
      for (int r = 0; r < replicates; ++r)
        if (const double v = at(r, k); std::isfinite(v)) sum += v, count += 1.0, ++there;
      if (there == replicates) whole.push_back(k);
    }
    std::vector<double> used;
    for (int r = 0; r < replicates; ++r)
      for (const int k : whole) used.push_back(at(r, k));
    const auto length = static_cast<int>(whole.size());
    const prob::ScalarSummary s = prob::summarise({used.data(), replicates, length, length, 1});
    return {{"mean", io::finite_or_null(sum / count)}, {"standard_error", io::finite_or_null(s.mcse)}};
  }
  // Of each replicate: its mean over time, or its sum.
  io::Json of_replicates(int which, bool is_sum) const {
    const std::vector<double> all = one_score(scores, which);
    io::Json out = io::Json::array();
    for (int r = 0; r < replicates; ++r) {
      double sum = 0.0;
      int count = 0;
      for (int k = is_sum ? 0 : spin_up; k < cycles; ++k)
        if (const double v = all[static_cast<std::size_t>(r) * cycles + k]; is_sum || std::isfinite(v))
          sum += v, ++count;
      out.push_back(io::finite_or_null(is_sum ? sum : sum / count));
    }
    return out;
  }
};

// Of all replicates.
std::vector<double> merged(const std::vector<double>& counts, int replicates) {
  std::vector<double> out(counts.size() / static_cast<std::size_t>(replicates));
  for (std::size_t i = 0; i < counts.size(); ++i) out[i % out.size()] += counts[i];
  return out;
}

// A score of each replicate in time after the spin-up, where it is known. `all`: [replicate][cycle].
std::vector<std::vector<double>> known_scores(const std::vector<double>& all, int replicates, int spin_up) {
  const std::size_t cycles = all.size() / static_cast<std::size_t>(replicates);
  std::vector<std::vector<double>> known(static_cast<std::size_t>(replicates));
  for (std::size_t i = 0; i < all.size(); ++i)
    if (i % cycles >= static_cast<std::size_t>(spin_up) && std::isfinite(all[i])) known[i / cycles].push_back(all[i]);
  return known;
}

// Squares of what the filter errs by over what it says: of the analysis of a twin, else, as of one state without members, of the
// data.
Score judged_score(const io::Json& summary) {
  return summary.at("is_twin").get<bool>() && summary.at("members").get<int>() > 1 ? error_ratio : innovation_ratio;
}

// `scores_of`: [replicate][cycle] of a score; `ranks`: of all replicates.
template <typename ScoresOf>
report::FilterRun filter_run(const io::Json& summary, const ScoresOf& scores_of, std::vector<double> ranks) {
  report::FilterRun run;
  run.is_twin = summary.at("is_twin").get<bool>();
  run.members = summary.at("members").get<int>();
  const int replicates = summary.at("replicates").get<int>();
  const int spin_up = summary.at("spin_up").get<int>();
  run.ratios = known_scores(scores_of(judged_score(summary)), replicates, spin_up);
  if (summary.at("component") == "filter/particle")
    for (const std::vector<double>& one : known_scores(scores_of(effective_members), replicates, spin_up))
      run.effective.insert(run.effective.end(), one.begin(), one.end());
  run.has_density = summary.contains("observation_density");
  if (!run.is_twin && !run.effective.empty())
    for (const io::Json& one : summary.at("replicate_log_likelihood"))
      run.log_likelihoods.push_back(io::number_or_nan(one));
  run.are_of_data = judged_score(summary) == innovation_ratio;
  if (run.is_twin && run.members > 1) run.ranks = std::move(ranks);
  const io::Json& means = summary.at("time_means");
  run.rmse = io::number_or_nan(means.at("rmse").at("mean"));
  run.forecast_rmse = io::number_or_nan(means.at("forecast_rmse").at("mean"));
  for (const double one : summary.at("replaced_members")) run.replaced += one;
  run.member_cycles = summary.at("cycles").get<double>() * run.members * replicates;
  return run;
}

std::vector<std::string> names_of_data(const assimilation::Experiment& experiment) {
  if (experiment.density() != nullptr) return experiment.density()->names();
  std::vector<std::string> names;
  for (const model::LinearObservable& one : experiment.info().observed) names.push_back(one.name);
  return names;
}

void write_results(const JobContext& context, const assimilation::Experiment& experiment, const AssimilationRun& run,
                   const AssimilationPlan& plan, const std::vector<double>& scores, const std::vector<double>& ranks) {
  const std::int64_t replicates = experiment.statistics().replicates, cycles = run.cycles();
  const std::int64_t bins = static_cast<std::int64_t>(ranks.size()) / replicates, shown = cycles - run.first_shown();
  io::ResultsFile file =
      io::ResultsFile::create(context.comm, context.folder + "/results.h5", {{"created_by", "aleator"}});
  const io::Dimension replicate{"replicate", replicates}, time{"time", cycles, {}, plan.times};
  for (const char* const name : score_names) file.define("scores", name, {replicate, time});
  if (run.is_twin()) file.define("rank_histogram", "count", {replicate, {"rank", bins}});
  const std::vector<double> shown_times(plan.times.begin() + run.first_shown(), plan.times.end());
  const io::Dimension shown_time{"time", shown, {}, shown_times},
      state{"state", experiment.states(), experiment.info().names};
  const bool has_states = shown > 0;
  for (const char* const name : {"truth", "mean", "sd"})
    if (has_states) file.define("states", name, {shown_time, state});
  file.define("observations", "y", {time, {"observable", experiment.observables(), names_of_data(experiment)}});
  file.commit_layout();
  file.write("observations", "y", run.state().data);
  for (int i = 0; i < score_count; ++i) file.write("scores", score_names[i], one_score(scores, i));
  if (run.is_twin()) file.write("rank_histogram", "count", ranks);
  if (has_states) {
    file.write("states", "truth", run.state().shown_truth);
    file.write("states", "mean", run.state().mean);
    file.write("states", "sd", run.state().sd);
  }
  file.flush();
}

}  // namespace

void write_assimilation(const JobContext& context, const assimilation::Experiment& experiment,
                        const AssimilationRun& run, const AssimilationPlan& plan, const AssimilationNames& names) {
  const AllScores all{experiment.statistics().replicates, run.cycles(), names.spin_up,
                      experiment.gather(run.state().scores)};
  const std::vector<double> ranks = experiment.gather(run.state().ranks);
  const std::vector<double> replaced = experiment.gather(names.algorithm.state().replaced);
  const std::int64_t model_runs = run.model_runs();
  write_results(context, experiment, run, plan, all.scores, ranks);
  io::Json out;
  out["deck"] = context.fingerprint;
  out["job"] = "assimilate";
  out["model"] = names.model, out["filter"] = names.filter, out["component"] = names.component;
  out["is_twin"] = run.is_twin();
  out["seed"] = context.settings.seed;
  out["states"] = experiment.states(), out["observables"] = experiment.observables();
  if (experiment.density() != nullptr) out["observation_density"] = experiment.density()->formulas();
  out["grid"] = experiment.info().grid, out["fields"] = experiment.info().fields;
  out["members"] = names.algorithm.members(), out["replicates"] = all.replicates;
  out["cycles"] = all.cycles, out["spin_up"] = all.spin_up;
  out["model_evaluations"] = model_runs;
  for (int i = 0; i < score_count; ++i) out["time_means"][score_names[i]] = all.time_mean(i);
  out["replicate_rmse"] = all.of_replicates(rmse, false);
  out["replicate_log_likelihood"] = all.of_replicates(log_likelihood, true);
  out["replaced_members"] = replaced;
  out["ranks"] = context.comm.size();
  out["wall_time_seconds"] = run.seconds();
  const auto text = [&](Score which) {
    const io::Json& row = out["time_means"][score_names[which]];
    return row["mean"].is_null() ? std::string("-") : fmt::format("{:.4g}", row["mean"].get<double>());
  };
  core::info("{}: time means after {} of {} cycles: rmse {}, spread {}, CRPS {}; forecast rmse {}, innovation {}",
             names.filter, all.spin_up, all.cycles, text(rmse), text(spread), text(crps), text(forecast_rmse),
             text(innovation));
  parallel::agree(context.comm, [&] {
    if (context.comm.is_writer())
      write_verdict(context.folder, report::judge(filter_run(
                                        out, [&](Score which) { return one_score(all.scores, which); },
                                        merged(ranks, all.replicates))));
  });
  write_text(context.comm, context.folder + "/summary.json", io::text_of(out, 2) + "\n");  // last: it means finished
}

namespace {

std::vector<report::Series> curves(const io::ResultsReader& reader, const std::vector<std::string>& names,
                                   const std::vector<double>& times) {
  std::vector<report::Series> out;
  for (const std::string& name : names) {  // means over the replicates
    const std::vector<double> all = reader.read("scores", name);
    report::Series series{name, times, std::vector<double>(times.size())};
    const double replicates = static_cast<double>(all.size()) / static_cast<double>(times.size());
    for (std::size_t i = 0; i < all.size(); ++i) series.y[i % times.size()] += all[i] / replicates;
    out.push_back(std::move(series));
  }
  return out;
}

// Not of data with a density of their own.
bool has_innovations(const io::Json& summary) { return !summary.contains("observation_density"); }

std::vector<std::string> shown_scores(const io::Json& summary) {
  if (summary.at("is_twin").get<bool>()) return {"rmse", "spread"};
  if (has_innovations(summary)) return {"innovation_rms", "spread"};
  return {"spread"};
}

std::vector<std::pair<std::string, std::string>> tiles_of(const io::Json& summary) {
  const auto mean = [&](const char* name) {
    const io::Json& row = summary.at("time_means").at(name);
    if (row.at("mean").is_null()) return std::string("–");
    return report::number(row.at("mean").get<double>(), 3);
  };
  std::vector<std::pair<std::string, std::string>> tiles;
  if (summary.at("is_twin").get<bool>()) {
    tiles = {{mean("rmse"), "error of the analysis (rmse)"},
             {mean("spread"), "spread of the members"},
             {mean("crps"), "CRPS"}};
  } else if (has_innovations(summary)) {
    tiles = {{mean("innovation_rms"), "data minus forecast (rms)"}, {mean("spread"), "spread of the members"}};
  } else {
    tiles = {{report::number(io::number_or_nan(summary.at("replicate_log_likelihood").at(0)), 6),
              "log-likelihood of the data"},
             {mean("spread"), "spread of the members"}};
  }
  tiles.emplace_back(report::count(summary.at("cycles").get<double>()), "cycles");
  tiles.emplace_back(report::count(summary.at("members").get<double>()), "members");
  tiles.emplace_back(report::count(summary.at("replicates").get<double>()), "replicates");
  return tiles;
}

}  // namespace

void write_assimilation_report(const std::string& folder, const RunSettings& settings, const std::string& text) {
  const io::Json summary = read_summary(folder);
  report::AssimilationPage page;
  page.base = head_of_page(folder, settings), page.base.problem_text = text;
  const io::ResultsReader reader(folder + "/results.h5");
  const std::vector<double> times = reader.read("scores", "time");
  page.is_twin = summary.at("is_twin").get<bool>();
  page.curves = curves(reader, shown_scores(summary), times);
  page.spin_up_end = times[static_cast<std::size_t>(summary.at("spin_up").get<int>())];
  if (page.is_twin) {
    page.ranks = merged(reader.read("rank_histogram", "count"), summary.at("replicates").get<int>());
  }
  if (reader.has("states", "mean")) {
    page.times = reader.read("states", "time"), page.states = reader.labels("states", "state");
    page.truth = reader.read("states", "truth"), page.mean = reader.read("states", "mean");
    page.sd = reader.read("states", "sd");
  }
  page.grid = summary.value("grid", std::vector<int>());
  page.fields = summary.value("fields", std::vector<std::string>());
  page.tiles = tiles_of(summary);
  const std::string filter = summary.at("component");
  page.headline =
      fmt::format("{} with {} members followed model '{}' over {} cycles", filter, summary.at("members").get<int>(),
                  summary.at("model").get<std::string>(), summary.at("cycles").get<int>());
  page.headline += page.is_twin ? fmt::format(" of a twin experiment: the analysis is off the truth by {} on average.",
                                              page.tiles[0].first)
                   : has_innovations(summary)
                       ? fmt::format("; the data were off the forecast by {} on average.", page.tiles[0].first)
                       : fmt::format("; the log-likelihood of the data is {}.", page.tiles[0].first);
  page.verdict = report::judge(filter_run(
      summary,
      [&](Score which) {  // one that earlier versions did not keep has no check
        return reader.has("scores", score_names[which]) ? reader.read("scores", score_names[which])
                                                        : std::vector<double>();
      },
      page.ranks));
  io::make_directory(folder + "/report");
  io::atomic_write_text(folder + "/report/index.html", report::render_assimilation_html(page, folder + "/report"));
  core::info("report: {}/report/index.html", folder);
}

}  // namespace aleator::campaign
