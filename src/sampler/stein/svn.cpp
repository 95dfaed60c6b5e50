#include "sampler/stein/svn.hpp"

#include <fmt/format.h>

#include <cmath>
#include <utility>

#include "core/error.hpp"
#include "core/log.hpp"
#include "kernels/stein.hpp"
#include "math/gemm.hpp"
#include "sampler/proposal_scale.hpp"
#include "sampler/stein/identities.hpp"
#include "sampler/stein/particles.hpp"

namespace aleator::sampler {
namespace {

// All particles in x = L^T z, on every rank.
struct Particles {
  Batch x, score;    // L^T z, L^-1 grad log pi
  Batch precisions;  // L^-1 N L^-T, packed
};

// L^-1 N L^-T of each row.
Batch in_metric(const math::Matrix& lower, const Batch& packed) {
  const Batch result = kernels::new_batch(packed.extent(0), static_cast<int>(packed.extent(1)));
  kernels::for_each_row(static_cast<int>(packed.extent(0)), [&](int row) {
    const math::Matrix half = math::solve_lower(lower, unpacked(&packed(row, 0), lower.rows));
    to_packed(math::solve_lower(lower, math::transpose(half)), &result(row, 0));
  });
  return result;
}

Particles in_metric(const Context& context, const math::Matrix& lower, const Ensemble& e, const Batch& packed) {
  const int d = lower.rows;
  const Batch x = kernels::new_batch(e.rows(), d), score = scores_of(e);
  kernels::for_each_row(e.rows(), [&, z = e.position](int row) {
    const std::vector<double> at = math::transposed_multiply(lower, std::vector<double>(&z(row, 0), &z(row, 0) + d)),
                              s = math::solve_lower(lower, std::vector<double>(&score(row, 0), &score(row, 0) + d));
    std::copy(at.begin(), at.end(), &x(row, 0));
    std::copy(s.begin(), s.end(), &score(row, 0));
  });
  const std::int64_t members = e.layout.rows();
  return {all_rows(context, x, members), all_rows(context, score, members),
          all_rows(context, in_metric(lower, packed), members)};
}

// H_i
math::Matrix block_of(const Particles& all, std::int64_t i, double inverse_square) {
  const int members = static_cast<int>(all.x.extent(0)), d = static_cast<int>(all.x.extent(1));
  std::vector<double> h(all.precisions.extent(1), 0.0), r(static_cast<std::size_t>(d));
  for (int j = 0; j < members; ++j) {
    double square = 0.0;
    for (int k = 0; k < d; ++k) {
      r[k] = all.x(i, k) - all.x(j, k);
      square = std::fma(r[k], r[k], square);
    }
    const double weight = std::exp(-square * inverse_square) / members;  // k_ij^2 / J
    if (weight == 0.0) continue;
    const double* const n = &all.precisions(j, 0);
    for (int k = 0, at = 0; k < d; at += ++k) {
      const double along = inverse_square * inverse_square * r[k];
      for (int l = 0; l <= k; ++l) h[at + l] += weight * (n[at + l] + along * r[l]);
    }
  }
  return unpacked(h.data(), d);
}

// H^-1 q. Hessians of very unlike sizes lose their definiteness to rounding: then with more on the diagonal, and no step where
// nothing helps: then empty.
std::vector<double> newton_step(math::Matrix h, std::vector<double> q) {
  double trace = 0.0;
  for (int k = 0; k < h.rows; ++k) trace += h(k, k);
  math::Matrix lower;
  for (double more = 1e-12; more < 1.0; more *= 100.0) {
    if (math::try_cholesky(h, lower)) return math::solve_cholesky(lower, std::move(q));
    math::add_to_diagonal(h, more * trace / h.rows);
  }
  return {};
}

constexpr const char* advice =
    "the model's sensitivities differ by too many orders of magnitude between particles; narrow the prior, or begin "
    "with sampler/svgd";

}  // namespace

deck::Schema<Svn::Params> Svn::schema() {
  deck::Schema<Params> s("Stein variational Newton", "Detommaso, Cui, Spantini, Marzouk, Scheichl 2018");
  s.key("members", &Params::members, "1", "number of particles J", deck::at_least(2))
      .key("iterations", &Params::iterations, "1", "number of steps, at most", deck::at_least(1))
      .key("step", &Params::step, "1", "epsilon, the share of a Newton step that is taken", deck::between(0.01, 1))
      .key("length_scale", &Params::length_scale, "1", "l of the kernel, in units of the mean Hessian; 0: sqrt(d)",
           deck::at_least(0))
      .key("largest_move", &Params::largest_move, "1",
           "longest displacement of a Newton step, in prior standard deviations times sqrt(d)", deck::positive())
      .key("tolerance", &Params::tolerance, "1",
           "the particles have settled when their Newton steps are shorter, in posterior standard deviations",
           deck::positive());
  return s;
}

Svn::State Svn::init(const Problem& problem, const Context& context) const {
  State s;
  s.ensemble = Ensemble::from_prior(params.members, true, problem, context);
  s.model_evaluations = s.gradient_evaluations = params.members;
  return s;
}

StepInfo Svn::step(const Problem& problem, const Context& context, State& s) const {
  Ensemble& e = s.ensemble;
  const int rows = e.rows(), d = problem.dimension();
  require_a_likelihood(context, e, s.iteration, "Stein variational Newton");
  RunCount count;
  const Batch packed = precisions_of(problem, context, e.position, count);
  count.add_to(s);
  math::Matrix lower;
  if (!math::try_cholesky(mean_precision(context, e.layout, packed), lower))
    throw core::NumericsError(
        fmt::format("Stein variational Newton: the mean Gauss-Newton Hessian has no factor before step {}: {}",
                    s.iteration + 1, advice));
  const Particles all = in_metric(context, lower, e, packed);
  const double length = params.length_scale > 0.0 ? params.length_scale : std::sqrt(static_cast<double>(d));
  const Batch phi = kernels::new_batch(rows, d);
  kernels::SteinDirection<double>(all.x, all.score, length).apply(e.layout.first(), phi);

  const Vector squares("squares", rows), shortened("shortened", rows), stuck("stuck", rows);
  const double longest = params.largest_move * std::sqrt(static_cast<double>(d));
  kernels::for_each_row(rows, [&](int row) {
    std::vector<double> q(&phi(row, 0), &phi(row, 0) + d);
    q = newton_step(block_of(all, e.layout.first() + row, 1.0 / (length * length)), std::move(q));
    std::vector<double> move = q.empty() ? q : math::solve_lower_transposed(lower, q);
    const bool has_step = !q.empty() && std::isfinite(math::dot(q, q)) && std::isfinite(math::dot(move, move));
    stuck(row) = has_step ? 0.0 : 1.0;
    if (!has_step) return;
    squares(row) = math::dot(q, q) / d;
    const double norm = std::sqrt(math::dot(move, move)), share = norm > longest ? longest / norm : 1.0;
    shortened(row) = share < 1.0 ? 1.0 : 0.0;
    for (int k = 0; k < d; ++k) e.position(row, k) += params.step * share * move[k];
  });
  model::Evaluation evaluation{e.log_likelihood, e.gradient, {}};
  evaluate(problem, e.position, evaluation, context);
  s.model_evaluations += params.members, s.gradient_evaluations += params.members;

  ++s.iteration;
  const double move = std::sqrt(ordered_mean(context, e.layout, squares));
  const double stuck_share = ordered_mean(context, e.layout, stuck);
  if (stuck_share == 1.0)
    throw core::NumericsError(
        fmt::format("Stein variational Newton: no particle has a finite step {}: {}", s.iteration, advice));
  const bool has_settled = move < params.tolerance && stuck_share == 0.0;
  StepInfo info;
  info.is_finished = has_settled || s.iteration >= params.iterations;
  info.is_draw = info.is_finished;
  info.phase = "descent";
  info.progress = has_settled ? 1.0 : static_cast<double>(s.iteration) / params.iterations;
  info.numbers = {{"newton_step", move}, {"shortened_share", ordered_mean(context, e.layout, shortened)}};
  if (info.is_finished && !has_settled)
    core::warn(
        "Stein variational Newton: after {} iterations the particles still move by {:.2g} posterior standard "
        "deviations; they may not have settled",
        s.iteration, move);
  if (info.is_finished) warn_of_identities(context, e, "Stein variational Newton");
  return info;
}

}  // namespace aleator::sampler
