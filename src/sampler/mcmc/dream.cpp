#include "sampler/mcmc/dream.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace aleator::sampler {
namespace {

// Columns of the uniform numbers of a row and step.
enum Column : std::uint32_t {
  kind = 0,
  pair_count = 1,
  crossover_pick = 2,
  lone_coordinate = 3,
  length = 4,
  members = 5
};
constexpr int most_pairs = 10;
constexpr std::uint32_t first_coordinate = members + 2 * most_pairs;

// How a row was proposed: the crossover value m (from 0), or -1 where the step does not tell of one.
struct Proposal {
  int crossover = -1;
  double log_factor = 0.0;  // of the snooker step
};

// The random choices of one row.
struct Row {
  const Dream::Params& params;
  const Dream::State& s;
  const kernels::Rng& rng;
  std::int64_t member;
  int d;

  double uniform(std::uint32_t column) const {
    return rng.uniform({kernels::Purpose::evolution, s.iteration}, member, column);
  }
  int pick(std::uint32_t column, int count) const {
    return std::min(static_cast<int>(uniform(column) * count), count - 1);
  }
  const double* state(std::uint32_t column) const {
    const int states = static_cast<int>(s.archive.size()) / d;
    return &s.archive[static_cast<std::size_t>(pick(column, states)) * static_cast<std::size_t>(d)];
  }
};

int pick_crossover(const Row& row) {
  double u = row.uniform(crossover_pick);
  const int last = static_cast<int>(row.s.crossover.size()) - 1;
  for (int m = 0; m < last; ++m)
    if ((u -= row.s.crossover[static_cast<std::size_t>(m)]) <= 0.0) return m;
  return last;
}

// jump = (1 + e) gamma sum (Z_a - Z_b) + epsilon, in a subset of the coordinates.
Proposal parallel_step(const Row& row, bool is_unit, double* jump) {
  const int d = row.d, crossovers = row.params.crossovers;
  const int pairs = is_unit ? 1 : 1 + row.pick(pair_count, row.params.pairs);
  Proposal proposal;
  proposal.crossover = is_unit ? -1 : pick_crossover(row);
  const double probability = is_unit ? 1.0 : (proposal.crossover + 1.0) / crossovers;
  std::vector<double> noise(static_cast<std::size_t>(d));
  row.rng.row_of_normals({kernels::Purpose::evolution_noise, row.s.iteration}, row.member, noise.data(), d);
  std::vector<char> moves(static_cast<std::size_t>(d));
  int moving = 0;
  for (int k = 0; k < d; ++k) {
    moves[k] = probability >= 1.0 || row.uniform(first_coordinate + static_cast<std::uint32_t>(2 * k)) <= probability;
    moving += moves[k] != 0 ? 1 : 0;
  }
  if (moving == 0) moves[static_cast<std::size_t>(row.pick(lone_coordinate, d))] = 1, moving = 1;
  const double gamma = is_unit ? 1.0 : 2.38 / std::sqrt(2.0 * pairs * moving);
  std::fill_n(jump, d, 0.0);
  for (int i = 0; i < pairs; ++i) {
    const auto column = static_cast<std::uint32_t>(members + 2 * i);
    const double *const a = row.state(column), *const b = row.state(column + 1);
    for (int k = 0; k < d; ++k) jump[k] += a[k] - b[k];
  }
  for (int k = 0; k < d; ++k) {
    const double e = 0.1 * (row.uniform(first_coordinate + static_cast<std::uint32_t>(2 * k + 1)) - 0.5);
    jump[k] = moves[k] != 0 ? (1.0 + e) * gamma * jump[k] + 1e-6 * noise[k] : 0.0;
  }
  return proposal;
}

// Along z - Z_c, by the difference of the projections of Z_a and Z_b on it.
Proposal snooker_step(const Row& row, const double* z, double* jump) {
  const int d = row.d;
  const double *const a = row.state(members), *const b = row.state(members + 1), *const c = row.state(members + 2);
  double squares = 0.0, projection = 0.0;
  for (int k = 0; k < d; ++k) squares += (z[k] - c[k]) * (z[k] - c[k]), projection += (a[k] - b[k]) * (z[k] - c[k]);
  std::fill_n(jump, d, 0.0);
  Proposal proposal;
  if (squares == 0.0) return proposal;  // the chain stands on Z_c: it stays
  const double share = (1.2 + row.uniform(length)) * projection / squares;
  for (int k = 0; k < d; ++k) jump[k] = share * (z[k] - c[k]);
  proposal.log_factor = (d - 1.0) * std::log(std::abs(1.0 + share));
  return proposal;
}

// Draws from the prior; they need no model run.
void begin_archive(const Dream::Params& params, const Context& context, int d, Dream::State& s) {
  const Batch z("z", params.archive, d);
  context.rng.normals({kernels::Purpose::initial, 1}, 0, z);
  s.archive.assign(z.data(), z.data() + z.size());
}

// The latest states take the places of the oldest.
void add_to_archive(const Dream::Params& params, const Context& context, Dream::State& s) {
  const Batch z = s.ensemble.position;
  const std::vector<double> all =
      parallel::gather_rows(context.comm, std::vector<double>(z.data(), z.data() + z.size()));
  const std::size_t d = z.extent(1), capacity = static_cast<std::size_t>(params.archive);
  for (std::size_t at = 0; at < all.size(); at += d, ++s.archived)
    std::copy_n(all.begin() + static_cast<std::ptrdiff_t>(at), d,
                s.archive.begin() + static_cast<std::ptrdiff_t>(static_cast<std::size_t>(s.archived) % capacity * d));
}

std::vector<double> inverse_variances(const std::vector<double>& archive, int d) {
  const double count = static_cast<double>(archive.size()) / d;
  std::vector<double> mean(static_cast<std::size_t>(d), 0.0), result(mean.size(), 0.0);
  for (std::size_t i = 0; i < archive.size(); ++i) mean[i % mean.size()] += archive[i] / count;
  for (std::size_t i = 0; i < archive.size(); ++i)
    result[i % mean.size()] += (archive[i] - mean[i % mean.size()]) * (archive[i] - mean[i % mean.size()]) / count;
  for (double& value : result) value = value > 0.0 ? 1.0 / value : 0.0;
  return result;
}

// p_m in proportion to the mean squared jump with m (Vrugt and others 2009), none below a tenth of the even share.
void adapt_crossover(Dream::State& s) {
  double total = 0.0;
  std::vector<double> p(s.crossover.size());
  for (std::size_t m = 0; m < p.size(); ++m) total += p[m] = s.chosen[m] > 0.0 ? s.jumps[m] / s.chosen[m] : 0.0;
  if (!(total > 0.0)) return;
  const double even = 1.0 / static_cast<double>(p.size());
  for (std::size_t m = 0; m < p.size(); ++m) s.crossover[m] = 0.9 * p[m] / total + 0.1 * even;
}

}  // namespace

