#include "sampler/langevin/score_diffusion.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/error.hpp"
#include "core/log.hpp"
#include "math/special.hpp"
#include "sampler/proposal_scale.hpp"
#include "sampler/stein/particles.hpp"

namespace aleator::sampler {
namespace {

// a and s of a noise to signal ratio
struct NoiseLevel {
  double signal, noise;
};

NoiseLevel noise_level_of(double ratio) {
  return {1.0 / std::sqrt(1.0 + ratio * ratio), ratio / std::sqrt(1.0 + ratio * ratio)};
}

double distance_to_scaled(const double* x, const double* y, double scale_of_y, int d) {
  double sum = 0.0;
  for (int k = 0; k < d; ++k) {
    const double r = std::fma(-scale_of_y, y[k], x[k]);
    sum = std::fma(r, r, sum);
  }
  return sum;
}

// Pool of all particles, on every rank; a failed one has weight -infinity.
struct Pool {
  Batch x;
  std::vector<double> log_likelihood, log_weight;  // log L, log L - log common density
};

// M candidates of each local particle: row r M + 2 p and the one after it are a y_r +- s xi.
Batch proposed_pool(const Context& context, const ScoreDiffusion::State& s, int pairs, NoiseLevel level) {
  const int rows = s.ensemble.rows(), d = static_cast<int>(s.noisy.extent(1));
  const Batch xi = kernels::new_batch(rows, pairs * d), x = kernels::new_batch(2 * pairs * rows, d);
  context.rng.normals({kernels::Purpose::score_candidate, s.iteration}, s.ensemble.layout.first(), xi);
  kernels::for_each_row(rows, [=, y = s.noisy](int row) {
    for (int pair = 0; pair < pairs; ++pair)
      for (int k = 0; k < d; ++k) {
        const double centre = level.signal * y(row, k), jump = level.noise * xi(row, pair * d + k);
        x(2 * (row * pairs + pair), k) = centre + jump;
        x(2 * (row * pairs + pair) + 1, k) = centre - jump;
      }
  });
  return x;
}

Pool evaluated_pool(const Problem& problem, const Context& context, const Batch& x, const Batch& all_noisy,
                    NoiseLevel level) {
  const int rows = static_cast<int>(x.extent(0)), d = static_cast<int>(x.extent(1)),
            members = static_cast<int>(all_noisy.extent(0));
  model::Evaluation evaluation{Vector("log_likelihood", rows), {}, {}};
  evaluate(problem, x, evaluation, context);
  std::vector<double> mine(static_cast<std::size_t>(rows)), log_likelihood(mine.size());
  kernels::for_each_row(rows, [&](int row) {
    std::vector<double> terms(static_cast<std::size_t>(members));
    for (int j = 0; j < members; ++j)
      terms[j] = -0.5 * distance_to_scaled(&x(row, 0), &all_noisy(j, 0), level.signal, d) / (level.noise * level.noise);
    log_likelihood[row] = evaluation.log_likelihood(row);
    mine[row] = log_likelihood[row] - math::log_sum_exp(terms);
  });
  const std::vector<double> weights = parallel::gather_rows(context.comm, mine);
  return {all_rows(context, x, static_cast<std::int64_t>(weights.size())),
          parallel::gather_rows(context.comm, log_likelihood), weights};
}

// One candidate, drawn by its weight for the particle y; `share`: the weights' effective size as a share of all.
std::size_t picked(const Pool& c, const double* y, NoiseLevel level, double uniform, double& share) {
  const int d = static_cast<int>(c.x.extent(1));
  std::vector<double> weights(c.log_weight);
  for (std::size_t i = 0; i < weights.size(); ++i)
    weights[i] -= 0.5 * distance_to_scaled(&c.x(i, 0), y, level.signal, d) / (level.noise * level.noise);
  const double top = *std::max_element(weights.begin(), weights.end());
  double sum = 0.0, squares = 0.0;
  for (double& weight : weights) {
    weight = std::exp(weight - top);
    sum += weight, squares += weight * weight;
  }
  share = sum * sum / squares / static_cast<double>(weights.size());
  double left = uniform * sum;
  std::size_t found = 0;
  for (std::size_t i = 0; i < weights.size() && left > 0.0; ++i)
    if (weights[i] > 0.0) left -= weights[i], found = i;
  return found;
}

void warn_of_copies(std::vector<double> taken) {
  constexpr double enough = 0.5;
  const double members = static_cast<double>(taken.size());
  std::sort(taken.begin(), taken.end());
  const auto different = std::unique(taken.begin(), taken.end()) - taken.begin();
  if (static_cast<double>(different) < enough * members)
    core::warn(
        "score-based diffusion: of {} members only {} are different, the others are copies: few candidates have any "
        "weight, and the spread is too small. Take more steps or pairs, or a sampler that moves (sampler/smc, "
        "sampler/polish).",
        taken.size(), different);
}

}  // namespace

deck::Schema<ScoreDiffusion::Params> ScoreDiffusion::schema() {
  deck::Schema<Params> s("Reverse diffusion with a score estimated by the particles: no training, no gradients",
                         "Bischoff, Riel 2024; Song and others 2021; Owen, Zhou 2000");
  s.key("members", &Params::members, "1", "number of particles J", deck::at_least(2))
      .key("pairs", &Params::pairs, "1", "pairs of candidates of each particle and step, M / 2", deck::at_least(1))
      .key("steps", &Params::steps, "1", "number of noise levels K, of equal ratios", deck::at_least(2))
      .key("first_noise", &Params::first_noise, "1", "noise to signal ratio of the first level", deck::at_least(1))
      .key("last_noise", &Params::last_noise, "1",
           "that of the last; well below the posterior's standard deviations, in those of the prior",
           deck::inside(0, 1));
  return s;
}

void ScoreDiffusion::State::fields(io::Archive& archive) {
  BaseState::fields(archive);
  archive.rows("noisy", ensemble.layout, noisy);
}

ScoreDiffusion::State ScoreDiffusion::init(const Problem& problem, const Context& context) const {
  State s;
  s.ensemble = Ensemble::unevaluated(params.members, problem, context);
  s.noisy = Batch("noisy", s.ensemble.rows(), problem.dimension());
  Kokkos::deep_copy(s.noisy, s.ensemble.position);
  return s;
}

StepInfo ScoreDiffusion::step(const Problem& problem, const Context& context, State& s) const {
  const Ensemble& e = s.ensemble;
  const int rows = e.rows(), d = problem.dimension();
  const double fall = std::pow(params.last_noise / params.first_noise, 1.0 / (params.steps - 1)),
               ratio = params.first_noise * std::pow(fall, static_cast<double>(s.iteration));
  const bool is_last = s.iteration + 1 >= params.steps;
  const NoiseLevel now = noise_level_of(ratio), next = is_last ? NoiseLevel{1.0, 0.0} : noise_level_of(ratio * fall);
  const Pool pool = evaluated_pool(problem, context, proposed_pool(context, s, params.pairs, now),
                                   all_rows(context, s.noisy, params.members), now);
  if (!std::isfinite(*std::max_element(pool.log_weight.begin(), pool.log_weight.end())))
    throw core::NumericsError(fmt::format(
        "score-based diffusion: every candidate of step {} has likelihood zero; more pairs look at more places",
        s.iteration + 1));
  s.model_evaluations += std::int64_t{2} * params.pairs * params.members;

  const double kept = now.signal / next.signal, fresh = 1.0 - kept * kept, variance = now.noise * now.noise,
               of_y = kept * next.noise * next.noise / variance, of_x = next.signal * fresh / variance,
               noise = next.noise * std::sqrt(fresh / variance);
  const Batch xi = kernels::new_batch(rows, d);
  context.rng.normals({kernels::Purpose::score_diffusion, s.iteration}, e.layout.first(), xi);
  const Vector shares("shares", rows);
  std::vector<double> taken(static_cast<std::size_t>(rows));  // the candidate that each member is a copy of
  kernels::for_each_row(rows, [&, y = s.noisy](int row) {
    const double uniform = context.rng.uniform({kernels::Purpose::score_pick, s.iteration}, e.layout.first() + row);
    const std::size_t chosen = picked(pool, &y(row, 0), now, uniform, shares(row));
    taken[static_cast<std::size_t>(row)] = static_cast<double>(chosen);
    e.log_likelihood(row) = pool.log_likelihood[chosen];
    for (int k = 0; k < d; ++k) {
      e.position(row, k) = pool.x(chosen, k);
      y(row, k) = of_y * y(row, k) + of_x * e.position(row, k) + noise * xi(row, k);
    }
  });

  ++s.iteration;
  StepInfo info;
  info.is_finished = info.is_draw = is_last;
  info.phase = "diffusion";
  info.progress = static_cast<double>(s.iteration) / params.steps;
  info.numbers = {{"noise", ratio}, {"effective_share", ordered_mean(context, e.layout, shares)}};
  if (is_last) warn_of_copies(parallel::gather_rows(context.comm, taken));
  return info;
}

}  // namespace aleator::sampler
