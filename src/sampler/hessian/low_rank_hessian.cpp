#include "sampler/hessian/low_rank_hessian.hpp"

#include <algorithm>
#include <atomic>
#include <cmath>

#include "core/error.hpp"
#include "core/log.hpp"
#include "math/subspace_iteration.hpp"
#include "sampler/mcmc/metropolis.hpp"

namespace aleator::sampler {
namespace {

constexpr double least_precision =
    1e-6;                          // of a direction, where the prior's is 1: below it there is no maximum to speak of
constexpr int extra_vectors = 10;  // Halko, Martinsson, Tropp 2011, section 4.2
constexpr double difference_step = 1e-4;  // of the gradient: relative error some 1e-7 where that is exact to rounding

// The gradient of the log-likelihood at z + step v, and whether there is one.
struct Side {
  Batch gradient;
  Vector log_likelihood;
  bool is_there(std::size_t row) const { return std::isfinite(log_likelihood(row)); }
};

Side gradient_beside(const Problem& problem, ConstBatch z, ConstBatch v, const std::vector<double>& step) {
  const Batch moved = kernels::new_batch(z.extent(0), z.extent(1));
  for (std::size_t row = 0; row < z.extent(0); ++row)
    for (std::size_t k = 0; k < z.extent(1); ++k) moved(row, k) = z(row, k) + step[row] * v(row, k);
  model::Evaluation e{Vector("log_likelihood", z.extent(0)), kernels::new_batch(z.extent(0), z.extent(1)), {}};
  problem.evaluate(moved, e);
  return {e.gradient, e.log_likelihood};
}

// Two runs a row.
void multiply_by_differences(const Problem& problem, ConstBatch z, ConstBatch v, Batch h) {
  std::vector<double> ahead(z.extent(0), 0.0), back(z.extent(0), 0.0);
  for (std::size_t row = 0; row < z.extent(0); ++row) {
    double largest = 0.0;
    for (std::size_t k = 0; k < v.extent(1); ++k) largest = std::max(largest, std::abs(v(row, k)));
    if (largest > 0.0) ahead[row] = difference_step / largest, back[row] = -ahead[row];
  }
  const Side up = gradient_beside(problem, z, v, ahead), down = gradient_beside(problem, z, v, back);
  for (std::size_t row = 0; row < z.extent(0); ++row)
    for (std::size_t k = 0; k < z.extent(1); ++k)
      h(row, k) = ahead[row] > 0.0 && up.is_there(row) && down.is_there(row)
                      ? -(up.gradient(row, k) - down.gradient(row, k)) / (2.0 * ahead[row])
                      : 0.0;
}

}  // namespace

double LowRankHessian::log_det() const {
  double sum = 0.0;
  for (const double value : values) sum += std::log1p(value);
  return sum;
}

void LowRankHessian::coordinates(const double* x, double* c) const {
  for (int k = 0; k < rank(); ++k) {
    const double* const v = vectors.row(k);
    double sum = 0.0;
    for (int i = 0; i < vectors.cols; ++i) sum += v[i] * x[i];
    c[k] = sum;
  }
}

void LowRankHessian::add(const double* c, double* y) const {
  for (int k = 0; k < rank(); ++k) {
    const double* const v = vectors.row(k);
    for (int i = 0; i < vectors.cols; ++i) y[i] += c[k] * v[i];
  }
}

void LowRankHessian::multiply_root(double* x) const {
  std::vector<double> c(values.size());
  coordinates(x, c.data());
  for (std::size_t k = 0; k < c.size(); ++k) c[k] *= 1.0 / std::sqrt(1.0 + values[k]) - 1.0;
  add(c.data(), x);
}

void LowRankHessian::divide_root(double* x) const {
  std::vector<double> c(values.size());
  coordinates(x, c.data());
  for (std::size_t k = 0; k < c.size(); ++k) c[k] *= std::sqrt(1.0 + values[k]) - 1.0;
  add(c.data(), x);
}

void LowRankHessian::multiply_covariance(double* x) const {
  std::vector<double> c(values.size());
  coordinates(x, c.data());
  for (std::size_t k = 0; k < c.size(); ++k) c[k] *= -values[k] / (1.0 + values[k]);
  add(c.data(), x);
}

void LowRankHessian::fields(io::Archive& archive, const std::string& name) {
  const io::ArchiveGroup group(archive, name);
  archive.field("values", values);
  archive.field("vectors", vectors.a);
  vectors.rows = rank();
  vectors.cols = rank() == 0 ? 0 : static_cast<int>(vectors.a.size()) / rank();
}

void multiply_whole_hessian(const Problem& problem, ConstBatch z, ConstBatch v, Batch h) {
  const model::Hessian* const hessian = problem.hessian();
  if (hessian == nullptr) return multiply_by_differences(problem, z, v, h);
  const std::vector<model::FailedRow> failed = hessian->multiply_hessian(z, v, h).failed;
  if (failed.empty()) return;
  static std::atomic<bool> has_warned{false};
  if (!has_warned.exchange(true))
    core::warn("a product with the model's own Hessian failed ({}): such products are differences of gradients instead",
               failed.front().reason);
  for (const model::FailedRow& one : failed) {
    const auto row = Kokkos::make_pair<std::size_t, std::size_t>(one.row, one.row + 1);
    multiply_by_differences(problem, Kokkos::subview(z, row, Kokkos::ALL), Kokkos::subview(v, row, Kokkos::ALL),
                            Batch(Kokkos::subview(h, row, Kokkos::ALL)));
  }
}

void multiply_hessian(const Problem& problem, ConstBatch z, ConstBatch v, Batch h) {
  const model::GaussNewton* const factor = problem.gauss_newton();
  if (factor == nullptr) return multiply_whole_hessian(problem, z, v, h);
  const Batch w = kernels::new_batch(z.extent(0), factor->rows());
  factor->multiply(z, v, w);
  factor->multiply_transposed(z, w, h);
}

RunCount price_of_product(const Problem& problem) {
  const model::GaussNewton* const factor = problem.gauss_newton();
  return factor != nullptr ? RunCount{1 + factor->runs_of_multiply(), 1} : price_of_whole_product(problem);
}

// A product costs about as much as a gradient.
RunCount price_of_whole_product(const Problem& problem) {
  return problem.hessian() != nullptr ? RunCount{1, 2} : RunCount{2, 2};
}

LowRankHessian mean_hessian(const Problem& problem, const Context& context, const math::Matrix& points,
                            const HessianSettings& settings, RunCount& count) {
  const int d = points.cols;
  const RunCount price = price_of_product(problem);
  const auto multiply_rows = [&](const math::Matrix& q, math::Matrix& h_q) {
    const parallel::RowLayout layout(q.rows, context.comm);
    const auto rows = static_cast<std::size_t>(layout.local_rows());
    const Batch z = kernels::new_batch(rows, d), h = kernels::new_batch(rows, d);
    const ConstBatch v(q.row(static_cast<int>(layout.first())), rows, d);
    std::vector<double> mine(rows * d, 0.0);
    parallel::agree(context.comm, [&] {
      if (rows == 0) return;
      for (int point = 0; point < points.rows; ++point) {
        for (std::size_t row = 0; row < rows; ++row) std::copy_n(points.row(point), d, &z(row, 0));
        multiply_hessian(problem, z, v, h);
        for (std::size_t i = 0; i < mine.size(); ++i) mine[i] += h.data()[i] / points.rows;
      }
    });
    const std::vector<double> all = parallel::gather_rows(context.comm, mine);
    for (const double value : all)
      if (!std::isfinite(value)) throw core::NumericsError("a product with the Hessian is not finite");
    h_q.a = all;
    count.runs += price.runs * q.rows * points.rows;
    count.gradients += price.gradients * q.rows * points.rows;
  };
  const int most = std::min(settings.most, d);
  const math::LargestEigenpairs pairs = math::largest_eigenpairs(
      {d, most, settings.tolerance, settings.most_steps, extra_vectors, false, settings.both_signs}, multiply_rows);
  LowRankHessian result;
  std::vector<int> kept;
  for (int k = 0; k < most; ++k) {
    const double value = pairs.values[static_cast<std::size_t>(k)];
    const bool is_wide = settings.both_signs && value < -settings.least;
    if (is_wide && !(1.0 + value > least_precision))
      ++result.without_variance;
    else if (is_wide || value > settings.least)
      kept.push_back(k);
  }
  std::stable_sort(kept.begin(), kept.end(), [&](int a, int b) { return pairs.values[a] > pairs.values[b]; });
  result.vectors = math::Matrix(0, d);
  for (const int k : kept) {
    result.values.push_back(pairs.values[static_cast<std::size_t>(k)]);
    result.vectors.a.insert(result.vectors.a.end(), pairs.vectors.row(k), pairs.vectors.row(k) + d);
    ++result.vectors.rows;
  }
  return result;
}

Batch coordinates_of(const LowRankHessian& subspace, const Batch& x) {
  const Batch c = kernels::new_batch(x.extent(0), subspace.rank());
  kernels::for_each_row(static_cast<int>(x.extent(0)),
                        [&, c](int row) { subspace.coordinates(&x(row, 0), c.data() + row * c.extent(1)); });
  return c;
}

math::Matrix some_members(const Ensemble& ensemble, int count, const Context& context) {
  const std::int64_t members = ensemble.layout.rows(), chosen = std::min<std::int64_t>(count, members);
  const auto d = ensemble.position.extent(1);
  std::vector<double> mine;
  for (std::int64_t i = 0; i < chosen; ++i) {
    const std::int64_t row = i * members / chosen - ensemble.layout.first();
    if (row >= 0 && row < ensemble.rows())
      mine.insert(mine.end(), &ensemble.position(row, 0), &ensemble.position(row, 0) + d);
  }
  math::Matrix points(static_cast<int>(chosen), static_cast<int>(d));
  points.a = parallel::gather_rows(context.comm, mine);
  return points;
}

std::string hessian_objection(const Problem& problem) {
  return gradient_objection(problem, "the Hessian, and so the gradient,");
}

}  // namespace aleator::sampler
