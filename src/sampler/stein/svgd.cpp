#include "sampler/stein/svgd.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "kernels/stein.hpp"
#include "kernels/triangular.hpp"
#include "sampler/hessian/particle_precisions.hpp"
#include "sampler/mcmc/metropolis.hpp"
#include "sampler/stein/identities.hpp"
#include "sampler/stein/mixture.hpp"
#include "sampler/stein/particles.hpp"

namespace aleator::sampler {
namespace {

// Lower factor of the members' covariance, row by row.
std::vector<double> covariance_factor(const Batch& z) {
  const int n = static_cast<int>(z.extent(0)), d = static_cast<int>(z.extent(1));
  std::vector<double> mean(static_cast<std::size_t>(d), 0.0);
  for (int j = 0; j < n; ++j)
    for (int k = 0; k < d; ++k) mean[k] += z(j, k) / n;
  math::Matrix c(d, d), lower;
  double trace = 0.0;
  for (int j = 0; j < n; ++j)
    for (int i = 0; i < d; ++i)
      for (int k = 0; k <= i; ++k) c(i, k) += (z(j, i) - mean[i]) * (z(j, k) - mean[k]) / n;
  for (int i = 0; i < d; ++i) trace += c(i, i);
  math::add_to_diagonal(c, 1e-8 * trace / d);
  return math::cholesky(c).a;
}

// Particles at even distances in their order, with the Hessians there.
std::vector<Anchor> anchors_of(const Problem& problem, const Context& context, const Ensemble& e, int count,
                               RunCount& runs) {
  const std::int64_t members = e.layout.rows(), first = e.layout.first();
  const int d = problem.dimension();
  std::vector<int> mine;
  for (int l = 0; l < count; ++l)
    if (const std::int64_t row = members * l / count - first; row >= 0 && row < e.rows())
      mine.push_back(static_cast<int>(row));
  const Batch places = kernels::new_batch(mine.size(), d);
  for (std::size_t i = 0; i < mine.size(); ++i)
    for (int k = 0; k < d; ++k) places(i, k) = e.position(mine[i], k);
  const Batch all_places = all_rows(context, places, count),
              hessians = all_rows(context, precisions_of(problem, context, places, runs), count);
  std::vector<Anchor> anchors;
  for (int l = 0; l < count; ++l)
    anchors.push_back(
        {std::vector<double>(&all_places(l, 0), &all_places(l, 0) + d), math::cholesky(unpacked(&hessians(l, 0), d))});
  return anchors;
}

}  // namespace

deck::Schema<Svgd::Params> Svgd::schema() {
  deck::Schema<Params> s("Stein variational gradient descent", "Liu, Wang 2016; Wang, Tang, Bajaj, Liu 2019");
  s.key("members", &Params::members, "1", "number of particles J", deck::at_least(2))
      .key("iterations", &Params::iterations, "1", "number of steps", deck::at_least(1))
      .key("step", &Params::step, "1", "epsilon at the beginning, in prior standard deviations; falls linearly to zero",
           deck::positive())
      .key("length_scale", &Params::length_scale, "1",
           "l of the kernel; 0: from the median distance, in each iteration", deck::at_least(0))
      .choice("metric", &Params::metric, "in which distances are measured",
              {{"identity", Metric::identity, "that of the prior"},
               {"covariance", Metric::covariance,
                "that of the particles' covariance; needs more particles than coordinates"},
               {"hessian", Metric::hessian,
                "the mean of the Gauss-Newton Hessians at the particles; costs min(d, p) model runs more a particle"},
               {"mixture", Metric::mixture,
                "near each particle, or each of some anchors among them, the Gauss-Newton Hessian there; for curved "
                "posteriors"}})
      .key("anchors", &Params::anchors, "1", "how many, each for min(d, p) model runs; 0: every particle",
           deck::at_least(0))
      .only_with("metric = \"mixture\"", [](const Params& p) { return p.metric == Metric::mixture; })
      .choice("precision", &Params::precision, "of the sums over pairs",
              {{"double", Precision::double_precision, "64 bits"}, {"single", Precision::single_precision, "32 bits"}});
  return s;
}

void Svgd::State::fields(io::Archive& archive) {
  BaseState::fields(archive);
  archive.rows("squares", ensemble.layout, squares);
}

std::string Svgd::objection(const Problem& problem) const {
  if (params.metric == Metric::covariance && params.members <= problem.dimension())
    return fmt::format("has metric = \"covariance\" with {} particles for {} coordinates; it needs more",
                       params.members, problem.dimension());
  if (params.metric == Metric::mixture && anchors() > params.members)
    return fmt::format("has {} anchors among {} particles: at most as many", params.anchors, params.members);
  if (params.metric == Metric::hessian) return precision_objection(problem, params.members);
  if (params.metric == Metric::mixture) return precision_objection(problem, anchors());
  return gradient_objection(problem);
}

Svgd::State Svgd::init(const Problem& problem, const Context& context) const {
  State s;
  s.ensemble = Ensemble::from_prior(params.members, true, problem, context);
  s.squares = Batch("squares", s.ensemble.rows(), problem.dimension());
  s.model_evaluations = s.gradient_evaluations = params.members;
  return s;
}

// phi in one metric; returns l.
double Svgd::direction(const Problem& problem, const Context& context, State& s, const Batch& phi) const {
  const Ensemble& e = s.ensemble;
  const int d = problem.dimension();
  Batch z = all_rows(context, e.position, params.members), all_scores = all_rows(context, scores_of(e), params.members);
  std::vector<double> lower;
  if (params.metric == Metric::covariance) lower = covariance_factor(z);
  if (params.metric == Metric::hessian) {
    RunCount count;
    const math::Matrix mean = mean_precision(context, e.layout, precisions_of(problem, context, e.position, count));
    lower = math::cholesky(math::solve_cholesky(math::cholesky(mean), math::identity(d))).a;
    count.add_to(s);
  }
  if (!lower.empty()) {
    math::Matrix l(d, d);
    l.a = lower;
    kernels::for_each_row(params.members, [&](int row) {  // z' = L^-1 z
      const std::vector<double> x = math::solve_lower(l, std::vector<double>(&z(row, 0), &z(row, 0) + d));
      std::copy(x.begin(), x.end(), &z(row, 0));
    });
    kernels::multiply_lower_transposed(
        lower.data(), params.members, d, [=](int row, int k) { return all_scores(row, k); },
        [=](int row, int k, double value) { all_scores(row, k) = value; });
  }
  const double length = params.length_scale > 0.0 ? params.length_scale : median_length_scale(z);
  if (params.precision == Precision::double_precision)
    kernels::SteinDirection<double>(z, all_scores, length).apply(e.layout.first(), phi);
  else
    kernels::SteinDirection<float>(z, all_scores, length).apply(e.layout.first(), phi);
  if (!lower.empty()) kernels::multiply_lower(lower.data(), phi, phi);
  return length;
}

double Svgd::direction_of_mixture(const Problem& problem, const Context& context, State& s, const Batch& phi) const {
  const Ensemble& e = s.ensemble;
  RunCount count;
  const std::vector<Anchor> chosen = anchors_of(problem, context, e, anchors(), count);
  count.add_to(s);
  return mixture_direction({params.length_scale, params.precision == Precision::single_precision}, chosen,
                           all_rows(context, e.position, params.members),
                           all_rows(context, scores_of(e), params.members), e.layout.first(), phi);
}

StepInfo Svgd::step(const Problem& problem, const Context& context, State& s) const {
  Ensemble& e = s.ensemble;
  const int rows = e.rows(), d = problem.dimension();
  require_a_likelihood(context, e, s.iteration, "Stein variational gradient descent");
  const Batch phi("phi", rows, d);
  const double length = params.metric == Metric::mixture ? direction_of_mixture(problem, context, s, phi)
                                                         : direction(problem, context, s, phi);

  constexpr double memory = 0.9, floor = 1e-6;
  const double epsilon = params.step * (1.0 - static_cast<double>(s.iteration) / params.iterations);
  const bool is_first = s.iteration == 0;
  kernels::for_each_row(rows, [=, squares = s.squares](int row) {
    for (int k = 0; k < d; ++k) {
      const double square = phi(row, k) * phi(row, k);
      squares(row, k) = is_first ? square : memory * squares(row, k) + (1.0 - memory) * square;
      e.position(row, k) += epsilon * phi(row, k) / (floor + std::sqrt(squares(row, k)));
    }
  });
  model::Evaluation evaluation{e.log_likelihood, e.gradient, {}};
  evaluate(problem, e.position, evaluation, context);
  s.model_evaluations += params.members, s.gradient_evaluations += params.members;

  ++s.iteration;
  StepInfo info;
  info.is_finished = s.iteration >= params.iterations;
  info.is_draw = info.is_finished;
  if (info.is_finished) warn_of_identities(context, e, "Stein variational gradient descent");
  info.phase = "descent";
  info.progress = static_cast<double>(s.iteration) / params.iterations;
  info.numbers = {{"step", epsilon}, {"length_scale", length}};
  return info;
}

}  // namespace aleator::sampler
