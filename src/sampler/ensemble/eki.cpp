#include "sampler/ensemble/eki.hpp"

#include <algorithm>
#include <cmath>

#include "core/log.hpp"
#include "math/dense.hpp"

namespace aleator::sampler {
namespace {

// Means and covariances over the members whose model run succeeded.
struct EnsembleMoments {
  double members = 0.0;
  math::Matrix c_zg, c_gg;
};

EnsembleMoments moments_of(const Context& context, const Ensemble& e, const Batch& g,
                           const std::vector<char>& is_usable) {
  const int d = static_cast<int>(e.position.extent(1)), p = static_cast<int>(g.extent(1));
  const Batch z = e.position;
  const auto sums = parallel::ordered_sum(context.comm, e.layout, 1 + d + p, [&](int row, double* sum) {
    if (!is_usable[row]) return;
    sum[0] += 1.0;
    for (int k = 0; k < d; ++k) sum[1 + k] += z(row, k);
    for (int i = 0; i < p; ++i) sum[1 + d + i] += g(row, i);
  });
  EnsembleMoments m;
  m.members = sums[0];
  if (m.members < 2.0)
    throw core::NumericsError("ensemble Kalman inversion: fewer than two members have a successful model run");
  std::vector<double> mean(sums.begin() + 1, sums.end());
  for (double& value : mean) value /= m.members;
  const auto second = parallel::ordered_sum(context.comm, e.layout, p * d + p * p, [&](int row, double* sum) {
    if (!is_usable[row]) return;
    for (int k = 0; k < d; ++k) {
      const double x = z(row, k) - mean[k];
      for (int i = 0; i < p; ++i) sum[k * p + i] += x * (g(row, i) - mean[d + i]);
    }
    for (int j = 0; j < p; ++j) {
      const double x = g(row, j) - mean[d + j];
      for (int i = 0; i <= j; ++i) sum[d * p + j * p + i] += x * (g(row, i) - mean[d + i]);
    }
  });
  m.c_zg = math::Matrix(d, p);
  m.c_gg = math::Matrix(p, p);
  for (int k = 0; k < d; ++k)
    for (int i = 0; i < p; ++i) m.c_zg(k, i) = second[k * p + i] / (m.members - 1.0);
  for (int j = 0; j < p; ++j)
    for (int i = 0; i <= j; ++i) m.c_gg(j, i) = m.c_gg(i, j) = second[d * p + j * p + i] / (m.members - 1.0);
  return m;
}

struct Misfit {
  double mean = 0.0, variance = 0.0;
};

// Phi_j = |R^-1/2 (d - g_j)|^2 / 2 over the usable members.
Misfit misfit_of(const Context& context, const Ensemble& e, const Vector& phi, const std::vector<char>& is_usable) {
  const auto sums = parallel::ordered_sum(context.comm, e.layout, 3, [&](int row, double* sum) {
    if (!is_usable[row]) return;
    sum[0] += 1.0, sum[1] += phi(row), sum[2] += phi(row) * phi(row);
  });
  const double mean = sums[1] / sums[0];
  return {mean, std::max(0.0, sums[2] / sums[0] - mean * mean)};
}

// The data misfit controller: h = min(max(p / (2 mean Phi), sqrt(p / (2 var Phi))), what is left of 1).
double controlled_step(const Misfit& misfit, int p, double rest) {
  const double by_mean = p / (2.0 * misfit.mean),
               by_variance = std::sqrt(p / (2.0 * std::max(misfit.variance, 1e-300)));
  return std::min(std::max(by_mean, by_variance), rest);
}

// Members without a model run become copies of the next one that has one.
void replace_failed(const Context& context, Ensemble& e, const std::vector<char>& is_usable) {
  std::vector<double> mine(is_usable.begin(), is_usable.end());
  const std::vector<double> usable = parallel::gather_rows(context.comm, mine);
  const std::size_t members = usable.size();
  std::vector<std::int64_t> source(members);
  bool has_failed = false;
  for (std::size_t i = 0; i < members; ++i) {
    std::size_t j = i;
    while (usable[j] == 0.0) j = (j + 1) % members, has_failed = true;
    source[i] = static_cast<std::int64_t>(j);
  }
  if (has_failed) e.take(source, context);
}

}  // namespace

deck::Schema<Eki::Params> Eki::schema() {
  deck::Schema<Params> s("Ensemble Kalman inversion with perturbed observations",
                         "Iglesias, Law, Stuart 2013; Iglesias, Yang 2021");
  s.key("members", &Params::members, "1", "number of members J", deck::at_least(2))
      .choice("step", &Params::step, "how the step h is chosen",
              {{"fixed", StepRule::fixed, "always fixed_step"},
               {"misfit_controlled", StepRule::misfit_controlled, "from mean and variance of the misfit"}})
      .key("fixed_step", &Params::fixed_step, "1", "h, when step = fixed", deck::positive())
      .key("max_iterations", &Params::max_iterations, "1", "stop after this many steps", deck::at_least(1));
  return s;
}

void Eki::State::fields(io::Archive& archive) {
  BaseState::fields(archive);
  archive.field("time", time);
}

std::string Eki::objection(const Problem& problem) const {
  return problem.noise() != nullptr ? ""
                                    : "needs additive Gaussian noise (likelihood/gaussian); sampler/smc does without";
}

Eki::State Eki::init(const Problem& problem, const Context& context) const {
  State s;
  s.ensemble = Ensemble::from_prior(params.members, false, problem, context);
  s.model_evaluations = params.members;
  return s;
}

StepInfo Eki::step(const Problem& problem, const Context& context, State& s) const {
  const model::GaussianNoise& noise = *problem.noise();
  const int d = problem.dimension(), p = problem.outputs(), rows = s.ensemble.rows();
  Batch g("outputs", rows, p);
  model::Evaluation evaluation{s.ensemble.log_likelihood, {}, g};
  std::vector<char> is_usable(static_cast<std::size_t>(rows), 1);
  for (const int row : evaluate(problem, s.ensemble.position, evaluation, context)) is_usable[row] = 0;
  s.model_evaluations += params.members;

  const math::Matrix noise_factor = math::cholesky(noise.covariance);
  Vector phi("phi", rows);
  for (int row = 0; row < rows; ++row) {
    std::vector<double> r(noise.data);
    for (int i = 0; i < p; ++i) r[i] -= g(row, i);
    r = math::solve_lower(noise_factor, std::move(r));
    phi(row) = 0.5 * math::dot(r, r);
  }
  const Misfit misfit = misfit_of(context, s.ensemble, phi, is_usable);
  const double rest = 1.0 - s.time;
  const double h =
      params.step == StepRule::fixed ? std::min(params.fixed_step, rest) : controlled_step(misfit, p, rest);

  const EnsembleMoments m = moments_of(context, s.ensemble, g, is_usable);
  math::Matrix innovation = m.c_gg;  // C_gg + R / h
  math::add_scaled(innovation, 1.0 / h, noise.covariance);
  const math::Matrix factor = math::cholesky(innovation);
  Batch eta("eta", rows, p);
  context.rng.normals({kernels::Purpose::observation_noise, s.iteration}, s.ensemble.layout.first(), eta);
  const double spread = 1.0 / std::sqrt(h);
  kernels::for_each_row(rows, [&](int row) {
    if (!is_usable[row]) return;
    std::vector<double> r(noise.data);  // d + sqrt(1 / h) eta_j - g_j
    for (int i = 0; i < p; ++i) {
      for (int k = 0; k <= i; ++k) r[i] += spread * noise_factor(i, k) * eta(row, k);
      r[i] -= g(row, i);
    }
    r = math::solve_cholesky(factor, std::move(r));
    for (int k = 0; k < d; ++k)
      for (int i = 0; i < p; ++i) s.ensemble.position(row, k) += m.c_zg(k, i) * r[i];
  });
  replace_failed(context, s.ensemble, is_usable);

  s.time = rest - h < 1e-12 ? 1.0 : s.time + h;
  ++s.iteration;
  StepInfo info;
  info.is_finished = s.time >= 1.0 || s.iteration >= params.max_iterations;
  info.is_draw = info.is_finished;
  info.phase = "inversion";
  info.progress = s.time;
  info.numbers = {
      {"time", s.time}, {"step", h}, {"misfit", misfit.mean}, {"failed_members", params.members - m.members}};
  if (info.is_finished && s.time < 1.0)
    core::warn(
        "ensemble Kalman inversion: max_iterations = {} reached at time {:.3g} of 1: the ensemble is wider than the "
        "posterior",
        params.max_iterations, s.time);
  if (info.is_finished) {  // the sample's likelihood, for diagnostics
    model::Evaluation last{s.ensemble.log_likelihood, {}, {}};
    evaluate(problem, s.ensemble.position, last, context);
    s.model_evaluations += params.members;
  }
  return info;
}

}  // namespace aleator::sampler
