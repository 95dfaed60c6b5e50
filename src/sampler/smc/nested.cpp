#include "sampler/smc/nested.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/log.hpp"
#include "kernels/triangular.hpp"
#include "math/special.hpp"
#include "sampler/smc/member_moves.hpp"
#include "sampler/weights.hpp"

namespace aleator::sampler {
namespace {

constexpr double minus_infinity = -std::numeric_limits<double>::infinity();
constexpr double walk_acceptance = 0.234;
constexpr double flat = 0.02;  // spread of log-likelihoods that counts as no rise

// log(exp(a) - exp(b)), a > b
double log_subtract(double a, double b) { return a + std::log1p(-std::exp(b - a)); }

// A Metropolis move of the prior N(0, I), refused at points of likelihood `floor` or less.
MoveOnce restricted_move(Nested::Move move, double floor) {
  return [=](const Problem& problem, const Context& context, const MoveSetting& setting, Ensemble& e) {
    const Batch proposed = proposal_normals(e, context, setting.step), position = e.position;
    const int d = problem.dimension();
    const bool is_pcn = move == Nested::Move::pcn;
    if (is_pcn) {  // z' = sqrt(1 - beta^2) z + beta xi
      const double beta = std::tanh(setting.scale), kept = std::sqrt(1.0 - beta * beta);
      kernels::for_each_row(e.rows(), [=](int row) {
        for (int k = 0; k < d; ++k) proposed(row, k) = kept * position(row, k) + beta * proposed(row, k);
      });
    } else {  // z' = z + epsilon L xi
      kernels::multiply_lower(
          setting.lower.data(), e.rows(), d, [=](int row, int k) { return proposed(row, k); },
          [=, epsilon = setting.scale](int row, int k, double step) {
            proposed(row, k) = position(row, k) + epsilon * step;
          });
    }
    const Candidates c = evaluate_candidates(problem, context, e, proposed);
    kernels::for_each_row(e.rows(), [=](int row) {
      const double prior = is_pcn ? 0.0 : log_prior_ratio(proposed, position, row);
      c.log_ratio(row) = c.evaluation.log_likelihood(row) > floor ? prior : minus_infinity;
    });
    return accept(c, setting, context, e);
  };
}

// The points in order of likelihood and, of each that is taken, its log weight.
struct Shell {
  std::vector<std::int64_t> order;  // of all points, the lowest likelihood first
  std::vector<double> log_weights;  // of the first order.size() - left points
  double floor = minus_infinity;    // L*
  double log_volume = 0.0;          // afterwards
  double variance = 0.0;            // of log X through this step
  double lever = 0.0, lever_squares = 0.0;
};

// d Z / d log X at each point of the shell, in units of L* X: what lies inside of it in this shell less L X, since the
// point's own weight L (X_before - X) becomes smaller as X grows.
void add_levers(const std::vector<double>& log_likelihood, double log_volume, Shell& shell) {
  const double edge = shell.floor + shell.log_volume, n = static_cast<double>(log_likelihood.size());
  std::vector<double> own;  // L X
  for (std::size_t i = 0; i < shell.log_weights.size(); ++i) {
    log_volume -= 1.0 / (n - static_cast<double>(i));
    own.push_back(std::exp(log_likelihood[static_cast<std::size_t>(shell.order[i])] + log_volume - edge));
  }
  double inside = 0.0;
  for (std::size_t i = shell.log_weights.size(); i-- > 0;) {
    const double step = 1.0 / (n - static_cast<double>(i)), lever = inside - own[i];
    shell.lever += step * step * lever, shell.lever_squares += step * step * lever * lever;
    inside += std::exp(shell.log_weights[i] - edge);
  }
}

Shell take_lowest(const std::vector<double>& log_likelihood, std::size_t count, double log_volume) {
  Shell shell;
  const std::size_t n = log_likelihood.size();
  shell.order.resize(n);
  std::iota(shell.order.begin(), shell.order.end(), 0);
  std::stable_sort(shell.order.begin(), shell.order.end(), [&](std::int64_t a, std::int64_t b) {
    return log_likelihood[static_cast<std::size_t>(a)] < log_likelihood[static_cast<std::size_t>(b)];
  });
  const auto at = [&](std::size_t i) { return log_likelihood[static_cast<std::size_t>(shell.order[i])]; };
  shell.floor = at(count - 1);
  while (count < n && at(count) == shell.floor) ++count;  // equal points go together
  shell.log_volume = log_volume;
  for (std::size_t i = 0; i < count && i + 1 < n; ++i) {
    const double step = 1.0 / static_cast<double>(n - i), inside = shell.log_volume - step;
    shell.log_weights.push_back(at(i) + log_subtract(shell.log_volume, inside));
    shell.log_volume = inside;
    shell.variance += step * step;
  }
  if (shell.floor > minus_infinity) add_levers(log_likelihood, log_volume, shell);
  return shell;
}

// Each place takes one of the weighted points with the probability `chance`: index into the points, or -1.
std::vector<std::int64_t> reservoir_picks(const Context& context, std::int64_t step, const Shell& shell,
                                          double chance) {
  const std::size_t places = shell.order.size();
  std::vector<double> passed(shell.log_weights.size());
  const double top = *std::max_element(shell.log_weights.begin(), shell.log_weights.end());
  double sum = 0.0;
  for (std::size_t i = 0; i < passed.size(); ++i) passed[i] = sum += std::exp(shell.log_weights[i] - top);
  std::vector<std::int64_t> picks(places, -1);
  for (std::size_t place = 0; place < places; ++place) {
    const auto row = static_cast<std::int64_t>(place);
    if (context.rng.uniform({kernels::Purpose::reservoir, step}, row) > chance) continue;
    const double u = context.rng.uniform({kernels::Purpose::reservoir_pick, step}, row) * sum;
    const auto found = std::lower_bound(passed.begin(), passed.end(), u);
    picks[place] = shell.order[static_cast<std::size_t>(
        std::min<std::ptrdiff_t>(found - passed.begin(), static_cast<std::ptrdiff_t>(passed.size()) - 1))];
  }
  return picks;
}

void keep_draws(const Context& context, const std::vector<std::int64_t>& picks, Nested::State& s) {
  Ensemble taken = s.ensemble;
  taken.position = Batch("taken", s.ensemble.rows(), s.ensemble.position.extent(1));
  taken.log_likelihood = Vector("taken", s.ensemble.rows());
  Kokkos::deep_copy(taken.position, s.ensemble.position);
  Kokkos::deep_copy(taken.log_likelihood, s.ensemble.log_likelihood);
  std::vector<std::int64_t> source(picks.size());
  for (std::size_t i = 0; i < picks.size(); ++i) source[i] = picks[i] < 0 ? static_cast<std::int64_t>(i) : picks[i];
  taken.take(source, context);
  for (int row = 0; row < s.ensemble.rows(); ++row)
    if (picks[static_cast<std::size_t>(s.ensemble.layout.first() + row)] >= 0)
      put(taken.part(row, 1), s.draws, {row, 1});
  for (std::size_t i = 0; i < picks.size(); ++i)
    if (picks[i] >= 0) s.draw_ancestors[i] = s.ancestors[static_cast<std::size_t>(picks[i])];
}

// Adds a shell's weight to the evidence and its points to the draws.
void add_shell(const Context& context, const Shell& shell, Nested::State& s) {
  const double weight = math::log_sum_exp(shell.log_weights);
  s.log_weights.push_back(weight);
  s.shrinkage_variance.push_back(shell.variance);
  s.log_edge.push_back(shell.floor + shell.log_volume);
  s.lever.push_back(shell.lever);
  s.lever_squares.push_back(shell.lever_squares);
  s.log_evidence = log_add(s.log_evidence, weight);
  s.log_volume = shell.log_volume;
  if (weight > minus_infinity)
    keep_draws(context, reservoir_picks(context, s.iteration, shell, std::exp(weight - s.log_evidence)), s);
}

// The points that are left fill the places of those taken, each with as many copies or one more.
void refill(const Context& context, const Shell& shell, Nested::State& s) {
  std::vector<double> log_weights(shell.order.size(), 0.0);
  for (std::size_t i = 0; i < shell.log_weights.size(); ++i)
    log_weights[static_cast<std::size_t>(shell.order[i])] = minus_infinity;
  const double u = context.rng.uniform({kernels::Purpose::resampling, s.iteration}, 0);
  const std::vector<std::int64_t> source = systematic_resampling(log_weights, u);
  s.ensemble.take(source, context);
  std::vector<std::int64_t> ancestors(source.size());
  for (std::size_t i = 0; i < source.size(); ++i) ancestors[i] = s.ancestors[static_cast<std::size_t>(source[i])];
  s.ancestors = std::move(ancestors);
}

// The points that are left share the rest of the volume; the draws, relatives side by side, become the ensemble.
void finish(const Context& context, const std::vector<double>& log_likelihood, Nested::State& s) {
  Shell rest;
  rest.order.resize(log_likelihood.size());
  std::iota(rest.order.begin(), rest.order.end(), 0);
  rest.log_volume = minus_infinity;
  for (const double value : log_likelihood)
    rest.log_weights.push_back(value + s.log_volume - std::log(static_cast<double>(log_likelihood.size())));
  add_shell(context, rest, s);
  std::vector<std::int64_t> source = rest.order;
  std::stable_sort(source.begin(), source.end(), [&](std::int64_t a, std::int64_t b) {
    return s.draw_ancestors[static_cast<std::size_t>(a)] < s.draw_ancestors[static_cast<std::size_t>(b)];
  });
  s.draws.take(source, context);
  for (std::size_t i = 0; i < source.size(); ++i)
    s.ancestors[i] = s.draw_ancestors[static_cast<std::size_t>(source[i])];
  s.draw_ancestors = s.ancestors;
  s.ensemble = s.draws;
}

// sum over points of Var(log X) (share of Z inside - share of L X)^2
double standard_error(const Nested::State& s) {
  double inside = minus_infinity, variance = 0.0;
  for (std::size_t i = s.log_weights.size(); i-- > 0;) {
    const double rest = std::exp(inside - s.log_evidence), edge = std::exp(s.log_edge[i] - s.log_evidence);
    variance +=
        s.shrinkage_variance[i] * rest * rest + 2.0 * rest * edge * s.lever[i] + edge * edge * s.lever_squares[i];
    inside = log_add(inside, s.log_weights[i]);
  }
  return std::sqrt(std::max(0.0, variance));
}

// By how much the log-likelihood still rises among the points.
double spread_of(const std::vector<double>& log_likelihood) {
  const auto [low, high] = std::minmax_element(log_likelihood.begin(), log_likelihood.end());
  return *low > minus_infinity ? *high - *low : std::numeric_limits<double>::infinity();
}

// The points left hold too little, and there is no sign of more: no rise, or none found so deep.
bool is_settled(const Nested::Params& params, double log_share, double spread, Nested::State& s) {
  if (log_share >= std::log(params.tolerance)) {
    s.settled = 0.0;  // a rise has been found, if it had settled before
    return false;
  }
  if (s.settled == 0.0) s.settled = s.log_volume;
  return spread < flat || s.log_volume <= params.search * s.settled || s.iteration + 1 >= params.max_steps;
}

}  // namespace

deck::Schema<Nested::Params> Nested::schema() {
  deck::Schema<Params> s("Nested sampling with many points replaced at once",
                         "Skilling 2006; Feroz, Hobson 2008; Salomone et al. 2018");
  s.key("points", &Params::points, "1", "number of live points N, and of draws", deck::at_least(8))
      .key("share", &Params::share, "1", "share of the points replaced in a step", deck::inside(0, 1))
      .choice("move", &Params::move, "Metropolis move within a level set of the likelihood",
              {{"random_walk", Move::random_walk, "with the points' covariance"},
               {"pcn", Move::pcn, "preconditioned Crank-Nicolson, for fields"}})
      .key("moves", &Params::moves, "1",
           "moves of every point in a step, at least; 0: 30, or 4 for each latent coordinate where that is more",
           deck::at_least(0))
      .key("max_moves", &Params::max_moves, "1", "moves of every point in a step, at most; 0: ten times as many",
           deck::at_least(0))
      .key("correlation", &Params::correlation, "1",
           "moves end when the correlation of log-likelihoods with those before is below this, or below 2 / sqrt(N)",
           deck::between(0, 1))
      .key("tolerance", &Params::tolerance, "1", "stop when the points left hold less than this share of the evidence",
           deck::inside(0, 1))
      .key("search", &Params::search, "1",
           "go on from there until the points' log-likelihoods differ by less than 0.02, but no deeper than this times "
           "the log prior mass reached: a narrow peak inside would be found by it; 1: do not",
           deck::at_least(1))
      .key("max_steps", &Params::max_steps, "1", "give up after so many steps", deck::at_least(1))
      .check("max_moves", [](const Params& p) {
        return p.max_moves > 0 && p.moves > p.max_moves ? std::string("max_moves is smaller than moves")
                                                        : std::string();
      });
  return s;
}

void Nested::State::fields(io::Archive& archive) {
  BaseState::fields(archive);
  {
    const io::ArchiveGroup group(archive, "posterior");
    if (archive.is_loading()) draws.layout = ensemble.layout;
    draws.fields(archive);
  }
  archive.field("draw_ancestors", draw_ancestors);
  archive.field("log_volume", log_volume);
  archive.field("settled", settled);
  archive.field("log_scale", log_scale);
  archive.field("moves", moves);
  archive.field("log_edge", log_edge);
  archive.field("lever", lever);
  archive.field("lever_squares", lever_squares);
  archive.field("log_weights", log_weights);
  archive.field("shrinkage_variance", shrinkage_variance);
}

std::string Nested::objection(const Problem& problem) const {
  const int d = problem.dimension();
  if (params.move == Move::pcn || d > PooledMoments::largest_dimension || params.points >= 2 * d) return {};
  return fmt::format("{} points are too few for {} coordinates: their covariance takes at least {}, or move = \"pcn\"",
                     params.points, d, 2 * d);
}

Nested::State Nested::init(const Problem& problem, const Context& context) const {
  State s;
  s.ensemble = Ensemble::from_prior(params.points, false, problem, context);
  s.draws = every(s.ensemble, 1, s.ensemble.layout);
  s.model_evaluations = params.points;
  s.log_evidence = minus_infinity;
  s.log_scale = std::log(params.move == Move::pcn ? 0.5 : 2.38 / std::sqrt(problem.dimension()));
  for (std::int64_t i = 0; i < params.points; ++i) s.ancestors.push_back(i);
  s.draw_ancestors = s.ancestors;
  return s;
}

StepInfo Nested::step(const Problem& problem, const Context& context, State& s) const {
  const std::vector<double> log_likelihood = s.ensemble.all_log_likelihoods(context);
  const std::size_t n = log_likelihood.size();
  const double rest = math::log_sum_exp(log_likelihood) - std::log(static_cast<double>(n)) + s.log_volume;
  const double log_share = rest - log_add(s.log_evidence, rest), spread = spread_of(log_likelihood);
  const bool is_last = is_settled(params, log_share, spread, s);
  const auto count = std::clamp<std::size_t>(static_cast<std::size_t>(params.share * static_cast<double>(n)), 1, n - 1);
  const Shell shell = take_lowest(log_likelihood, count, s.log_volume);
  const auto above = static_cast<int>(
      std::count_if(log_likelihood.begin(), log_likelihood.end(), [&](double value) { return value > shell.floor; }));
  const bool is_flat = above == 0;
  if (is_flat && shell.floor == minus_infinity)
    throw core::NumericsError(
        "every point has likelihood zero: no model run succeeded, or the data rule out the whole prior");
  const bool is_done = is_last || is_flat;
  Moved moved;
  const double depth = s.log_volume;
  if (is_done) {
    finish(context, log_likelihood, s);
  } else {
    add_shell(context, shell, s);
    // Few points above would know too little of their directions: then all points give the covariance.
    std::vector<double> lower;
    if (above < 2 * problem.dimension()) lower = covariance_factor(problem, context, s);
    refill(context, shell, s);
    if (lower.empty()) lower = covariance_factor(problem, context, s);
    moved = move_all(problem, context, {shell.floor, lower}, s);
  }
  if (is_last && spread >= flat)
    core::info(
        "nested sampling: at a prior mass of e^{:.1f}, where the search for a later rise ended, log-likelihoods still "
        "differ by {:.2g}; a narrow peak further in would not have been seen (search, max_steps)",
        depth, spread);
  s.log_evidence_standard_error = standard_error(s);
  ++s.iteration;
  if (!is_done && s.iteration >= params.max_steps)
    throw core::NumericsError(
        fmt::format("after {} steps the points left still hold {:.2g} of the evidence; raise max_steps", s.iteration,
                    std::exp(log_share)));
  StepInfo info;
  info.is_draw = info.is_finished = is_done;
  info.phase = "shells";
  info.progress = is_done ? 1.0 : std::clamp(log_share / std::log(params.tolerance), 0.0, 0.95);  // at first slowly
  // A peak of less prior mass has had no point, if the likelihood about it is as everywhere.
  const double unseen = depth - std::log(static_cast<double>(n));
  info.numbers = {{"log_volume", s.log_volume},
                  {"log_unseen_mass", unseen},
                  {"log_likelihood_spread", spread},
                  {"acceptance", moved.acceptance},
                  {"moves", static_cast<double>(moved.count)},
                  {"correlation", moved.correlation},
                  {"scale", std::exp(s.log_scale)},
                  {"log_evidence", s.log_evidence},
                  {"log_evidence_standard_error", s.log_evidence_standard_error}};
  return info;
}

std::vector<double> Nested::covariance_factor(const Problem& problem, const Context& context, const State& s) const {
  if (params.move != Move::random_walk || problem.dimension() > PooledMoments::largest_dimension) return {};
  PooledMoments moments;
  moments.reset(problem.dimension());
  moments.observe(s.ensemble, context);
  return moments.factor_or_deviations();
}

Nested::Moved Nested::move_all(const Problem& problem, const Context& context, const Level& level, State& s) const {
  const MoveOnce kernel = restricted_move(params.move, level.floor);
  const Start start(context, s.ensemble);
  // A random walk forgets a coordinate in some multiple of d moves.
  const int least = params.moves > 0 ? params.moves : std::max(30, 4 * problem.dimension()),
            most = params.max_moves > 0 ? params.max_moves : 10 * least;
  const double wanted = std::max(params.correlation, 2.0 / std::sqrt(static_cast<double>(params.points)));
  Moved moved;
  double sum = 0.0;
  const auto move = [&](int moves, int pass) {
    const MoveSetting setting{0.0, std::exp(s.log_scale), level.lower, s.moves};
    const double acceptance = move_members(kernel, problem, context, setting, moves, s.ensemble).acceptance;
    s.log_scale += 2.0 / (pass + 1.0) * (acceptance - walk_acceptance);
    sum += acceptance * moves, moved.count += moves, s.moves += moves;
  };
  const int passes = std::min(3, least);
  for (int pass = 0; pass < passes; ++pass) move(least * (pass + 1) / passes - moved.count, pass);
  // Points that were copied and keep their likelihood take the next shell away from the others.
  const auto remembered = [&] {
    return moved.correlation = start.remembered_by(context, s.ensemble).of_log_likelihood;
  };
  for (int pass = passes; remembered() > wanted && moved.count < most; ++pass)
    move(std::min(least, most - moved.count), pass);
  s.model_evaluations += static_cast<std::int64_t>(moved.count) * params.points;
  moved.acceptance = sum / moved.count;
  return moved;
}

}  // namespace aleator::sampler
