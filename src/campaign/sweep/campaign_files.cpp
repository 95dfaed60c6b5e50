#include "campaign/sweep/campaign_files.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <map>
#include <set>

#include "campaign/report/campaign_page.hpp"
#include "campaign/report/format.hpp"
#include "campaign/report/verdict.hpp"
#include "campaign/rows/rows_report.hpp"
#include "campaign/run/csv.hpp"
#include "campaign/run/job_files.hpp"
#include "campaign/sweep/campaign_results.hpp"
#include "campaign/sweep/model_evidence.hpp"
#include "core/log.hpp"
#include "io/files.hpp"
#include "io/json.hpp"

namespace aleator::campaign {
namespace {

// p-values below which replicates disagree with their errors, and where they may.
constexpr double most_unlikely = 0.001, unlikely = 0.05;
constexpr std::size_t most_panels = 8, most_columns = 6, most_lines = 200;

// A TOML value as JSON: numbers and texts as themselves.
io::Json json_value(const std::string& toml) {
  try {
    return io::Json::parse(toml);
  } catch (const io::Json::exception&) {
    return toml;
  }
}

io::Json json_values(const std::vector<std::pair<std::string, std::string>>& values) {
  io::Json out = io::Json::object();
  for (const auto& [key, value] : values) out[key] = json_value(value);
  return out;
}

// A setting's runs that are finished.
struct Setting {
  const CampaignRun* first = nullptr;
  std::vector<const CampaignRun*> finished;
  std::vector<Spread> spreads;
  Agreement agreement;
};

std::vector<Setting> settings_of(const std::vector<CampaignRun>& runs) {
  std::vector<Setting> settings;
  for (const CampaignRun& run : runs) {
    if (run.plan.setting == static_cast<int>(settings.size())) settings.push_back({&run, {}, {}, {}});
    if (run.state.status == "finished") settings.back().finished.push_back(&run);
  }
  for (Setting& setting : settings)
    setting.spreads = spreads(setting.finished), setting.agreement = agreement_of(setting.spreads);
  return settings;
}

std::vector<ModelEvidence> compare_evidence(const std::vector<Setting>& settings, const deck::Deck& deck) {
  std::vector<const CampaignRun*> finished;
  for (const Setting& setting : settings)
    finished.insert(finished.end(), setting.finished.begin(), setting.finished.end());
  std::vector<std::string> same_problem;
  std::set<std::string> problems;
  for (const deck::ParsedBlock* const job : deck.of_kind("job"))
    for (const auto& [key, name] : job->component->schema->references(job->params))
      if (key == "problem" && !problems.insert(name).second) same_problem.push_back(job->block.name);
  return compare_evidence(finished, same_problem);
}

std::string runs_csv(const std::vector<CampaignRun>& runs) {
  const auto is_column = [](const std::string& key) { return key != "run.seed"; };  // which is the second column anyway
  std::string text = "run,seed";
  if (!runs.empty())
    for (const auto& [key, value] : runs.front().plan.values)
      if (is_column(key)) text += "," + csv_name(key);
  text += ",status,seconds,verdict";
  const std::vector<std::string> names = quantity_names(runs);
  std::vector<bool> has_error;
  for (const std::string& name : names) {
    bool has = false;
    for (const CampaignRun& run : runs)
      if (const Quantity* const quantity = run.find(name); quantity != nullptr)
        has = has || std::isfinite(quantity->error);
    text += "," + csv_name(name) + (has ? "," + csv_name(name + ".standard_error") : "");
    has_error.push_back(has);
  }
  text += "\n";
  for (const CampaignRun& run : runs) {
    text += fmt::format("{},{}", run.plan.name, run.plan.seed);
    for (const auto& [key, value] : run.plan.values)
      if (is_column(key)) text += "," + (value.find_first_of(",\"\n") == std::string::npos ? value : csv_quoted(value));
    text += fmt::format(",{},{},{}", run.state.status, csv_number(run.state.seconds), run.verdict.headline);
    for (std::size_t i = 0; i < names.size(); ++i) {
      const Quantity* const quantity = run.find(names[i]);
      text += "," + csv_number(quantity == nullptr ? NAN : quantity->value);
      if (has_error[i]) text += "," + csv_number(quantity == nullptr ? NAN : quantity->error);
    }
    text += "\n";
  }
  return text;
}

std::string campaign_json(const std::vector<CampaignRun>& runs, const std::vector<Setting>& settings,
                          const std::vector<ModelEvidence>& models) {
  io::Json out;
  out["runs"] = io::Json::array(), out["settings"] = io::Json::array();
  for (const CampaignRun& run : runs)
    out["runs"].push_back({{"run", run.plan.name},
                           {"values", json_values(run.plan.values)},
                           {"seed", run.plan.seed},
                           {"status", run.state.status},
                           {"message", run.state.message},
                           {"verdict", run.verdict.headline},
                           {"seconds", run.state.seconds},
                           {"group", run.state.group},
                           {"ranks", run.state.ranks}});
  for (const Setting& setting : settings) {
    io::Json quantities = io::Json::object();
    for (const Spread& spread : setting.spreads)
      quantities[spread.name] = {{"runs", spread.runs},
                                 {"mean", spread.mean},
                                 {"standard_error", spread.sd / std::sqrt(static_cast<double>(spread.runs))},
                                 {"sd", spread.sd},
                                 {"stated_error", spread.stated}};
    out["settings"].push_back({{"values", json_values(setting.first->plan.values)},
                               {"finished", setting.finished.size()},
                               {"spread_over_stated_error", setting.agreement.ratio},
                               {"p_value", setting.agreement.p_value},
                               {"method", setting.agreement.method},
                               {"quantities", quantities}});
  }
  for (const ModelEvidence& model : models)
    out["model_evidence"].push_back({{"model", model.name},
                                     {"values", json_values(model.values)},
                                     {"runs", model.runs},
                                     {"log_evidence", model.log_evidence},
                                     {"standard_error", model.standard_error},
                                     {"log_bayes_factor", model.log_bayes_factor},
                                     {"probability", model.probability}});
  return io::text_of(out, 2) + "\n";
}

bool varies(const std::vector<CampaignRun>& runs, const std::string& name) {
  const Quantity* first = nullptr;
  for (const CampaignRun& run : runs) {
    const Quantity* const quantity = run.find(name);
    if (quantity == nullptr) continue;
    if (first != nullptr && quantity->value != first->value) return true;
    first = first == nullptr ? quantity : first;
  }
  return false;
}

// What a reader looks at first: evidence and error, then estimates with an error, then cost and quality, then the rest.
int rank_of(const std::string& name, bool has_error) {
  const auto ends = [&name](const std::string& end) {
    return name.size() >= end.size() && name.compare(name.size() - end.size(), end.size(), end) == 0;
  };
  if (ends("log_evidence") || name == "error" || ends(".error")) return 0;
  if (ends("rmse") || ends("sobol_indices")) return 1;
  if (has_error && name.find("predictive") == std::string::npos) return 2;
  for (const char* const end : {"ess_per_evaluation", "ess_min", "rhat_max", "model_evaluations", "wall_time_seconds"})
    if (ends(end)) return name == end ? 1 : 2;
  return 3;
}

std::vector<std::string> shown_quantities(const std::vector<CampaignRun>& runs, std::size_t most) {
  std::vector<std::pair<int, std::string>> ranked;
  for (const std::string& name : quantity_names(runs)) {
    if (!varies(runs, name)) continue;
    bool has_error = false;
    for (const CampaignRun& run : runs)
      if (const Quantity* const quantity = run.find(name); quantity != nullptr)
        has_error = std::isfinite(quantity->error);
    if (const int rank = rank_of(name, has_error); rank < 3) ranked.emplace_back(rank, name);
  }
  std::stable_sort(ranked.begin(), ranked.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<std::string> names;
  for (std::size_t i = 0; i < std::min(most, ranked.size()); ++i) names.push_back(ranked[i].second);
  return names;
}

bool is_number(const std::string& text) {
  char* end = nullptr;
  std::strtod(text.c_str(), &end);
  return !text.empty() && *end == '\0';
}

// The first key whose values are all numbers; none: the number of keys.
std::size_t axis_key(const std::vector<CampaignRun>& runs) {
  const std::size_t keys = runs.front().plan.values.size();
  for (std::size_t k = 0; k < keys; ++k) {
    bool all = true;
    for (const CampaignRun& run : runs) all = all && is_number(run.plan.values[k].second);
    if (all) return k;
  }
  return keys;
}

// Does the value of key k fix those of all others?
bool others_follow(const std::vector<CampaignRun>& runs, std::size_t key) {
  std::map<std::string, std::vector<std::pair<std::string, std::string>>> seen;
  for (const CampaignRun& run : runs)
    if (seen.emplace(run.plan.values[key].second, run.plan.values).first->second != run.plan.values) return false;
  return true;
}

report::CampaignPanel panel_of(const std::vector<CampaignRun>& runs, const std::string& quantity, std::size_t key) {
  const bool has_key = key < runs.front().plan.values.size();
  report::CampaignPanel panel{quantity, has_key ? runs.front().plan.values[key].first : "run", has_key, {}};
  const bool is_one_curve = has_key && others_follow(runs, key);
  for (std::size_t i = 0; i < runs.size(); ++i) {
    const Quantity* const found = runs[i].find(quantity);
    if (found == nullptr) continue;
    PlannedRun others = runs[i].plan;
    if (is_one_curve)
      others.values.clear();
    else if (has_key)
      others.values.erase(others.values.begin() + static_cast<std::ptrdiff_t>(key));
    const double x =
        has_key ? std::strtod(runs[i].plan.values[key].second.c_str(), nullptr) : static_cast<double>(i) + 1.0;
    panel.points.push_back({others.words(false), x, found->value, found->error});
  }
  return panel;
}

std::pair<report::Level, std::string> agreement_in_words(const Setting& setting) {
  const Agreement& a = setting.agreement;
  const std::string name = setting.first->plan.words(false),
                    who = (name.empty() ? "" : name + ": ") + (a.method.empty() ? "" : a.method + ": ");
  if (!std::isfinite(a.ratio))
    return {report::Level::unknown, fmt::format("{}the {} runs state no errors of their own.", who, a.runs)};
  const std::string found =
      fmt::format("{}{} runs spread by {} times the errors they state", who, a.runs, report::number(a.ratio, 2));
  if (a.p_value < most_unlikely)
    return {report::Level::bad, found +
                                    ": the errors are too small, as when chains have not converged or find different "
                                    "modes. Trust the spread, not the errors."};
  if (a.p_value < unlikely)
    return {report::Level::caution,
            found + fmt::format(": chance does that in {} of a hundred cases, or the errors are too small. More "
                                "replicates would tell.",
                                report::number(100.0 * a.p_value, 2))};
  return {report::Level::good, found + ", which agrees with honest errors."};
}

// Of two models at least.
std::pair<report::Level, std::string> preference_in_words(const std::vector<ModelEvidence>& models) {
  const std::size_t rival = undecided_rival(models);
  const ModelEvidence &best = models[0], &second = models[std::max<std::size_t>(rival, 1)];
  const double error = std::hypot(best.standard_error, second.standard_error);
  const std::string factor =
      fmt::format("ln Bayes factor against {} is {}", second.name, report::with_error(-second.log_bayes_factor, error));
  if (!std::isfinite(error))
    return {
        report::Level::unknown,
        fmt::format("The evidence of {} is the largest: its {}, with an error that is not stated.", best.name, factor)};
  if (rival > 0)
    return {report::Level::unknown, fmt::format("The evidences of {} and {} agree within 3 errors: the {}. More "
                                                "particles or replicates would tell them apart, if they differ.",
                                                best.name, second.name, factor)};
  return {report::Level::good,
          fmt::format("The data prefer {}: its {}, its probability {} where all were equally probable before.",
                      best.name, factor, report::number(best.probability, 3))};
}

void add_run(const CampaignRun& run, const std::string& folder, report::CampaignPage& page) {
  report::CampaignLine line;
  line.name = run.plan.name, line.seed = std::to_string(run.plan.seed);
  line.status = run.state.status, line.message = run.state.message;
  const std::string link = "runs/" + run.plan.name + "/report/index.html";
  if (io::file_exists(folder + "/" + link)) line.link = "../" + link;
  for (const auto& [key, value] : run.plan.values) line.values.push_back(value);
  line.level = run.state.status == "finished" ? report::Level::good
               : run.state.status == "failed" ? report::Level::bad
                                              : report::Level::unknown;
  if (!run.verdict.headline.empty()) line.level = run.verdict.level, line.message = run.verdict.headline;
  line.seconds = run.state.status == "not run" ? report::undefined : run.state.seconds;
  for (const std::string& name : page.columns) {
    const Quantity* const found = run.find(name);
    line.numbers.emplace_back(found == nullptr ? report::undefined : found->value,
                              found == nullptr ? report::undefined : found->error);
  }
  page.runs.push_back(std::move(line));
}

// Or empty.
std::string unreliable_runs(const std::vector<CampaignRun>& runs) {
  const auto bad = std::count_if(runs.begin(), runs.end(),
                                 [](const CampaignRun& run) { return run.verdict.level == report::Level::bad; });
  return bad == 0 ? ""
                  : fmt::format(
                        "the verdict on {} of {} runs is that they are not to be used; the table of runs names "
                        "them",
                        bad, runs.size());
}

report::CampaignPage page_of(const std::string& folder, const deck::Deck& deck, const std::vector<CampaignRun>& runs,
                             const std::vector<Setting>& settings) {
  report::CampaignPage page;
  page.base = head_of_page(folder, deck.settings<RunSettings>("run"));
  for (const auto& [key, value] : runs.front().plan.values) page.keys.push_back(key);
  page.columns = shown_quantities(runs, most_columns);
  std::size_t finished = 0, failed = 0;
  double seconds = 0.0;
  for (const CampaignRun& run : runs) {
    add_run(run, folder, page);
    finished += run.state.status == "finished" ? 1U : 0U, failed += run.state.status == "failed" ? 1U : 0U;
    seconds += run.state.seconds;
  }
  std::size_t refused = 0, judged = 0;
  for (const Setting& setting : settings) {
    if (setting.spreads.empty()) continue;
    page.agreements.push_back(agreement_in_words(setting));
    judged += std::isfinite(setting.agreement.ratio) ? 1U : 0U;
    refused += page.agreements.back().first == report::Level::bad ? 1U : 0U;
    for (const Spread& spread : setting.spreads)
      if (page.replicates.size() < most_lines && (spread.stated > 0.0 || rank_of(spread.name, false) < 3))
        page.replicates.push_back(
            {setting.first->plan.words(false), spread.name, spread.runs, spread.mean, spread.sd, spread.stated});
  }
  const std::vector<ModelEvidence> models = compare_evidence(settings, deck);
  if (!models.empty()) page.preference = preference_in_words(models);
  for (const ModelEvidence& m : models)
    page.models.push_back({m.name, m.log_evidence, m.standard_error, m.log_bayes_factor, m.probability, m.runs});
  const std::size_t key = axis_key(runs);
  for (const std::string& name : shown_quantities(runs, most_panels)) page.panels.push_back(panel_of(runs, name, key));
  page.headline = fmt::format("{} of {} runs finished{}", finished, runs.size(),
                              failed == 0 ? "" : fmt::format(", {} failed", failed));
  if (judged > 0)
    page.headline += refused == 0 ? "; replicates agree within the errors they state"
                                  : fmt::format("; replicates of {} of {} settings disagree", refused, judged);
  page.headline += ".";
  page.tiles = {{std::to_string(finished), "runs finished"},
                {std::to_string(settings.size()), settings.size() == 1 ? "setting" : "settings"},
                {report::duration(seconds), "of computing, on all groups"}};
  if (failed > 0) page.warnings.push_back(fmt::format("{} runs failed; the table of runs says why.", failed));
  if (const std::string bad = unreliable_runs(runs); !bad.empty()) page.warnings.push_back(bad + ".");
  return page;
}

}  // namespace

void write_campaign_files(const std::string& folder, const deck::Deck& deck) {
  const std::vector<CampaignRun> runs = read_runs(folder, plan_runs(deck));
  const std::vector<Setting> settings = settings_of(runs);
  if (const std::string bad = unreliable_runs(runs); !bad.empty()) core::warn("{} ({}/runs.csv)", bad, folder);
  io::atomic_write_text(folder + "/runs.csv", runs_csv(runs));
  io::atomic_write_text(folder + "/summary.json", campaign_json(runs, settings, compare_evidence(settings, deck)));
  if (!deck.settings<RunSettings>("run").report) return;
  io::make_directory(folder + "/report");
  io::atomic_write_text(folder + "/report/index.html",
                        report::render_campaign_html(page_of(folder, deck, runs, settings), folder + "/report"));
  core::info("report: {}/report/index.html", folder);
}

}  // namespace aleator::campaign
