#include "sampler/smc/smc.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <memory>

#include "core/log.hpp"
#include "sampler/smc/member_moves.hpp"
#include "sampler/smc/memory.hpp"
#include "sampler/smc/shapes.hpp"

namespace aleator::sampler {
namespace {

// The correlation that the moves may leave in a coordinate before it is warned of; that of J independent pairs is 1 / sqrt(J).
double warn_above(const Smc::Params& params) {
  return std::max(0.1, 4.0 / std::sqrt(static_cast<double>(params.particles)));
}

// A level's moves: how many of each particle, and how they went.
struct Moved {
  int count = 0;
  double acceptance = 0.0, refusing = 0.0;  // of the last of them; MoveRates
  Memory memory;
};

// Of all particles together, after they were resampled.
Shapes of_all(const Problem& problem, const Context& context, const Ensemble& e) {
  PooledMoments moments;
  moments.reset(problem.dimension());
  moments.observe(e, context);
  return {moments.factor_or_deviations(), {}, 0};
}

MoveRates move_all(const Smc::Params& params, const Problem& problem, const Context& context, const Shapes& shapes,
                   int moves, Ensemble& e, const Smc::State& s, const AfterMove& after = {}) {
  const SecondHalf second{shapes.border, shapes.second};
  return move_members(kernel_of(params), problem, context, {s.temper, std::exp(s.log_scale), shapes.first, s.moves},
                      moves, e, after, shapes.border > 0 ? &second : nullptr);
}

// One step of the search for the scale: the acceptance falls by about half a unit of log scale near its usual targets.
void tune(const Smc::Params& params, double acceptance, int pass, Smc::State& s) {
  s.log_scale += 2.0 / (pass + 1.0) * (acceptance - target_acceptance(params.move));
}

// Passes of min_moves moves until the particles have forgotten where they were.
Moved move_until_forgotten(const Smc::Params& params, const Problem& problem, const Context& context,
                           const Shapes& shapes, Smc::State& s) {
  const bool is_adaptive = params.max_moves > params.min_moves;
  const Start start(context, s.ensemble);
  // A correlation of J pairs is known to 1 / sqrt(J).
  const double wanted = std::max(params.correlation, 2.0 / std::sqrt(static_cast<double>(params.particles)));
  Moved moved;
  for (int pass = 0; moved.count < params.max_moves && (pass == 0 || moved.memory.typical > wanted); ++pass) {
    const int moves = std::min(params.min_moves, params.max_moves - moved.count);
    const MoveRates rates = move_all(params, problem, context, shapes, moves, s.ensemble, s);
    moved.acceptance = rates.acceptance, moved.refusing = rates.refusing;
    tune(params, moved.acceptance, pass, s);
    moved.count += moves, s.moves += moves;
    if (is_adaptive || moved.count == params.max_moves) moved.memory = start.remembered_by(context, s.ensemble);
  }
  if (moved.memory.worst > wanted) s.remembered = std::max(s.remembered, moved.memory.worst);
  return moved;
}

// Waste-free: the first row of each group of P is the start of a chain; its further states fill the other rows.
Moved grow_chains(const Smc::Params& params, const Problem& problem, const Context& context, const Shapes& shapes,
                  Smc::State& s) {
  const int length = params.chain_length, passes = std::min(4, length - 1);
  Ensemble chains = every(s.ensemble, length, parallel::RowLayout(params.particles / length, context.comm));
  const Start start(context, chains);
  Moved moved;
  double sum = 0.0;
  for (int pass = 0; pass < passes; ++pass) {
    const int begin = moved.count, moves = (length - 1) * (pass + 1) / passes - begin;
    const AfterMove keep = [&](int move, int first, const Ensemble& part) {
      put(part, s.ensemble, {first * length + begin + move + 1, length});
    };
    const MoveRates rates = move_all(params, problem, context, shapes, moves, chains, s, keep);
    tune(params, rates.acceptance, pass, s);
    sum += rates.acceptance * moves, moved.refusing = rates.refusing;
    moved.count += moves, s.moves += moves;
  }
  moved.acceptance = sum / moved.count;
  moved.memory = start.remembered_by(context, chains);
  return moved;
}

}  // namespace

deck::Schema<Smc::Params> Smc::schema() {
  deck::Schema<Params> s("Sequential Monte Carlo with adaptive tempering, and the evidence",
                         "Del Moral, Doucet, Jasra 2006; Jasra et al. 2011; Lee, Whiteley 2018");
  const auto is_plain = [](const Params& p) { return p.chain_length == 1; };
  s.key("particles", &Params::particles, "1", "number of particles J", deck::at_least(8))
      .key("chain_length", &Params::chain_length, "1",
           "P: of J / P resampled particles each starts a chain of P states, which all are kept (waste-free); 1: "
           "particles are moved until they have forgotten their start, and only then kept",
           deck::at_least(1))
      .key("ess_share", &Params::ess_share, "1", "effective sample size kept by each tempering step, as a share of J",
           deck::inside(0, 1));
  add_move_keys(s)
      .key("min_moves", &Params::min_moves, "1", "moves of every particle at a level come in groups of so many",
           deck::at_least(1))
      .only_with("chain_length = 1", is_plain)
      .key("max_moves", &Params::max_moves, "1", "moves of every particle at a level, at most", deck::at_least(1))
      .only_with("chain_length = 1", is_plain)
      .key("correlation", &Params::correlation, "1",
           "moves end when the correlations of positions and of log-likelihoods with those at the start of the level "
           "are below this, or below 2 / sqrt(J)",
           deck::between(0, 1))
      .only_with("chain_length = 1", is_plain)
      .key("max_levels", &Params::max_levels, "1", "give up after so many temperatures", deck::at_least(1))
      .check("chain_length",
             [](const Params& p) {
               return p.particles % p.chain_length == 0 && p.particles / p.chain_length >= 2
                          ? std::string()
                          : fmt::format("particles = {} is no multiple of chain_length = {} with at least two chains",
                                        p.particles, p.chain_length);
             })
      .check("min_moves", [](const Params& p) {
        return p.min_moves > p.max_moves ? std::string("min_moves is larger than max_moves") : std::string();
      });
  return s;
}

std::string Smc::objection(const Problem& problem) const {
  if (const std::string objection = gradient_objection(params, problem); !objection.empty()) return objection;
  const int d = problem.dimension(), starts = params.particles / params.chain_length;
  if (params.move != Move::pcn && d <= PooledMoments::largest_dimension && starts < 2 * d)
    return fmt::format(
        "{} particles to start moves from are too few for {} coordinates: their covariance takes at least {} "
        "(particles / chain_length), or move = \"pcn\"",
        starts, d, 2 * d);
  return {};
}

Smc::State Smc::init(const Problem& problem, const Context& context) const {
  State s;
  s.ensemble = Ensemble::from_prior(plan().layout(context.comm), needs_gradient(params.move), problem, context);
  s.model_evaluations = params.particles;
  s.gradient_evaluations = needs_gradient(params.move) ? params.particles : 0;
  s.log_scale = std::log(first_scale(params.move, problem.dimension()));
  begin_tempering(params.particles, s);
  return s;
}

std::int64_t Smc::resample(const Context& context, const Weights& weights, State& s) const {
  const std::int64_t places = params.particles / params.chain_length;
  const double u = context.rng.uniform({kernels::Purpose::resampling, s.iteration}, 0);
  const std::vector<std::int64_t> starts = systematic_resampling(weights, u, places);
  std::vector<std::int64_t> source(static_cast<std::size_t>(params.particles));
  for (std::size_t i = 0; i < source.size(); ++i) source[i] = starts[i / static_cast<std::size_t>(params.chain_length)];
  take_descendants(source, context, s);
  return border_of(starts, params.particles);
}

StepInfo Smc::step(const Problem& problem, const Context& context, State& s) const {
  const Level level = reweight(context, params.ess_share, s);
  const bool learns = problem.dimension() <= PooledMoments::largest_dimension && params.move != Move::pcn;
  Shapes shapes = learns ? shapes_of_halves(problem, context, level, s.ensemble) : Shapes();
  const std::int64_t border = resample(context, level.weights, s);
  if (!shapes.first.empty())
    shapes.border = border;
  else if (learns)
    shapes = of_all(problem, context, s.ensemble);
  ++s.iteration;
  const bool is_waste_free = params.chain_length > 1;
  const Moved moved = is_waste_free ? grow_chains(params, problem, context, shapes, s)
                                    : move_until_forgotten(params, problem, context, shapes, s);
  add_bridge(context, level, s);
  const std::int64_t runs =
      static_cast<std::int64_t>(moved.count) * (params.particles / params.chain_length) * runs_of(params);
  s.model_evaluations += runs;
  if (needs_gradient(params.move)) s.gradient_evaluations += runs;

  StepInfo info = end_level(level, {moved.acceptance, runs}, params.max_levels, s);
  std::vector<std::pair<std::string, double>> numbers = {{"moves", static_cast<double>(moved.count)}};
  if (is_waste_free) numbers.emplace_back("chains", static_cast<double>(params.particles / params.chain_length));
  numbers.emplace_back("correlation", moved.memory.typical);
  numbers.emplace_back("worst_correlation", moved.memory.worst);
  numbers.emplace_back("log_likelihood_correlation", moved.memory.of_log_likelihood);
  if (needs_gradient(params.move)) numbers.emplace_back("refusing", moved.refusing);
  info.numbers.insert(info.numbers.begin() + 3, numbers.begin(), numbers.end());
  if (info.is_finished && s.remembered > warn_above(params))
    core::warn(
        "sequential Monte Carlo: after the moves of a level particles still remembered where it began (correlation "
        "{:.2g} in one coordinate): means and evidence may err by more than their standard errors; {}more max_moves "
        "with a smaller correlation, other parameters (a scale and standard normal factors), or "
        "sampler/parallel_tempering or sampler/nested to compare with",
        s.remembered,
        problem.has_gradient() && params.move != Move::hmc ? "move = \"hmc\" (the gradient is there), " : "");
  return info;
}

}  // namespace aleator::sampler
