#include "campaign/sampling/predictive.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "campaign/report/statistics.hpp"
#include "campaign/rows/row_run.hpp"
#include "inverse/problem/bayes.hpp"
#include "io/results.hpp"

namespace aleator::campaign {
namespace {

// Rows without an undefined number.
std::vector<const double*> sound_rows(const std::vector<double>& rows, std::size_t width) {
  std::vector<const double*> sound;
  for (std::size_t at = 0; width > 0 && at + width <= rows.size(); at += width)
    if (std::all_of(&rows[at], &rows[at] + width, [](double value) { return std::isfinite(value); }))
      sound.push_back(&rows[at]);
  return sound;
}

// Mean and variance of datum i over the data and the replicates, which enter alike.
std::pair<double, double> pooled_moments(const std::vector<const double*>& samples, std::size_t i) {
  double mean = 0.0, squares = 0.0;
  for (const double* const x : samples) mean += x[i];
  mean /= static_cast<double>(samples.size());
  for (const double* const x : samples) squares += (x[i] - mean) * (x[i] - mean);
  return {mean, squares / static_cast<double>(samples.size())};
}

// Null where data cannot be exchanged.
const model::Likelihood* likelihood_of(const model::Problem& problem) {
  const auto* const bayes = dynamic_cast<const inverse::BayesProblem*>(&problem);
  if (bayes == nullptr) return nullptr;
  const model::Likelihood& likelihood = *bayes->parts().likelihood;
  return likelihood.with_data(likelihood.data()) != nullptr ? &likelihood : nullptr;
}

double log_density_of(const model::Likelihood& likelihood, const double* y) {
  const model::Vector result("log_density", 1);
  likelihood.log_density(model::ConstBatch(y, 1, static_cast<std::size_t>(likelihood.outputs())), result);
  return result(0);
}

// Share of the replicates that are no likelier than the data, the data counted as one of them.
double p_value_of(const std::vector<double>& log_densities) {
  int draws = 0, reached = 0;
  for (std::size_t i = 0; i + 1 < log_densities.size(); i += 2) {
    if (std::isnan(log_densities[i]) || std::isnan(log_densities[i + 1])) continue;
    ++draws, reached += log_densities[i + 1] <= log_densities[i];
  }
  return draws < 2 ? std::nan("") : (1.0 + reached) / (1.0 + draws);
}

// The model's outputs at this rank's rows.
RowWork outputs_of(const model::Problem& problem, const parallel::RowLayout& layout, const ParametersOf& parameters_of,
                   const std::string& checkpoint) {
  RowWork work{"predictive checks", problem.outputs(), "the outputs are not finite", {}, {}, {}};
  work.checkpoint = checkpoint, work.tells_failures = false, work.is_followed = true;
  work.run = [&problem, &layout, &parameters_of](int first, model::Batch y) {
    constexpr int values_at_once = 1 << 18;
    const int rows = static_cast<int>(y.extent(0)),
              at_once = std::max(8, values_at_once / std::max(problem.parameter_dimension(), 1));
    model::RowStatus status;
    for (int done = 0; done < rows; done += at_once) {
      const int count = std::min(at_once, rows - done);
      const model::Batch u = parameters_of(layout.part(first + done, count));
      model::Evaluation evaluation{model::Vector("log_likelihood", count),
                                   {},
                                   Kokkos::subview(y, Kokkos::make_pair(done, done + count), Kokkos::ALL)};
      for (model::FailedRow& failed :
           problem.evaluate_parameters(u, evaluation, model::Vector("log_prior", count)).failed)
        status.failed.push_back({done + failed.row, std::move(failed.reason)});
    }
    return status;
  };
  return work;
}

// What this rank's rows predict.
Predicted predicted_by(const model::Problem& problem, const model::Context& context, const parallel::RowLayout& layout,
                       const RowResults& results, std::int64_t step) {
  constexpr double undefined = std::numeric_limits<double>::quiet_NaN();
  const int shown = predicted_outputs(problem);
  const std::size_t data = can_replicate(problem) ? problem.facts().data.size() : 0;
  const model::Likelihood* const likelihood = data > 0 ? likelihood_of(problem) : nullptr;
  Predicted to;
  for (int row = 0; row < layout.local_rows(); ++row) {
    const double* const y = &results.values(row, 0);
    if (!results.reasons[static_cast<std::size_t>(row)].empty()) {
      to.outputs.insert(to.outputs.end(), static_cast<std::size_t>(shown), undefined);
      to.data.insert(to.data.end(), data, undefined);
      if (likelihood != nullptr) to.log_densities.insert(to.log_densities.end(), 2, undefined);
      continue;
    }
    to.outputs.insert(to.outputs.end(), y, y + shown);
    if (data == 0) continue;
    const std::vector<double> replicate =
        problem.simulate(y, context.rng, {kernels::Purpose::observation_noise, step}, layout.first() + row);
    to.data.insert(to.data.end(), replicate.begin(), replicate.end());
    if (likelihood == nullptr) continue;
    to.log_densities.push_back(log_density_of(*likelihood, y));
    to.log_densities.push_back(log_density_of(*likelihood->with_data(replicate), y));
  }
  return to;
}

// Numbers in (0, 1) of which any that follow each other are spread evenly (Weyl's sequence of the golden ratio).
double spread_evenly(std::size_t i) {
  constexpr double golden = 0.61803398874989484820;
  const double x = (static_cast<double>(i) + 0.5) * golden;
  return x - std::floor(x);
}

}  // namespace

PredictiveDraws predictive_draws(const PredictiveDraws& wanted, const sampler::Plan& plan,
                                 const model::Problem& problem) {
  if (problem.outputs() == 0) return {};
  constexpr std::int64_t most_values = 1 << 24;
  const std::int64_t fit = std::max<std::int64_t>(20, most_values / problem.outputs());
  const std::int64_t draws = plan.kind == sampler::Plan::Kind::chains ? plan.members * plan.draws : plan.members;
  return {static_cast<int>(std::min({static_cast<std::int64_t>(wanted.posterior), draws, fit})),
          can_replicate(problem) ? static_cast<int>(std::min<std::int64_t>(wanted.prior, fit)) : 0};
}

int predicted_outputs(const model::Problem& problem) {
  const int data = static_cast<int>(problem.facts().data.size());
  return data > 0 ? std::min(data, problem.outputs()) : problem.outputs();
}

bool can_replicate(const model::Problem& problem) {
  const std::vector<double>& data = problem.facts().data;
  if (data.empty() || problem.outputs() < static_cast<int>(data.size())) return false;
  const std::vector<double> outputs(static_cast<std::size_t>(problem.outputs()), 1.0);
  return problem.simulate(outputs.data(), kernels::Rng(0), {kernels::Purpose::observation_noise}, 0).size() ==
         data.size();
}

std::optional<Predicted> predict(const JobContext& job, const model::Problem& problem, const model::Context& context,
                                 const parallel::RowLayout& layout, const ParametersOf& parameters_of,
                                 std::int64_t step, const std::string& checkpoint) {
  RowResults results;
  if (!run_rows(job, outputs_of(problem, layout, parameters_of, checkpoint), layout, {}, results)) return {};
  Predicted mine;
  parallel::agree(context.comm, [&] { mine = predicted_by(problem, context, layout, results, step); });
  return Predicted{parallel::gather_rows(context.comm, mine.outputs), parallel::gather_rows(context.comm, mine.data),
                   parallel::gather_rows(context.comm, mine.log_densities)};
}

PredictiveCheck check_prediction(const std::vector<double>& data, const std::vector<double>& replicates) {
  PredictiveCheck check;
  std::vector<const double*> samples = sound_rows(replicates, data.size());
  const std::size_t n = samples.size();
  check.draws = static_cast<int>(n);
  check.failed = data.empty() ? 0 : static_cast<int>(replicates.size() / data.size() - n);
  if (n < 2) return check;
  samples.push_back(data.data());
  std::vector<double> discrepancy(n + 1, 0.0), sorted(n);
  double depth = 1.0;
  for (std::size_t i = 0; i < data.size(); ++i) {
    const auto [mean, variance] = pooled_moments(samples, i);
    if (variance > 0.0)
      for (std::size_t s = 0; s <= n; ++s) {
        const double excess = samples[s][i] - mean;
        discrepancy[s] += excess * excess / variance;
      }
    double below = 0.0, equal = 0.0;
    for (std::size_t s = 0; s < n; ++s) {
      sorted[s] = samples[s][i];
      below += sorted[s] < data[i] ? 1.0 : 0.0, equal += sorted[s] == data[i] ? 1.0 : 0.0;
    }
    std::sort(sorted.begin(), sorted.end());
    check.q05.push_back(report::quantile(sorted, 0.05)), check.q50.push_back(report::quantile(sorted, 0.5)),
        check.q95.push_back(report::quantile(sorted, 0.95));
    const double whole = static_cast<double>(n + 1), middle = (below + 0.5 * equal + 0.5) / whole,
                 two_sided = 2.0 * std::min(middle, 1.0 - middle);
    check.pit.push_back((below + (equal > 0.0 ? spread_evenly(i) * (equal + 1.0) : 0.5)) / whole);
    check.mean.push_back(std::accumulate(sorted.begin(), sorted.end(), 0.0) / static_cast<double>(n));
    if (two_sided < 0.1) check.outside += 1.0 / static_cast<double>(data.size());
    if (variance > 0.0 && two_sided < depth) depth = two_sided, check.extreme = static_cast<int>(i);
  }
  const auto reached = std::count_if(discrepancy.begin(), discrepancy.end() - 1,
                                     [&](double value) { return value >= discrepancy.back(); });
  check.p_value = (1.0 + static_cast<double>(reached)) / static_cast<double>(n + 1);
  return check;
}

PredictiveCheck check_prediction(const model::ProblemFacts& facts, const Predicted& predicted) {
  PredictiveCheck check = check_prediction(facts.data, predicted.data);
  if (check.extreme >= 0) check.extreme = facts.number_of_datum(static_cast<std::size_t>(check.extreme));
  check.p_value_log_likelihood = p_value_of(predicted.log_densities);
  return check;
}

model::Batch posterior_parameters(const std::string& results, const model::Problem& problem, std::int64_t draws,
                                  const parallel::RowLayout& layout) {
  const io::ResultsReader reader(results);
  const int rows = layout.local_rows();
  const model::Batch u("u", rows, problem.parameter_dimension());
  int column = 0;
  for (const prob::Variable& variable : problem.variables()) {
    const std::vector<std::int64_t> shape = reader.shape("posterior", variable.name);
    for (int row = 0; row < rows; ++row) {  // the middle of the row's share of all draws
      const std::int64_t at = ((2 * (layout.first() + row) + 1) * shape[0] * shape[1]) / (2 * draws);
      const std::int64_t chain = at / shape[1], draw = at % shape[1];
      const std::vector<double> values =
          variable.size == 1 ? reader.read("posterior", variable.name, {{chain, draw}, {1, 1}})
                             : reader.read("posterior", variable.name, {{chain, draw, 0}, {1, 1, variable.size}});
      std::copy(values.begin(), values.end(), &u(row, column));
    }
    column += variable.size;
  }
  return u;
}

}  // namespace aleator::campaign
