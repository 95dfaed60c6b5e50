#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "campaign/bench/bench.hpp"
#include "campaign/run/csv.hpp"
#include "deck/diagnostics.hpp"
#include "io/json.hpp"
#include "prob/prior/prior.hpp"

namespace aleator::campaign {
namespace {

std::string text_of(const deck::Node& table, const std::string& key, deck::Diagnostics& faults, bool is_required) {
  const deck::Node::Entry* const entry = table.find(key);
  if (entry == nullptr) {
    if (is_required) faults.error(table.at, key + " is missing", "see input/benchmarks/README.md");
    return {};
  }
  if (entry->value.kind != deck::Node::Kind::text) faults.error(entry->value.at, key + " must be text");
  return entry->value.text;
}

double number_of(const deck::Node& table, const std::string& key, deck::Diagnostics& faults) {
  const deck::Node::Entry* const entry = table.find(key);
  if (entry == nullptr) {
    faults.error(table.at, key + " is missing", "see input/benchmarks/README.md");
    return 0.0;
  }
  if (entry->value.kind == deck::Node::Kind::integer) return static_cast<double>(entry->value.integer);
  if (entry->value.kind != deck::Node::Kind::real) faults.error(entry->value.at, key + " must be a number");
  return entry->value.real;
}

void refuse_other_keys(const deck::Node& table, const std::vector<std::string>& known, deck::Diagnostics& faults) {
  for (const deck::Node::Entry& entry : table.entries)
    if (std::find(known.begin(), known.end(), entry.key) == known.end())
      faults.error(entry.key_at, fmt::format("there is no key '{}' here", entry.key),
                   deck::did_you_mean(entry.key, known));
}

// Quantities of a whole run, and not of one of its parameters or outputs.
bool is_of_the_whole(const std::string& quantity) {
  return quantity == "log_evidence" || quantity == "error" || quantity == "rmse" || quantity == "spread";
}

KnownValue value_of(const deck::Node& table, const std::string& job, deck::Diagnostics& faults) {
  const std::vector<std::string> quantities{"mean",         "sd",          "output_mean", "output_sd",
                                            "log_evidence", "sobol_first", "sobol_total", "error",
                                            "rmse",         "spread",      "eigenvalue"};
  refuse_other_keys(table, {"quantity", "parameter", "value", "tolerance", "source", "job"}, faults);
  KnownValue known;
  known.quantity = text_of(table, "quantity", faults, true);
  known.parameter = text_of(table, "parameter", faults, !is_of_the_whole(known.quantity));
  known.job = table.find("job") == nullptr ? job : text_of(table, "job", faults, true);
  known.source = text_of(table, "source", faults, true);
  known.value = number_of(table, "value", faults), known.tolerance = number_of(table, "tolerance", faults);
  if (std::find(quantities.begin(), quantities.end(), known.quantity) == quantities.end())
    faults.error(table.at, fmt::format("quantity = \"{}\" is none that is compared", known.quantity),
                 deck::did_you_mean(known.quantity, quantities));
  if (!(known.tolerance >= 0.0)) faults.error(table.at, "tolerance must not be negative");
  return known;
}

const io::Json& member(const io::Json& at, const std::string& key) {
  static const io::Json nothing;
  return at.is_object() && at.contains(key) ? at.at(key) : nothing;
}

// What the summary says of a quantity: value and standard error, NaN where it says nothing.
std::pair<double, double> found_in(const io::Json& summary, const KnownValue& known) {
  if (known.quantity == "log_evidence") {
    const io::Json& evidence = member(summary, "log_evidence");
    return {io::number_or_nan(member(evidence, "value")), io::number_or_nan(member(evidence, "standard_error"))};
  }
  if (known.quantity == "eigenvalue") {  // parameter = "field[0]"
    const io::Json& modes = member(member(summary, "modes"), std::string(prob::array_of(known.parameter)));
    const io::Json& values = member(modes, "eigenvalues");
    for (std::size_t n = 0; n < values.size(); ++n)
      if (known.parameter == fmt::format("{}[{}]", prob::array_of(known.parameter), n))
        return {io::number_or_nan(values.at(n)), std::nan("")};
    return {std::nan(""), std::nan("")};
  }
  if (known.quantity == "error") return {io::number_or_nan(member(summary, "error")), std::nan("")};
  if (known.quantity.rfind("sobol_", 0) == 0) {  // parameter = "output/factor"
    const std::size_t slash = known.parameter.rfind('/');
    const io::Json& output = member(member(summary, "sobol_indices"), known.parameter.substr(0, slash));
    const io::Json& factor = member(member(output, "factors"), known.parameter.substr(slash + 1));
    const io::Json& index = member(factor, known.quantity.substr(6));
    const double width = io::number_or_nan(member(index, "high")) - io::number_or_nan(member(index, "low"));
    return {io::number_or_nan(member(index, "value")), width / (2.0 * 1.96)};
  }
  if (is_of_the_whole(known.quantity)) {
    const io::Json& of_time = member(member(summary, "time_means"), known.quantity);
    return {io::number_or_nan(member(of_time, "mean")), io::number_or_nan(member(of_time, "standard_error"))};
  }
  const bool is_output = known.quantity.rfind("output_", 0) == 0;
  const io::Json& row = member(member(summary, is_output ? "outputs" : "parameters"), known.parameter);
  const std::string what = is_output ? known.quantity.substr(7) : known.quantity;
  const double error =
      what == "mean" ? io::number_or_nan(member(row, is_output ? "standard_error" : "mcse")) : std::nan("");
  return {io::number_or_nan(member(row, what)), error};
}

// Of sampling and of data assimilation, else a forward job's rows.
double model_runs(const io::Json& summary) {
  return io::number_or_nan(member(summary, summary.contains("model_evaluations") ? "model_evaluations" : "rows"));
}

bool within_tolerance(const BenchRow& row) {
  const double error = std::abs(row.found - row.known.value);
  if (!(error <= row.known.tolerance)) return false;
  return row.known.quantity != "log_evidence" || error <= 3.0 * row.standard_error + 0.05;
}

const char* word_of(const BenchRow& row) { return !row.is_judged ? "biased" : row.passes ? "pass" : "FAIL"; }

std::string name_of(const KnownValue& known) {
  return known.parameter.empty() ? known.quantity : known.quantity + " of " + known.parameter;
}

}  // namespace

KnownAnswers parse_known_answers(const std::string& text, const std::string& path) {
  deck::Diagnostics faults;
  faults.add_source(path, text);
  const deck::Node root = deck::parse_toml(text, path, faults);
  faults.throw_if_any();
  refuse_other_keys(root, {"deck", "job", "value"}, faults);
  KnownAnswers answers{text_of(root, "deck", faults, true), {}};
  const std::string job = text_of(root, "job", faults, true);
  const deck::Node::Entry* const values = root.find("value");
  if (values == nullptr || values->value.kind != deck::Node::Kind::array || values->value.items.empty())
    faults.error(root.at, "there is no [[value]]", "see input/benchmarks/README.md");
  else
    for (const deck::Node& table : values->value.items) {
      if (table.kind == deck::Node::Kind::table)
        answers.values.push_back(value_of(table, job, faults));
      else
        faults.error(table.at, "value must be a [[value]] table");
    }
  faults.throw_if_any();
  return answers;
}

std::vector<std::string> KnownAnswers::jobs() const {
  std::vector<std::string> names;
  for (const KnownValue& known : values)
    if (std::find(names.begin(), names.end(), known.job) == names.end()) names.push_back(known.job);
  return names;
}

std::vector<KnownValue> KnownAnswers::of_job(const std::string& job) const {
  std::vector<KnownValue> some;
  for (const KnownValue& known : values)
    if (known.job == job) some.push_back(known);
  return some;
}

std::vector<BenchRow> compare_summary(const std::string& summary, const std::vector<KnownValue>& values, bool is_main) {
  const io::Json json = io::Json::parse(summary);
  std::vector<BenchRow> rows;
  for (const KnownValue& known : values) {
    BenchRow row;
    row.known = known;
    std::tie(row.found, row.standard_error) = found_in(json, known);
    if (std::isnan(row.found) && !is_main && known.quantity == "log_evidence") continue;
    row.sampler = json.value("component", "job/" + json.value("job", ""));
    row.name = json.value("sampler", json.value("filter", ""));
    row.ess = io::number_or_nan(member(member(member(json, "parameters"), known.parameter), "ess_bulk"));
    row.model_evaluations = model_runs(json);
    row.seconds = json.value("wall_time_seconds", std::nan(""));
    row.is_judged = json.value("is_exact", true) && !json.contains("approximation");
    row.passes = within_tolerance(row);
    if (std::isnan(row.found)) row.failure = "not in summary.json";
    rows.push_back(row);
  }
  return rows;
}

void tell_apart(std::vector<BenchRow>& rows) {
  std::map<std::string, std::set<std::string>> names;
  for (const BenchRow& row : rows) names[row.problem + "\n" + row.sampler].insert(row.name);
  for (BenchRow& row : rows)
    if (names[row.problem + "\n" + row.sampler].size() > 1) row.sampler += " " + row.name;
}

std::vector<report::BenchSummary> by_sampler(const std::vector<BenchRow>& rows) {
  const double none = std::nan("");
  std::vector<report::BenchSummary> all;
  for (const BenchRow& row : rows) {
    if (all.empty() || all.back().problem != row.problem || all.back().sampler != row.sampler)
      all.push_back({row.problem, row.sampler, row.failure, 0, 0, -1.0, "", none, none, none, row.model_evaluations,
                     none, row.seconds, row.is_judged});
    report::BenchSummary& one = all.back();
    ++one.values, one.passed += row.passes ? 1 : 0;
    if (one.failure.empty()) one.failure = row.failure;
    const double error = std::abs(row.found - row.known.value) / row.known.tolerance;
    if (error > one.largest_error) one.largest_error = error, one.largest_at = name_of(row.known);
    if (row.known.quantity == "log_evidence")
      one.log_evidence = row.found, one.log_evidence_error = row.standard_error,
      one.known_log_evidence = row.known.value;
    const double runs = row.model_evaluations / row.ess;
    if (!(one.runs_per_sample > runs)) one.runs_per_sample = std::isfinite(runs) ? runs : one.runs_per_sample;
  }
  for (report::BenchSummary& one : all)
    if (one.largest_error < 0.0) one.largest_error = none;
  return all;
}

std::string bench_table(const std::vector<BenchRow>& rows) {
  std::size_t first = 22, width = 22;
  for (const BenchRow& row : rows)
    first = std::max(first, row.problem.size()), width = std::max(width, row.sampler.size());
  const auto count = [](double runs, const char* format) {
    return std::isfinite(runs) ? fmt::format(fmt::runtime(format), runs) : std::string();
  };
  std::string text =
      fmt::format("{:<{}} {:<28} {:<{}} {:>13} {:>13} {:>10} {:>6} {:>11} {:>9} {:>8}\n", "problem", first, "quantity",
                  "sampler", width, "found", "known", "tolerance", "", "model runs", "runs/ESS", "seconds");
  for (const BenchRow& row : rows) {
    if (!row.failure.empty()) {
      text += fmt::format("{:<{}} {:<28} {:<{}} {}: {}\n", row.problem, first, name_of(row.known), row.sampler, width,
                          word_of(row), row.failure);
      continue;
    }
    text += fmt::format("{:<{}} {:<28} {:<{}} {:>13.6g} {:>13.6g} {:>10.3g} {:>6} {:>11} {:>9} {:>8.1f}\n", row.problem,
                        first, name_of(row.known), row.sampler, width, row.found, row.known.value, row.known.tolerance,
                        word_of(row), count(row.model_evaluations, "{:.0f}"),
                        count(row.model_evaluations / row.ess, "{:.3g}"), row.seconds);
  }
  return text;
}

std::string bench_csv(const std::vector<BenchRow>& rows) {
  std::string text =
      "problem,quantity,parameter,sampler,found,standard_error,known,tolerance,verdict,model_evaluations,seconds,ess,"
      "failure,source\n";
  for (const BenchRow& row : rows) {
    text += fmt::format("{},{},{},{}", csv_quoted(row.problem), row.known.quantity, csv_quoted(row.known.parameter),
                        csv_quoted(row.sampler));
    for (const double x : {row.found, row.standard_error, row.known.value, row.known.tolerance})
      text += "," + csv_number(x);
    text +=
        fmt::format(",{},{},{},{},{},{}\n", word_of(row), csv_number(row.model_evaluations), csv_number(row.seconds),
                    csv_number(row.ess), csv_quoted(row.failure), csv_quoted(row.known.source));
  }
  return text;
}

std::string bench_json(const std::vector<BenchRow>& rows) {
  io::Json out = io::Json::array();
  for (const BenchRow& row : rows)
    out.push_back({{"problem", row.problem},
                   {"quantity", row.known.quantity},
                   {"parameter", row.known.parameter},
                   {"sampler", row.sampler},
                   {"found", io::finite_or_null(row.found)},
                   {"standard_error", io::finite_or_null(row.standard_error)},
                   {"known", row.known.value},
                   {"tolerance", row.known.tolerance},
                   {"is_judged", row.is_judged},
                   {"passes", row.passes},
                   {"model_evaluations", io::finite_or_null(row.model_evaluations)},
                   {"seconds", io::finite_or_null(row.seconds)},
                   {"ess", io::finite_or_null(row.ess)},
                   {"failure", row.failure},
                   {"source", row.known.source}});
  return io::text_of(out, 2) + "\n";
}

}  // namespace aleator::campaign
