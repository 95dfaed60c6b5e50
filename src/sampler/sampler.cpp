#include "sampler/sampler.hpp"

namespace aleator::sampler {

std::vector<int> evaluate(const Problem& problem, const ConstBatch& position, model::Evaluation& result,
                          const Context& context) {
  if (context.comm.whole().size() == 1 || !problem.may_stop()) return problem.evaluate(position, result);
  std::vector<int> failed;
  parallel::agree(context.comm, [&] { failed = problem.evaluate(position, result); });
  return failed;
}

Ensemble Ensemble::from_prior(std::int64_t members, bool with_gradient, const Problem& problem,
                              const Context& context) {
  return from_prior(parallel::RowLayout(members, context.comm), with_gradient, problem, context);
}

Ensemble Ensemble::from_prior(const parallel::RowLayout& layout, bool with_gradient, const Problem& problem,
                              const Context& context) {
  Ensemble e;
  const int d = problem.dimension();
  e.layout = layout;
  e.position = Batch("position", e.rows(), d);
  e.log_likelihood = Vector("log_likelihood", e.rows());
  e.gradient = Batch("gradient", e.rows(), with_gradient ? d : 0);
  e.accepted = Vector("accepted", e.rows());
  Kokkos::deep_copy(e.accepted, std::numeric_limits<double>::quiet_NaN());
  context.rng.normals({kernels::Purpose::initial}, e.layout.first(), e.position);
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
  const int d = static_cast<int>(position.extent(1)), g = static_cast<int>(gradient.extent(1));
  const int count = rows();
  parallel::Rows packed(Kokkos::view_alloc("packed", Kokkos::WithoutInitializing), count, d + g + 1);
  for (int row = 0; row < count; ++row) {
    for (int k = 0; k < d; ++k) packed(row, k) = position(row, k);
    for (int k = 0; k < g; ++k) packed(row, d + k) = gradient(row, k);
    packed(row, d + g) = log_likelihood(row);
  }
  const parallel::Rows taken = parallel::take_rows(context.comm, layout, packed, source);
  for (int row = 0; row < count; ++row) {
    for (int k = 0; k < d; ++k) position(row, k) = taken(row, k);
    for (int k = 0; k < g; ++k) gradient(row, k) = taken(row, d + k);
    log_likelihood(row) = taken(row, d + g);
  }
}

std::vector<double> Ensemble::all_log_likelihoods(const Context& context) const {
  return parallel::gather_rows(context.comm,
                               std::vector<double>(log_likelihood.data(), log_likelihood.data() + rows()));
}

void Ensemble::fields(io::Archive& archive) {
  const io::ArchiveGroup group(archive, "ensemble");
  archive.rows("position", layout, position);
  archive.rows("log_likelihood", layout, log_likelihood);
  archive.rows("gradient", layout, gradient);
  archive.rows("accepted", layout, accepted);
}

void BaseState::fields(io::Archive& archive) {
  ensemble.fields(archive);
  means.fields(archive, ensemble.layout);
  archive.field("iteration", iteration);
  archive.field("model_evaluations", model_evaluations);
  archive.field("gradient_evaluations", gradient_evaluations);
  archive.field("ancestors", ancestors);
  archive.field("log_evidence", log_evidence);
  archive.field("log_evidence_standard_error", log_evidence_standard_error);
}

}  // namespace aleator::sampler
