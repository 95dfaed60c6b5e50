#include "sampler/sampler.hpp"

#include <algorithm>
#include <cmath>

#include "parallel/move_rows.hpp"
#include "sampler/weights.hpp"

namespace aleator::sampler {

namespace {

// Rows of [log-likelihood, z, outputs], those of all ranks; a failed one has log-likelihood NaN.
std::vector<double> gathered(const ConstBatch& z, const model::Evaluation& e, const std::vector<int>& failed,
                             const Context& context) {
  std::vector<double> mine;
  for (std::size_t row = 0; row < z.extent(0); ++row) {
    mine.push_back(e.log_likelihood(row));
    mine.insert(mine.end(), &z(row, 0), &z(row, 0) + z.extent(1));
    if (e.outputs.size() != 0) mine.insert(mine.end(), &e.outputs(row, 0), &e.outputs(row, 0) + e.outputs.extent(1));
  }
  const std::size_t width = z.extent(0) == 0 ? 0 : mine.size() / z.extent(0);
  for (const int row : failed) mine[static_cast<std::size_t>(row) * width] = std::nan("");
  return parallel::gather_rows(context.comm, mine);
}

void impute(const ConstBatch& z, model::Evaluation& e, const std::vector<int>& failed, const Context& context) {
  if (!context.comm.any(!failed.empty())) return;
  const std::size_t d = z.extent(1), p = e.outputs.size() != 0 ? e.outputs.extent(1) : 0, width = 1 + d + p;
  const std::vector<double> all = gathered(z, e, failed, context);
  for (const int row : failed) {
    double least = std::numeric_limits<double>::infinity();
    const double* nearest = nullptr;  // the first of equals, in the order of the rows: the same on any number of ranks
    for (const double* other = all.data(); other != all.data() + all.size(); other += width) {
      if (std::isnan(*other)) continue;
      double distance = 0.0;
      for (std::size_t k = 0; k < d; ++k) distance += (other[1 + k] - z(row, k)) * (other[1 + k] - z(row, k));
      if (distance < least) least = distance, nearest = other;
    }
    if (nearest == nullptr) return;  // all have failed: the sampler's own error says so
    e.log_likelihood(row) = *nearest;
    for (std::size_t i = 0; i < p; ++i) e.outputs(row, i) = nearest[1 + d + i];
  }
}

Ensemble drawn_from_prior(const parallel::RowLayout& layout, bool with_gradient, const Problem& problem,
                          const Context& context) {
  const Ensemble e(layout, problem.dimension(), with_gradient ? problem.dimension() : 0);
  context.rng.normals({kernels::Purpose::initial}, e.layout.first(), e.position);
  return e;
}

}  // namespace

std::vector<int> evaluate(const Problem& problem, const ConstBatch& position, model::Evaluation& result,
                          const Context& context) {
  std::vector<int> failed;
  if (context.comm.whole().size() == 1 || !problem.may_stop())
    failed = problem.evaluate(position, result);
  else
    parallel::agree(context.comm, [&] { failed = problem.evaluate(position, result); });
  if (!problem.imputes_failures()) return failed;
  impute(position, result, failed, context);
  return {};
}

void evaluate_rows(const Problem& problem, const Context& context, const std::vector<int>& chosen,
                   const ConstBatch& position, const Vector& log_likelihood) {
  const Batch z = kernels::new_batch(chosen.size(), static_cast<int>(position.extent(1)));
  model::Evaluation evaluation{Vector("log_likelihood", chosen.size()), {}, {}};
  for (std::size_t i = 0; i < chosen.size(); ++i)
    for (std::size_t k = 0; k < z.extent(1); ++k) z(i, k) = position(chosen[i], k);
  evaluate(problem, z, evaluation, context);
  for (std::size_t i = 0; i < chosen.size(); ++i) log_likelihood(chosen[i]) = evaluation.log_likelihood(i);
}

Ensemble::Ensemble(const parallel::RowLayout& of_members, int dimension, int gradient_columns) : layout(of_members) {
  position = Batch("position", rows(), dimension), gradient = Batch("gradient", rows(), gradient_columns);
  log_likelihood = Vector("log_likelihood", rows()), accepted = Vector("accepted", rows());
  for (const Vector& unknown : {log_likelihood, accepted})
    Kokkos::deep_copy(unknown, std::numeric_limits<double>::quiet_NaN());
}

Ensemble Ensemble::copy() const {
  Ensemble e(layout, static_cast<int>(position.extent(1)), static_cast<int>(gradient.extent(1)));
  Kokkos::deep_copy(e.position, position);
  Kokkos::deep_copy(e.gradient, gradient);
  Kokkos::deep_copy(e.log_likelihood, log_likelihood);
  Kokkos::deep_copy(e.accepted, accepted);
  return e;
}

Ensemble Ensemble::unevaluated(std::int64_t members, const Problem& problem, const Context& context) {
  return drawn_from_prior(parallel::RowLayout(members, context.comm), false, problem, context);
}

Ensemble Ensemble::from_prior(std::int64_t members, bool with_gradient, const Problem& problem,
                              const Context& context) {
  return from_prior(parallel::RowLayout(members, context.comm), with_gradient, problem, context);
}

Ensemble Ensemble::from_prior(const parallel::RowLayout& layout, bool with_gradient, const Problem& problem,
                              const Context& context) {
  Ensemble e = drawn_from_prior(layout, with_gradient, problem, context);
  model::Evaluation evaluation{e.log_likelihood, e.gradient, {}};
  evaluate(problem, e.position, evaluation, context);
  return e;
}

Ensemble Ensemble::part(int first, int count) const {
  const auto chosen = Kokkos::make_pair(first, first + count);
  Ensemble e;
  e.layout = layout.part(first, count);
  e.position = Kokkos::subview(position, chosen, Kokkos::ALL);
  e.log_likelihood = Kokkos::subview(log_likelihood, chosen);
  e.gradient = Kokkos::subview(gradient, chosen, Kokkos::ALL);
  e.accepted = Kokkos::subview(accepted, chosen);
  return e;
}

void Ensemble::take(const std::vector<std::int64_t>& source, const Context& context) {
  parallel::move_rows(context.comm, layout,
                      {{position.data(), static_cast<int>(position.extent(1))},
                       {gradient.data(), static_cast<int>(gradient.extent(1))},
                       {log_likelihood.data(), 1}},
                      source);
}

std::vector<double> Ensemble::all_log_likelihoods(const Context& context) const {
  return parallel::gather_rows(context.comm,
                               std::vector<double>(log_likelihood.data(), log_likelihood.data() + rows()));
}

std::vector<double> Ensemble::all_log_posteriors(const Context& context, const Vector& minus) const {
  std::vector<double> mine;
  for (int row = 0; row < rows(); ++row)
    mine.push_back(log_likelihood(row) +
                   model::latent_log_prior(&position(row, 0), static_cast<int>(position.extent(1))) -
                   (minus.size() == 0 ? 0.0 : minus(row)));
  return parallel::gather_rows(context.comm, mine);
}

void Ensemble::fields(io::Archive& archive) {
  const io::ArchiveGroup group(archive, "ensemble");
  archive.rows("position", layout, position);
  archive.rows("log_likelihood", layout, log_likelihood);
  archive.rows("gradient", layout, gradient);
  archive.rows("accepted", layout, accepted);
}

PriorDraws PriorDraws::of(const Ensemble& prior, int count, const Context& context) {
  std::vector<double> all = prior.all_log_likelihoods(context);
  for (double& value : all)
    if (std::isnan(value)) value = -std::numeric_limits<double>::infinity();
  if (!(*std::max_element(all.begin(), all.end()) > -std::numeric_limits<double>::infinity())) return {};
  constexpr double middle = 0.5;
  PriorDraws draws;
  const Weights weights = normalised(all);
  draws.log_mean = weights.log_sum - std::log(static_cast<double>(all.size()));
  std::vector<double> mine;
  const std::size_t d = prior.position.extent(1);
  for (const std::int64_t member : systematic_resampling(weights, middle, count)) {
    draws.log_likelihood.push_back(all[static_cast<std::size_t>(member)]);
    const std::int64_t row = member - prior.layout.first();
    if (row >= 0 && row < prior.rows()) mine.insert(mine.end(), &prior.position(row, 0), &prior.position(row, 0) + d);
  }
  draws.z = math::Matrix(count, static_cast<int>(d));
  draws.z.a = parallel::gather_rows(context.comm, mine);
  return draws;
}

double PriorDraws::unseen_share(const std::function<double(const double* z)>& log_q, double log_evidence,
                                double effective_share) const {
  const double most = std::log(50.0 / effective_share);
  double unseen = 0.0;
  std::vector<int> found;
  for (int i = 0; i < z.rows; ++i) {
    const double log_pi = log_likelihood[i] + model::latent_log_prior(z.row(i), z.cols) - log_evidence;
    if (!(log_pi - log_q(z.row(i)) > most)) continue;
    unseen += 1.0 / z.rows;
    if (found.empty() || !std::equal(z.row(i), z.row(i) + z.cols, z.row(found.back()))) found.push_back(i);
  }
  if (found.size() < 2) return 0.0;
  const double mass = unseen * std::exp(log_mean - log_evidence);
  return mass < std::numeric_limits<double>::infinity() ? mass / (1.0 + mass) : 1.0;
}

void PriorDraws::fields(io::Archive& archive, const std::string& name) {
  const io::ArchiveGroup group(archive, name);
  archive.field("z", z.a);
  archive.field("log_likelihood", log_likelihood);
  archive.field("log_mean", log_mean);
  z.rows = static_cast<int>(log_likelihood.size()), z.cols = z.rows == 0 ? 0 : static_cast<int>(z.a.size()) / z.rows;
}

void BaseState::fields(io::Archive& archive) {
  ensemble.fields(archive);
  means.fields(archive, ensemble.layout);
  archive.field("iteration", iteration);
  archive.field("model_evaluations", model_evaluations);
  archive.field("gradient_evaluations", gradient_evaluations);
  archive.field("ancestors", ancestors);
  archive.field("influence", influence);
  archive.field("log_evidence", log_evidence);
  archive.field("log_evidence_standard_error", log_evidence_standard_error);
  archive.field("curvatures", curvatures);
  archive.field("mode", mode);
}

std::string correction_objection(const Sampler& first, const std::string& name) {
  return first.plan().is_posterior
             ? ""
             : "corrects '" + name + "', whose law is not to be the posterior: that would be lost";
}

}  // namespace aleator::sampler
