#include "sampler/langevin/aldi.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "kernels/triangular.hpp"
#include "math/dense.hpp"
#include "sampler/ensemble/forecast.hpp"
#include "sampler/proposal_scale.hpp"

namespace aleator::sampler {
namespace {

struct Moments {
  std::vector<double> mean;
  std::vector<double> lower;  // L
  math::Matrix c_rz;          // p x d
};

Moments moments_of(const Context& context, const Ensemble& e, const Batch& residual) {
  const int d = static_cast<int>(e.position.extent(1)), p = static_cast<int>(residual.extent(1));
  const Batch z = e.position;
  Moments m;
  m.mean = mean_position(e, context);
  const auto sums = parallel::ordered_sum(context.comm, e.layout, d * d + p * d, [&](int row, double* sum) {
    for (int i = 0; i < d; ++i)
      for (int k = 0; k <= i; ++k) sum[i * d + k] += (z(row, i) - m.mean[i]) * (z(row, k) - m.mean[k]);
    for (int i = 0; i < p; ++i)  // the deviations of z sum to zero, so those of r need not be taken
      for (int k = 0; k < d; ++k) sum[(d + i) * d + k] += residual(row, i) * (z(row, k) - m.mean[k]);
  });
  const double members = static_cast<double>(e.layout.rows());
  math::Matrix c(d, d);
  double trace = 0.0;
  for (int i = 0; i < d; ++i)
    for (int k = 0; k <= i; ++k) c(i, k) = c(k, i) = sums[i * d + k] / members;
  for (int i = 0; i < d; ++i) trace += c(i, i);
  math::add_to_diagonal(c, 1e-12 * trace / d);
  math::Matrix lower;
  if (!math::try_cholesky(c, lower))
    throw core::NumericsError(
        "affine-invariant Langevin dynamics: the members lie in a hyperplane; use more chains, or a smaller step");
  m.lower = std::move(lower.a);
  m.c_rz = math::Matrix(p, d);
  for (std::size_t i = 0; i < m.c_rz.a.size(); ++i) m.c_rz.a[i] = sums[static_cast<std::size_t>(d * d) + i] / members;
  return m;
}

// log-likelihood and r = R^-1/2 (G(T(z)) - data); r is zero where the run failed, so that such a member does not pull.
void observe(const Problem& problem, const Context& context, const Batch& z, const Vector& log_likelihood,
             const Batch& r) {
  const model::GaussianNoise& noise = *problem.noise();
  const Batch g("outputs", z.extent(0), problem.outputs());
  model::Evaluation evaluation{log_likelihood, {}, g};
  evaluate(problem, z, evaluation, context);
  kernels::for_each_row(static_cast<int>(g.extent(0)), [&](int row) {
    if (std::isfinite(log_likelihood(row))) return noise.whiten(&g(row, 0), &r(row, 0));
    for (std::size_t i = 0; i < r.extent(1); ++i) r(row, i) = 0.0;
  });
}

// Members that start where the model fails become copies of the next one that does not; whether there are such.
bool leave_failed_starts(const Context& context, Ensemble& e) {
  const std::vector<double> log_likelihood = e.all_log_likelihoods(context);
  const std::size_t members = log_likelihood.size();
  const double best = *std::max_element(log_likelihood.begin(), log_likelihood.end());
  std::vector<double> misfit;
  for (const double value : log_likelihood) misfit.push_back(std::isfinite(value) ? best - value : std::nan(""));
  const double limit = largest_usable(misfit);
  const auto is_usable = [&](double value) { return std::isfinite(value) && best - value <= limit; };
  if (std::none_of(log_likelihood.begin(), log_likelihood.end(), is_usable))
    throw core::NumericsError("affine-invariant Langevin dynamics: every member has likelihood zero at its start");
  std::vector<std::int64_t> source(members);
  for (std::size_t i = 0; i < members; ++i) {
    std::size_t j = i;
    while (!is_usable(log_likelihood[j])) j = (j + 1) % members;
    source[i] = static_cast<std::int64_t>(j);
  }
  if (std::all_of(log_likelihood.begin(), log_likelihood.end(), is_usable)) return false;
  e.take(source, context);
  return true;
}

}  // namespace

deck::Schema<Aldi::Params> Aldi::schema() {
  deck::Schema<Params> s("Affine-invariant interacting Langevin dynamics (ALDI)", "Garbuno-Inigo, Nuesken, Reich 2020");
  s.key("chains", &Params::chains, "1", "number of members J, more than d + 1", deck::at_least(3))
      .key("warmup", &Params::warmup, "1", "steps that are thrown away", deck::at_least(1))
      .key("draws", &Params::draws, "1", "draws kept of each member", deck::at_least(4))
      .key("thin", &Params::thin, "1", "steps between two draws", deck::at_least(1))
      .key("step", &Params::step, "1", "h; the bias is O(h)", deck::inside(0, 1))
      .choice("gradient", &Params::gradient, "of the log-likelihood",
              {{"automatic", Gradient::automatic, "exact where the model has one"},
               {"exact", Gradient::exact, "by the model's adjoint"},
               {"ensemble", Gradient::ensemble, "none: by the members' correlations with their outputs"}})
      .key("finite_ensemble_correction", &Params::finite_ensemble_correction, "", "the term (d + 1) / J");
  return s;
}

void Aldi::State::fields(io::Archive& archive) {
  BaseState::fields(archive);
  archive.rows("residual", ensemble.layout, residual);
}

bool Aldi::uses_gradient(const Problem& problem) const {
  return params.gradient == Gradient::exact || (params.gradient == Gradient::automatic && problem.has_gradient());
}

std::string Aldi::objection(const Problem& problem) const {
  if (params.chains <= problem.dimension() + 1)
    return fmt::format("needs more than d + 1 = {} members, set chains = {} or more", problem.dimension() + 1,
                       2 * problem.dimension() + 2);
  if (params.gradient == Gradient::exact && !problem.has_gradient())
    return "has gradient = \"exact\", which " + problem.missing_gradient() + "; \"ensemble\" does without";
  return uses_gradient(problem) || problem.noise() != nullptr
             ? ""
             : "needs the gradient of the log-likelihood, or additive Gaussian noise that is known "
               "(likelihood/gaussian without unknown_scale)";
}

Aldi::State Aldi::init(const Problem& problem, const Context& context) const {
  State s;
  const bool exact = uses_gradient(problem);
  s.ensemble = exact ? Ensemble::from_prior(params.chains, true, problem, context)
                     : Ensemble::unevaluated(params.chains, problem, context);
  s.model_evaluations = s.gradient_evaluations = exact ? params.chains : 0;
  const int rows = s.ensemble.rows();
  s.residual = Batch("residual", rows, exact ? 0 : problem.outputs());
  return s;
}

StepInfo Aldi::step(const Problem& problem, const Context& context, State& s) const {
  Ensemble& e = s.ensemble;
  const bool exact = uses_gradient(problem), is_warming_up = s.iteration < params.warmup;
  if (s.iteration == 0) {
    const auto observe_starts = [&] {
      if (exact) return;
      s.model_evaluations += params.chains;
      observe(problem, context, e.position, e.log_likelihood, s.residual);
    };
    observe_starts();
    if (leave_failed_starts(context, e)) observe_starts();
  }
  const int rows = e.rows(), d = problem.dimension(), p = static_cast<int>(s.residual.extent(1));
  const Moments m = moments_of(context, e, s.residual);
  const Batch score("score", rows, d), proposed("proposed", rows, d);  // L^T grad log pi
  kernels::multiply_lower_transposed(
      m.lower.data(), rows, d, [&](int row, int k) { return (exact ? e.gradient(row, k) : 0.0) - e.position(row, k); },
      [=](int row, int k, double value) { score(row, k) = value; });
  if (!exact) {  // C_zr r_j = L x, x the regression of r_j on the members
    const math::Matrix lower = [&] {
      math::Matrix l(d, d);
      l.a = m.lower;
      return l;
    }();
    kernels::for_each_row(rows, [&](int row) {
      std::vector<double> x(static_cast<std::size_t>(d), 0.0);
      for (int i = 0; i < p; ++i)
        for (int k = 0; k < d; ++k) x[k] += m.c_rz(i, k) * s.residual(row, i);
      x = math::solve_lower(lower, std::move(x));
      for (int k = 0; k < d; ++k) score(row, k) -= x[k];
    });
  }
  const Vector squares("squares", rows);
  kernels::for_each_row(rows, [=](int row) {
    for (int k = 0; k < d; ++k) squares(row) += score(row, k) * score(row, k);
  });
  const double pull = std::sqrt(ordered_mean(context, e.layout, squares) / d);
  constexpr double at_rest = 2.0;  // a pull that draws of most laws keep below
  const double h = params.step / std::max(1.0, is_warming_up ? pull : pull / at_rest);
  const double correction = params.finite_ensemble_correction ? h * (d + 1.0) / params.chains : 0.0;
  const Batch xi("xi", rows, d);
  context.rng.normals({kernels::Purpose::proposal, s.iteration}, e.layout.first(), xi);
  kernels::multiply_lower(
      m.lower.data(), rows, d, [=](int row, int k) { return h * score(row, k) + std::sqrt(2.0 * h) * xi(row, k); },
      [&, z = e.position](int row, int k, double move) {
        proposed(row, k) = z(row, k) + move + correction * (z(row, k) - m.mean[k]);
      });

  const Batch gradient("gradient", rows, exact ? d : 0), r("r", rows, p);
  const Vector log_likelihood("log_likelihood", rows);
  model::Evaluation evaluation{log_likelihood, gradient, {}};
  if (exact)
    evaluate(problem, proposed, evaluation, context);
  else
    observe(problem, context, proposed, log_likelihood, r);
  const Vector moved("moved", rows);
  kernels::for_each_row(rows, [=](int row) {  // a member whose model run fails stays where it is
    e.accepted(row) = moved(row) = std::isfinite(log_likelihood(row)) ? 1.0 : 0.0;
    if (moved(row) == 0.0) return;
    e.log_likelihood(row) = log_likelihood(row);
    for (int k = 0; k < d; ++k) e.position(row, k) = proposed(row, k);
    for (std::size_t k = 0; k < gradient.extent(1); ++k) e.gradient(row, k) = gradient(row, k);
    for (int i = 0; i < p; ++i) s.residual(row, i) = r(row, i);
  });
  s.model_evaluations += params.chains, s.gradient_evaluations += exact ? params.chains : 0;

  ++s.iteration;
  StepInfo info;
  const std::int64_t total = params.warmup + static_cast<std::int64_t>(params.draws) * params.thin;
  info.is_finished = s.iteration >= total;
  info.is_draw = s.iteration > params.warmup && (s.iteration - params.warmup) % params.thin == 0;
  info.phase = is_warming_up ? "warm-up" : "sampling";
  info.progress = static_cast<double>(s.iteration) / static_cast<double>(total);
  info.numbers = {{"acceptance", ordered_mean(context, e.layout, moved)}, {"step", h}, {"pull", pull}};
  if (s.iteration > params.warmup) s.means.add(problem, e.position);
  return info;
}

}  // namespace aleator::sampler
