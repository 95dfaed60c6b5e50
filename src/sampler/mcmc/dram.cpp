#include "sampler/mcmc/dram.hpp"

#include <algorithm>
#include <cmath>

#include "kernels/triangular.hpp"

namespace aleator::sampler {
namespace {

double squares(const Batch& z, int row) {
  double sum = 0.0;
  for (std::size_t k = 0; k < z.extent(1); ++k) sum += z(row, k) * z(row, k);
  return sum;
}

// proposed = z + epsilon L xi. The normals are kept, unlike in sampler/random_walk: the second stage's ratio needs them.
void propose(const MoveSetting& setting, const Batch& position, const Batch& xi, const Batch& proposed) {
  kernels::multiply_lower(
      setting.lower.data(), static_cast<int>(xi.extent(0)), static_cast<int>(xi.extent(1)),
      [=](int row, int k) { return xi(row, k); },
      [=, epsilon = setting.scale](int row, int k, double step) {
        proposed(row, k) = position(row, k) + epsilon * step;
      });
}

// Rows of a step that was refused, packed: row i of each batch belongs to the ensemble's row rows[i].
struct Refused {
  std::vector<int> rows;
  Batch start, xi, second_xi;  // z, xi, xi''
};

Refused refused_of(const Context& context, const Ensemble& e, const Batch& xi, std::int64_t step) {
  Refused r;
  for (int row = 0; row < e.rows(); ++row)
    if (e.accepted(row) == 0.0) r.rows.push_back(row);
  const int count = static_cast<int>(r.rows.size()), d = static_cast<int>(xi.extent(1));
  r.start = Batch("start", count, d), r.xi = Batch("xi", count, d), r.second_xi = Batch("second_xi", count, d);
  kernels::for_each_row(count, [&](int i) {
    const int row = r.rows[static_cast<std::size_t>(i)];
    std::copy_n(&e.position(row, 0), d, &r.start(i, 0));
    std::copy_n(&xi(row, 0), d, &r.xi(i, 0));
    context.rng.row_of_normals({kernels::Purpose::second_proposal, step}, e.layout.first() + row, &r.second_xi(i, 0),
                               d);
  });
  return r;
}

}  // namespace

deck::Schema<Dram::Params> Dram::schema() {
  deck::Schema<Params> s("Delayed rejection adaptive Metropolis (DRAM)", "Haario, Laine, Mira, Saksman 2006");
  add_chain_keys(s)
      .key("target_acceptance", &Params::target_acceptance, "1", "acceptance rate of first proposals",
           deck::inside(0, 1))
      .key("second_scale", &Params::second_scale, "1", "gamma, length of second proposals as a share of the first",
           deck::inside(0, 1));
  return s;
}

Dram::State Dram::init(const Problem& problem, const Context& context) const {
  return begin_chains(params, 2.38 / std::sqrt(problem.dimension()), false, problem, context);
}

StepInfo Dram::step(const Problem& problem, const Context& context, State& s) const {
  Ensemble& e = s.ensemble;
  const MoveSetting setting{1.0, std::exp(s.log_scale), s.lower, s.iteration};
  const Batch xi = proposal_normals(e, context, s.iteration), proposed("proposed", e.rows(), xi.extent(1));
  propose(setting, e.position, xi, proposed);
  const Candidates c = evaluate_candidates(problem, context, e, proposed);
  kernels::for_each_row(
      e.rows(), [=, position = e.position](int row) { c.log_ratio(row) = log_prior_ratio(proposed, position, row); });
  const Vector first_acceptance = accept(c, setting, context, e);

  const Refused r = refused_of(context, e, xi, s.iteration);
  const int count = static_cast<int>(r.rows.size()), d = static_cast<int>(xi.extent(1));
  const double gamma = params.second_scale;
  const Batch second("second", count, d);
  propose({1.0, gamma * setting.scale, s.lower, s.iteration}, r.start, r.second_xi, second);
  const Vector log_likelihood("log_likelihood", count);
  model::Evaluation evaluation{log_likelihood, {}, {}};
  evaluate(problem, second, evaluation, context);
  const Vector second_acceptance("second_acceptance", e.rows());
  kernels::for_each_row(count, [&](int i) {
    const int row = r.rows[static_cast<std::size_t>(i)];
    const double log_first = c.evaluation.log_likelihood(row) - 0.5 * squares(proposed, row),
                 log_second = log_likelihood(i) - 0.5 * squares(second, i),
                 log_start = e.log_likelihood(row) - 0.5 * squares(r.start, i);
    double back = 0.0;  // |xi - gamma xi''|^2
    for (int k = 0; k < d; ++k) back += std::pow(r.xi(i, k) - gamma * r.second_xi(i, k), 2);
    const double from_second = std::exp(std::min(0.0, log_first - log_second));  // alpha_1(z'', z')
    const double log_ratio = log_second - log_start + 0.5 * (squares(r.xi, i) - back) + std::log1p(-from_second) -
                             std::log1p(-first_acceptance(row));
    const double probability = std::isnan(log_ratio) ? 0.0 : std::exp(std::min(0.0, log_ratio));
    second_acceptance(row) = probability;
    const kernels::Stream stream{kernels::Purpose::second_acceptance, s.iteration};
    if (!(context.rng.uniform(stream, e.layout.first() + row) <= probability)) return;
    e.accepted(row) = 1.0;
    e.log_likelihood(row) = log_likelihood(i);
    std::copy_n(&second(i, 0), d, &e.position(row, 0));
  });

  const std::int64_t all_refused = context.comm.sum(static_cast<std::int64_t>(count));
  s.model_evaluations += all_refused;
  StepInfo info = end_step(params, params.target_acceptance, {first_acceptance, 1, 0}, problem, context, s);
  if (!info.numbers.empty()) {
    const double sum = ordered_mean(context, e.layout, second_acceptance) * params.chains;
    info.numbers.emplace_back("second_acceptance", all_refused > 0 ? sum / static_cast<double>(all_refused) : 0.0);
  }
  return info;
}

}  // namespace aleator::sampler
