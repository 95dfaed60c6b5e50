#include "sampler/mcmc/parallel_tempering.hpp"

#include <algorithm>
#include <boost/math/distributions/normal.hpp>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <limits>
#include <utility>

#include "core/log.hpp"
#include "math/special.hpp"
#include "sampler/mcmc/ladder.hpp"
#include "sampler/smc/member_moves.hpp"
#include "sampler/weights.hpp"

namespace aleator::sampler {
namespace {

constexpr int first_temperatures = 8;             // before the barrier is known
constexpr int windows_with_new_temperatures = 6;  // later ones move the temperatures, but leave their number
constexpr double minus_infinity = -std::numeric_limits<double>::infinity();

ChainState copy_of(const ChainState& from) {
  ChainState to = from;
  to.ensemble = from.ensemble.copy();
  to.means = {};
  return to;
}

void forget_swaps(ParallelTempering::State& s) {
  const int rows = s.ensemble.rows(), pairs = s.pairs();
  s.swaps = 0.0;
  s.rejected = Batch("rejected", rows, pairs);
  s.bridge = Batch("bridge", rows, 2 * pairs);
  Kokkos::deep_copy(s.bridge, minus_infinity);
  s.last_end = Batch("last_end", rows, pairs + 1);
  s.round_trips = Vector("round_trips", rows);
}

// All replicas start where the chain does: at draws from the prior, those of least likelihood replaced.
void begin_ladder(const ParallelTempering::Params& params, const Context& context, ParallelTempering::State& s) {
  const double first = increment_for_share(s.ensemble.all_log_likelihoods(context), 0.5, 1.0);
  relocate_stragglers(context, s);
  s.temper = geometric_ladder(first, params.temperatures > 0 ? params.temperatures : first_temperatures);
  for (int k = 0; k < s.pairs(); ++k) s.hot.push_back(copy_of(s));
  forget_swaps(s);
}

// At beta = 0 a draw does not depend on the one before it.
void draw_from_prior(const Problem& problem, const Context& context, std::int64_t iteration, Ensemble& e) {
  context.rng.normals({kernels::Purpose::reference_draw, iteration}, e.layout.first(), e.position);
  model::Evaluation evaluation{e.log_likelihood, e.gradient, {}};
  evaluate(problem, e.position, evaluation, context);
}

void swap_rows(Ensemble& a, Ensemble& b, int row) {
  for (std::size_t i = 0; i < a.position.extent(1); ++i) std::swap(a.position(row, i), b.position(row, i));
  for (std::size_t i = 0; i < a.gradient.extent(1); ++i) std::swap(a.gradient(row, i), b.gradient(row, i));
  std::swap(a.log_likelihood(row), b.log_likelihood(row));
}

// Neighbours k and k + 1 for k = parity, parity + 2, ...
void swap_neighbours(const Context& context, ParallelTempering::State& s) {
  const int rows = s.ensemble.rows(), pairs = s.pairs();
  const kernels::Stream stream{kernels::Purpose::swap, s.iteration};
  for (int k = static_cast<int>(s.iteration % 2); k < pairs; k += 2) {
    Ensemble &low = s.level(k).ensemble, &high = s.level(k + 1).ensemble;
    const double delta = s.temper[k + 1] - s.temper[k];
    kernels::for_each_row(rows, [&](int row) {
      const double log_ratio = delta * (low.log_likelihood(row) - high.log_likelihood(row));
      const double probability = std::isnan(log_ratio) ? 0.0 : std::exp(std::min(0.0, log_ratio));
      s.rejected(row, k) += 1.0 - probability;
      const double u = context.rng.uniform(stream, high.layout.first() + row, static_cast<std::uint32_t>(k));
      if (!(u <= probability)) return;
      swap_rows(low, high, row);
      std::swap(s.last_end(row, k), s.last_end(row, k + 1));
    });
  }
  kernels::for_each_row(rows, [&](int row) {
    if (s.last_end(row, pairs) == 1.0) s.round_trips(row) += 1.0;
    s.last_end(row, pairs) = -1.0;
    s.last_end(row, 0) = 1.0;
  });
}

void add_to_bridge(ParallelTempering::State& s) {
  const int pairs = s.pairs();
  for (int k = 0; k < pairs; ++k) {
    const double half = 0.5 * (s.temper[k + 1] - s.temper[k]);
    const Vector low = s.level(k).ensemble.log_likelihood, high = s.level(k + 1).ensemble.log_likelihood;
    kernels::for_each_row(s.ensemble.rows(), [=, bridge = s.bridge](int row) {
      bridge(row, k) = log_add(bridge(row, k), half * low(row));
      bridge(row, pairs + k) = log_add(bridge(row, pairs + k), -half * high(row));
    });
  }
}

// The scatter of few chains is now and then far too small: with this factor twice the error still holds 95 %, by Student's law.
constexpr double enough_chains = 8.0;
double few_chains_factor(double chains) {
  if (chains >= enough_chains) return 1.0;
  return boost::math::quantile(boost::math::students_t(chains - 1.0), 0.975) /
         boost::math::quantile(boost::math::normal(), 0.975);
}

// With A_c,k and B_c,k the chains' sums: log Z = sum_k log sum_c A - log sum_c B; a chain's influence on it is
// sum_k A_c / mean A - B_c / mean B, whose mean is 0.
void estimate_evidence(const Context& context, ParallelTempering::State& s) {
  const std::vector<double> all =
      parallel::gather_rows(context.comm, std::vector<double>(s.bridge.data(), s.bridge.data() + s.bridge.size()));
  const std::size_t width = s.bridge.extent(1), chains = all.size() / width;
  std::vector<double> influence(chains, 0.0), column(chains);
  s.log_evidence = 0.0;
  for (std::size_t i = 0; i < width; ++i) {
    const double sign = i < width / 2 ? 1.0 : -1.0;
    for (std::size_t c = 0; c < chains; ++c) column[c] = all[c * width + i];
    const double total = math::log_sum_exp(column);
    s.log_evidence += sign * total;
    for (std::size_t c = 0; c < chains; ++c)
      influence[c] += sign * static_cast<double>(chains) * std::exp(column[c] - total);
  }
  double squares = 0.0;
  for (const double value : influence) squares += value * value;
  const double n = static_cast<double>(chains);
  s.log_evidence_standard_error =
      chains > 1 ? few_chains_factor(n) * std::sqrt(squares / (n * (n - 1.0))) : std::nan("");
}

// Rejection rates of the pairs since they were last forgotten.
std::vector<double> rejection_rates(const Context& context, ParallelTempering::State& s) {
  const int pairs = s.pairs();
  std::vector<double> rates =
      parallel::ordered_sum(context.comm, s.ensemble.layout, pairs + 1, [&](int row, double* sum) {
        for (int k = 0; k < pairs; ++k) sum[k] += s.rejected(row, k);
        sum[pairs] += s.round_trips(row);
      });
  const double chains = static_cast<double>(s.ensemble.layout.rows());
  s.mean_round_trips = rates.back() / chains;
  rates.pop_back();
  // Of n iterations that end with number `iteration`, those with even numbers before them swapped the even pairs.
  const double odd = std::floor(0.5 * s.swaps + (s.iteration % 2 == 0 ? 0.5 : 0.0)), even = s.swaps - odd;
  for (int k = 0; k < pairs; ++k) rates[k] /= chains * std::max(1.0, k % 2 == 0 ? even : odd);
  double sum = 0.0, largest = 0.0;
  for (const double rate : rates) sum += rate, largest = std::max(largest, rate);
  s.barrier = sum, s.swap_rate = 1.0 - sum / pairs, s.least_swap_rate = 1.0 - largest;
  return rates;
}

// The end of a window: a ladder of equal rejection, each level with the replicas that were nearest to it.
void renew_ladder(const ParallelTempering::Params& params, const Context& context, int window,
                  ParallelTempering::State& s) {
  if (s.swaps < 2.0) return;
  const std::vector<double> barrier = communication_barrier(rejection_rates(context, s));
  const bool is_free = params.temperatures == 0 && window < windows_with_new_temperatures;
  const int count = is_free ? temperatures_for(barrier.back()) : s.pairs() + 1;
  s.temper = equal_ladder(s.temper, barrier, count);
  std::vector<ChainState> hot;
  for (int k = 0; k + 1 < count; ++k) {
    const double place = barrier.back() * k / (count - 1);
    const auto above = std::lower_bound(barrier.begin(), barrier.end(), place);
    auto nearest = static_cast<int>(above - barrier.begin());
    if (nearest > 0 && place - barrier[nearest - 1] < barrier[nearest] - place) --nearest;
    const bool is_cold = nearest + 1 == static_cast<int>(barrier.size());
    hot.push_back(copy_of(is_cold ? s : s.hot[static_cast<std::size_t>(nearest)]));
  }
  s.hot = std::move(hot);
  forget_swaps(s);
}

}  // namespace

deck::Schema<ParallelTempering::Params> ParallelTempering::schema() {
  deck::Schema<Params> s("Parallel tempering, non-reversible, with an adaptive ladder and the evidence",
                         "Geyer 1991; Syed, Bouchard-Cote, Deligiannidis, Doucet 2022; Meng, Wong 1996");
  add_chain_keys(s)
      .only_with("another move than pcn", [](const Params& p) { return p.move != InnerMove::pcn; })
      .key("temperatures", &Params::temperatures, "1",
           "number of temperatures, those of prior and posterior included; 0: as many as the warm-up "
           "finds right, twice the communication barrier",
           deck::at_least(0));
  add_move_keys(s)
      .key("moves", &Params::moves, "1",
           "moves of every replica between swaps; 0: as many as the kernel and the dimension d ask for, d / 3 of a "
           "random walk, d^(1/3) of MALA, at least 2; 5 of pCN, 1 of HMC",
           deck::at_least(0))
      .check("temperatures", [](const Params& p) {
        return p.temperatures == 1 ? std::string("temperatures = 1 leaves nothing to swap; 0 chooses a number")
                                   : std::string();
      });
  return s;
}

void ParallelTempering::State::fields(io::Archive& archive) {
  ChainState::fields(archive);
  archive.field("temper", temper);
  archive.field("moves", moves);
  archive.field("swaps", swaps);
  archive.field("barrier", barrier);
  archive.field("swap_rate", swap_rate);
  archive.field("least_swap_rate", least_swap_rate);
  archive.field("mean_round_trips", mean_round_trips);
  if (temper.empty()) return;  // before the first step
  if (archive.is_loading()) hot.assign(static_cast<std::size_t>(pairs()), ChainState());
  for (int k = 0; k < pairs(); ++k) {
    const io::ArchiveGroup group(archive, "level_" + std::to_string(k));
    hot[static_cast<std::size_t>(k)].ensemble.layout = ensemble.layout;
    hot[static_cast<std::size_t>(k)].fields(archive);
  }
  archive.rows("rejected", ensemble.layout, rejected);
  archive.rows("bridge", ensemble.layout, bridge);
  archive.rows("last_end", ensemble.layout, last_end);
  archive.rows("round_trips", ensemble.layout, round_trips);
}

ParallelTempering::State ParallelTempering::init(const Problem& problem, const Context& context) const {
  State s;
  static_cast<ChainState&>(s) = begin_chains(params, first_scale(params.move, problem.dimension()),
                                             needs_gradient(params.move), problem, context);
  return s;
}

// Steps to cross a posterior of d coordinates: O(d) of a random walk (Roberts, Gelman, Gilks 1997), O(d^(1/3)) of MALA
// (Roberts, Rosenthal 1998).
int ParallelTempering::moves_for(int dimension) const {
  if (params.moves > 0) return params.moves;
  switch (params.move) {
    case InnerMove::random_walk:
      return std::max(2, (dimension + 2) / 3);
    case InnerMove::pcn:
      return 5;
    case InnerMove::mala:
      return std::max(2, static_cast<int>(std::ceil(std::cbrt(dimension))));
    case InnerMove::hmc:
      return 1;
  }
  return 2;
}

StepInfo ParallelTempering::step(const Problem& problem, const Context& context, State& s) const {
  if (s.iteration == 0) begin_ladder(params, context, s);
  const int pairs = s.pairs(), moves = moves_for(problem.dimension());
  const bool is_warming_up = s.iteration < params.warmup;
  const MoveOnce kernel = kernel_of(params);
  draw_from_prior(problem, context, s.iteration, s.level(0).ensemble);
  std::vector<double> acceptance(s.temper.size(), 1.0);
  for (int k = 1; k <= pairs; ++k) {
    ChainState& level = s.level(k);
    const MoveSetting setting{s.temper[k], std::exp(level.log_scale), level.lower, s.moves};
    acceptance[k] = move_members(kernel, problem, context, setting, moves, level.ensemble).acceptance;
    s.moves += moves;
  }
  if (!is_warming_up) add_to_bridge(s);
  swap_neighbours(context, s);
  s.swaps += 1.0;

  StepInfo info = count_step(params, problem, s);
  const std::int64_t moved = static_cast<std::int64_t>(params.chains) * pairs * moves * runs_of(params);
  s.model_evaluations += params.chains + moved;
  if (needs_gradient(params.move)) s.gradient_evaluations += params.chains + moved;
  if (is_warming_up) {
    int window = -1;
    for (int k = 1; k <= pairs; ++k) {
      s.level(k).iteration = s.iteration;
      window = adapt_proposal(params, context, acceptance[k] - target_acceptance(params.move), s.level(k));
    }
    if (window >= 0) renew_ladder(params, context, window, s);
    if (s.iteration == params.warmup) forget_swaps(s);
  }
  // What needs all chains is reported ten times.
  const std::int64_t sampled = s.iteration - params.warmup;
  const std::int64_t tenth = std::max<std::int64_t>(1, static_cast<std::int64_t>(params.draws) * params.thin / 10);
  if (sampled > 0 && (sampled % tenth == 0 || info.is_finished)) {
    rejection_rates(context, s);
    estimate_evidence(context, s);
  }
  info.numbers = {{"acceptance", acceptance.back()},
                  {"scale", std::exp(s.log_scale)},
                  {"temperatures", static_cast<double>(s.temper.size())},
                  {"barrier", s.barrier},
                  {"swap_rate", s.swap_rate},
                  {"least_swap_rate", s.least_swap_rate},
                  {"round_trips", s.mean_round_trips},
                  {"log_evidence", s.log_evidence},
                  {"log_evidence_standard_error", s.log_evidence_standard_error}};
  if (info.is_finished && s.mean_round_trips < 1.0)
    core::warn(
        "parallel tempering: {:.2g} round trips a chain between prior and posterior (barrier {:.3g}, swap rates from "
        "{:.2g}): chains that began in one mode may have stayed there; more draws, moves or temperatures may help",
        s.mean_round_trips, s.barrier, s.least_swap_rate);
  return info;
}

}  // namespace aleator::sampler
