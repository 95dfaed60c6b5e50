#include "sampler/langevin/cbs.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/error.hpp"
#include "core/log.hpp"
#include "sampler/ensemble/forecast.hpp"
#include "sampler/ensemble/panels.hpp"
#include "sampler/stein/particles.hpp"
#include "sampler/weights.hpp"

namespace aleator::sampler {
namespace {

// exp(-beta f(z_j)), which sum to 1.
std::vector<double> shares(std::vector<double> log_density, double beta) {
  for (double& value : log_density) value *= beta;
  return normalised(log_density).share;
}

void refuse_without_density(const std::vector<double>& log_density, std::int64_t iteration) {
  if (std::isfinite(*std::max_element(log_density.begin(), log_density.end()))) return;
  throw core::NumericsError(fmt::format(
      "consensus-based sampling: no member has a positive posterior density {}; more members, a larger alpha (shorter "
      "steps), or a prior without regions where the density is zero",
      iteration == 0 ? std::string("at the start") : fmt::format("after iteration {}", iteration)));
}

void warn_if_apart(const std::vector<double>& log_density) {
  constexpr double apart = 0.1;
  const double top = *std::max_element(log_density.begin(), log_density.end());
  double below = 0.0;
  for (const double value : log_density)
    below += std::isfinite(value) ? (top - value) / static_cast<double>(log_density.size()) : 0.0;
  if (below > apart)
    core::warn(
        "consensus-based optimisation: the members' log densities still lie {:.2g} below the best on average; they "
        "have not come to the mode: take more iterations",
        below);
}

// At rest the weighted mean is that of the members, and beta, which keeps a share s of them, that of a normal law in d
// coordinates: s = (1 - (beta / (1 + beta))^2)^(d / 2).
void warn_if_moving(const Context& context, const Ensemble& e, const std::vector<double>& weights, double beta,
                    const Cbs::Params& params) {
  const auto members = static_cast<std::int64_t>(weights.size());
  const int d = static_cast<int>(e.position.extent(1));
  const Batch z = all_rows(context, e.position, members);
  double shift = 0.0;
  for (int k = 0; k < d; ++k) {
    double mean = 0.0, weighted = 0.0, square = 0.0;
    for (int j = 0; j < members; ++j) mean += z(j, k) / static_cast<double>(members), weighted += weights[j] * z(j, k);
    for (int j = 0; j < members; ++j) square += (z(j, k) - mean) * (z(j, k) - mean) / static_cast<double>(members);
    if (square > 0.0) shift = std::max(shift, std::abs(weighted - mean) / std::sqrt(square));
  }
  const double root = std::sqrt(1.0 - std::pow(params.effective_share, 2.0 / d)), at_rest = root / (1.0 - root),
               chance = 5.0 / std::sqrt(params.effective_share * static_cast<double>(members));
  if (shift > std::max(0.3, chance) || beta < at_rest / 3.0)
    core::warn(
        "consensus-based sampling: the ensemble has not come to rest: its next mean lies {:.2g} of its standard "
        "deviations away, and beta is {:.2g} where a normal posterior has {:.2g} at rest; take more iterations{}",
        shift, beta, at_rest, params.alpha > 0.5 ? ", or alpha nearer 0" : "");
  if (members < 20 * d)
    core::warn(
        "consensus-based sampling: {} members for {} coordinates: with fewer than about 20 each the covariance is too "
        "small and the mean off by more than its standard error says",
        members, d);
}

// The ensemble's mean M follows the weighted mean m of the same members: M <- alpha M + (1 - alpha) m + noise of variance
// (1 - alpha^2) C / J. For a normal law m has the variance rho C / J, rho = J sum w^2 / (1 + 2 beta), of which it shares
// lambda^2 C / J with M, m = lambda M + the rest, lambda = 1 / (1 + beta). At rest M errs by this many times sd / sqrt(J).
double influence_at_rest(const std::vector<double>& w, double beta, double alpha) {
  double squares = 0.0;
  for (const double share : w) squares += share * share;
  const double rho = static_cast<double>(w.size()) * squares / (1.0 + 2.0 * beta), lambda = 1.0 / (1.0 + beta),
               rest = std::max(0.0, rho - lambda * lambda), kept = alpha + (1.0 - alpha) * lambda;
  return std::sqrt((1.0 - alpha * alpha + (1.0 - alpha) * (1.0 - alpha) * rest) / (1.0 - kept * kept));
}

}  // namespace

deck::Schema<Cbs::Params> Cbs::schema() {
  deck::Schema<Params> s("Consensus-based sampling and optimisation", "Carrillo, Hoffmann, Stuart, Vaes 2022");
  s.key("members", &Params::members, "1", "number of members J", deck::at_least(2))
      .choice("goal", &Params::goal, "where the ensemble shall go",
              {{"posterior", Goal::posterior, "its Gaussian approximation at the mode"},
               {"mode", Goal::mode,
                "to the mode of the density in latent coordinates (that of the parameters for normal priors); the "
                "spread goes to zero"}})
      .key("alpha", &Params::alpha, "1", "memory of a step: 0 redraws every member, near 1 follows the diffusion",
           deck::between(0, 0.999))
      .key("effective_share", &Params::effective_share, "1",
           "effective size of the weights exp(-beta f), as a share of J, that beta is chosen for", deck::inside(0, 1))
      .key("iterations", &Params::iterations, "1", "number of steps", deck::at_least(1));
  return s;
}

Cbs::State Cbs::init(const Problem& problem, const Context& context) const {
  State s;
  s.ensemble = Ensemble::from_prior(params.members, false, problem, context);
  s.model_evaluations = params.members;
  return s;
}

StepInfo Cbs::step(const Problem& problem, const Context& context, State& s) const {
  const int members = params.members;
  const std::vector<double> log_density = s.ensemble.all_log_posteriors(context);
  if (s.iteration == 0) refuse_without_density(log_density, 0);
  constexpr double largest_beta = 1e8;  // members that agree
  const double beta = increment_for_share(log_density, params.effective_share, largest_beta);
  const std::vector<double> w = shares(log_density, beta);
  const double lambda = params.goal == Goal::posterior ? 1.0 / (1.0 + beta) : 1.0;
  const double spread = std::sqrt((1.0 - params.alpha * params.alpha) / lambda);

  // z_j = alpha z_j + (1 - alpha) m + spread sum_i sqrt(w_i) xi_ij (z_i - m)
  math::Matrix right(members, members),
      left = shared_normals(context, {kernels::Purpose::proposal, s.iteration}, members, members);
  for (int i = 0; i < members; ++i)
    for (int k = 0; k < members; ++k) right(i, k) = (i == k ? 1.0 : 0.0) - w[k];
  for (int j = 0; j < members; ++j)
    for (int i = 0; i < members; ++i)
      left(j, i) = spread * std::sqrt(w[i]) * left(j, i) + (i == j ? params.alpha - 1.0 : 0.0);
  const Ensemble before = s.ensemble.copy();
  std::vector<double> now;
  try {
    add_combination(context, s.ensemble, left, right);
    model::Evaluation evaluation{s.ensemble.log_likelihood, {}, {}};
    evaluate(problem, s.ensemble.position, evaluation, context);
    now = s.ensemble.all_log_posteriors(context);
    refuse_without_density(now, s.iteration + 1);
  } catch (const core::NumericsError&) {
    s.ensemble = before;
    throw;
  }
  s.model_evaluations += members;

  ++s.iteration;
  StepInfo info;
  info.is_finished = s.iteration >= params.iterations;
  info.is_draw = info.is_finished;
  info.phase = "consensus";
  info.progress = static_cast<double>(s.iteration) / params.iterations;
  double mean = 0.0;
  for (int j = 0; j < members; ++j) mean += w[j] > 0.0 ? w[j] * log_density[j] : 0.0;
  info.numbers = {{"beta", beta}, {"log_density", mean}};
  if (info.is_finished && params.goal == Goal::posterior)
    s.influence.assign(static_cast<std::size_t>(members), influence_at_rest(w, beta, params.alpha));
  if (info.is_finished) {
    if (params.goal == Goal::mode)
      warn_if_apart(now);
    else
      warn_if_moving(context, s.ensemble, shares(now, beta), beta, params);
  }
  return info;
}

}  // namespace aleator::sampler
