#include "sampler/mcmc/metropolis.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>

#include "kernels/elementary.hpp"
#include "math/dense.hpp"
#include "model/sequence.hpp"
#include "sampler/weights.hpp"

namespace aleator::sampler {
namespace {

// Ends of the warm-up windows as shares of the warm-up; the rest tunes the scale for the final shape.
constexpr double window_ends[] = {0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.5, 0.9};
constexpr int windows_with_relocation = 5;

struct WarmupPlace {
  int ended_window = -1;  // index of the window that ends with this step, or -1
  std::int64_t since_window_start = 0;
};

WarmupPlace warmup_place(std::int64_t iteration, int warmup) {
  WarmupPlace place;
  std::int64_t start = 0;
  int window = 0;
  for (const double share : window_ends) {
    const auto end = static_cast<std::int64_t>(share * warmup);
    if (end == iteration && end > start) place.ended_window = window;
    if (end < iteration) start = end;
    ++window;
  }
  place.since_window_start = iteration - start;
  return place;
}

}  // namespace

// A covariance of d coordinates needs many times d draws that hardly depend on each other: short warm-ups have few hundreds.
bool learns_covariance(const ChainParams& params, int dimension) {
  if (params.covariance == Covariance::automatic) return dimension <= PooledMoments::largest_dimension;
  return params.covariance != Covariance::prior;
}

std::vector<double> learned_factor(const ChainParams& params, const PooledMoments& moments) {
  return params.covariance == Covariance::diagonal ? moments.deviations() : moments.factor();
}

int ended_window(std::int64_t iteration, int warmup) { return warmup_place(iteration, warmup).ended_window; }

void relocate_after_window(int window, const Context& context, BaseState& s) {
  if (window >= 0 && window < windows_with_relocation) relocate_stragglers(context, s);
}

// Chains that still are where they were drawn from the prior are weighted as such: L^h is a step towards the posterior. Later
// weights would count the likelihood twice, and in a few rounds all chains would be copies from the highest of several modes,
// with R-hat at 1. So then only those go that lie deeper than the typical set is wide: log pi varies by sqrt(d / 2) there.
void relocate_stragglers(const Context& context, BaseState& s) {
  std::vector<double> log_weights = s.ensemble.all_log_likelihoods(context);
  const double exponent = increment_for_share(log_weights, 0.5, 1.0);  // throws when all have likelihood zero
  if (s.iteration == 0) {
    for (double& value : log_weights) value *= exponent;
  } else {
    std::vector<double> log_prior;
    const int d = static_cast<int>(s.ensemble.position.extent(1));
    for (int row = 0; row < s.ensemble.rows(); ++row)
      log_prior.push_back(model::latent_log_prior(&s.ensemble.position(row, 0), d));
    log_prior = parallel::gather_rows(context.comm, log_prior);
    for (std::size_t i = 0; i < log_weights.size(); ++i)
      log_weights[i] =
          std::isnan(log_weights[i]) ? -std::numeric_limits<double>::infinity() : log_weights[i] + log_prior[i];
    std::vector<double> finite;
    std::copy_if(log_weights.begin(), log_weights.end(), std::back_inserter(finite),
                 [](double v) { return std::isfinite(v); });
    const auto middle = finite.begin() + static_cast<std::ptrdiff_t>(finite.size() / 2);
    std::nth_element(finite.begin(), middle, finite.end());
    const double deepest = *middle - (4.0 + 5.0 * std::sqrt(0.5 * d));
    bool is_one_left_behind = false;
    for (double& value : log_weights) {
      is_one_left_behind = is_one_left_behind || !(value >= deepest);
      value = value >= deepest ? 0.0 : -std::numeric_limits<double>::infinity();
    }
    if (!is_one_left_behind) return;
  }
  const double u = context.rng.uniform({kernels::Purpose::resampling, s.iteration}, 0);
  s.ensemble.take(systematic_resampling(log_weights, u), context);
}

int adapt_proposal(const ChainParams& params, const Context& context, double acceptance_excess, ChainState& s) {
  const WarmupPlace place = warmup_place(s.iteration, params.warmup);
  const double gain = std::pow(static_cast<double>(place.since_window_start), -0.6);
  s.log_scale += gain * acceptance_excess;
  const int d = static_cast<int>(s.ensemble.position.extent(1));
  if (!learns_covariance(params, d)) return place.ended_window;
  s.moments.observe(s.ensemble, context);
  if (place.ended_window < 0) return place.ended_window;
  if (std::vector<double> lower = learned_factor(params, s.moments); !lower.empty()) {
    s.lower = std::move(lower);
    s.centre = s.moments.mean();
  }
  s.moments.reset(d);
  return place.ended_window;
}

void ChainState::fields(io::Archive& archive) {
  BaseState::fields(archive);
  archive.field("log_scale", log_scale);
  archive.field("lower", lower);
  archive.field("centre", centre);
  moments.fields(archive, "moments");
}

Batch proposal_normals(const Ensemble& ensemble, const Context& context, std::int64_t step) {
  Batch xi(Kokkos::view_alloc("xi", Kokkos::WithoutInitializing), ensemble.rows(), ensemble.position.extent(1));
  context.rng.normals({kernels::Purpose::proposal, step}, ensemble.layout.first(), xi);
  return xi;
}

Candidates new_candidates(const Ensemble& ensemble, const Batch& position) {
  using Kokkos::view_alloc;
  using Kokkos::WithoutInitializing;
  Candidates c;
  c.position = position;
  c.evaluation.log_likelihood = Vector(view_alloc("log_likelihood", WithoutInitializing), ensemble.rows());
  c.evaluation.gradient =
      Batch(view_alloc("gradient", WithoutInitializing), ensemble.rows(), ensemble.gradient.extent(1));
  c.log_ratio = Vector(view_alloc("log_ratio", WithoutInitializing), ensemble.rows());
  return c;
}

Candidates evaluate_candidates(const Problem& problem, const Context& context, const Ensemble& ensemble,
                               const Batch& position) {
  Candidates c = new_candidates(ensemble, position);
  evaluate(problem, position, c.evaluation, context);
  return c;
}

Candidates start_of_trajectory(const Ensemble& ensemble, const Batch& position) {
  Candidates c = new_candidates(ensemble, position);
  Kokkos::deep_copy(c.evaluation.log_likelihood, ensemble.log_likelihood);
  Kokkos::deep_copy(c.evaluation.gradient, ensemble.gradient);
  return c;
}

// Eight sums in step, which a register holds; the order of the additions does not depend on its width.
double log_prior_ratio(const Batch& proposed, const Batch& present, int row) {
  constexpr int at_once = 8;
  const int d = static_cast<int>(present.extent(1));
  const double *const a = &present(row, 0), *const b = &proposed(row, 0);
  double sums[at_once] = {};
  int k = 0;
  for (; k + at_once <= d; k += at_once)
    for (int l = 0; l < at_once; ++l) sums[l] += (a[k + l] - b[k + l]) * (a[k + l] + b[k + l]);
  for (; k < d; ++k) sums[k % at_once] += (a[k] - b[k]) * (a[k] + b[k]);
  return 0.5 * (((sums[0] + sums[1]) + (sums[2] + sums[3])) + ((sums[4] + sums[5]) + (sums[6] + sums[7])));
}

Vector accept(const Candidates& c, const MoveSetting& setting, const Context& context, Ensemble& e) {
  Vector probability(Kokkos::view_alloc("probability", Kokkos::WithoutInitializing), e.rows());
  const Vector u(Kokkos::view_alloc("u", Kokkos::WithoutInitializing), e.rows());
  context.rng.uniforms({setting.acceptance, setting.step}, e.layout.first(), 0, u);
  const int d = static_cast<int>(e.position.extent(1)), g = static_cast<int>(e.gradient.extent(1));
  const auto take = [&](int row) {
    e.log_likelihood(row) = c.evaluation.log_likelihood(row);
    std::copy_n(&c.position(row, 0), d, &e.position(row, 0));
    if (g > 0) std::copy_n(&c.evaluation.gradient(row, 0), g, &e.gradient(row, 0));
  };
  constexpr int at_once = 256;
  kernels::for_each_row((e.rows() + at_once - 1) / at_once, [&, probability](int block) {
    const int first = block * at_once, last = std::min(first + at_once, e.rows());
    for (int row = first; row < last; ++row) {
      const double log_ratio =
          setting.temper * (c.evaluation.log_likelihood(row) - e.log_likelihood(row)) + c.log_ratio(row);
      probability(row) = std::isnan(log_ratio) ? -std::numeric_limits<double>::infinity() : std::min(log_ratio, 0.0);
    }
    kernels::exponentials(&probability(first), last - first, &probability(first));
    for (int row = first; row < last; ++row) {
      const bool is_accepted = u(row) <= probability(row) && probability(row) > 0.0;
      e.accepted(row) = is_accepted ? 1.0 : 0.0;
      if (is_accepted) take(row);
    }
  });
  return probability;
}

ChainState begin_chains(const ChainParams& params, double first_scale, bool with_gradient, const Problem& problem,
                        const Context& context) {
  ChainState s;
  s.ensemble = Ensemble::from_prior(params.chains, with_gradient, problem, context);
  s.model_evaluations = params.chains;
  s.gradient_evaluations = with_gradient ? params.chains : 0;
  s.log_scale = std::log(first_scale);
  if (learns_covariance(params, problem.dimension())) {
    s.lower = math::identity(problem.dimension()).a;
    s.moments.reset(problem.dimension());
  }
  return s;
}

StepInfo count_step(const ChainLength& length, const Problem& problem, BaseState& s) {
  ++s.iteration;
  const std::int64_t total = length.warmup + static_cast<std::int64_t>(length.draws) * length.thin;
  StepInfo info;
  info.progress = static_cast<double>(s.iteration) / static_cast<double>(total);
  info.is_finished = s.iteration >= total;
  info.is_draw = s.iteration > length.warmup && (s.iteration - length.warmup) % length.thin == 0;
  info.phase = s.iteration <= length.warmup ? "warm-up" : "sampling";
  if (s.iteration > length.warmup) s.means.add(problem, s.ensemble.position);
  return info;
}

StepInfo end_step(const ChainParams& params, double target_acceptance, const StepReport& report, const Problem& problem,
                  const Context& context, ChainState& s, int* ended_window) {
  StepInfo info = count_step(params, problem, s);
  s.model_evaluations += static_cast<std::int64_t>(report.runs) * params.chains;
  s.gradient_evaluations += static_cast<std::int64_t>(report.gradients) * params.chains;
  const bool is_warming_up = s.iteration <= params.warmup;
  if (!is_warming_up && !info.is_draw) return info;
  const double mean_acceptance = ordered_mean(context, s.ensemble.layout, report.acceptance);
  info.numbers = {{"acceptance", mean_acceptance}, {"scale", std::exp(s.log_scale)}};
  if (is_warming_up) {
    const Vector tuning = report.tuning.size() != 0 ? report.tuning : report.acceptance;
    const double excess = ordered_mean(context, s.ensemble.layout, tuning) - target_acceptance;
    const int window = adapt_proposal(params, context, excess, s);
    relocate_after_window(window, context, s);
    if (ended_window != nullptr) *ended_window = window;
  }
  return info;
}

Plan chain_plan(const ChainLength& params) { return {Plan::Kind::chains, params.chains, params.draws, true}; }

std::string gradient_objection(const Problem& problem, const char* needed) {
  if (problem.has_gradient()) return "";
  return fmt::format(
      "needs {} of the log-likelihood, which {} (of sampler/ these do without: random_walk, pcn, dram, slice, stretch, "
      "dream, parallel_tempering, smc, tmcmc, nested, aldi, cbs, score_diffusion{}{})",
      needed, problem.missing_gradient(), problem.noise() != nullptr ? ", eki, eks, uki" : "",
      model::sequence_of(problem) != nullptr ? ", smc2" : "");
}

}  // namespace aleator::sampler
