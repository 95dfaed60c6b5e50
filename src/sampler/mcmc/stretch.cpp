#include "sampler/mcmc/stretch.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace aleator::sampler {
namespace {

// This rank's members of one half: every other global row.
std::vector<int> rows_of_half(const Ensemble& e, int half) {
  std::vector<int> rows;
  for (int row = 0; row < e.rows(); ++row)
    if ((e.layout.first() + row) % 2 == half) rows.push_back(row);
  return rows;
}

// Positions of one half, of all ranks: member after member.
std::vector<double> all_of_half(const Context& context, const Ensemble& e, int half) {
  std::vector<double> mine;
  for (const int row : rows_of_half(e, half))
    mine.insert(mine.end(), &e.position(row, 0), &e.position(row, 0) + e.position.extent(1));
  return parallel::gather_rows(context.comm, mine);
}

// Moves one half; the acceptance probabilities go to `acceptance`.
void move_half(const Problem& problem, const Context& context, const Stretch::Params& params, std::int64_t iteration,
               int half, BaseState& s, const Vector& acceptance) {
  Ensemble& e = s.ensemble;
  const std::vector<int> rows = rows_of_half(e, half);
  const std::vector<double> others = all_of_half(context, e, 1 - half);
  const int count = static_cast<int>(rows.size()), d = problem.dimension();
  const double partners = static_cast<double>(others.size()) / d, a = params.stretch;
  const Batch proposed("proposed", count, d);
  const Vector log_ratio("log_ratio", count), log_likelihood("log_likelihood", count);
  const kernels::Stream stream{kernels::Purpose::stretch, iteration};
  kernels::for_each_row(count, [&](int i) {
    const int row = rows[static_cast<std::size_t>(i)];
    const std::int64_t member = e.layout.first() + row;
    const double pick = std::min(std::floor(context.rng.uniform(stream, member, 0) * partners), partners - 1.0);
    const double* const x = &others[static_cast<std::size_t>(pick) * static_cast<std::size_t>(d)];
    const double root = (a - 1.0) * context.rng.uniform(stream, member, 1) + 1.0, factor = root * root / a;
    double squares = 0.0;
    for (int k = 0; k < d; ++k) {
      const double z = e.position(row, k), moved = x[k] + factor * (z - x[k]);
      proposed(i, k) = moved;
      squares += (z - moved) * (z + moved);
    }
    log_ratio(i) = (d - 1.0) * std::log(factor) + 0.5 * squares;
  });
  model::Evaluation evaluation{log_likelihood, {}, {}};
  evaluate(problem, proposed, evaluation, context);
  kernels::for_each_row(count, [&](int i) {
    const int row = rows[static_cast<std::size_t>(i)];
    const double difference = log_ratio(i) + log_likelihood(i) - e.log_likelihood(row);
    acceptance(row) = std::isnan(difference) ? 0.0 : std::exp(std::min(0.0, difference));
    e.accepted(row) = context.rng.uniform(stream, e.layout.first() + row, 2) <= acceptance(row) ? 1.0 : 0.0;
    if (e.accepted(row) == 0.0) return;
    e.log_likelihood(row) = log_likelihood(i);
    std::copy_n(&proposed(i, 0), d, &e.position(row, 0));
  });
}

}  // namespace

deck::Schema<Stretch::Params> Stretch::schema() {
  deck::Schema<Params> s("Affine-invariant ensemble sampler (stretch move)",
                         "Goodman, Weare 2010; Foreman-Mackey, Hogg, Lang, Goodman 2013");
  add_length_keys(s).key("stretch", &Params::stretch, "1", "a: lengths change by a factor between 1 / a and a",
                         deck::inside(1, 100));
  return s;
}

std::string Stretch::objection(const Problem& problem) const {
  const int least = 2 * problem.dimension() + 2;  // so that each half spans the space
  return params.chains >= least ? ""
                                : fmt::format("{} members are too few for {} coordinates: set chains = {} or more",
                                              params.chains, problem.dimension(), least);
}

Stretch::State Stretch::init(const Problem& problem, const Context& context) const {
  State s;
  s.ensemble = Ensemble::from_prior(params.chains, false, problem, context);
  s.model_evaluations = params.chains;
  return s;
}

StepInfo Stretch::step(const Problem& problem, const Context& context, State& s) const {
  if (s.iteration == 0) relocate_stragglers(context, s);
  const Vector acceptance("acceptance", s.ensemble.rows());
  for (const int half : {0, 1}) move_half(problem, context, params, s.iteration, half, s, acceptance);
  StepInfo info = count_step(params, problem, s);
  s.model_evaluations += params.chains;
  relocate_after_window(ended_window(s.iteration, params.warmup), context, s);
  info.numbers = {{"acceptance", ordered_mean(context, s.ensemble.layout, acceptance)}};
  return info;
}

}  // namespace aleator::sampler
