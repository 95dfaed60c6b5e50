#include "sampler/smc/smc.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "math/special.hpp"
#include "sampler/mcmc/mala.hpp"
#include "sampler/mcmc/pcn.hpp"
#include "sampler/mcmc/random_walk.hpp"
#include "sampler/weights.hpp"

namespace aleator::sampler {
namespace {

double target_acceptance(Smc::Move move) {
  switch (move) {
    case Smc::Move::random_walk:
      return 0.234;
    case Smc::Move::pcn:
      return 0.234;
    case Smc::Move::mala:
      return 0.574;
  }
  return 0.234;
}

double first_scale(Smc::Move move, int dimension) {
  switch (move) {
    case Smc::Move::random_walk:
      return 2.38 / std::sqrt(dimension);
    case Smc::Move::pcn:
      return 0.5;
    case Smc::Move::mala:
      return 1.65 / std::pow(dimension, 1.0 / 6.0);
  }
  return 1.0;
}

Vector move_once(Smc::Move move, const Problem& problem, const Context& context, const MoveSetting& setting,
                 Ensemble& e) {
  switch (move) {
    case Smc::Move::random_walk:
      return RandomWalk::move(problem, context, setting, e);
    case Smc::Move::pcn:
      return Pcn::move(problem, context, setting, e);
    case Smc::Move::mala:
      return Mala::move(problem, context, setting, e);
  }
  return {};
}

// Correlation of the positions with those at the start of the level, averaged over the coordinates; `centre` is a point
// near both means, against cancellation.
double mean_correlation(const Context& context, const Ensemble& e, const Batch& start,
                        const std::vector<double>& centre) {
  const int d = static_cast<int>(start.extent(1));
  const Batch now = e.position;
  const auto sums = parallel::ordered_sum(context.comm, e.layout, 5 * d, [=, &centre](int row, double* sum) {
    for (int k = 0; k < d; ++k) {
      const double a = start(row, k) - centre[k], b = now(row, k) - centre[k];
      sum[5 * k] += a, sum[5 * k + 1] += b, sum[5 * k + 2] += a * a, sum[5 * k + 3] += b * b, sum[5 * k + 4] += a * b;
    }
  });
  const double n = static_cast<double>(e.layout.rows());
  double total = 0.0;
  for (int k = 0; k < d; ++k) {
    const double* const s = &sums[static_cast<std::size_t>(5 * k)];
    const double variances = (s[2] - s[0] * s[0] / n) * (s[3] - s[1] * s[1] / n);
    total += variances > 0.0 ? (s[4] - s[0] * s[1] / n) / std::sqrt(variances) : 0.0;
  }
  return total / d;
}

// Shares of the weights that the descendants of one ancestor hold. Resampling is systematic, so descendants stand side by
// side and the number of places a group of share x gets is floor(J x) or ceil(J x): variance f (1 - f), f = frac(J x).
struct Genealogy {
  double spread = 0.0;    // sum_e (x_e - 1/J)^2
  double rounding = 0.0;  // sum_e f_e (1 - f_e) / J^2
};

Genealogy genealogy_of(const std::vector<std::int64_t>& ancestors, const std::vector<double>& log_weights) {
  const double total = math::log_sum_exp(log_weights), members = static_cast<double>(ancestors.size());
  Genealogy g;
  double groups = 0.0;
  for (std::size_t begin = 0, end; begin < ancestors.size(); begin = end) {
    double share = 0.0;
    for (end = begin; end < ancestors.size() && ancestors[end] == ancestors[begin]; ++end)
      share += std::exp(log_weights[end] - total);
    const double places = share * members, fraction = places - std::floor(places);
    g.spread += (share - 1.0 / members) * (share - 1.0 / members);
    g.rounding += fraction * (1.0 - fraction) / (members * members);
    ++groups;
  }
  g.spread += (members - groups) / (members * members);  // ancestors without descendants
  return g;
}

}  // namespace

deck::Schema<Smc::Params> Smc::schema() {
  deck::Schema<Params> s("Sequential Monte Carlo with adaptive tempering, and the evidence",
                         "Del Moral, Doucet, Jasra 2006; Jasra et al. 2011; Lee, Whiteley 2018");
  s.key("particles", &Params::particles, "1", "number of particles J", deck::at_least(8))
      .key("ess_share", &Params::ess_share, "1", "effective sample size kept by each tempering step, as a share of J",
           deck::inside(0, 1))
      .choice("move", &Params::move, "Metropolis move between temperatures",
              {{"random_walk", Move::random_walk, "with the particles' covariance"},
               {"pcn", Move::pcn, "preconditioned Crank-Nicolson"},
               {"mala", Move::mala, "Langevin, needs a gradient"}})
      .key("min_moves", &Params::min_moves, "1", "moves of every particle at a level, at least", deck::at_least(1))
      .key("max_moves", &Params::max_moves, "1", "moves of every particle at a level, at most", deck::at_least(1))
      .key("correlation", &Params::correlation, "1",
           "moves end when the correlation with the start of the level is below this", deck::between(0, 1))
      .key("max_levels", &Params::max_levels, "1", "give up after so many temperatures", deck::at_least(1))
      .check("min_moves", [](const Params& p) {
        return p.min_moves > p.max_moves ? std::string("min_moves is larger than max_moves") : std::string();
      });
  return s;
}

void Smc::State::fields(io::Archive& archive) {
  BaseState::fields(archive);
  archive.field("temper", temper);
  archive.field("log_scale", log_scale);
  archive.field("moves", moves);
  archive.field("rounding", rounding);
}

std::string Smc::objection(const Problem& problem) const {
  return params.move == Move::mala && !problem.has_gradient()
             ? "move = \"mala\" needs the gradient of the log-likelihood, which the model does not offer"
             : "";
}

Smc::State Smc::init(const Problem& problem, const Context& context) const {
  State s;
  s.ensemble = Ensemble::from_prior(params.particles, params.move == Move::mala, problem, context);
  s.model_evaluations = params.particles;
  s.gradient_evaluations = params.move == Move::mala ? params.particles : 0;
  s.log_scale = std::log(first_scale(params.move, problem.dimension()));
  s.log_evidence = 0.0;
  for (std::int64_t i = 0; i < params.particles; ++i) s.ancestors.push_back(i);
  return s;
}

StepInfo Smc::step(const Problem& problem, const Context& context, State& s) const {
  // Reweight: w_i = L_i^h, log Z += log mean w.
  std::vector<double> log_weights = s.ensemble.all_log_likelihoods(context);
  const double h = increment_for_share(log_weights, params.ess_share, 1.0 - s.temper);
  for (double& value : log_weights) value *= h;
  s.log_evidence += math::log_sum_exp(log_weights) - std::log(static_cast<double>(params.particles));
  s.temper = 1.0 - s.temper - h < 1e-12 ? 1.0 : s.temper + h;
  // Relative variance of the evidence, which being small is the variance of its logarithm: the spread of the ancestors'
  // shares, less what the rounding of earlier resamplings put there.
  const Genealogy genealogy = genealogy_of(s.ancestors, log_weights);
  const double j = static_cast<double>(params.particles);
  s.log_evidence_standard_error = std::sqrt(std::max(0.0, genealogy.spread * j / (j - 1.0) - s.rounding));
  s.rounding += genealogy.rounding;

  const double u = context.rng.uniform({kernels::Purpose::resampling, s.iteration}, 0);
  const std::vector<std::int64_t> source = systematic_resampling(log_weights, u);
  s.ensemble.take(source, context);
  std::vector<std::int64_t> ancestors(source.size());
  for (std::size_t i = 0; i < source.size(); ++i) ancestors[i] = s.ancestors[static_cast<std::size_t>(source[i])];
  s.ancestors = std::move(ancestors);
  ++s.iteration;

  // Move: the level's covariance is that of the resampled particles.
  const std::vector<double> centre = mean_position(s.ensemble, context);
  std::vector<double> lower;
  if (problem.dimension() <= PooledMoments::largest_dimension) {
    PooledMoments moments;
    moments.reset(problem.dimension());
    moments.observe(s.ensemble, context);
    lower = moments.factor();
  }
  Batch start(Kokkos::view_alloc("start", Kokkos::WithoutInitializing), s.ensemble.rows(), problem.dimension());
  Kokkos::deep_copy(start, s.ensemble.position);
  double acceptance = 0.0, correlation = 1.0;
  int count = 0;
  while (count < params.max_moves && (count < params.min_moves || correlation > params.correlation)) {
    const Vector probability =
        move_once(params.move, problem, context, {s.temper, std::exp(s.log_scale), lower, s.moves}, s.ensemble);
    acceptance = ordered_mean(context, s.ensemble.layout, probability);
    s.log_scale += std::pow(count + 1.0, -0.6) * (acceptance - target_acceptance(params.move));
    correlation = mean_correlation(context, s.ensemble, start, centre);
    ++count, ++s.moves;
  }
  s.model_evaluations += static_cast<std::int64_t>(count) * params.particles;
  if (params.move == Move::mala) s.gradient_evaluations += static_cast<std::int64_t>(count) * params.particles;

  const bool is_done = s.temper >= 1.0;
  if (!is_done && s.iteration >= params.max_levels)
    throw core::NumericsError(
        fmt::format("after {} temperatures the likelihood's exponent is {:.3g}, not 1: the prior and the data are far "
                    "apart; raise max_levels or particles",
                    s.iteration, s.temper));
  StepInfo info;
  info.is_draw = info.is_finished = is_done;
  info.phase = "tempering";
  info.progress =
      is_done ? 1.0 : std::max(0.0, 1.0 + std::log10(s.temper) / 6.0) * 0.95;  // levels are about even in log beta
  info.numbers = {{"temper", s.temper},
                  {"acceptance", acceptance},
                  {"scale", std::exp(s.log_scale)},
                  {"moves", static_cast<double>(count)},
                  {"correlation", correlation},
                  {"log_evidence", s.log_evidence},
                  {"log_evidence_standard_error", s.log_evidence_standard_error}};
  return info;
}

}  // namespace aleator::sampler
