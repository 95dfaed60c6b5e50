#include "sampler/hessian/laplace.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/error.hpp"
#include "core/log.hpp"
#include "math/special.hpp"
#include "prob/pareto.hpp"
#include "sampler/weights.hpp"

namespace aleator::sampler {
namespace {

// N(m, (I + H)^-1)
class LaplaceLaw final : public NormalLaw {
 public:
  LaplaceLaw(std::vector<double> mean, LowRankHessian hessian) : mean_(std::move(mean)), hessian_(std::move(hessian)) {}
  const std::vector<double>& mean() const override { return mean_; }
  void multiply_root(double* x) const override { hessian_.multiply_root(x); }
  void divide_root(double* x) const override { hessian_.divide_root(x); }
  double log_det() const override { return -0.5 * hessian_.log_det(); }

 private:
  std::vector<double> mean_;
  LowRankHessian hessian_;
};

// Every member; log_q: the log-density of their law.
Vector draw(const Context& context, const NormalLaw& law, Ensemble& e) {
  const Vector log_q("log_q", e.rows());
  const int d = static_cast<int>(law.mean().size());
  context.rng.normals({kernels::Purpose::laplace}, e.layout.first(), e.position);
  kernels::for_each_row(e.rows(), [&, z = e.position](int row) {
    log_q(row) = model::latent_log_prior(&z(row, 0), d) - law.log_det();
    law.multiply_root(&z(row, 0));
    for (int k = 0; k < d; ++k) z(row, k) += law.mean()[static_cast<std::size_t>(k)];
  });
  return log_q;
}

// How far the weights put the mean from that of the draws, in the law's own standard deviations: the largest of all directions
// A e_k, over what the draws' error and that of the weights themselves allow.
double share_of_allowed_shift(const Ensemble& e, const std::vector<double>& log_weights, const NormalLaw& law,
                              const Context& context) {
  const int d = static_cast<int>(e.position.extent(1));
  const double members = static_cast<double>(e.layout.rows());
  const std::vector<double> share = normalised(log_weights).share;
  std::vector<double> shift = parallel::ordered_sum(context.comm, e.layout, d, [&](int row, double* sum) {
    const double weight = share[static_cast<std::size_t>(e.layout.first() + row)] - 1.0 / members;
    for (int k = 0; k < d; ++k) sum[k] += weight * e.position(row, k);
  });
  law.divide_root(shift.data());
  double largest = 0.0;
  for (const double value : shift) largest = std::max(largest, std::abs(value));
  const double of_weights = std::sqrt(std::max(0.0, 1.0 / effective_share(log_weights) - 1.0) / members);
  return largest / (1.0 / std::sqrt(members) + 4.0 * of_weights);
}

}  // namespace

deck::Schema<Laplace::Params> Laplace::schema() {
  deck::Schema<Params> s("Laplace's approximation: the normal law at the point of largest posterior density",
                         "Bui-Thanh, Ghattas, Martin, Stadler 2013");
  s.key("members", &Params::members, "1", "number of draws J; as many draws of the prior look for a start",
        deck::at_least(1))
      .key("max_iterations", &Params::max_iterations, "1", "Gauss-Newton steps, at most", deck::at_least(1))
      .key("tolerance", &Params::tolerance, "1",
           "the search ends when the gradient has fallen by this factor, and to 0.01 at most", deck::inside(0, 1))
      .key("rank", &Params::rank, "1", "eigenpairs of the Hessian that are kept, at most", deck::at_least(1))
      .key("least_eigenvalue", &Params::least_eigenvalue, "1",
           "directions with less, above or below 0, are left as in the prior, whose precision is 1", deck::positive());
  return s;
}

void Laplace::State::fields(io::Archive& archive) {
  BaseState::fields(archive);
  newton.fields(archive, "newton");
  hessian.fields(archive, "hessian");
  explored.fields(archive, "explored");
  if (archive.is_loading() && !mode.empty()) know_law();
}

void Laplace::State::know_law() { law = std::make_shared<LaplaceLaw>(mode, hessian); }

Laplace::State Laplace::init(const Problem& problem, const Context& context) const {
  State s;
  s.ensemble = Ensemble::from_prior(params.members, false, problem, context);
  s.model_evaluations = params.members;
  return s;
}

StepInfo Laplace::step(const Problem& problem, const Context& context, State& s) const {
  RunCount count;
  if (s.iteration == 0) {
    constexpr int explored = 32;
    s.explored = PriorDraws::of(s.ensemble, explored, context);
    s.newton = Newton::at(best_start(problem, context, s.ensemble, count), problem, context, count);
    Kokkos::deep_copy(s.ensemble.log_likelihood,
                      std::numeric_limits<double>::quiet_NaN());  // no draws of the posterior yet
  }
  // A start at the mode has no gradient to fall from: 1e-8 of a prior standard deviation a coordinate is near enough. Far from
  // it a gradient may fall far and still be large in the directions that the data tell least of. As I + H >= I (but see
  // hessian_at_mode), the density's logarithm is within |g|^2 / 2 of its largest value.
  constexpr double near = 1e-2;
  const double fallen = params.tolerance * s.newton.first_norm,
               goal = std::max(std::min(fallen, near), 1e-8 * std::sqrt(problem.dimension())),
               norm_now = s.newton.gradient_norm();
  const bool is_there = norm_now <= goal || (s.newton.is_stuck && norm_now <= fallen);
  if (is_there || s.newton.is_stuck || s.newton.iterations >= params.max_iterations) {
    count.add_to(s);
    if (!is_there)
      core::warn(
          "Laplace's approximation: the gradient has fallen to {:.1e} of that at the start, not to {:.1e}, after {} "
          "steps; the centre is not the point of largest density",
          norm_now / s.newton.first_norm, goal / s.newton.first_norm, s.newton.iterations);
    return finish(problem, context, s);
  }
  s.newton.step(problem, context, count);
  const bool falls_no_more =
      s.newton.gradient_norm() > 0.5 * norm_now;  // as where a model's rounding is all that is left
  s.newton.is_stuck = s.newton.is_stuck || (norm_now <= fallen && falls_no_more);
  count.add_to(s);
  ++s.iteration;
  StepInfo info;
  info.phase = "optimisation";
  const double norm = std::max(s.newton.gradient_norm(), goal) / s.newton.first_norm;
  info.progress = 0.9 * std::min(1.0, std::log(norm) / std::log(goal / s.newton.first_norm));
  info.numbers = {{"log_density", -s.newton.objective},
                  {"gradient", s.newton.gradient_norm()},
                  {"cg_iterations", s.newton.cg_iterations}};
  return info;
}

// Along directions wider than the prior the gradient is small far from the mode: there steps go on by the Hessian itself, until
// g (I + H)^-1 g / 2, which the logarithm of the density lacks, is small.
LowRankHessian Laplace::hessian_at_mode(const Problem& problem, const Context& context, Newton& newton,
                                        RunCount& count) const {
  HessianSettings settings;
  settings.most = params.rank, settings.least = params.least_eigenvalue;
  settings.tolerance = 1e-6, settings.most_steps = 10, settings.both_signs = true;
  constexpr int most_steps = 20;
  constexpr double enough = 1e-4;
  for (int step = 0;; ++step) {
    math::Matrix centre(1, problem.dimension());
    centre.a = newton.z;
    LowRankHessian hessian = mean_hessian(problem, context, centre, settings, count);
    std::vector<double> p = newton.gradient;
    hessian.multiply_covariance(p.data());
    const double missing = math::dot(p, newton.gradient);
    const bool has_wide = !hessian.values.empty() && hessian.values.back() < 0.0;
    if (hessian.without_variance > 0)
      core::warn(
          "Laplace's approximation: along {} direction{} the density does not fall from the centre, which is no "
          "maximum; the prior's deviation is left there",
          hessian.without_variance, hessian.without_variance == 1 ? "" : "s");
    if (!has_wide || missing <= enough || hessian.without_variance > 0) return hessian;
    if (step == most_steps || newton.is_stuck) {
      core::warn("Laplace's approximation: the centre is some {:.1e} of its own deviations from the largest density",
                 std::sqrt(missing));
      return hessian;
    }
    for (double& value : p) value = -value;
    newton.go_along(p, problem, context, count);
  }
}

StepInfo Laplace::finish(const Problem& problem, const Context& context, State& s) const {
  RunCount count;
  const int d = problem.dimension();
  s.hessian = hessian_at_mode(problem, context, s.newton, count);
  s.mode = s.newton.z;
  count.add_to(s);
  s.curvatures = s.hessian.values;
  const bool is_cut = s.hessian.rank() + s.hessian.without_variance == params.rank && params.rank < d;
  double last = std::numeric_limits<double>::infinity();
  for (const double value : s.hessian.values) last = std::min(last, std::abs(value));
  if (is_cut)
    core::warn(
        "Laplace's approximation: all {} eigenvalues kept exceed {} in magnitude, the last is {:.3g}; a larger rank "
        "would keep more",
        params.rank, params.least_eigenvalue, last);
  Ensemble& e = s.ensemble;
  s.know_law();
  const Vector log_q = draw(context, *s.law, e);
  model::Evaluation evaluation{e.log_likelihood, {}, {}};
  evaluate(problem, e.position, evaluation, context);
  s.model_evaluations += params.members;
  std::vector<double> log_weights = e.all_log_posteriors(context, log_q);
  const double by_formula = -s.newton.objective - 0.5 * s.hessian.log_det();
  const auto [least, most] = std::minmax_element(log_weights.begin(), log_weights.end());
  const bool is_flat = *most - *least < 1e-8;  // a normal posterior: all weights are equal but for rounding
  const double share = effective_share(log_weights), k = is_flat ? 0.0 : prob::smooth_weights(log_weights),
               shift = share_of_allowed_shift(e, log_weights, *s.law, context);
  const auto log_q_of = [&](const double* z) {
    std::vector<double> x(z, z + d);
    for (int i = 0; i < d; ++i) x[i] -= s.mode[static_cast<std::size_t>(i)];
    s.law->divide_root(x.data());
    return model::latent_log_prior(x.data(), d) - s.law->log_det();
  };
  constexpr double largest_k = 0.5;  // above, the error of the mean weight is not that of its variance
  s.log_evidence = by_formula;
  if (k <= largest_k) {
    s.log_evidence = math::log_sum_exp(log_weights) - std::log(params.members);
    s.log_evidence_standard_error = std::sqrt(std::max(0.0, 1.0 / effective_share(log_weights) - 1.0) / params.members);
  } else if (std::isfinite(k)) {
    core::warn("Laplace's approximation: Pareto k = {:.2f} (> 0.5): {}; draws and evidence are rough", k,
               is_cut && last > 1.0 ? "the rank is too small" : "the posterior is no normal law");
  }
  ++s.iteration;
  StepInfo info;
  info.is_draw = info.is_finished = true;
  info.phase = "draws";
  info.progress = 1.0;
  info.numbers = {{"rank", s.hessian.rank()},
                  {"laplace_log_evidence", by_formula},
                  {"effective_share", share},
                  {"mean_shift", shift},
                  {"unseen_share", s.explored.unseen_share(log_q_of, s.log_evidence, share)}};
  if (std::isfinite(k)) info.numbers.emplace_back("pareto_k", k);
  return info;
}

}  // namespace aleator::sampler
