#include "sampler/langevin/stochastic.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/error.hpp"
#include "core/log.hpp"

namespace aleator::sampler {
namespace {

// The variance that batches (and past states of other blocks) give C^1/2 times the gradient where the chains are, in the mean
// over coordinates and chains: half the square of the difference of two estimates.
double noise_share(const StochasticParams& params, const Context& context, StochasticState& s) {
  const Ensemble& e = s.ensemble;
  const auto d = e.position.extent(1);
  const Batch other = kernels::new_batch(e.rows(), static_cast<int>(d));
  model::Evaluation again{Vector("log_likelihood", e.rows()), other, {}};
  stochastic_gradient(params, context, e.position, -1, s, again);
  const Vector variance("variance", e.rows());
  for (int row = 0; row < e.rows(); ++row) {
    if (!std::isfinite(e.log_likelihood(row)) || !std::isfinite(again.log_likelihood(row))) continue;
    std::vector<double> difference(d);
    for (std::size_t k = 0; k < d; ++k) difference[k] = e.gradient(row, k) - other(row, k);
    multiply_root(s, difference.data());
    variance(row) = 0.5 * math::dot(difference, difference) / static_cast<double>(d);
  }
  return ordered_mean(context, e.layout, variance);
}

// Directions beyond the eigenpairs found are taken to be as wide as in the prior.
void warn_of_rank(const StochasticParams& params, const StochasticState& s, int d) {
  constexpr double felt = 0.1;
  if (s.hessian.rank() == params.rank && params.rank < d && s.hessian.values.back() > felt)
    core::warn(
        "stochastic gradients: all rank = {} eigenvalues found exceed {:.3g}; steps along the other {} directions are "
        "too long for the posterior there, or unstable: set rank = {}",
        params.rank, s.hessian.values.back(), d - params.rank, d);
}

void find_mode(const Problem& problem, const Context& context, StochasticState& s) {
  constexpr double tolerance = 1e-6;
  constexpr int most_steps = 100;
  RunCount count;
  Newton newton = Newton::at(best_start(problem, context, s.ensemble, count), problem, context, count);
  while (newton.gradient_norm() > tolerance * newton.first_norm && !newton.is_stuck && newton.iterations < most_steps)
    newton.step(problem, context, count);
  s.mode = newton.z;
  count.add_to(s);
}

// C_kk = 1 / (1 + H_kk): the variance of a coordinate when all others are held.
std::vector<double> diagonal_of(const LowRankHessian& h, int d) {
  std::vector<double> precision(static_cast<std::size_t>(d), 1.0);
  for (int r = 0; r < h.rank(); ++r)
    for (int k = 0; k < d; ++k)
      precision[static_cast<std::size_t>(k)] += h.values[r] * h.vectors(r, k) * h.vectors(r, k);
  for (double& p : precision) p = 1.0 / p;
  return precision;
}

// m + C^1/2 x
void move_to_mode(const StochasticState& s, double* x) {
  multiply_root(s, x);
  for (std::size_t k = 0; k < s.mode.size(); ++k) x[k] += s.mode[k];
}

void count_batches(std::int64_t rows, StochasticState& s) {
  const std::int64_t runs = s.batches->runs(s.batch_rows + rows) - s.batches->runs(s.batch_rows);
  s.batch_rows += rows;
  s.model_evaluations += runs, s.gradient_evaluations += runs;
}

// For each block of each row: the row with all other blocks from a past state of its chain.
Batch mixed_rows(const StochasticParams& params, const Context& context, const Batch& position, std::int64_t step,
                 const StochasticState& s) {
  const std::size_t rows = position.extent(0), d = position.extent(1), blocks = params.blocks.size();
  const Batch mixed = kernels::new_batch(rows * blocks, static_cast<int>(d));
  for (std::size_t row = 0; row < rows; ++row) {
    std::size_t first = 0;
    for (std::size_t b = 0; b < blocks; ++b) {
      const double u = context.rng.uniform({kernels::Purpose::past, step},
                                           s.ensemble.layout.first() + static_cast<std::int64_t>(row),
                                           static_cast<std::uint32_t>(b));
      const auto slot = static_cast<std::size_t>(std::max(0.0, std::ceil(u * params.memory) - 1.0));
      std::copy_n(&s.past(row, slot * d), d, &mixed(row * blocks + b, 0));
      const auto size = static_cast<std::size_t>(params.blocks[b]);
      std::copy_n(&position(row, first), size, &mixed(row * blocks + b, first));
      first += size;
    }
  }
  return mixed;
}

}  // namespace

void StochasticState::fields(io::Archive& archive) {
  BaseState::fields(archive);
  hessian.fields(archive, "hessian");
  archive.field("diagonal", diagonal);
  archive.rows("past", ensemble.layout, past);
  archive.field("batch_rows", batch_rows);
}

std::string stochastic_objection(const StochasticParams& params, const Problem& problem) {
  if (const std::string text = minibatch_objection(problem); !text.empty()) return text;
  const int sum = std::accumulate(params.blocks.begin(), params.blocks.end(), 0);
  return params.blocks.empty() || sum == problem.dimension()
             ? ""
             : fmt::format("has blocks of {} latent coordinates together, but the problem has {}", sum,
                           problem.dimension());
}

Plan stochastic_plan(const StochasticParams& params) {
  Plan plan = chain_plan(params);
  plan.is_exact = false;
  return plan;
}

void multiply_root(const StochasticState& s, double* x) {
  if (s.diagonal.empty()) return s.hessian.multiply_root(x);
  for (std::size_t k = 0; k < s.diagonal.size(); ++k) x[k] *= std::sqrt(s.diagonal[k]);
}

void multiply_covariance(const StochasticState& s, double* x) {
  if (s.diagonal.empty()) return s.hessian.multiply_covariance(x);
  for (std::size_t k = 0; k < s.diagonal.size(); ++k) x[k] *= s.diagonal[k];
}

void begin_stochastic(const StochasticParams& params, const Problem& problem, const Context& context,
                      StochasticState& s) {
  s.ensemble = Ensemble::from_prior(params.chains, true, problem, context);
  s.model_evaluations = s.gradient_evaluations = params.chains;
  s.past = Batch("past", s.ensemble.rows(), params.blocks.empty() ? 0 : params.memory * problem.dimension());
}

void prepare_stochastic(const StochasticParams& params, double spread, const Problem& problem, const Context& context,
                        StochasticState& s) {
  if (s.batches != nullptr) return;
  const bool is_first = s.mode.empty();
  const int d = problem.dimension();
  if (is_first) {
    find_mode(problem, context, s);
    math::Matrix centre(1, d);
    centre.a = s.mode;
    HessianSettings settings;
    settings.most = params.rank, settings.least = 0.01, settings.most_steps = 10;
    RunCount count;
    s.hessian = mean_hessian(problem, context, centre, settings, count);
    count.add_to(s);
    if (!params.blocks.empty()) s.diagonal = diagonal_of(s.hessian, d);
  }
  auto batches = std::make_shared<Minibatches>(problem, params.batch, context);
  batches->control_at(s.mode, context, params.control_variate);
  s.batches = batches;
  if (!is_first) return;
  count_batches(batches->count(), s);
  warn_of_rank(params, s, d);
  Ensemble& e = s.ensemble;
  context.rng.normals({kernels::Purpose::laplace}, e.layout.first(), e.position);
  context.rng.normals({kernels::Purpose::past, -1}, e.layout.first(), s.past);
  for (int row = 0; row < e.rows(); ++row) {
    move_to_mode(s, &e.position(row, 0));
    for (std::size_t first = 0; first < s.past.extent(1); first += static_cast<std::size_t>(d))
      move_to_mode(s, &s.past(row, first));
  }
  model::Evaluation evaluation{e.log_likelihood, e.gradient, {}};
  stochastic_gradient(params, context, e.position, 0, s, evaluation);
  for (int row = 0; row < e.rows(); ++row) {  // a start that cannot be evaluated: at m, which can
    if (std::isfinite(e.log_likelihood(row))) continue;
    std::copy(s.mode.begin(), s.mode.end(), &e.position(row, 0));
    for (int k = 0; k < d; ++k)
      e.gradient(row, k) = s.mode[static_cast<std::size_t>(k)];  // that of the prior's other half
  }
  if (const double excess = 0.5 * spread * noise_share(params, context, s); excess > 0.1)
    core::warn(
        "stochastic gradients: their noise makes the variances of the draws too large, by about {:.0f} % for steps as "
        "long as these; a smaller step{}{}",
        100.0 * excess, batches->count() > 1 ? ", a larger batch" : "",
        params.control_variate ? "" : " or control_variate = true");
}

void stochastic_gradient(const StochasticParams& params, const Context& context, const Batch& position,
                         std::int64_t step, StochasticState& s, model::Evaluation& result) {
  const std::vector<int> batch = s.batches->draw(s.ensemble.layout, step, context);
  const std::size_t rows = position.extent(0), blocks = params.blocks.size();
  count_batches(params.chains * static_cast<std::int64_t>(std::max<std::size_t>(1, blocks)), s);
  if (blocks == 0) return s.batches->evaluate(position, batch, result, context);
  const Batch mixed = mixed_rows(params, context, position, step, s);
  model::Evaluation e{
      Vector("log_likelihood", mixed.extent(0)), Batch("gradient", mixed.extent(0), mixed.extent(1)), {}};
  std::vector<int> batch_of_mixed;
  for (const int b : batch) batch_of_mixed.insert(batch_of_mixed.end(), blocks, b);
  s.batches->evaluate(mixed, batch_of_mixed, e, context);
  for (std::size_t row = 0; row < rows; ++row) {
    result.log_likelihood(row) = 0.0;
    std::size_t k = 0;
    for (std::size_t b = 0; b < blocks; ++b) {
      result.log_likelihood(row) += e.log_likelihood(row * blocks + b) / static_cast<double>(blocks);
      for (const std::size_t end = k + static_cast<std::size_t>(params.blocks[b]); k < end; ++k)
        result.gradient(row, k) = e.gradient(row * blocks + b, k);
    }
  }
}

StepInfo end_stochastic_step(const StochasticParams& params, const Batch& chain, const Vector& moved,
                             const Problem& problem, const Context& context, StochasticState& s) {
  StepInfo info = count_step(params, problem, s);
  Ensemble& e = s.ensemble;
  const auto d = e.position.extent(1);
  if (s.past.extent(1) > 0 && s.iteration % params.thin == 0) {
    const auto slot = static_cast<std::size_t>(s.iteration / params.thin) % static_cast<std::size_t>(params.memory);
    for (int row = 0; row < e.rows(); ++row) std::copy_n(&chain(row, 0), d, &s.past(row, slot * d));
  }
  if (!info.is_draw) return info;
  model::Evaluation evaluation{e.log_likelihood, {}, {}};
  evaluate(problem, e.position, evaluation, context);
  s.model_evaluations += params.chains;
  info.numbers = {{"moved", ordered_mean(context, e.layout, moved)},
                  {"batches", static_cast<double>(s.batches->count())},
                  {"rank", static_cast<double>(s.hessian.rank())}};
  return info;
}

}  // namespace aleator::sampler
