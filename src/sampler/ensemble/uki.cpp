#include "sampler/ensemble/uki.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/log.hpp"
#include "math/gemm.hpp"

namespace aleator::sampler {
namespace {

using math::Matrix;

// A B^T
Matrix product_transposed(const Matrix& a, const Matrix& b) {
  Matrix c(a.rows, b.rows);
  math::add_product(1.0, a, math::ConstMatrixView(b).transposed(), math::view(c));
  return c;
}

// A^T A
Matrix gram(const Matrix& a) {
  Matrix c(a.cols, a.cols);
  math::add_product(1.0, math::ConstMatrixView(a).transposed(), a, math::view(c));
  return c;
}

struct Prediction {
  std::vector<double> mean;  // m^
  Matrix lower;              // L, a square root of C^
};

// What the sigma points say of r near m^.
struct Linearisation {
  std::vector<double> residual;  // r_0
  Matrix slope, bend;            // S, Q: d x p
};

double distance_of_points(int d) { return std::min(2.0, std::sqrt(static_cast<double>(d))); }  // c

Prediction predict(const Uki::Params& params, const Uki::State& s, int d) {
  Prediction to{s.mean, Matrix(d, d)};
  to.lower.a = s.factor;
  if (params.goal == Uki::Goal::posterior) {
    for (double& value : to.lower.a) value /= std::sqrt(1.0 - params.step);
    return to;
  }
  const double alpha = params.alpha;
  Matrix c = product_transposed(to.lower, to.lower);
  for (double& value : c.a) value *= alpha * alpha;
  math::add_to_diagonal(c, 2.0 - alpha * alpha);
  to.lower = math::cholesky(c);
  for (double& value : to.mean) value *= alpha;
  return to;
}

// Row 0 is m^, rows 1 + j and 1 + d + j are m^ +- c L e_j.
Ensemble sigma_points(const Prediction& at, const Context& context) {
  const int d = at.lower.rows;
  const Ensemble points(parallel::RowLayout(2 * d + 1, context.comm), d);
  const int first = static_cast<int>(points.layout.first());
  for (int row = 0; row < points.rows(); ++row) {
    const int i = first + row, j = (i - 1) % d;
    const double c = i == 0 ? 0.0 : i <= d ? distance_of_points(d) : -distance_of_points(d);
    for (int k = 0; k < d; ++k) points.position(row, k) = at.mean[k] + (i == 0 ? 0.0 : c * at.lower(k, j));
  }
  return points;
}

Linearisation linearise(const Forecast& f, int d) {
  const int p = f.residual.cols;
  const double c = distance_of_points(d);
  Linearisation at{std::vector<double>(static_cast<std::size_t>(p), 0.0), Matrix(d, p), Matrix(d, p)};
  const bool has_centre = f.weights[0] > 0.0;
  for (int i = 0; i < f.residual.rows; ++i)  // without a run at m^: the mean of those there are
    for (int k = 0; k < p; ++k) at.residual[k] += (has_centre ? (i == 0 ? 1.0 : 0.0) : f.weights[i]) * f.residual(i, k);
  for (int j = 0; j < d; ++j) {
    const double* const ahead = f.residual.row(1 + j);
    const double* const behind = f.residual.row(1 + d + j);
    const bool has_ahead = f.weights[1 + j] > 0.0, has_behind = f.weights[1 + d + j] > 0.0;
    for (int k = 0; k < p; ++k) {
      const double up = has_ahead ? ahead[k] - at.residual[k] : 0.0,
                   down = has_behind ? at.residual[k] - behind[k] : 0.0;
      at.slope(j, k) = (has_ahead && has_behind ? 0.5 * (up + down) : up + down) / c;
      at.bend(j, k) = has_ahead && has_behind ? 0.5 * (up - down) / c : 0.0;
    }
  }
  return at;
}

// S N^-1 S^T and S N^-1 r_0 with N = Q^T Q + I / h: h (S S^T - S Q^T (I / h + Q Q^T)^-1 Q S^T), and alike.
struct Information {
  Matrix precision;
  std::vector<double> pull;
};

Information information_of(const Linearisation& at, double h) {
  const int d = at.slope.rows;
  Matrix inner = product_transposed(at.bend, at.bend);
  math::add_to_diagonal(inner, 1.0 / h);
  Matrix onto(d, d + 1);  // Q S^T and Q r_0
  const Matrix bend_slope = product_transposed(at.bend, at.slope);
  const std::vector<double> bend_residual = math::multiply(at.bend, at.residual);
  for (int i = 0; i < d; ++i) {
    std::copy_n(bend_slope.row(i), d, onto.row(i));
    onto(i, d) = bend_residual[i];
  }
  const Matrix solved = math::solve_positive_definite(inner, onto);
  Information info{product_transposed(at.slope, at.slope), math::multiply(at.slope, at.residual)};
  Matrix correction(d, d + 1);
  math::add_product(1.0, math::ConstMatrixView(bend_slope).transposed(), solved, math::view(correction));
  for (int i = 0; i < d; ++i) {
    for (int k = 0; k < d; ++k) info.precision(i, k) = h * (info.precision(i, k) - correction(i, k));
    info.pull[i] = h * (info.pull[i] - correction(i, d));
  }
  return info;
}

// The members become draws of N(m, C).
void draw_members(const Context& context, const Uki::State& s) {
  const Batch xi("xi", s.ensemble.rows(), s.mean.size());
  context.rng.normals({kernels::Purpose::proposal}, s.ensemble.layout.first(), xi);
  const int d = static_cast<int>(s.mean.size());
  kernels::for_each_row(s.ensemble.rows(), [&](int row) {
    for (int k = 0; k < d; ++k) {
      double sum = s.mean[k];
      for (int i = 0; i < d; ++i) sum += s.factor[static_cast<std::size_t>(k) * d + i] * xi(row, i);
      s.ensemble.position(row, k) = sum;
    }
  });
}

}  // namespace

deck::Schema<Uki::Params> Uki::schema() {
  deck::Schema<Params> s("Unscented Kalman inversion",
                         "Huang, Schneider, Stuart 2022; Huang, Huang, Reich, Stuart 2022");
  s.key("members", &Params::members, "1", "draws of the Gaussian that is found", deck::at_least(2))
      .choice("goal", &Params::goal, "where the Gaussian shall go",
              {{"posterior", Goal::posterior, "its spread that of the posterior, when the model is linear"},
               {"minimum", Goal::minimum, "its mean to the least misfit; the spread means nothing"}})
      .key("step", &Params::step, "1", "h, the share of data and prior that a step brings in", deck::inside(0, 1))
      .only_with("goal = \"posterior\"", [](const Params& p) { return p.goal == Goal::posterior; })
      .key("inflation", &Params::inflation, "1",
           "the standard deviations that a linear model's Gaussian settles at, over those of the posterior",
           deck::between(1, 10))
      .only_with("goal = \"posterior\"", [](const Params& p) { return p.goal == Goal::posterior; })
      .key("alpha", &Params::alpha, "1",
           "the mean is multiplied by this before each step, when goal = minimum; below 1 it is held to the prior's",
           deck::between(0, 1))
      .key("tolerance", &Params::tolerance, "1",
           "stop when a step moves mean and spread by less than this, in standard deviations", deck::positive())
      .key("max_iterations", &Params::max_iterations, "1", "stop after this many steps", deck::at_least(1))
      .check("alpha", [](const Params& p) {
        return p.alpha != 1.0 && p.goal == Goal::posterior
                   ? std::string("alpha is for goal = \"minimum\"; the posterior has its prior already")
                   : std::string();
      });
  return s;
}

void Uki::State::fields(io::Archive& archive) {
  BaseState::fields(archive);
  archive.field("mean", mean);
  archive.field("factor", factor);
}

std::string Uki::objection(const Problem& problem) const {
  if (problem.dimension() > largest_dimension)
    return fmt::format(
        "takes 2 d + 1 = {} model runs a step and a {} x {} covariance; sampler/eki does with some hundred members",
        2 * problem.dimension() + 1, problem.dimension(), problem.dimension());
  return noise_objection(problem);
}

Uki::State Uki::init(const Problem& problem, const Context& context) const {
  State s;
  s.ensemble = Ensemble::unevaluated(params.members, problem, context);
  s.mean.assign(static_cast<std::size_t>(problem.dimension()), 0.0);
  s.factor = math::identity(problem.dimension()).a;
  return s;
}

StepInfo Uki::step(const Problem& problem, const Context& context, State& s) const {
  const int d = problem.dimension();
  const bool samples = params.goal == Goal::posterior;
  const Prediction to = predict(params, s, d);
  Ensemble points = sigma_points(to, context);
  const Forecast f = run_members(problem, context, points, "unscented Kalman inversion");
  s.model_evaluations += 2 * d + 1;

  const double h = samples ? params.step / (params.inflation * params.inflation) : 0.5;  // the minimum's noise is 2 I
  const Linearisation near = linearise(f, d);
  Information at = information_of(near, h);
  if (samples) {
    math::add_scaled(at.precision, h, gram(to.lower));
    const std::vector<double> prior_pull = math::transposed_multiply(to.lower, to.mean);
    for (int k = 0; k < d; ++k) at.pull[k] += h * prior_pull[k];
  }
  math::add_to_diagonal(at.precision, 1.0);  // P
  const Matrix root = math::cholesky(at.precision);
  const std::vector<double> x = math::solve_cholesky(root, at.pull), shift = math::multiply(to.lower, x);
  const Matrix factor = math::transpose(math::solve_lower(root, math::transpose(to.lower)));  // L P^-T/2

  // How far the step went: of the mean in standard deviations (in the prior's, where the spread means nothing), of the
  // spread by (1 - h) P, which is I where C stays.
  double change = 0.0, spread_change = 0.0;
  for (int k = 0; k < d; ++k) {
    const double moved = to.mean[k] - shift[k] - s.mean[k];
    change = std::max(change, samples ? std::abs(x[k]) : std::abs(moved));
    for (int i = 0; i < d && samples; ++i)
      spread_change =
          std::max(spread_change, std::abs((1.0 - params.step) * at.precision(i, k) - (i == k ? 1.0 : 0.0)));
    s.mean[k] = to.mean[k] - shift[k];
  }
  s.factor = factor.a;

  ++s.iteration;
  const double remaining = std::max(change, spread_change);
  StepInfo info;
  int blind = 0;  // directions of which the step saw nothing
  for (int j = 0; j < d; ++j) blind += f.weights[1 + j] == 0.0 && f.weights[1 + d + j] == 0.0 ? 1 : 0;
  const bool has_settled = remaining < params.tolerance && blind == 0;
  info.is_draw = info.is_finished = has_settled || s.iteration >= params.max_iterations;
  info.phase = "inversion";
  info.progress = static_cast<double>(s.iteration) / params.max_iterations;
  info.numbers = {{"misfit", 0.5 * math::dot(near.residual, near.residual)},
                  {"mean_change", change},
                  {"spread_change", spread_change},
                  {"failed_points", 2 * d + 1 - f.usable}};
  if (!info.is_finished) return info;
  if (blind > 0)
    core::warn(
        "unscented Kalman inversion: in the last step the model failed at both points of {} of {} directions: nothing "
        "is "
        "learnt of them, and they keep the prior's spread; a narrower prior, or sampler/eki",
        blind, d);
  else if (!has_settled)
    core::warn(
        "unscented Kalman inversion: after {} iterations a step still moves mean or spread by {:.3g} standard "
        "deviations",
        s.iteration, remaining);
  draw_members(context, s);
  evaluate_last(problem, context, s);
  return info;
}

}  // namespace aleator::sampler
