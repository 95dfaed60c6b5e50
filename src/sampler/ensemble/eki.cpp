#include "sampler/ensemble/eki.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>

#include "core/log.hpp"
#include "sampler/ensemble/panels.hpp"

namespace aleator::sampler {
namespace {

// position_j += sum_i left(j, i) sum_k right(i, k) position_k
struct Combination {
  math::Matrix left, right;
};

// B^T / (n - 1): applied to the positions, the covariance of the residuals' coordinates with z.
math::Matrix covariance_with_position(const KalmanBasis& basis, int usable) {
  math::Matrix right = math::transpose(basis.coordinates);
  for (double& value : right.a) value /= usable - 1.0;
  return right;
}

// left_j = (Lambda + 1 / h)^-1 V^T (eta_j / sqrt(h) - r_j)
Combination stochastic_update(const Forecast& f, const KalmanBasis& basis, double h, math::Matrix eta) {
  for (int j = 0; j < eta.rows; ++j)
    for (int i = 0; i < eta.cols; ++i) eta(j, i) = eta(j, i) / std::sqrt(h) - f.residual(j, i);
  Combination c{math::Matrix(eta.rows, static_cast<int>(basis.lambda.size())),
                covariance_with_position(basis, f.usable)};
  math::add_product(1.0, eta, basis.directions, math::view(c.left));
  for (int j = 0; j < c.left.rows; ++j)
    for (int a = 0; a < c.left.cols; ++a) c.left(j, a) *= f.weights[j] > 0.0 ? 1.0 / (basis.lambda[a] + 1.0 / h) : 0.0;
  return c;
}

// left_j = B_j ((1 + h Lambda)^-1/2 - 1) / Lambda - (Lambda + 1 / h)^-1 V^T mean
Combination square_root_update(const Forecast& f, const KalmanBasis& basis, double h) {
  Combination c{basis.coordinates, covariance_with_position(basis, f.usable)};
  for (int a = 0; a < c.left.cols; ++a) {
    const double lambda = basis.lambda[a], root = std::sqrt(1.0 + h * lambda);
    double mean = 0.0;
    for (int i = 0; i < basis.directions.rows; ++i) mean += basis.directions(i, a) * basis.mean[i];
    for (int j = 0; j < c.left.rows; ++j)  // (1 / root - 1) / lambda without the cancellation
      c.left(j, a) = f.weights[j] > 0.0 ? -c.left(j, a) * h / (root * (1.0 + root)) - mean / (lambda + 1.0 / h) : 0.0;
  }
  return c;
}

// What the sampling error of the gain adds to a member's influence on the mean in a step of length h: the gain's share of member
// j, z'_j r'_j^T (C + I / h)^-1, moves the mean by g_j = -r'_j . (C + I / h)^-1 mean r times z'_j. What it has added before
// shrinks as the deviation does in the direction that the data say least of, if they speak of all: by 1 / (1 + h lambda_d)
// beside new perturbations, by the root of that where the deviations shrink by the root as well.
void add_influence(const KalmanBasis& basis, double h, bool is_stochastic, int dimension,
                   std::vector<double>& influence) {
  const std::size_t k = basis.lambda.size();
  std::vector<double> pull(k, 0.0), falling = basis.lambda;
  for (std::size_t a = 0; a < k; ++a) {
    for (int i = 0; i < basis.directions.rows; ++i) pull[a] += basis.directions(i, static_cast<int>(a)) * basis.mean[i];
    pull[a] /= basis.lambda[a] + 1.0 / h;
  }
  std::sort(falling.begin(), falling.end(), std::greater<>());
  const auto d = static_cast<std::size_t>(dimension);
  const double kept = d <= k ? 1.0 / (1.0 + h * falling[d - 1]) : 1.0;
  influence.resize(static_cast<std::size_t>(basis.coordinates.rows), 1.0);
  for (std::size_t j = 0; j < influence.size(); ++j) {
    double g = 0.0;
    for (std::size_t a = 0; a < k; ++a) g -= basis.coordinates(static_cast<int>(j), static_cast<int>(a)) * pull[a];
    influence[j] = is_stochastic ? 1.0 + kept * (influence[j] - 1.0 + g) : std::sqrt(kept) * (influence[j] + g);
  }
}

// Tikhonov's. With a_j = (r_j, sqrt(lambda) z_j) and A' their deviations:
// z_j -= Z'^T (A' A'^T / (n - 1) + I / h)^-1 A' a_j / (n - 1).
Combination minimising_update(const Forecast& f, const math::Matrix& products, double lambda, double h) {
  const int members = f.residual.rows;
  const math::Matrix centring = centring_of(f);
  math::Matrix uncentred = deviation_products(f, centring, 1.0);  // A'_i . a_j
  for (int i = 0; i < members; ++i)
    for (int j = 0; j < members; ++j) uncentred(i, j) += f.weights[i] > 0.0 ? lambda * products(i, j) : 0.0;
  math::Matrix inner(members, members);  // A' A'^T / (n - 1) + I / h
  math::add_product(1.0 / (f.usable - 1.0), uncentred, math::ConstMatrixView(centring).transposed(), math::view(inner));
  math::add_to_diagonal(inner, 1.0 / h);
  Combination c{math::transpose(math::solve_positive_definite(inner, uncentred)), centring};
  for (int j = 0; j < members; ++j)
    for (int i = 0; i < members; ++i) c.left(j, i) *= f.weights[j] > 0.0 ? -1.0 / (f.usable - 1.0) : 0.0;
  return c;
}

// z <- sign(z) |z|^power
void warp(const Ensemble& e, double power) {
  kernels::for_each_row(e.rows(), [=, z = e.position](int row) {
    for (std::size_t k = 0; k < z.extent(1); ++k)
      z(row, k) = std::copysign(std::pow(std::abs(z(row, k)), power), z(row, k));
  });
}

// All directions of the members are bound by the data: their spread then says how many members there are, not what is known.
void warn_of_few_members(const Forecast& f, const KalmanBasis& basis, int d) {
  const int directions = f.usable - 1;
  if (std::min(f.residual.cols, d) <= directions) return;
  int bound = 0;  // directions of which the data know more than the prior
  for (const double lambda : basis.lambda) bound += lambda > 1.0 ? 1 : 0;
  if (bound >= directions)
    core::warn(
        "ensemble Kalman inversion: iteration 1: the {} data bind all {} directions that {} members span, of {} "
        "coordinates; the spread will be far too small. Take more members than directions the data see, or "
        "localisation = \"correlation\"",
        f.residual.cols, directions, f.usable, d);
}

// rho = C / (sd_a sd_z) for each entry of the block C of coordinates with positions.
Shrink correlation_shrinkage(const Forecast& f, const KalmanBasis& basis) {
  return [&](const math::ConstMatrixView& z, const math::MatrixView& block) {
    constexpr double significant = 4.0;  // a chance correlation has n rho^2 = 1, and rarely more than this
    const double n = f.usable;
    for (int k = 0; k < block.cols; ++k) {
      double mean = 0.0, variance = 0.0;
      for (int j = 0; j < z.rows; ++j) mean += f.weights[j] * z.data[j * z.stride + k];
      for (int j = 0; j < z.rows; ++j) variance += f.weights[j] * std::pow(z.data[j * z.stride + k] - mean, 2);
      variance *= n / (n - 1.0);
      for (int a = 0; a < block.rows; ++a) {
        double& c = block.data[a * block.stride + k];
        const double bound = variance * basis.lambda[a];
        const double square = bound > 0.0 ? std::min(c * c / bound, 1.0) : 0.0;
        c *= square > 0.0 ? std::max(0.0, 1.0 - significant / (n * square)) : 0.0;
      }
    }
  };
}

}  // namespace

deck::Schema<Eki::Params> Eki::schema() {
  deck::Schema<Params> s("Ensemble Kalman inversion",
                         "Iglesias, Law, Stuart 2013; Iglesias, Yang 2021; Chada, Stuart, Tong 2020; Lee 2021");
  s.key("members", &Params::members, "1", "number of members J", deck::at_least(2))
      .choice(
          "goal", &Params::goal, "where the ensemble shall go",
          {{"posterior", Goal::posterior, "its spread that of the posterior, when the model is linear"},
           {"minimum", Goal::minimum, "to the least misfit, until it is that of the noise; the spread means nothing"}})
      .choice("update", &Params::update, "how deviations move",
              {{"stochastic", Update::stochastic, "with perturbed data"},
               {"square_root", Update::square_root, "by the symmetric square root of an ensemble transform (ETKI)"}})
      .only_with("goal = \"posterior\"", [](const Params& p) { return p.goal == Goal::posterior; })
      .choice("step", &Params::step, "how the step h is chosen",
              {{"fixed", StepRule::fixed, "always fixed_step"},
               {"misfit_controlled", StepRule::misfit_controlled, "from mean and variance of the misfit"}})
      .key("fixed_step", &Params::fixed_step, "1", "h", deck::positive())
      .only_with("step = \"fixed\"", [](const Params& p) { return p.step == StepRule::fixed; })
      .key("inflation", &Params::inflation, "1", "deviations from the mean are multiplied by this after each step",
           deck::at_least(1))
      .choice("localisation", &Params::localisation, "against chance correlations of small ensembles",
              {{"none", Localisation::none, "none"},
               {"correlation", Localisation::correlation, "covariances shrink the more, the smaller the correlation"}})
      .key("regularisation", &Params::regularisation, "1", "weight of |z|^2 / 2 beside the misfit, when goal = minimum",
           deck::at_least(0))
      .key("exponent", &Params::exponent, "1",
           "q: the weight is of sum |z_k|^q / 2; 1 and less favour few coordinates that are not zero",
           deck::between(0.1, 2))
      .key("max_iterations", &Params::max_iterations, "1", "stop after this many steps", deck::at_least(1))
      .check("regularisation",
             [](const Params& p) {
               constexpr int most_members = 4096;  // matrices of members x members
               if (p.regularisation > 0.0 && p.members > most_members)
                 return fmt::format("regularisation takes matrices of members x members: at most {} members",
                                    most_members);
               return p.regularisation > 0.0 && p.goal == Goal::posterior
                          ? std::string("regularisation is for goal = \"minimum\"; the posterior has its prior already")
                          : std::string();
             })
      .check("exponent",
             [](const Params& p) {
               return p.exponent < 2.0 && !(p.regularisation > 0.0)
                          ? std::string("exponent is that of the penalty, which has no weight: set regularisation")
                          : std::string();
             })
      .check("localisation", [](const Params& p) {
        return p.localisation != Localisation::none && p.goal == Goal::minimum
                   ? std::string("localisation is for goal = \"posterior\"")
                   : std::string();
      });
  return s;
}

void Eki::State::fields(io::Archive& archive) {
  BaseState::fields(archive);
  archive.field("time", time);
}

Eki::State Eki::init(const Problem& problem, const Context& context) const {
  State s;
  s.ensemble = Ensemble::unevaluated(params.members, problem, context);
  return s;
}

StepInfo Eki::step(const Problem& problem, const Context& context, State& s) const {
  const bool samples = params.goal == Goal::posterior;
  const Forecast f = run_members(problem, context, s.ensemble, "ensemble Kalman inversion");
  s.model_evaluations += params.members;
  const double rest = samples ? 1.0 - s.time : INFINITY;
  const KalmanBasis basis = kalman_basis(f);
  const double widest = *std::max_element(basis.lambda.begin(), basis.lambda.end());
  // At a minimum the members agree: nothing is left to move by, and a step that divides by their spread would be noise.
  const bool is_settled = !samples && widest <= 1e-16 * f.mean_misfit;
  constexpr double largest_gain = 1e4;  // h times the widest variance
  const double h = std::min({params.step == StepRule::fixed ? params.fixed_step : controlled_step(f), rest,
                             samples ? INFINITY : largest_gain / std::max(widest, std::numeric_limits<double>::min())});
  if (samples && widest <= 1e-20 * f.mean_misfit)
    throw core::NumericsError(
        fmt::format("ensemble Kalman inversion: the ensemble has collapsed in iteration {} at time {:.3g}: all {} "
                    "members give the same outputs, with misfit {:.3g}; more members or inflation > 1 keep them apart",
                    s.iteration + 1, s.time, f.usable, f.mean_misfit));
  double noise_level = 0.0;  // |mean r|^2 / p: below 1 the mean fits the data to the noise
  for (const double r : basis.mean) noise_level += r * r / problem.outputs();
  const bool fits = !samples && noise_level <= 1.0;
  if (samples && s.iteration == 0 && params.localisation == Localisation::none)
    warn_of_few_members(f, basis, problem.dimension());

  if (samples) {
    const Combination c =
        params.update == Update::stochastic
            ? stochastic_update(f, basis, h,
                                shared_normals(context, {kernels::Purpose::observation_noise, s.iteration},
                                               params.members, problem.outputs()))
            : square_root_update(f, basis, h);
    add_influence(basis, h, params.update == Update::stochastic, problem.dimension(), s.influence);
    add_combination(context, s.ensemble, c.left, c.right,
                    params.localisation == Localisation::none ? Shrink() : correlation_shrinkage(f, basis));
  } else if (!fits && !is_settled) {
    if (params.exponent < 2.0) warp(s.ensemble, 0.5 * params.exponent);
    const Combination c =
        params.regularisation > 0.0
            ? minimising_update(f, centred_products(context, s.ensemble, f.weights), params.regularisation, h)
            : stochastic_update(f, basis, h,
                                math::Matrix(params.members, problem.outputs()));  // by the data as they are
    add_combination(context, s.ensemble, c.left, c.right);
    if (params.exponent < 2.0) warp(s.ensemble, 2.0 / params.exponent);
  }
  replace_failed(context, f, s.ensemble);
  if (params.inflation > 1.0) inflate(context, params.inflation, s.ensemble);

  if (!is_settled) s.time = samples && rest - h < 1e-12 ? 1.0 : s.time + h;
  ++s.iteration;
  StepInfo info;
  info.is_finished = (samples && s.time >= 1.0) || fits || is_settled || s.iteration >= params.max_iterations;
  info.is_draw = info.is_finished;
  info.phase = "inversion";
  info.progress = samples ? s.time : static_cast<double>(s.iteration) / params.max_iterations;
  info.numbers = {{"time", s.time},
                  {"step", h},
                  {"misfit", f.mean_misfit},
                  {"noise_level", noise_level},
                  {"failed_members", params.members - f.usable}};
  if (info.is_finished && samples && s.time < 1.0)
    core::warn(
        "ensemble Kalman inversion: max_iterations = {} reached at time {:.3g} of 1: the ensemble is wider than the "
        "posterior",
        params.max_iterations, s.time);
  if (info.is_finished && !samples && !fits)
    core::warn(
        "ensemble Kalman inversion: after {} iterations the misfit of the mean is still {:.3g} times that of the "
        "noise{}",
        s.iteration, noise_level,
        is_settled ? ": the least that the members' span allows; more members, or a larger sd of the noise" : "");
  if (info.is_finished) evaluate_last(problem, context, s);
  return info;
}

}  // namespace aleator::sampler
