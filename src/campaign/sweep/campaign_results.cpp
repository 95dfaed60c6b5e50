#include "campaign/sweep/campaign_results.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/math/special_functions/gamma.hpp>
#include <cmath>
#include <filesystem>
#include <map>
#include <set>

#include "core/error.hpp"
#include "io/files.hpp"
#include "io/json.hpp"

namespace aleator::campaign {
namespace {

namespace fs = std::filesystem;
constexpr double undefined = std::numeric_limits<double>::quiet_NaN();

io::Json parse(const std::string& text, const std::string& path) {
  try {
    return io::Json::parse(text);
  } catch (const io::Json::exception& error) {
    throw core::UserError(
        fmt::format("{}: damaged, not readable as JSON; a state.json may be removed: a resumed campaign makes it again "
                    "from what lies beside it\n  ({})",
                    path, error.what()));
  }
}

// The first of the keys whose value is a number.
const io::Json* number_at(const io::Json& object, std::initializer_list<const char*> keys) {
  for (const char* const key : keys)
    if (object.contains(key) && object.at(key).is_number()) return &object.at(key);
  return nullptr;
}

void collect(const io::Json& object, const std::string& name, std::vector<Quantity>& out) {
  const io::Json* const value = number_at(object, {"value", "mean"});
  const io::Json* const error = number_at(object, {"standard_error", "mcse"});
  const bool is_estimate = value != nullptr && error != nullptr && !name.empty();
  if (is_estimate) out.push_back({name, value->get<double>(), error->get<double>()});
  for (const auto& [key, item] : object.items()) {
    if (is_estimate && (&item == value || &item == error)) continue;
    const std::string full = name.empty() ? key : name + "." + key;
    if (item.is_number()) out.push_back({full, item.get<double>(), undefined});
    if (item.is_object()) collect(item, full, out);
  }
}

// Of the jobs of a run, and of the samplers that a job compares: path below the run's folder, as a prefix of names.
std::vector<std::pair<std::string, std::string>> summaries_in(const std::string& folder) {
  std::vector<std::pair<std::string, std::string>> found;
  for (const std::string& path : io::files_named(folder, "summary.json")) {
    std::string prefix = fs::path(path).parent_path().lexically_relative(folder).generic_string();
    std::replace(prefix.begin(), prefix.end(), '/', '.');
    found.emplace_back(prefix == "." ? "" : prefix, path);
  }
  std::sort(found.begin(), found.end());
  return found;
}

// "job.compare.eki" of "job.compare.eki.parameters.x"; empty of what is the run's own.
std::string method_of(const std::string& quantity) {
  const std::string mark = "compare.";
  const std::size_t at = quantity.find(mark);
  if (at == std::string::npos || (at > 0 && quantity[at - 1] != '.')) return "";
  return quantity.substr(0, quantity.find('.', at + mark.size()));
}

}  // namespace

RunState read_state(const std::string& run_folder) {
  RunState state;
  const std::string path = run_folder + "/state.json";
  if (!io::file_exists(path)) return state;
  const io::Json json = parse(io::read_text_file(path), path);
  state.status = json.value("status", state.status), state.message = json.value("message", state.message);
  state.deck = json.value("deck", state.deck), state.seconds = json.value("seconds", state.seconds);
  state.group = json.value("group", state.group), state.ranks = json.value("ranks", state.ranks);
  return state;
}

void write_state(const std::string& run_folder, const RunState& state) {
  io::Json json;
  json["status"] = state.status, json["message"] = state.message, json["deck"] = state.deck;
  json["seconds"] = state.seconds, json["group"] = state.group, json["ranks"] = state.ranks;
  io::make_directory(run_folder);
  io::atomic_write_text(run_folder + "/state.json", io::text_of(json, 2) + "\n");
}

std::vector<Quantity> quantities_of(const std::string& json_text, const std::string& prefix) {
  std::vector<Quantity> out;
  collect(parse(json_text, "summary.json"), prefix, out);
  return out;
}

void CampaignRun::add(Quantity quantity) {
  place.emplace(quantity.name, quantities.size());
  quantities.push_back(std::move(quantity));
}

const Quantity* CampaignRun::find(const std::string& name) const {
  const auto found = place.find(name);
  return found == place.end() ? nullptr : &quantities[found->second];
}

std::vector<CampaignRun> read_runs(const std::string& folder, const std::vector<PlannedRun>& plan) {
  std::vector<CampaignRun> runs;
  for (const PlannedRun& planned : plan) {
    const std::string run_folder = folder + "/runs/" + planned.name;
    CampaignRun run;
    run.plan = planned, run.state = read_state(run_folder);
    if (run.state.status == "finished") {
      run.verdict = worst_verdict(run_folder);
      for (const auto& [prefix, path] : summaries_in(run_folder))
        for (Quantity& quantity : quantities_of(io::read_text_file(path), prefix)) run.add(std::move(quantity));
    }
    runs.push_back(std::move(run));
  }
  return runs;
}

std::vector<Spread> spreads(const std::vector<const CampaignRun*>& replicates) {
  std::vector<Spread> out;
  if (replicates.size() < 2) return out;
  for (const Quantity& first : replicates.front()->quantities) {
    std::vector<double> values;
    Spread spread{first.name, 0, 0.0, 0.0, 0.0};
    for (const CampaignRun* const run : replicates)
      if (const Quantity* const quantity = run->find(first.name); quantity != nullptr && std::isfinite(quantity->value))
        values.push_back(quantity->value), spread.stated += quantity->error * quantity->error;
    const auto n = static_cast<double>(values.size());
    if (n < 2.0) continue;
    for (const double value : values) spread.mean += value / n;
    for (const double value : values) spread.sd += (value - spread.mean) * (value - spread.mean) / (n - 1.0);
    spread.runs = static_cast<int>(n), spread.sd = std::sqrt(spread.sd), spread.stated = std::sqrt(spread.stated / n);
    out.push_back(spread);
  }
  return out;
}

// Many honest means must not hide an evidence that is not: it is judged by itself.
std::string judged_with(const std::string& quantity) {
  const std::string evidence = "log_evidence";
  const bool is_evidence = quantity.size() >= evidence.size() &&
                           quantity.compare(quantity.size() - evidence.size(), evidence.size(), evidence) == 0;
  return is_evidence ? quantity : method_of(quantity);
}

Agreement agreement_of(const std::vector<Spread>& all) {
  struct Squares {
    double sum = 0.0;
    int count = 0;
  };
  Agreement agreement;
  std::map<std::string, Squares> methods;
  for (const Spread& spread : all) {
    agreement.runs = std::max(agreement.runs, spread.runs);
    if (!(spread.stated > 0.0)) continue;
    Squares& squares = methods[judged_with(spread.name)];
    squares.sum += spread.sd * spread.sd / (spread.stated * spread.stated), ++squares.count;
  }
  const double freedom = agreement.runs - 1.0;
  for (const auto& [name, squares] : methods) {
    const double square = squares.sum / squares.count, ratio = std::sqrt(square);
    if (ratio <= agreement.ratio) continue;
    const double p = boost::math::gamma_q(0.5 * freedom, 0.5 * freedom * square);
    agreement.method = name, agreement.ratio = ratio;
    agreement.p_value = std::min(1.0, p * static_cast<double>(methods.size()));
  }
  return agreement;
}

std::vector<std::string> quantity_names(const std::vector<CampaignRun>& runs) {
  std::vector<std::string> names;
  std::set<std::string> seen;
  for (const CampaignRun& run : runs)
    for (const Quantity& quantity : run.quantities)
      if (seen.insert(quantity.name).second) names.push_back(quantity.name);
  return names;
}

}  // namespace aleator::campaign
