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
      .key("inflation", &Params::inflation, "1",
           "the standard deviations that a linear model's ensemble settles at, over those of the posterior",
           deck::between(1, 10))
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

namespace {

// |D|_F where there are fewer data than members: D D^T has the trace of (R'^T R') (R^T R), over n^2.
double norm_by_data(const Forecast& f) {
  const int members = f.residual.rows, p = f.residual.cols;
  double squares = 0.0;
  math::Matrix primed = f.residual;
  std::vector<double> mean(static_cast<std::size_t>(p), 0.0);
  for (int j = 0; j < members; ++j)
    for (int i = 0; i < p; ++i) mean[i] += f.weights[j] * f.residual(j, i);
  for (int j = 0; j < members; ++j)
    for (int i = 0; i < p; ++i) primed(j, i) = f.weights[j] > 0.0 ? primed(j, i) - mean[i] : 0.0;
  const math::Matrix inner = math::transposed_multiply(primed, primed),
                     outer = math::transposed_multiply(f.residual, f.residual);
  for (std::size_t k = 0; k < inner.a.size(); ++k) squares += inner.a[k] * outer.a[k];
  return std::sqrt(squares) / f.usable;
}

// What a step is, for either form of it.
struct Move {
  double h;
  double outwards;  // h ((d + 1) / n + f^2 - 1), the correction for finite n and inflation
  kernels::Stream normals;
};

// By C = Z'^T Z' / n (d x d) and C_zr = Z'^T R' / n themselves, where coordinates are few.
void move_by_covariances(const Context& context, const Forecast& f, const Move& move, Ensemble& e) {
  const int d = static_cast<int>(e.position.extent(1)), p = f.residual.cols;
  const auto first = static_cast<std::size_t>(e.layout.first());
  const Batch z = e.position;
  const auto weight = [&](int row) { return f.weights[first + static_cast<std::size_t>(row)]; };
  const std::vector<double> mean = parallel::ordered_sum(context.comm, e.layout, d, [&](int row, double* sum) {
    for (int k = 0; k < d && weight(row) > 0.0; ++k) sum[k] += weight(row) * z(row, k);
  });
  const std::vector<double> sums =
      parallel::ordered_sum(context.comm, e.layout, d * (d + p), [&](int row, double* sum) {
        if (weight(row) == 0.0) return;
        const double* const r = f.residual.row(static_cast<int>(first) + row);
        for (int k = 0; k < d; ++k) {
          const double deviation = weight(row) * (z(row, k) - mean[k]);
          for (int l = 0; l < d; ++l) *sum++ += deviation * (z(row, l) - mean[l]);
          for (int i = 0; i < p; ++i) *sum++ += deviation * r[i];
        }
      });
  math::Matrix covariance(d, d), cross(d, p), implicit(d, d), root;
  for (int k = 0; k < d; ++k) {
    const double* const of_k = &sums[static_cast<std::size_t>(k) * (d + p)];
    std::copy_n(of_k, d, covariance.row(k)), std::copy_n(of_k + d, p, cross.row(k));
  }
  implicit = covariance;
  for (double& value : implicit.a) value *= move.h;
  math::add_to_diagonal(implicit, 1.0);
  const math::Matrix factor = math::cholesky(implicit);
  double trace = 0.0;
  for (int k = 0; k < d; ++k) trace += covariance(k, k);
  math::add_to_diagonal(covariance, 1e-14 * trace);
  if (!math::try_cholesky(covariance, root)) root = math::Matrix(d, d);  // members that agree make no noise
  const Batch xi = kernels::new_batch(static_cast<std::size_t>(e.rows()), d);
  context.rng.normals(move.normals, e.layout.first(), xi);
  kernels::for_each_row(e.rows(), [&](int row) {
    if (weight(row) == 0.0) return;
    const double* const r = f.residual.row(static_cast<int>(first) + row);
    std::vector<double> x(static_cast<std::size_t>(d));
    for (int k = 0; k < d; ++k) {
      x[k] = z(row, k) + move.outwards * (z(row, k) - mean[k]);
      for (int i = 0; i < p; ++i) x[k] -= move.h * cross(k, i) * r[i];
    }
    x = math::solve_cholesky(factor, std::move(x));
    for (int k = 0; k < d; ++k) {
      z(row, k) = x[k];
      for (int l = 0; l <= k; ++l) z(row, k) += std::sqrt(2.0 * move.h) * root(k, l) * xi(row, l);
    }
  });
}

// By the members' products: everything is a combination of deviations, z_j + sum_i z'_i M_ij.
// `misfit`: D.
void move_by_products(const Context& context, const Forecast& f, const Move& move, const math::Matrix& centring,
                      const math::Matrix& misfit, Ensemble& e) {
  const int members = f.residual.rows;
  const double n = f.usable, h = move.h;
  // Explicit part: E = -h D + outwards I, so that C_zr r_j = sum_i z'_i D_ij.
  math::Matrix explicit_part = misfit;
  for (double& value : explicit_part.a) value *= -h;
  for (int i = 0; i < members; ++i)
    if (f.weights[i] > 0.0) explicit_part(i, i) += move.outwards;
  // Implicit part: (I + h C)^-1 x = x - h / n Z'^T (I + h / n Z' Z'^T)^-1 Z' x, with Z' x_j = H_j + Z' Z'^T E_j.
  const math::Matrix products = centred_products(context, e, f.weights);
  math::Matrix gram(members, members);
  math::add_product(1.0, products, math::ConstMatrixView(centring).transposed(), math::view(gram));
  math::Matrix onto = products;
  for (int i = 0; i < members; ++i)
    if (f.weights[i] == 0.0) std::fill_n(onto.row(i), members, 0.0);
  math::add_product(1.0, gram, explicit_part, math::view(onto));
  for (double& value : gram.a) value *= h / n;
  math::add_to_diagonal(gram, 1.0);
  const math::Matrix implicit_part = math::solve_positive_definite(gram, onto);
  const math::Matrix xi = shared_normals(context, move.normals, members, members);
  math::Matrix left(members, members);
  for (int j = 0; j < members; ++j)
    for (int i = 0; i < members; ++i)
      if (f.weights[j] > 0.0)
        left(j, i) = explicit_part(i, j) - h / n * implicit_part(i, j) + std::sqrt(2.0 * h / n) * xi(j, i);
  add_combination(context, e, left, centring);
}

// Whether C and C_zr cost less than the members' products, and are no burden to sum over ranks and threads. A flop of those
// sums takes ten times as long as one of a matrix product.
bool are_few_coordinates(double d, double p, double members) {
  constexpr double most_sums = 1 << 18;
  return d * (d + p) <= most_sums && 10.0 * d * (d + p) < members * (members + 3.0 * d);
}

}  // namespace

StepInfo Eks::step(const Problem& problem, const Context& context, State& s) const {
  const int members = params.members, d = problem.dimension();
  const Forecast f = run_members(problem, context, s.ensemble, "ensemble Kalman sampler");
  s.model_evaluations += members;
  const bool by_covariances = are_few_coordinates(d, f.residual.cols, members);
  math::Matrix centring, misfit;  // D_ij = r'_i . r_j / n
  if (!by_covariances || f.residual.cols >= members) {
    centring = centring_of(f);
    misfit = deviation_products(f, centring, 1.0 / f.usable);
  }
  const double norm = misfit.a.empty() ? norm_by_data(f) : std::sqrt(math::dot(misfit.a, misfit.a));
  const double h = std::min(params.step / (norm + 1.0), params.end_time - s.time);
  const double correction = f.usable > d + 1 ? (d + 1.0) / f.usable : 0.0;
  const double outwards = h * (correction + params.inflation * params.inflation - 1.0);
  const Move move{h, outwards, {kernels::Purpose::proposal, s.iteration}};
  if (by_covariances)
    move_by_covariances(context, f, move, s.ensemble);
  else
    move_by_products(context, f, move, centring, misfit, s.ensemble);
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
