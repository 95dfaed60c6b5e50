#include "sampler/smc/tmcmc.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/log.hpp"
#include "kernels/gaussian_step.hpp"
#include "sampler/mcmc/metropolis.hpp"
#include "sampler/smc/shapes.hpp"

namespace aleator::sampler {
namespace {

// Chains in the rows of an ensemble, one after the other: a row's place in its chain, from 0.
struct Chains {
  std::vector<std::int64_t> place;
  std::int64_t longest = 0, count = 0;

  Chains(const std::vector<std::int64_t>& source, int most) : place(source.size(), 0) {
    for (std::size_t i = 0; i < place.size(); ++i) {
      if (i > 0 && source[i] == source[i - 1] && place[i - 1] + 1 < most) place[i] = place[i - 1] + 1;
      longest = std::max(longest, place[i] + 1);
      count += place[i] == 0 ? 1 : 0;
    }
  }
};

// Rows first ... end - 1 of `position` and a step from there.
void propose(const Context& context, const MoveSetting& setting, const std::vector<double>& lower, const Ensemble& e,
             int first, int end, const Batch& proposed) {
  if (first == end) return;
  const auto rows = Kokkos::make_pair(first, end);
  kernels::gaussian_steps(context.rng, {kernels::Purpose::proposal, setting.step}, e.layout.first() + first,
                          {lower.empty() ? nullptr : lower.data(), setting.scale},
                          Batch(Kokkos::subview(e.position, rows, Kokkos::ALL)),
                          Batch(Kokkos::subview(proposed, rows, Kokkos::ALL)));
}

// One random-walk move of this rank's rows `chosen`; `acceptance` gets their probabilities added.
void move_some(const Problem& problem, const Context& context, const MoveSetting& setting, const Shapes& shapes,
               const std::vector<int>& chosen, Vector acceptance, Ensemble& e) {
  Candidates c;
  c.position = kernels::new_batch(e.rows(), problem.dimension());
  c.evaluation.log_likelihood = Vector("log_likelihood", e.rows());
  c.log_ratio = Vector("log_ratio", e.rows());
  const int border = shapes.border == 0
                         ? e.rows()
                         : static_cast<int>(std::clamp<std::int64_t>(shapes.border - e.layout.first(), 0, e.rows()));
  propose(context, setting, shapes.first, e, 0, border, c.position);
  propose(context, setting, shapes.second, e, border, e.rows(), c.position);
  Kokkos::deep_copy(c.log_ratio, -std::numeric_limits<double>::infinity());
  Kokkos::deep_copy(c.evaluation.log_likelihood, e.log_likelihood);
  evaluate_rows(problem, context, chosen, c.position, c.evaluation.log_likelihood);
  for (const int row : chosen) c.log_ratio(row) = log_prior_ratio(c.position, e.position, row);
  const Vector before("accepted", e.rows());
  Kokkos::deep_copy(before, e.accepted);
  const Vector probability = accept(c, setting, context, e);
  for (const int row : chosen) before(row) = e.accepted(row), acceptance(row) += probability(row);
  Kokkos::deep_copy(e.accepted, before);
}

}  // namespace

deck::Schema<Tmcmc::Params> Tmcmc::schema() {
  deck::Schema<Params> s(
      "Transitional Markov chain Monte Carlo (TMCMC, BASIS), and the evidence",
      "Ching, Chen 2007; Wu, Angelikopoulos, Papadimitriou, Koumoutsakos 2017; Betz, Papaioannou, Beck, Straub 2016");
  s.key("particles", &Params::particles, "1", "number of particles J", deck::at_least(8))
      .key("variation", &Params::variation, "1",
           "coefficient of variation of the weights that chooses the next exponent of the likelihood", deck::positive())
      .key("beta", &Params::beta, "1", "scale of the proposals, as a factor of the weighted covariance's root",
           deck::positive())
      .key("adapt", &Params::adapt, "",
           "whether beta follows the acceptance 0.21 / d + 0.23 from level to level, or stays as it is")
      .key("chain_length", &Params::chain_length, "1",
           "states of a chain, at most: 1 (BASIS) is without bias; with more, a particle drawn n times starts one "
           "chain of up to so many states instead of n",
           deck::at_least(1))
      .key("burn_in", &Params::burn_in, "1", "moves of a chain before its first state is kept, at least",
           deck::at_least(0))
      .key("max_burn_in", &Params::max_burn_in, "1", "the same, at most, with chains of one state", deck::at_least(0))
      .only_with("chain_length = 1", [](const Params& p) { return p.chain_length == 1; })
      .key("correlation", &Params::correlation, "1",
           "burn-in ends when the correlations of positions and of log-likelihoods with those at the start of the "
           "level are below this, or below 2 / sqrt(J)",
           deck::between(0, 1))
      .only_with("chain_length = 1", [](const Params& p) { return p.chain_length == 1; })
      .key("max_levels", &Params::max_levels, "1", "give up after so many temperatures", deck::at_least(1))
      .check("max_burn_in", [](const Params& p) {
        return p.chain_length == 1 && p.max_burn_in < p.burn_in
                   ? fmt::format("max_burn_in = {} is smaller than burn_in = {}", p.max_burn_in, p.burn_in)
                   : std::string();
      });
  return s;
}

std::string Tmcmc::objection(const Problem& problem) const {
  const int d = problem.dimension();
  const double least = 2.1 * d / ess_share();  // PooledMoments::factor takes 2 d, and shares are met to rounding
  if (params.particles >= least) return {};
  return fmt::format(
      "{} particles are too few for {} coordinates: their covariance takes at least {:.0f}, 2.1 d (1 + variation^2)",
      params.particles, d, std::ceil(least));
}

double Tmcmc::least_correlation() const { return 2.0 / std::sqrt(static_cast<double>(params.particles)); }

// Moves after the first until the particles have forgotten where they were, if that can be told: where all of them move.
int Tmcmc::burn_in(bool all_move, const std::function<Memory(int count)>& move) const {
  int made = params.burn_in;
  if (made == 0 && !all_move) return 0;
  Memory memory = move(made);
  const double wanted = std::max(params.correlation, least_correlation());
  while (all_move && made < params.max_burn_in && memory.typical > wanted) {
    const int more = std::min(std::max(params.burn_in, 1), params.max_burn_in - made);
    memory = move(more);
    made += more;
  }
  return made;
}

Tmcmc::State Tmcmc::init(const Problem& problem, const Context& context) const {
  State s;
  s.ensemble = Ensemble::from_prior(params.particles, false, problem, context);
  s.model_evaluations = params.particles;
  s.log_scale = std::log(params.beta);
  begin_tempering(params.particles, s);
  return s;
}

StepInfo Tmcmc::step(const Problem& problem, const Context& context, State& s) const {
  const int d = problem.dimension();
  const Level level = reweight(context, ess_share(), s);
  const Weights& weights = level.weights;
  Shapes shapes = shapes_of_halves(problem, context, level, s.ensemble);
  const bool are_halves = !shapes.first.empty();
  if (!are_halves) {
    PooledMoments moments;
    moments.reset(d);
    moments.observe_weighted(s.ensemble, weights.share, context);
    shapes.first = moments.factor_or_deviations();
  }
  const double u = context.rng.uniform({kernels::Purpose::resampling, s.iteration}, 0);
  const std::vector<std::int64_t> source = systematic_resampling(weights, u, params.particles);
  if (are_halves) shapes.border = border_of(source, params.particles);
  const Chains chains(source, params.chain_length);
  take_descendants(source, context, s);
  ++s.iteration;

  Ensemble& e = s.ensemble;
  const Start start(context, e);
  const Vector acceptance("acceptance", e.rows());
  int burnt_in = 0;
  for (std::int64_t place = 0; place < chains.longest; ++place) {
    std::vector<std::int64_t> from(chains.place.size());
    for (std::size_t i = 0; i < from.size(); ++i)
      from[i] = static_cast<std::int64_t>(i) - (place > 0 && chains.place[i] == place ? 1 : 0);
    if (place > 0) e.take(from, context);  // where the chain stands
    std::vector<int> chosen;
    for (int row = 0; row < e.rows(); ++row)
      if (chains.place[static_cast<std::size_t>(e.layout.first() + row)] == place) chosen.push_back(row);
    const auto move = [&] {
      move_some(problem, context, {s.temper, std::exp(s.log_scale), shapes.first, s.moves++}, shapes, chosen,
                acceptance, e);
    };
    move();
    if (place == 0)
      burnt_in = burn_in(chains.longest == 1, [&](int count) {
        for (int i = 0; i < count; ++i) move();
        return start.remembered_by(context, e);
      });
  }
  add_bridge(context, level, s);
  const std::int64_t runs = params.particles + burnt_in * chains.count;
  s.model_evaluations += runs;
  const double mean_acceptance =
      ordered_mean(context, e.layout, acceptance) * params.particles / static_cast<double>(runs);
  const Memory memory = start.remembered_by(context, e);
  StepInfo info = end_level(level, {mean_acceptance, runs}, params.max_levels, s);
  if (chains.longest == 1) s.remembered = std::max(s.remembered, memory.worst);
  info.numbers.insert(info.numbers.begin() + 3, {{"chains", static_cast<double>(chains.count)},
                                                 {"correlation", memory.typical},
                                                 {"worst_correlation", memory.worst},
                                                 {"log_likelihood_correlation", memory.of_log_likelihood}});
  // The acceptance falls by about half a unit of log scale near its usual targets.
  if (params.adapt) s.log_scale += 2.0 * (mean_acceptance - (0.21 / d + 0.23));
  if (info.is_finished && s.remembered > std::max(0.1, 2.0 * least_correlation()))
    core::warn(
        "transitional Markov chain Monte Carlo: after the moves of a level particles still remembered where it began "
        "(correlation {:.2g} in one coordinate): means and evidence may err by more than their standard errors; a "
        "larger max_burn_in with a smaller correlation, or sampler/smc with move = \"{}\" or sampler/nested to compare "
        "with",
        s.remembered, problem.has_gradient() ? "hmc" : "pcn");
  return info;
}

}  // namespace aleator::sampler
