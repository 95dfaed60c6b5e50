#include "campaign/sampling/summary.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "campaign/run/progress.hpp"
#include "io/files.hpp"
#include "io/json.hpp"
#include "io/results.hpp"
#include "prob/pareto.hpp"
#include "prob/weighted_draws.hpp"

namespace aleator::campaign {
namespace {

// Standard error of a mean over particles that share ancestors: sum over ancestors a of (sum of deviations)^2 / J^2, that is of
// w_a^2 (m_a - m)^2 with the families' shares w_a and means m_a. The families' deviations from their own mean are too small where
// they are few: of means with one variance v the sum has the expectation v sum w_a^2 (1 - 2 w_a + S), S = sum w_a^2, and not v S.
// No more than the error of a single particle.
double ancestry_standard_error(const double* values, std::ptrdiff_t stride, const std::vector<std::int64_t>& ancestors,
                               const prob::WeightedSummary& of_all) {
  struct Family {
    double size = 0.0, deviation = 0.0;
  };
  std::map<std::int64_t, Family> families;
  for (std::size_t i = 0; i < ancestors.size(); ++i) {
    Family& family = families[ancestors[i]];
    family.size += 1.0, family.deviation += values[static_cast<std::ptrdiff_t>(i) * stride] - of_all.mean;
  }
  const double members = static_cast<double>(ancestors.size());
  double squares = 0.0, shares = 0.0, expected = 0.0;
  for (const auto& [ancestor, family] : families)
    squares += family.deviation * family.deviation, shares += family.size * family.size;
  squares /= members * members, shares /= members * members;
  for (const auto& [ancestor, family] : families) {
    const double share = family.size / members;
    expected += share * share * (1.0 - 2.0 * share + shares);
  }
  constexpr double rounding = 1e-9;
  return expected > rounding ? std::min(of_all.sd, std::sqrt(squares * shares / expected)) : of_all.sd;
}

// Standard error of a mean over members that have moved it by more than their share: the infinitesimal jackknife's, no more than
// that of a single member.
double influence_standard_error(const double* values, std::ptrdiff_t stride, const std::vector<double>& influence,
                                const prob::WeightedSummary& of_all) {
  double squares = 0.0;
  for (std::size_t i = 0; i < influence.size(); ++i) {
    const double moved = influence[i] * (values[static_cast<std::ptrdiff_t>(i) * stride] - of_all.mean);
    squares += moved * moved;
  }
  return std::min(of_all.sd, std::sqrt(squares) / static_cast<double>(influence.size()));
}

// Values of parameters [first, first + count) of one variable: [chain][draw][parameter].
std::vector<double> read_columns(const io::ResultsReader& reader, const prob::Variable& variable, int first,
                                 int count) {
  const std::vector<std::int64_t> shape = reader.shape("posterior", variable.name);
  if (variable.size == 1) return reader.read("posterior", variable.name);
  return reader.read("posterior", variable.name, {{0, 0, first}, {shape[0], shape[1], count}});
}

constexpr int numbers_a_parameter = 11;

// NaN where the tails are those of common laws.
double pareto_k(const double* values, std::int64_t count, std::ptrdiff_t stride, const prob::ScalarSummary& s) {
  if (!prob::has_heavy_tail(s.sd, s.q05, s.q95)) return std::nan("");
  std::vector<double> draws;
  for (std::int64_t i = 0; i < count; ++i) draws.push_back(values[i * stride]);
  return prob::tail_shape(std::move(draws));
}

// The numbers of this rank's share of the parameters: index, mean, sd, …
std::vector<double> summarise_share(const parallel::Comm& comm, const std::string& folder,
                                    const std::vector<prob::Variable>& variables, sampler::Plan::Kind kind,
                                    const std::vector<double>& influence) {
  const io::ResultsReader reader(folder + "/results.h5");
  std::vector<std::int64_t> ancestors;
  if (reader.has("sample_stats", "ancestor")) ancestors = reader.read_integers("sample_stats", "ancestor");
  std::vector<double> mine;
  int first_of_variable = 0;
  for (const prob::Variable& variable : variables) {
    const std::vector<std::int64_t> shape = reader.shape("posterior", variable.name);
    const std::int64_t draws = shape[0] * shape[1];
    constexpr std::int64_t memory = 1 << 24;
    const int at_once = static_cast<int>(std::clamp<std::int64_t>(memory / (8 * draws), 1, variable.size));
    for (int block = 0; block < variable.size; block += at_once) {
      const int count = std::min(at_once, variable.size - block);
      if ((block / at_once) % comm.size() != comm.rank() && at_once < variable.size) continue;
      const std::vector<double> values = read_columns(reader, variable, block, count);
      for (int k = 0; k < count; ++k) {
        if (at_once >= variable.size && (block + k) % comm.size() != comm.rank()) continue;
        const prob::ScalarSummary s =
            kind == sampler::Plan::Kind::chains
                ? prob::summarise({values.data() + k, static_cast<int>(shape[0]), static_cast<int>(shape[1]),
                                   static_cast<std::ptrdiff_t>(shape[1]) * count, count})
                : summarise_members(values.data() + k, draws, count, ancestors, influence);
        for (const double value :
             {static_cast<double>(first_of_variable + block + k), s.mean, s.sd, s.mcse, s.ess_bulk, s.ess_tail, s.rhat,
              s.q05, s.q50, s.q95, pareto_k(values.data() + k, draws, count, s)})
          mine.push_back(value);
      }
    }
    first_of_variable += variable.size;
  }
  return mine;
}

}  // namespace

prob::ScalarSummary summarise_members(const double* values, std::int64_t count, std::ptrdiff_t stride,
                                      const std::vector<std::int64_t>& ancestors,
                                      const std::vector<double>& influence) {
  prob::WeightedDraws draws;
  draws.value = values, draws.count = count, draws.stride = stride;
  const prob::WeightedSummary w = prob::summarise(draws);
  prob::ScalarSummary s{};
  s.mean = w.mean, s.sd = w.sd, s.q05 = w.q05, s.q50 = w.q50, s.q95 = w.q95;
  s.mcse = !ancestors.empty()   ? ancestry_standard_error(values, stride, ancestors, w)
           : !influence.empty() ? influence_standard_error(values, stride, influence, w)
                                : w.sd / std::sqrt(static_cast<double>(count));
  s.ess_bulk = s.ess_tail = std::min(static_cast<double>(count), w.sd * w.sd / (s.mcse * s.mcse));
  if (!(w.sd > 0.0)) s.mcse = s.ess_bulk = s.ess_tail = std::nan("");  // all are one point: nothing is known
  s.rhat = std::nan("");
  return s;
}

std::vector<NamedSummary> summarise_parameters(const parallel::Comm& comm, const std::string& folder,
                                               const std::vector<prob::Variable>& variables, sampler::Plan::Kind kind,
                                               const std::vector<double>& influence) {
  std::vector<double> mine;
  parallel::agree(comm, [&] { mine = summarise_share(comm, folder, variables, kind, influence); });
  const std::vector<double> all = comm.all_gather(mine);
  const std::vector<std::string> names = prob::parameter_names(variables);
  std::vector<NamedSummary> rows(names.size());
  for (std::size_t at = 0; at + numbers_a_parameter <= all.size(); at += numbers_a_parameter) {
    const double* const x = &all[at];
    const auto k = static_cast<std::size_t>(x[0]);
    prob::ScalarSummary s{};
    s.mean = x[1], s.sd = x[2], s.mcse = x[3], s.ess_bulk = x[4], s.ess_tail = x[5], s.rhat = x[6], s.q05 = x[7],
    s.q50 = x[8], s.q95 = x[9], s.pareto_k = x[10];
    rows[k] = {names[k], s};
  }
  return rows;
}

double relative_squared_error(const std::vector<double>& means, const std::vector<double>& reference) {
  if (reference.size() != means.size()) return std::nan("");
  double e = 0.0;
  for (std::size_t k = 0; k < means.size(); ++k) {
    const double relative = (means[k] - reference[k]) / reference[k];
    e += relative * relative;
  }
  return e;
}

double relative_squared_error(const std::vector<NamedSummary>& rows, const std::vector<double>& reference) {
  std::vector<double> means;
  for (const NamedSummary& row : rows) means.push_back(row.summary.mean);
  return relative_squared_error(means, reference);
}

namespace {

// NaN and no name: undefined for every parameter, as for chains that never moved.
struct Worst {
  double rhat = std::nan(""), ess = std::nan("");
  std::string rhat_name = "defined for no parameter", ess_name = rhat_name;
};

Worst worst_of(const std::vector<NamedSummary>& rows) {
  Worst w;
  for (const NamedSummary& row : rows) {
    if (!std::isnan(row.summary.rhat) && !(row.summary.rhat <= w.rhat))
      w.rhat = row.summary.rhat, w.rhat_name = row.name;
    const double ess = std::fmin(row.summary.ess_bulk, row.summary.ess_tail);
    if (!std::isnan(ess) && !(ess >= w.ess)) w.ess = ess, w.ess_name = row.name;
  }
  return w;
}

struct Column {
  const char* name;
  double prob::ScalarSummary::*value;
  bool is_left_out = false;  ///< where it is not defined
};
constexpr Column columns[] = {
    {"mean", &prob::ScalarSummary::mean},         {"sd", &prob::ScalarSummary::sd},
    {"mcse", &prob::ScalarSummary::mcse},         {"ess_bulk", &prob::ScalarSummary::ess_bulk},
    {"ess_tail", &prob::ScalarSummary::ess_tail}, {"rhat", &prob::ScalarSummary::rhat},
    {"q05", &prob::ScalarSummary::q05},           {"q50", &prob::ScalarSummary::q50},
    {"q95", &prob::ScalarSummary::q95},           {"pareto_k", &prob::ScalarSummary::pareto_k, true}};

io::Json check_json(const PredictiveCheck& check, std::size_t data) {
  if (check.draws < 2) return nullptr;
  io::Json out;
  out["draws"] = check.draws;
  out["failed"] = check.failed;
  out["p_value"] = check.p_value;
  out["p_value_log_likelihood"] = io::finite_or_null(check.p_value_log_likelihood);
  out["data"] = data;
  out["outside_90_percent"] = check.outside;
  out["most_extreme_datum"] = check.extreme < 0 ? io::Json(nullptr) : io::Json(check.extreme);
  return out;
}

const char* kind_text(sampler::Plan::Kind kind) {
  switch (kind) {
    case sampler::Plan::Kind::chains:
      return "chains";
    case sampler::Plan::Kind::particles:
      return "particles";
    case sampler::Plan::Kind::ensemble:
      return "ensemble";
  }
  return "";
}

}  // namespace

std::string summary_json(const RunFacts& facts, const std::vector<NamedSummary>& rows,
                         const std::vector<double>& reference) {
  io::Json out;
  out["deck"] = facts.deck;
  out["sampler"] = facts.sampler;
  out["component"] = facts.component;
  out["kind"] = kind_text(facts.plan.kind);
  out["is_exact"] = facts.plan.is_exact;
  if (!facts.approximation.empty()) out["approximation"] = facts.approximation;
  out["is_posterior"] = facts.plan.is_posterior;
  const bool is_chains = facts.plan.kind == sampler::Plan::Kind::chains;
  out["chains"] = is_chains ? facts.plan.members : 1;
  out["draws"] = is_chains ? static_cast<std::int64_t>(facts.plan.draws) : facts.plan.members;
  out["model_evaluations"] = facts.model_evaluations;
  out["gradient_evaluations"] = facts.gradient_evaluations;
  out["evaluations_at_first_draw"] = facts.evaluations_at_first_draw;
  out["wall_time_seconds"] = facts.wall_time_seconds;
  out["sampling_seconds"] = facts.sampling_seconds;
  out["ranks"] = facts.ranks;
  out["threads"] = facts.threads;
  if (!facts.idle.empty()) out["idle"] = facts.idle;
  out["acceptance"] = io::finite_or_null(facts.acceptance);
  if (std::isfinite(facts.divergences)) out["divergences"] = static_cast<std::int64_t>(facts.divergences);
  out["log_evidence"] = std::isfinite(facts.log_evidence)
                            ? io::Json{{"value", facts.log_evidence},
                                       {"standard_error", io::finite_or_null(facts.log_evidence_standard_error)}}
                            : io::Json(nullptr);
  const Worst worst = worst_of(rows);
  out["ess_min"] = io::finite_or_null(worst.ess);
  out["rhat_max"] = is_chains ? io::finite_or_null(worst.rhat) : io::Json(nullptr);
  out["ess_per_evaluation"] = io::finite_or_null(worst.ess / static_cast<double>(facts.model_evaluations));
  out["ess_per_second"] = io::finite_or_null(worst.ess / facts.wall_time_seconds);
  out["error"] = io::finite_or_null(relative_squared_error(rows, reference));
  if (std::isfinite(facts.estimate_sd)) out["estimate_sd"] = facts.estimate_sd;
  if (!is_chains && std::isfinite(facts.effective_ancestors)) out["effective_ancestors"] = facts.effective_ancestors;
  out["farthest"] = io::finite_or_null(facts.farthest);
  out["failed_rows"] = {{"rejected", facts.failures.rejected},
                        {"recovered_by_retry", facts.failures.recovered},
                        {"imputed", facts.failures.imputed},
                        {"in_warmup", facts.lost_in_warmup}};
  out["posterior_predictive"] = check_json(facts.posterior_check, facts.posterior_check.pit.size());
  out["prior_predictive"] = check_json(facts.prior_check, facts.prior_check.pit.size());
  out["stein_discrepancy"] = facts.stein.draws == 0
                                 ? io::Json(nullptr)
                                 : io::Json{{"draws", facts.stein.draws},
                                            {"value", io::finite_or_null(facts.stein.ksd.value)},
                                            {"expected", io::finite_or_null(facts.stein.ksd.expected)},
                                            {"p_value", io::finite_or_null(facts.stein.ksd.p_value)},
                                            {"spread", io::finite_or_null(facts.stein.ksd.spread)},
                                            {"spread_error", io::finite_or_null(facts.stein.ksd.spread_error)},
                                            {"typical_spread", io::finite_or_null(facts.stein.ksd.typical_spread)},
                                            {"edge_share", facts.stein.edge_share}};
  out["reference_run"] = facts.distance.draws == 0
                             ? io::Json(nullptr)
                             : io::Json{{"path", facts.reference_run},
                                        {"draws", facts.distance.draws},
                                        {"sliced_wasserstein", io::finite_or_null(facts.distance.sliced_wasserstein)},
                                        {"noise", io::finite_or_null(facts.distance.noise)}};
  if (!facts.curvatures.empty()) out["hessian_eigenvalues"] = facts.curvatures;
  std::string text = io::text_of(out, 2);
  text.erase(text.size() - 2);  // the last brace: parameters follow, one after the other, for fields have many
  text += ",\n  \"parameters\": {";
  for (const NamedSummary& row : rows) {
    text += fmt::format("{}\n    {}: {{", &row == &rows.front() ? "" : ",", io::Json(row.name).dump());
    for (const Column& column : columns)
      if (const double value = row.summary.*column.value; std::isfinite(value) || !column.is_left_out)
        text += fmt::format("{}\n      \"{}\": {}", &column == columns ? "" : ",", column.name,
                            io::finite_or_null(value).dump());
    if (!facts.mode.empty())
      text += fmt::format(",\n      \"mode\": {}", io::finite_or_null(facts.mode[&row - rows.data()]).dump());
    text += "\n    }";
  }
  return text + (rows.empty() ? "}\n}\n" : "\n  }\n}\n");
}

SamplingSummary read_sampling_summary(const std::string& path) {
  using json = nlohmann::json;
  SamplingSummary summary;
  std::string name;
  bool is_parameters = false;
  const auto keep = [&](int depth, json::parse_event_t event, json& value) {
    if (event == json::parse_event_t::key && depth == 1) is_parameters = value == "parameters";
    if (event == json::parse_event_t::key && depth == 2) name = value.get<std::string>();
    if (event != json::parse_event_t::object_end || depth != 2 || !is_parameters) return true;
    NamedSummary row{name, {}};
    for (const Column& column : columns) {
      row.summary.*column.value = value.contains(column.name) ? io::number_or_nan(value.at(column.name)) : std::nan("");
    }
    summary.rows.push_back(std::move(row));
    return false;
  };
  try {
    summary.facts = json::parse(io::read_text_file(path), keep);
  } catch (const json::exception& error) {
    throw core::UserError(fmt::format("{}: not readable as JSON ({})", path, error.what()));
  }
  return summary;
}

std::string evidence_text(const RunFacts& facts) {
  std::string text = fmt::format("log evidence {:.6g}", facts.log_evidence);
  if (std::isfinite(facts.log_evidence_standard_error))
    text += fmt::format(" +- {:.2g}", facts.log_evidence_standard_error);
  return text;
}

std::string summary_text(const RunFacts& facts, const std::vector<NamedSummary>& rows,
                         const std::vector<double>& reference) {
  const Worst worst = worst_of(rows);
  std::string text = fmt::format("{} model runs in {}; smallest effective sample size {:.0f} ({})",
                                 count_text(facts.model_evaluations), duration_text(facts.wall_time_seconds), worst.ess,
                                 worst.ess_name);
  if (facts.plan.kind == sampler::Plan::Kind::chains)
    text += fmt::format("; largest R-hat {:.4f} ({}{})", worst.rhat, worst.rhat_name,
                        worst.rhat >= 1.05  ? ": not converged"
                        : worst.rhat > 1.01 ? ": not quite converged"
                                            : "");
  if (facts.divergences > 0.0) text += fmt::format("; {:.0f} divergences", facts.divergences);
  if (std::isfinite(facts.log_evidence)) text += "; " + evidence_text(facts);
  if (!facts.plan.is_posterior)
    text += "; not of the posterior";
  else if (!facts.plan.is_exact)
    text += "; an approximate method: biased but in special cases";
  if (!facts.approximation.empty()) text += "; " + facts.approximation;
  if (!reference.empty())
    text += fmt::format("; error e = {:.4g} against the reference mean", relative_squared_error(rows, reference));
  return text;
}

}  // namespace aleator::campaign