deck::Schema<Dream::Params> Dream::schema() {
  deck::Schema<Params> s("Differential evolution with an archive, DREAM(ZS)",
                         "ter Braak, Vrugt 2008; Vrugt, ter Braak, Diks, Robinson, Hyman, Higdon 2009");
  add_length_keys(s)
      .key("archive", &Params::archive, "1", "states that steps are differences of", deck::at_least(4))
      .key("archive_interval", &Params::archive_interval, "1",
           "steps of the warm-up between two additions to the archive", deck::at_least(1))
      .key("pairs", &Params::pairs, "1", "delta, differences added up in a step, at most", deck::between(1, most_pairs))
      .key("crossovers", &Params::crossovers, "1", "n_CR, the number of crossover probabilities", deck::at_least(1))
      .key("snooker", &Params::snooker, "1", "share of snooker steps", deck::between(0, 1))
      .key("unit_jumps", &Params::unit_jumps, "1", "share of steps with gamma = 1, from mode to mode",
           deck::between(0, 1))
      .check("unit_jumps", [](const Params& p) {
        return p.snooker + p.unit_jumps <= 1.0 ? std::string()
                                               : std::string("snooker and unit_jumps are more than all steps together");
      });
  return s;
}

void Dream::State::fields(io::Archive& file) {
  BaseState::fields(file);
  file.field("archive", archive);
  file.field("archived", archived);
  file.field("crossover", crossover);
  file.field("jumps", jumps);
  file.field("chosen", chosen);
}

