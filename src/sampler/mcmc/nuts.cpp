#include "sampler/mcmc/nuts.hpp"

#include <algorithm>
#include <cmath>

#include "core/log.hpp"
#include "kernels/triangular.hpp"
#include "math/dense.hpp"

namespace aleator::sampler {
namespace {

// Stan's warm-up: step alone until `start`, then windows that learn the metric and double, step alone from `end` on.
struct WarmupPlan {
  int start, end, first_window;
};

// Stan's first window has 25 steps, of one chain. Many chains know as much after fewer, and under a vague prior every step
// before the first metric may cost a thousand leapfrogs.
WarmupPlan warmup_plan(const ChainLength& length) {
  const int warmup = length.warmup, first = std::clamp(400 / length.chains, 5, 25);
  if (warmup < 20) return {warmup, warmup, 0};
  if (warmup < 6 * first) {
    const int start = static_cast<int>(0.15 * warmup), end = warmup - static_cast<int>(0.1 * warmup);
    return {start, end, end - start};
  }
  return {3 * first, warmup - std::min(50, warmup / 3), first};
}

// Whether the window that iteration t (counted from 1) belongs to ends with it. The last window takes what is left.
bool ends_window(const WarmupPlan& plan, std::int64_t t) {
  int end = plan.start;
  for (int window = plan.first_window; end < plan.end; window *= 2) {
    end += window;
    if (end + 2 * window > plan.end) end = plan.end;
    if (end >= t) return end == t;
  }
  return false;
}

// force = L^T grad log pi(z)
void forces(const Nuts::State& s, ConstBatch z, ConstBatch g, const Batch& force) {
  const int rows = static_cast<int>(z.extent(0)), d = static_cast<int>(z.extent(1));
  if (!s.lower.empty())
    return kernels::multiply_lower_transposed(
        s.lower.data(), rows, d, [=](int row, int k) { return g(row, k) - z(row, k); },
        [=](int row, int k, double value) { force(row, k) = value; });
  const double* const deviation = s.deviations.empty() ? nullptr : s.deviations.data();
  kernels::for_each_row(rows, [=, &s](int row) {
    const double *const z_row = &z(row, 0), *const g_row = &g(row, 0);
    double* const out = &force(row, 0);
    if (deviation != nullptr)
      for (int k = 0; k < d; ++k) out[k] = deviation[k] * (g_row[k] - z_row[k]);
    else
      for (int k = 0; k < d; ++k) out[k] = g_row[k] - z_row[k];
    if (s.subspace.rank() > 0) s.subspace.multiply_root(out);
  });
}

// z = z_0 + L x for the chains `active`.
void positions(const Nuts::State& s, const std::vector<int>& active, const Batch& z) {
  const int rows = static_cast<int>(z.extent(0)), d = static_cast<int>(z.extent(1));
  const Batch start = s.ensemble.position;
  if (!s.lower.empty())
    return kernels::multiply_lower(
        s.lower.data(), rows, d,
        [&](int row, int k) { return s.trees[static_cast<std::size_t>(active[row])].position()[k]; },
        [&](int row, int k, double value) { z(row, k) = start(active[row], k) + value; });
  const double* const deviation = s.deviations.empty() ? nullptr : s.deviations.data();
  kernels::for_each_row(rows, [&](int row) {
    const double *const x = s.trees[static_cast<std::size_t>(active[row])].position(), *const z_0 =
                                                                                           &start(active[row], 0);
    double* const out = &z(row, 0);
    if (s.subspace.rank() > 0) {
      std::copy_n(x, d, out);
      s.subspace.multiply_root(out);
      for (int k = 0; k < d; ++k) out[k] += z_0[k];
    } else if (deviation != nullptr)
      for (int k = 0; k < d; ++k) out[k] = z_0[k] + deviation[k] * x[k];
    else
      for (int k = 0; k < d; ++k) out[k] = z_0[k] + x[k];
  });
}

// Eight sums: one alone would wait for each addition.
double log_density(double log_likelihood, const double* z, int d) {
  double squares[8] = {};
  int k = 0;
  for (; k + 8 <= d; k += 8)
    for (int lane = 0; lane < 8; ++lane) squares[lane] += z[k + lane] * z[k + lane];
  for (int lane = 0; k < d; ++k, ++lane) squares[lane] += z[k] * z[k];
  double sum = 0.0;
  for (const double square : squares) sum += square;
  return log_likelihood - 0.5 * sum;
}

Batch scratch(const std::string& name, int rows, int columns) {
  return Batch(Kokkos::view_alloc(name, Kokkos::WithoutInitializing), rows, columns);
}

// The trajectories of all chains that have a density, at their start.
std::vector<int> begin_trees(const Context& context, int depth, Nuts::State& s) {
  const Ensemble& e = s.ensemble;
  const int d = static_cast<int>(e.position.extent(1));
  const Batch momentum = proposal_normals(e, context, s.iteration), force = scratch("force", e.rows(), d);
  forces(s, e.position, e.gradient, force);
  s.trees.resize(static_cast<std::size_t>(e.rows()));
  kernels::for_each_row(e.rows(), [&](int row) {
    s.trees[static_cast<std::size_t>(row)].begin({d, depth, &momentum(row, 0), &force(row, 0),
                                                  log_density(e.log_likelihood(row), &e.position(row, 0), d),
                                                  &context.rng, s.iteration, e.layout.first() + row});
  });
  std::vector<int> active;
  for (int row = 0; row < e.rows(); ++row)
    if (std::isfinite(e.log_likelihood(row))) active.push_back(row);
  return active;
}

// Doubles or halves the step until one leapfrog's mean acceptance statistic crosses the target (Stan: 0.8).
void find_step(const Nuts& nuts, const Problem& problem, const Context& context, Nuts::State& s) {
  constexpr int most_trials = 60;
  constexpr double wanted = 0.8;
  int direction = 0;
  for (int trial = 0; trial < most_trials; ++trial) {
    const std::int64_t runs = context.comm.sum(nuts.grow(problem, context, std::exp(s.log_step), 1, s));
    s.model_evaluations += runs, s.gradient_evaluations += runs;
    const Vector acceptance("acceptance", s.ensemble.rows());
    for (int row = 0; row < s.ensemble.rows(); ++row)
      acceptance(row) = s.trees[static_cast<std::size_t>(row)].acceptance();
    const int now = ordered_mean(context, s.ensemble.layout, acceptance) > wanted ? 1 : -1;
    if (direction == 0) direction = now;
    if (now != direction) break;
    s.log_step += direction * std::log(2.0);
  }
  s.step_size.restart(std::exp(s.log_step));
}

void learn_metric(const Nuts& nuts, const Problem& problem, const Context& context, Nuts::State& s) {
  const Nuts::Metric metric = nuts.params.metric;
  const int d = static_cast<int>(s.ensemble.position.extent(1));
  if (metric == Nuts::Metric::hessian) {
    learn_subspace(nuts.params, problem, context, s.ensemble, s.subspace).add_to(s);
  } else if (metric == Nuts::Metric::dense) {
    if (std::vector<double> lower = s.moments.factor(); !lower.empty()) s.lower = std::move(lower);
    s.moments.reset(d);
  } else {
    if (std::vector<double> deviations = s.variances.deviations(); !deviations.empty())
      s.deviations = std::move(deviations);
    s.variances.reset(d);
  }
}

void adapt_nuts(const Nuts& nuts, const Problem& problem, const Context& context, double acceptance, Nuts::State& s) {
  s.log_step = s.step_size.update(nuts.params.target_acceptance, acceptance);
  const WarmupPlan plan = warmup_plan(nuts.params);
  const bool is_in_window =
      s.iteration > plan.start && s.iteration <= plan.end && nuts.params.metric != Nuts::Metric::unit;
  if (is_in_window && nuts.params.metric == Nuts::Metric::dense) s.moments.observe(s.ensemble, context);
  if (is_in_window && nuts.params.metric == Nuts::Metric::diagonal) s.variances.observe(s.ensemble, context);
  const bool is_window_end = is_in_window && ends_window(plan, s.iteration);
  if ((is_window_end || s.iteration == plan.start) && 2 * s.iteration <= nuts.params.warmup)
    relocate_stragglers(context, s);
  if (is_window_end) {
    learn_metric(nuts, problem, context, s);
    find_step(nuts, problem, context, s);
  }
  if (s.iteration == nuts.params.warmup && s.step_size.count > 0.0) s.log_step = s.step_size.log_average;
}

}  // namespace

void Nuts::State::fields(io::Archive& archive) {
  BaseState::fields(archive);
  archive.field("log_step", log_step);
  step_size.fields(archive, "step_size");
  archive.field("deviations", deviations);
  archive.field("lower", lower);
  subspace.fields(archive, "subspace");
  variances.fields(archive, "variances");
  moments.fields(archive, "moments");
  archive.field("divergences", divergences);
  archive.field("cut_short", cut_short);
  archive.field("left_support", left_support);
}

deck::Schema<Nuts::Params> Nuts::schema() {
  deck::Schema<Params> s("No-U-turn sampler", "Hoffman, Gelman 2014; Betancourt 2017; Carpenter et al. 2017");
  add_length_keys(s)
      .key("target_acceptance", &Params::target_acceptance, "1",
           "acceptance statistic the step is tuned to; higher is slower and follows curved posteriors more closely",
           deck::inside(0, 1))
      .key("max_depth", &Params::max_depth, "1", "doublings of a trajectory, at most", deck::between(1, 20))
      .choice(
          "metric", &Params::metric, "what the coordinates are scaled by",
          {{"unit", Metric::unit, "nothing: that of the prior"},
           {"diagonal", Metric::diagonal, "the standard deviations of all chains in the warm-up"},
           {"dense", Metric::dense, "the covariance of all chains in the warm-up; costs d^2 a leapfrog"},
           {"hessian", Metric::hessian,
            "(I + H)^-1/2, H the mean Hessian of some chains' log-likelihoods by its largest eigenvalues: for fields "
            "of which the data tell few directions, and those well"}});
  add_subspace_keys<Params>(s, "metric = \"hessian\"", [](const Params& p) { return p.metric == Metric::hessian; });
  return s;
}

std::string Nuts::objection(const Problem& problem) const {
  if (const std::string no_gradient = gradient_objection(problem); !no_gradient.empty()) return no_gradient;
  return params.metric == Metric::hessian ? hessian_objection(problem) : "";
}

Plan Nuts::plan() const {
  using Kind = DrawStatistic::Kind;
  Plan plan = chain_plan(params);
  plan.statistics = {{"diverging", "did the trajectory of this draw diverge", Kind::truth},
                     {"tree_depth", "doublings of the trajectory", Kind::integer},
                     {"n_steps", "leapfrog steps of the trajectory", Kind::integer},
                     {"energy", "Hamiltonian of the draw: its kinetic energy less lp", Kind::real}};
  return plan;
}

Nuts::State Nuts::init(const Problem& problem, const Context& context) const {
  State s;
  s.ensemble = Ensemble::from_prior(params.chains, true, problem, context);
  s.model_evaluations = s.gradient_evaluations = params.chains;
  s.moments.reset(params.metric == Metric::dense ? problem.dimension() : 0);
  s.variances.reset(params.metric == Metric::diagonal ? problem.dimension() : 0);
  return s;
}

std::int64_t Nuts::grow(const Problem& problem, const Context& context, double epsilon, int depth, State& s) const {
  std::vector<int> active = begin_trees(context, depth, s);
  const int rows = static_cast<int>(active.size()), d = problem.dimension();
  const Batch all_z = scratch("z", rows, d), all_g = scratch("gradient", rows, d), all_f = scratch("force", rows, d);
  const Vector all_l("log_likelihood", rows);
  const bool is_agreed = context.comm.size() > 1 && problem.may_stop();  // then evaluate is collective
  std::int64_t runs = 0;
  while (is_agreed ? context.comm.any(!active.empty()) : !active.empty()) {
    const int count = static_cast<int>(active.size());
    const auto range = Kokkos::make_pair(0, count);
    const Batch z = Kokkos::subview(all_z, range, Kokkos::ALL), g = Kokkos::subview(all_g, range, Kokkos::ALL),
                f = Kokkos::subview(all_f, range, Kokkos::ALL);
    kernels::for_each_row(count, [&](int i) { s.trees[static_cast<std::size_t>(active[i])].advance(epsilon); });
    positions(s, active, z);
    model::Evaluation evaluation{Kokkos::subview(all_l, range), g, {}};
    evaluate(problem, z, evaluation, context);
    forces(s, z, g, f);
    std::vector<char> goes_on(active.size());
    kernels::for_each_row(count, [&](int i) {
      const double l = all_l(i);
      goes_on[static_cast<std::size_t>(i)] = s.trees[static_cast<std::size_t>(active[i])].add(
          {&z(i, 0), &g(i, 0), &f(i, 0), l, log_density(l, &z(i, 0), d)}, epsilon);
    });
    runs += count;
    std::size_t kept = 0;
    for (std::size_t i = 0; i < active.size(); ++i)
      if (goes_on[i] != 0) active[kept++] = active[i];
    active.resize(kept);
  }
  return runs;
}

StepInfo Nuts::step(const Problem& problem, const Context& context, State& s) const {
  if (s.iteration == 0) {
    relocate_stragglers(context, s);
    if (params.metric == Metric::hessian) learn_metric(*this, problem, context, s);
    find_step(*this, problem, context, s);
  }
  const std::int64_t mine = grow(problem, context, std::exp(s.log_step), params.max_depth, s);
  const Ensemble& e = s.ensemble;
  const Vector acceptance("acceptance", e.rows());
  std::int64_t divergent = 0, outside = 0, longest = 0;
  const double normaliser = 0.5 * problem.dimension() * std::log(2.0 * M_PI);  // of N(0, I), as in lp
  if (s.statistics.extent_int(0) != e.rows()) s.statistics = Batch("statistics", e.rows(), 4);
  for (int row = 0; row < e.rows(); ++row) {
    const NutsTree& tree = s.trees[static_cast<std::size_t>(row)];
    acceptance(row) = tree.acceptance();
    divergent += tree.is_divergent() ? 1 : 0;
    outside += tree.has_left_support() ? 1 : 0;
    longest += tree.depth() >= params.max_depth ? 1 : 0;
    const double statistics[] = {tree.is_divergent() ? 1.0 : 0.0, static_cast<double>(tree.depth()),
                                 static_cast<double>(tree.leapfrogs()), tree.energy() + normaliser};
    std::copy(std::begin(statistics), std::end(statistics), &s.statistics(row, 0));
    e.accepted(row) = tree.has_moved() ? 1.0 : 0.0;
    if (!tree.has_moved()) continue;
    std::copy_n(tree.sample().z.data(), e.position.extent(1), &e.position(row, 0));
    std::copy_n(tree.sample().gradient.data(), e.position.extent(1), &e.gradient(row, 0));
    e.log_likelihood(row) = tree.sample().log_likelihood;
  }
  const std::int64_t runs = context.comm.sum(mine);
  s.model_evaluations += runs, s.gradient_evaluations += runs;
  StepInfo info = count_step(params, problem, s);
  if (s.iteration > params.warmup) {
    s.divergences += context.comm.sum(divergent);
    s.left_support += context.comm.sum(outside);
    s.cut_short += context.comm.sum(longest);
  }
  const double mean_acceptance = ordered_mean(context, e.layout, acceptance);
  if (s.iteration <= params.warmup) adapt_nuts(*this, problem, context, mean_acceptance, s);
  info.numbers = {
      {"acceptance", mean_acceptance},
      {"scale", std::exp(s.log_step)},
      {"leapfrogs", static_cast<double>(runs) / params.chains},
      {"divergences", static_cast<double>(s.divergences)},
      {"cut_short", static_cast<double>(s.cut_short)},
      {"trajectories", static_cast<double>(std::max<std::int64_t>(0, s.iteration - params.warmup)) * params.chains}};
  if (info.is_finished && s.divergences > 0)
    core::warn(
        "{} trajectories diverged after the warm-up: draws near them may be biased; a higher target_acceptance or "
        "another form of the prior may help",
        s.divergences);
  const std::int64_t trajectories = static_cast<std::int64_t>(params.chains) * params.draws * params.thin;
  constexpr std::int64_t one_of_so_many_is_usual = 20;
  if (info.is_finished && s.cut_short > trajectories / one_of_so_many_is_usual)
    core::warn(
        "{} of {} trajectories were as long as max_depth = {} allows: steps are short beside the posterior, as where a "
        "density has jumps or scales lie far apart; {}",
        s.cut_short, trajectories, params.max_depth,
        s.divergences > 0 ? "a longer warm-up or metric = \"dense\" may help"
                          : "the draws are right, but dear; another metric (dense, hessian) may help");
  if (info.is_finished && s.left_support > 0)
    core::info(
        "{} of {} trajectories ended where the density is zero or the model fails: the draws are right, but a prior "
        "without that edge would be sampled faster",
        s.left_support, trajectories);
  return info;
}

}  // namespace aleator::sampler
