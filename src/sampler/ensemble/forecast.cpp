#include "sampler/ensemble/forecast.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "math/gemm.hpp"

namespace aleator::sampler {
namespace {

// Deviations from the mean of the usable members, which is written to `mean`; zero rows stay zero.
math::Matrix deviations(const Forecast& f, std::vector<double>& mean) {
  math::Matrix r = f.residual;
  mean.assign(static_cast<std::size_t>(r.cols), 0.0);
  for (int j = 0; j < r.rows; ++j)
    for (int i = 0; i < r.cols; ++i) mean[i] += f.weights[j] * r(j, i);
  for (int j = 0; j < r.rows; ++j)
    for (int i = 0; i < r.cols; ++i) r(j, i) = f.weights[j] > 0.0 ? r(j, i) - mean[i] : 0.0;
  return r;
}

// |r_j|^2 / 2 of each member, NaN where its model run failed; `rows`: whether it is sound, then r_j.
std::vector<double> misfits(const std::vector<double>& rows, int members, int p) {
  std::vector<double> phi(static_cast<std::size_t>(members), std::nan(""));
  for (int j = 0; j < members; ++j) {
    const double* const r = &rows[static_cast<std::size_t>(j) * (p + 1)];
    if (r[0] == 0.0) continue;
    phi[j] = 0.0;
    for (int i = 1; i <= p; ++i) phi[j] += 0.5 * r[i] * r[i];
  }
  return phi;
}

}  // namespace

double largest_usable(std::vector<double> misfits) {
  misfits.erase(std::remove_if(misfits.begin(), misfits.end(), [](double phi) { return std::isnan(phi); }),
                misfits.end());
  if (misfits.empty()) return 0.0;
  const auto middle = misfits.begin() + static_cast<std::ptrdiff_t>(misfits.size() / 2);
  std::nth_element(misfits.begin(), middle, misfits.end());
  return std::min(std::max(*middle, 1.0) / std::numeric_limits<double>::epsilon(), std::numeric_limits<double>::max());
}

Forecast run_members(const Problem& problem, const Context& context, Ensemble& e, const std::string& method) {
  const model::GaussianNoise& noise = *problem.noise();
  const int p = problem.outputs(), rows = e.rows();
  const Batch g("outputs", rows, p);
  model::Evaluation evaluation{e.log_likelihood, {}, g};
  std::vector<char> has_failed(static_cast<std::size_t>(rows), 0);
  for (const int row : evaluate(problem, e.position, evaluation, context)) has_failed[row] = 1;
  std::vector<double> mine(static_cast<std::size_t>(rows) * (p + 1), 0.0);  // whether it is usable, then r_j
  kernels::for_each_row(rows, [&](int row) {
    if (has_failed[row]) return;
    double* const out = &mine[static_cast<std::size_t>(row) * (p + 1)];
    out[0] = 1.0;
    noise.whiten(&g(row, 0), out + 1);
  });
  const std::vector<double> all = parallel::gather_rows(context.comm, mine);
  const int members = static_cast<int>(e.layout.rows());
  Forecast f;
  f.residual = math::Matrix(members, p);
  f.weights.resize(static_cast<std::size_t>(members));
  const std::vector<double> misfit = misfits(all, members, p);
  const double limit = largest_usable(misfit);
  double sum = 0.0, squares = 0.0;
  for (int j = 0; j < members; ++j) {
    if (!(misfit[j] <= limit)) continue;
    std::copy_n(&all[static_cast<std::size_t>(j) * (p + 1) + 1], p, f.residual.row(j));
    f.weights[j] = 1.0, ++f.usable;
    sum += misfit[j], squares += misfit[j] * misfit[j];
  }
  if (f.usable < 2) throw core::NumericsError(method + ": fewer than two members have a successful model run");
  for (double& weight : f.weights) weight /= f.usable;
  f.mean_misfit = sum / f.usable;
  f.misfit_variance = std::max(0.0, squares / f.usable - f.mean_misfit * f.mean_misfit);
  return f;
}

KalmanBasis kalman_basis(const Forecast& f) {
  KalmanBasis basis;
  const math::Matrix r = deviations(f, basis.mean);
  const int members = r.rows, p = r.cols;
  const double scale = 1.0 / (f.usable - 1.0);
  if (p <= members) {
    math::Matrix c(p, p);
    math::add_product(scale, math::ConstMatrixView(r).transposed(), r, math::view(c));
    math::SymmetricEigen eigen = math::eigen_symmetric(c);
    basis.lambda = std::move(eigen.values);
    basis.directions = std::move(eigen.vectors);
    basis.coordinates = math::Matrix(members, p);
    math::add_product(1.0, r, basis.directions, math::view(basis.coordinates));
    for (double& value : basis.lambda) value = std::max(value, 0.0);
    return basis;
  }
  math::Matrix gram(members, members);
  math::add_product(scale, r, math::ConstMatrixView(r).transposed(), math::view(gram));
  const math::SymmetricEigen eigen = math::eigen_symmetric(gram);
  // The deviations span n - 1 directions at most; V = R'^T U / sqrt((n - 1) Lambda) needs those that are there.
  int first = 0;
  while (first < members && eigen.values[first] <= 1e-12 * eigen.values.back()) ++first;
  const int k = members - first;
  math::Matrix u(members, k);
  for (int a = 0; a < k; ++a) {
    basis.lambda.push_back(eigen.values[first + a]);
    for (int j = 0; j < members; ++j) u(j, a) = eigen.vectors(j, first + a) * std::sqrt(scale / basis.lambda[a]);
  }
  basis.directions = math::Matrix(p, k);
  math::add_product(1.0, math::ConstMatrixView(r).transposed(), u, math::view(basis.directions));
  basis.coordinates = math::Matrix(members, k);
  for (int j = 0; j < members; ++j)
    for (int a = 0; a < k; ++a) basis.coordinates(j, a) = u(j, a) * basis.lambda[a] / scale;
  return basis;
}

math::Matrix centring_of(const Forecast& f) {
  const int members = f.residual.rows;
  math::Matrix c(members, members);
  for (int i = 0; i < members; ++i)
    for (int k = 0; k < members; ++k) c(i, k) = f.weights[i] > 0.0 ? (i == k ? 1.0 : 0.0) - f.weights[k] : 0.0;
  return c;
}

math::Matrix deviation_products(const Forecast& f, const math::Matrix& centring, double scale) {
  math::Matrix deviations(f.residual.rows, f.residual.cols), products(f.residual.rows, f.residual.rows);
  math::add_product(1.0, centring, f.residual, math::view(deviations));
  math::add_product(scale, deviations, math::ConstMatrixView(f.residual).transposed(), math::view(products));
  return products;
}

void evaluate_last(const Problem& problem, const Context& context, BaseState& s) {
  model::Evaluation last{s.ensemble.log_likelihood, {}, {}};
  evaluate(problem, s.ensemble.position, last, context);
  s.model_evaluations += s.ensemble.layout.rows();
}

void replace_failed(const Context& context, const Forecast& f, Ensemble& e) {
  const std::size_t members = f.weights.size();
  if (f.usable == static_cast<int>(members)) return;
  std::vector<std::int64_t> source(members);
  for (std::size_t i = 0; i < members; ++i) {
    std::size_t j = i;
    while (f.weights[j] == 0.0) j = (j + 1) % members;
    source[i] = static_cast<std::int64_t>(j);
  }
  e.take(source, context);
}

double controlled_step(const Forecast& f) {
  const double p = f.residual.cols;
  return std::max(p / (2.0 * f.mean_misfit), std::sqrt(p / (2.0 * std::max(f.misfit_variance, 1e-300))));
}

math::Matrix shared_normals(const Context& context, kernels::Stream stream, int rows, int columns) {
  math::Matrix xi(rows, columns);
  context.rng.normals(stream, 0, Batch(xi.a.data(), rows, columns));
  return xi;
}

std::string noise_objection(const Problem& problem) {
  return problem.noise() != nullptr ? ""
                                    : "needs additive Gaussian noise that is known (likelihood/gaussian without "
                                      "unknown_scale); sampler/smc does without";
}

}  // namespace aleator::sampler
