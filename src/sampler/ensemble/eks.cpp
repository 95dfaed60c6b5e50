#include "sampler/ensemble/eks.hpp"

#include <algorithm>
#include <cmath>

#include "core/log.hpp"
#include "sampler/ensemble/panels.hpp"

namespace aleator::sampler {
deck::Schema<Eks::Params> Eks::schema() {
  deck::Schema<Params> s("Ensemble Kalman sampler",
                         "Garbuno-Inigo, Hoffmann, Li, Stuart 2020; Garbuno-Inigo, Nuesken, Reich 2020");
  s.key("members", &Params::members, "1", "number of members J", deck::at_least(2))
      .key("step", &Params::step, "1", "h where the misfits are equal; smaller where they differ much",
           deck::positive())
      .key("end_time", &Params::end_time, "1", "steps h are taken until they sum to this", deck::positive())
      .key("max_iterations", &Params::max_iterations, "1", "stop after this many steps", deck::at_least(1));
  return s;
}

void Eks::State::fields(io::Archive& archive) {
  BaseState::fields(archive);
  archive.field("time", time);
}

Eks::State Eks::init(const Problem& problem, const Context& context) const {
  State s;
  s.ensemble = Ensemble::unevaluated(params.members, problem, context);
  return s;
}

StepInfo Eks::step(const Problem& problem, const Context& context, State& s) const {
  const int members = params.members, d = problem.dimension();
  const Forecast f = run_members(problem, context, s.ensemble, "ensemble Kalman sampler");
  s.model_evaluations += members;
  const double n = f.usable;
  // D_ij = r'_i . r_j / n, so that C_zr r_j = sum_i z'_i D_ij
  const math::Matrix centring = centring_of(f), misfit = deviation_products(f, centring, 1.0 / n);
  double norm = 0.0;
  for (const double value : misfit.a) norm += value * value;
  const double h = std::min(params.step / (std::sqrt(norm) + 1.0), params.end_time - s.time);

  // Everything is a combination of deviations, z_j + sum_i z'_i M_ij. Explicit part: E = -h D + h (d + 1) / n I.
  math::Matrix explicit_part = misfit;
  for (double& value : explicit_part.a) value *= -h;
  if (n > d + 1.0)
    for (int i = 0; i < members; ++i)
      if (f.weights[i] > 0.0) explicit_part(i, i) += h * (d + 1.0) / n;
  // Implicit part: (I + h C)^-1 x = x - h / n Z'^T (I + h / n Z' Z'^T)^-1 Z' x, with Z' x_j = H_j + Z' Z'^T E_j.
  const math::Matrix products = centred_products(context, s.ensemble, f.weights);
  math::Matrix gram(members, members);
  math::add_product(1.0, products, math::ConstMatrixView(centring).transposed(), math::view(gram));
  math::Matrix onto = products;
  for (int i = 0; i < members; ++i)
    if (f.weights[i] == 0.0) std::fill_n(onto.row(i), members, 0.0);
  math::add_product(1.0, gram, explicit_part, math::view(onto));
  for (double& value : gram.a) value *= h / n;
  math::add_to_diagonal(gram, 1.0);
  const math::Matrix implicit_part = math::solve_positive_definite(gram, onto);
  const math::Matrix xi = shared_normals(context, {kernels::Purpose::proposal, s.iteration}, members, members);
  math::Matrix left(members, members);
  for (int j = 0; j < members; ++j)
    for (int i = 0; i < members; ++i)
      if (f.weights[j] > 0.0)
        left(j, i) = explicit_part(i, j) - h / n * implicit_part(i, j) + std::sqrt(2.0 * h / n) * xi(j, i);
  add_combination(context, s.ensemble, left, centring);
  replace_failed(context, f, s.ensemble);

  s.time = params.end_time - s.time - h < 1e-12 ? params.end_time : s.time + h;
  ++s.iteration;
  StepInfo info;
  info.is_finished = s.time >= params.end_time || s.iteration >= params.max_iterations;
  info.is_draw = info.is_finished;
  info.phase = "sampling";
  info.progress = std::max(s.time / params.end_time, static_cast<double>(s.iteration) / params.max_iterations);
  info.numbers = {{"time", s.time}, {"step", h}, {"misfit", f.mean_misfit}, {"failed_members", members - f.usable}};
  if (info.is_finished && members <= d + 1)
    core::warn(
        "ensemble Kalman sampler: {} members span {} of {} directions, and between those the spread is far too small: "
        "take more than twice as many members as coordinates, or sampler/eki with localisation = \"correlation\"",
        members, members - 1, d);
  if (info.is_finished && s.time < params.end_time)
    core::warn(
        "ensemble Kalman sampler: max_iterations = {} reached at time {:.3g} of {:.3g}; the ensemble may not have "
        "settled",
        params.max_iterations, s.time, params.end_time);
  if (info.is_finished) evaluate_last(problem, context, s);
  return info;
}

}  // namespace aleator::sampler
