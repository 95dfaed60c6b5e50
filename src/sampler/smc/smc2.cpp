#include "sampler/smc/smc2.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "kernels/gaussian_step.hpp"
#include "parallel/move_rows.hpp"
#include "sampler/mcmc/inner_move.hpp"

namespace aleator::sampler {
namespace {

constexpr double impossible = -std::numeric_limits<double>::infinity();

// Filters' random numbers: the bits of a uniform number of each row, whose 52 random bits are enough.
std::vector<std::uint64_t> seeds_of(const Context& context, kernels::Stream stream, const parallel::RowLayout& layout) {
  std::vector<std::uint64_t> seeds(static_cast<std::size_t>(layout.local_rows()));
  for (std::size_t row = 0; row < seeds.size(); ++row) {
    const double u = context.rng.uniform(stream, layout.first() + static_cast<std::int64_t>(row));
    std::memcpy(&seeds[row], &u, sizeof u);
  }
  return seeds;
}

// One stage of the rows' filters, added to their log-likelihoods; rows that are impossible already stay so.
void advance(const Problem& problem, const model::Sequence& sequence, int stage, const Batch& u,
             const std::vector<std::uint64_t>& seeds, const Batch& memory, const Vector& log_likelihood) {
  const Vector factor("factor", u.extent(0));
  model::RowStatus status = sequence.advance(stage, u, seeds, memory, factor), first_time;
  for (model::FailedRow& failed : status.failed)  // those have likelihood zero
    if (std::isfinite(log_likelihood(failed.row))) first_time.failed.push_back(std::move(failed));
  dynamic_cast<const model::HasSequence&>(problem).record_failures(first_time, u);
  for (std::size_t row = 0; row < u.extent(0); ++row)
    log_likelihood(row) = std::isfinite(factor(row)) ? log_likelihood(row) + factor(row) : impossible;
}

Batch parameters_at(const Problem& problem, const Batch& z) {
  const Batch u = kernels::new_batch(z.extent(0), problem.parameter_dimension());
  problem.parameters(z, u);
  return u;
}

}  // namespace

deck::Schema<Smc2::Params> Smc2::schema() {
  deck::Schema<Params> s("SMC^2: particles with a filter each, datum by datum, and the evidence",
                         "Chopin, Jacob, Papaspiliopoulos 2013; Chopin 2002");
  s.key("particles", &Params::particles, "1", "number of particles J of the parameters", deck::at_least(8))
      .key("ess_share", &Params::ess_share, "1",
           "effective sample size, as a share of J, below which the particles are resampled and moved",
           deck::inside(0, 1))
      .key("moves", &Params::moves, "1", "Metropolis moves of every particle after a resampling", deck::at_least(1))
      .key(
          "refine_below", &Params::refine_below, "1",
          "share of accepted moves below which the filters get twice the members, for their estimates scatter too much",
          deck::between(0.0, 1.0))
      .key("refinements", &Params::refinements, "1", "so often at most", deck::between(0, 16));
  return s;
}

void Smc2::State::fields(io::Archive& archive) {
  BaseState::fields(archive);
  archive.rows("memory", ensemble.layout, memory);
  archive.field("log_weights", log_weights);
  archive.field("log_scale", log_scale);
  archive.field("acceptance", acceptance);
  archive.field("moves", moves);
  archive.field("refinements", refinements);
  archive.field("rounding", rounding);
}

std::string Smc2::objection(const Problem& problem) const {
  if (model::sequence_of(problem) == nullptr)
    return "needs a likelihood whose data come one after the other: problem/target with target/state_space and "
           "on_failure = \"reject\"";
  const double least = std::ceil(2.0 * problem.dimension() / params.ess_share);
  if (params.particles >= least) return {};
  return fmt::format("{} particles are too few for {} coordinates: their covariance takes at least {:.0f}",
                     params.particles, problem.dimension(), least);
}

Smc2::State Smc2::init(const Problem& problem, const Context& context) const {
  State s;
  Ensemble& e = s.ensemble;
  e = Ensemble(parallel::RowLayout(params.particles, context.comm), problem.dimension());
  Kokkos::deep_copy(e.log_likelihood, 0.0);  // of no data yet
  context.rng.normals({kernels::Purpose::initial}, e.layout.first(), e.position);
  s.memory = Batch("memory", e.rows(), model::sequence_of(problem)->memory_size());
  s.log_weights.assign(static_cast<std::size_t>(params.particles), 0.0);
  s.log_scale = std::log(first_scale(InnerMove::random_walk, problem.dimension()));
  s.model_evaluations = params.particles;  // the filters that go along
  begin_genealogy(params.particles, s);
  return s;
}

// The filters as they are after the doublings so far.
const model::Sequence& Smc2::sequence(const Problem& problem, State& s) const {
  const model::Sequence* const first = model::sequence_of(problem);
  if (s.refinements > 0 && s.refined == nullptr) s.refined = first->refined(1 << s.refinements);
  return s.refinements > 0 ? *s.refined : *first;
}

// New filters of twice the members, run through the data so far, take the place of the old ones (section 3.6).
void Smc2::refine(const Problem& problem, const Context& context, State& s) const {
  std::shared_ptr<const model::Sequence> finer = model::sequence_of(problem)->refined(2 << s.refinements);
  if (finer == nullptr) return;
  ++s.refinements, s.refined = std::move(finer);
  Ensemble& e = s.ensemble;
  s.memory = Batch("memory", e.rows(), s.refined->memory_size());
  const std::vector<double> before = e.all_log_likelihoods(context);
  Kokkos::deep_copy(e.log_likelihood, 0.0);
  const Batch u = parameters_at(problem, e.position);
  const auto seeds = seeds_of(context, {kernels::Purpose::filter_of_proposal, s.moves++}, e.layout);
  for (int stage = 0; stage <= static_cast<int>(s.iteration); ++stage)
    advance(problem, *s.refined, stage, u, seeds, s.memory, e.log_likelihood);
  const std::vector<double> after = e.all_log_likelihoods(context);
  for (std::size_t i = 0; i < after.size(); ++i)
    s.log_weights[i] = after[i] == impossible ? impossible : s.log_weights[i] + (after[i] - before[i]);
  s.model_evaluations += params.particles;
}

// Weights, evidence and its error with one datum more.
void Smc2::assimilate(const Problem& problem, const Context& context, State& s) const {
  const int stage = static_cast<int>(s.iteration);
  const std::vector<double> before = s.ensemble.all_log_likelihoods(context);
  advance(problem, sequence(problem, s), stage, parameters_at(problem, s.ensemble.position),
          seeds_of(context, {kernels::Purpose::filter, stage}, s.ensemble.layout), s.memory, s.ensemble.log_likelihood);
  const std::vector<double> after = s.ensemble.all_log_likelihoods(context);
  const double sum_before = normalised(s.log_weights).log_sum;
  for (std::size_t i = 0; i < after.size(); ++i)
    s.log_weights[i] = after[i] == impossible ? impossible : s.log_weights[i] + (after[i] - before[i]);
  s.log_evidence += normalised(s.log_weights).log_sum - sum_before;
}

void Smc2::resample_and_move(const Problem& problem, const Context& context, const Weights& weights, State& s) const {
  const int d = problem.dimension();
  Ensemble& e = s.ensemble;
  PooledMoments moments;
  moments.reset(d);
  moments.observe_weighted(e, weights.share, context);
  const std::vector<double> lower = moments.factor_or_deviations();
  const std::vector<std::int64_t> source = systematic_resampling(
      weights, context.rng.uniform({kernels::Purpose::resampling, s.iteration}, 0), params.particles);
  take_descendants(source, context, s);
  parallel::move_rows(context.comm, e.layout, {{s.memory.data(), s.memory.extent_int(1)}}, source);
  std::fill(s.log_weights.begin(), s.log_weights.end(), 0.0);

  const Batch memory = kernels::new_batch(e.rows(), s.memory.extent_int(1));
  double sum = 0.0;
  for (int move = 0; move < params.moves; ++move, ++s.moves) {
    Candidates c;
    c.position = kernels::new_batch(e.rows(), d);
    c.evaluation.log_likelihood = Vector("log_likelihood", e.rows());
    c.log_ratio = Vector("log_ratio", e.rows());
    kernels::gaussian_steps(context.rng, {kernels::Purpose::proposal, s.moves}, e.layout.first(),
                            {lower.empty() ? nullptr : lower.data(), std::exp(s.log_scale)}, e.position, c.position);
    const Batch u = parameters_at(problem, c.position);
    const auto seeds = seeds_of(context, {kernels::Purpose::filter_of_proposal, s.moves}, e.layout);
    for (int stage = 0; stage <= static_cast<int>(s.iteration); ++stage)
      advance(problem, sequence(problem, s), stage, u, seeds, memory, c.evaluation.log_likelihood);
    for (int row = 0; row < e.rows(); ++row) c.log_ratio(row) = log_prior_ratio(c.position, e.position, row);
    const Vector probability = accept(c, {1.0, std::exp(s.log_scale), lower, s.moves}, context, e);
    for (int row = 0; row < e.rows(); ++row)
      if (e.accepted(row) == 1.0) std::copy_n(&memory(row, 0), memory.extent(1), &s.memory(row, 0));
    const double acceptance = ordered_mean(context, e.layout, probability);
    s.log_scale += (acceptance - target_acceptance(InnerMove::random_walk)) / (move + 1.0);
    sum += acceptance;
  }
  s.acceptance = sum / params.moves;
  s.model_evaluations += static_cast<std::int64_t>(params.moves) * params.particles;
}

StepInfo Smc2::step(const Problem& problem, const Context& context, State& s) const {
  assimilate(problem, context, s);
  const bool is_last = s.iteration + 1 == model::sequence_of(problem)->stages();
  const Weights weights = normalised(s.log_weights);
  const Genealogy genealogy = genealogy_of(s.ancestors, weights, params.particles);
  s.log_evidence_standard_error = evidence_error(genealogy, s.ancestors.size(), s.rounding);
  const double share = effective_share(s.log_weights);
  if (share < params.ess_share || is_last) {
    s.rounding += genealogy.rounding;
    resample_and_move(problem, context, weights, s);
    if (!is_last && s.acceptance < params.refine_below && s.refinements < params.refinements)
      refine(problem, context, s);
  }
  ++s.iteration;
  StepInfo info;
  info.is_draw = info.is_finished = is_last;
  info.phase = "data";
  info.progress = static_cast<double>(s.iteration) / model::sequence_of(problem)->stages();
  info.numbers = {{"ess_share", share},
                  {"acceptance", s.acceptance},
                  {"scale", std::exp(s.log_scale)},
                  {"refinements", static_cast<double>(s.refinements)},
                  {"log_evidence", s.log_evidence},
                  {"log_evidence_standard_error", s.log_evidence_standard_error}};
  return info;
}

}  // namespace aleator::sampler