std::string Dream::objection(const Problem& problem) const {
  const int least = 2 * problem.dimension() + 2;
  return params.archive >= least
             ? ""
             : fmt::format("an archive of {} states is too small for {} coordinates: set archive = {} or more",
                           params.archive, problem.dimension(), least);
}

Dream::State Dream::init(const Problem& problem, const Context& context) const {
  State s;
  s.ensemble = Ensemble::from_prior(params.chains, false, problem, context);
  s.model_evaluations = params.chains;
  begin_archive(params, context, problem.dimension(), s);
  const auto count = static_cast<std::size_t>(params.crossovers);
  s.crossover.assign(count, 1.0 / params.crossovers), s.jumps.assign(count, 0.0), s.chosen.assign(count, 0.0);
  return s;
}

StepInfo Dream::step(const Problem& problem, const Context& context, State& s) const {
  if (s.iteration == 0) relocate_stragglers(context, s);
  Ensemble& e = s.ensemble;
  const int rows = e.rows(), d = problem.dimension(), crossovers = params.crossovers;
  const Batch jump("jump", rows, d), proposed("proposed", rows, d);
  std::vector<Proposal> proposals(static_cast<std::size_t>(rows));
  kernels::for_each_row(rows, [&](int row) {
    const Row choice{params, s, context.rng, e.layout.first() + row, d};
    const double u = choice.uniform(kind);
    proposals[static_cast<std::size_t>(row)] =
        u <= params.snooker ? snooker_step(choice, &e.position(row, 0), &jump(row, 0))
                            : parallel_step(choice, u <= params.snooker + params.unit_jumps, &jump(row, 0));
    for (int k = 0; k < d; ++k) proposed(row, k) = e.position(row, k) + jump(row, k);
  });
  const Candidates c = evaluate_candidates(problem, context, e, proposed);
  kernels::for_each_row(rows, [&](int row) {
    c.log_ratio(row) = log_prior_ratio(proposed, e.position, row) + proposals[static_cast<std::size_t>(row)].log_factor;
  });
  const std::vector<double> no_shape;
  const Vector acceptance = accept(c, {1.0, 1.0, no_shape, s.iteration}, context, e);

  StepInfo info = count_step(params, problem, s);
  s.model_evaluations += params.chains;
  info.numbers = {{"acceptance", ordered_mean(context, e.layout, acceptance)}};
  if (s.iteration > params.warmup) return info;
  const std::vector<double> weights = inverse_variances(s.archive, d);
  const auto sums = parallel::ordered_sum(context.comm, e.layout, 2 * crossovers, [&](int row, double* sum) {
    const int m = proposals[static_cast<std::size_t>(row)].crossover;
    if (m < 0) return;
    sum[crossovers + m] += 1.0;
    if (e.accepted(row) == 0.0) return;
    for (int k = 0; k < d; ++k) sum[m] += jump(row, k) * jump(row, k) * weights[static_cast<std::size_t>(k)];
  });
  for (int m = 0; m < crossovers; ++m) s.jumps[m] += sums[m], s.chosen[m] += sums[crossovers + m];
  if (s.iteration % params.archive_interval == 0) {
    add_to_archive(params, context, s);
    adapt_crossover(s);
  }
  const int window = ended_window(s.iteration, params.warmup);
  relocate_after_window(window, context, s);
  if (window >= 0) s.jumps.assign(s.jumps.size(), 0.0), s.chosen.assign(s.chosen.size(), 0.0);
  return info;
}

}  // namespace aleator::sampler
