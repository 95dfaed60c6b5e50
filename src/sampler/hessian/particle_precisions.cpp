#include "sampler/hessian/particle_precisions.hpp"

#include <fmt/format.h>

#include "core/error.hpp"

namespace aleator::sampler {
namespace {

bool by_columns(const Problem& problem) {
  const model::GaussNewton& factor = *problem.gauss_newton();
  return problem.dimension() * factor.runs_of_multiply() <= factor.rows();
}

Batch unit_vectors(std::size_t rows, int columns, int which) {
  const Batch units("units", rows, columns);
  for (std::size_t row = 0; row < rows; ++row) units(row, which) = 1.0;
  return units;
}

}  // namespace

RunCount price_of_precision(const Problem& problem) {
  const model::GaussNewton& factor = *problem.gauss_newton();
  if (by_columns(problem)) return {problem.dimension() * factor.runs_of_multiply(), 0};
  return {factor.rows(), factor.rows()};
}

Batch precisions_of(const Problem& problem, const Context& context, const ConstBatch& z, RunCount& count) {
  const model::GaussNewton& factor = *problem.gauss_newton();
  const std::size_t rows = z.extent(0);
  const int d = problem.dimension(), p = factor.rows();
  const Batch packed("precisions", rows, static_cast<std::size_t>(d) * (d + 1) / 2),
      a = kernels::new_batch(rows, p * d);  // row by row: entry (i, k) at i d + k
  parallel::agree(context.comm, [&] {
    if (rows == 0) return;
    const bool columns = by_columns(problem);
    const Batch product = kernels::new_batch(rows, columns ? p : d);
    for (int which = 0; which < (columns ? d : p); ++which) {
      if (columns)
        factor.multiply(z, unit_vectors(rows, d, which), product);
      else
        factor.multiply_transposed(z, unit_vectors(rows, p, which), product);
      kernels::for_each_row(static_cast<int>(rows), [=](int row) {
        for (int i = 0; i < (columns ? p : d); ++i) a(row, columns ? i * d + which : which * d + i) = product(row, i);
      });
    }
  });
  kernels::for_each_row(static_cast<int>(rows), [=](int row) {
    double* const n = &packed(row, 0);
    for (int i = 0; i < p; ++i) {
      const double* const line = &a(row, i * d);
      for (int k = 0, at = 0; k < d; at += ++k)
        for (int l = 0; l <= k; ++l) n[at + l] += line[k] * line[l];
    }
    for (int k = 0, at = 0; k < d; at += ++k) n[at + k] += 1.0;
  });
  const RunCount price = price_of_precision(problem);
  const std::int64_t all = context.comm.sum(static_cast<std::int64_t>(rows));
  count.runs += price.runs * all, count.gradients += price.gradients * all;
  return packed;
}

math::Matrix mean_precision(const Context& context, const parallel::RowLayout& layout, const Batch& packed) {
  const int width = static_cast<int>(packed.extent(1)),
            d = static_cast<int>((std::sqrt(8.0 * width + 1.0) - 1.0) / 2.0);
  std::vector<double> sum = parallel::ordered_sum(context.comm, layout, width, [&](int row, double* to) {
    for (int i = 0; i < width; ++i) to[i] += packed(row, i);
  });
  for (double& value : sum) value /= static_cast<double>(layout.rows());
  return unpacked(sum.data(), d);
}

math::Matrix unpacked(const double* packed, int dimension) {
  math::Matrix m(dimension, dimension);
  for (int k = 0; k < dimension; ++k)
    for (int l = 0; l <= k; ++l) m(k, l) = m(l, k) = *packed++;
  return m;
}

void to_packed(const math::Matrix& symmetric, double* packed) {
  for (int k = 0; k < symmetric.rows; ++k)
    for (int l = 0; l <= k; ++l) *packed++ = symmetric(k, l);
}

std::string precision_objection(const Problem& problem, int matrices) {
  if (problem.gauss_newton() == nullptr)
    return "needs the Gauss-Newton Hessian at every particle: a model with an adjoint, and a likelihood that knows its "
           "information (problem/bayes); sampler/aldi, sampler/cbs and sampler/smc do without";
  constexpr std::int64_t most_numbers = std::int64_t{1} << 27;
  const std::int64_t d = problem.dimension(), each = d * (d + 1) / 2;
  if (matrices * each <= most_numbers) return {};
  return fmt::format(
      "holds {} matrices of {} x {} numbers, more than a GiB of them on every rank; {} particles would do, and "
      "sampler/laplace and sampler/dili take Hessians of low rank",
      matrices, d, d, most_numbers / each);
}

}  // namespace aleator::sampler
