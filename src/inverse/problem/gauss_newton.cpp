// BayesProblem's part of model::GaussNewton: A = S^T G'(T(z)) T'(z).
#include <algorithm>
#include <cmath>

#include "inverse/problem/bayes.hpp"

namespace aleator::inverse {
namespace {

using kernels::new_batch;
using model::Batch;
using model::ConstBatch;

// Steps of central differences, in latent coordinates, of the entry of v that is largest. The prior's map is smooth and exact
// to rounding: relative error some 1e-10. A model that is solved to 1e-10 or so: some 1e-6.
constexpr double step_of_prior = 1e-5, step_of_model = 1e-4;

// The factors h_r with |h_r v_r| = step in the largest entry; 0 where v_r = 0.
std::vector<double> lengths_of_steps(ConstBatch v, double step) {
  std::vector<double> h(v.extent(0), 0.0);
  for (std::size_t row = 0; row < h.size(); ++row) {
    double largest = 0.0;
    for (std::size_t k = 0; k < v.extent(1); ++k) largest = std::max(largest, std::abs(v(row, k)));
    if (largest > 0.0) h[row] = step / largest;
  }
  return h;
}

// T(z_r + side h_r v_r)
Batch parameters_beside(const model::Problem& problem, ConstBatch z, ConstBatch v, const std::vector<double>& h,
                        double side) {
  const Batch moved = new_batch(z.extent(0), problem.dimension()),
              u = new_batch(z.extent(0), problem.parameter_dimension());
  for (std::size_t row = 0; row < z.extent(0); ++row)
    for (std::size_t k = 0; k < z.extent(1); ++k) moved(row, k) = z(row, k) + side * h[row] * v(row, k);
  problem.parameters(moved, u);
  return u;
}

// (above - below) / (2 h), into `above`.
void divide_difference(Batch above, ConstBatch below, const std::vector<double>& h) {
  for (std::size_t row = 0; row < above.extent(0); ++row)
    for (std::size_t k = 0; k < above.extent(1); ++k)
      above(row, k) = h[row] > 0.0 ? (above(row, k) - below(row, k)) / (2.0 * h[row]) : 0.0;
}

void clear_rows_that_are_not_finite(Batch values) {
  for (std::size_t row = 0; row < values.extent(0); ++row) {
    double doubt = 0.0;  // 0, or NaN
    for (std::size_t k = 0; k < values.extent(1); ++k) doubt += 0.0 * values(row, k);
    if (std::isnan(doubt))
      for (std::size_t k = 0; k < values.extent(1); ++k) values(row, k) = 0.0;
  }
}

void clear_rows(const model::RowStatus& status, Batch values) {
  for (const model::FailedRow& failed : status.failed)
    for (std::size_t k = 0; k < values.extent(1); ++k) values(static_cast<std::size_t>(failed.row), k) = 0.0;
  clear_rows_that_are_not_finite(values);
}

}  // namespace

void BayesProblem::multiply(ConstBatch z, ConstBatch v, Batch w) const {
  const std::size_t count = z.extent(0);
  const model::Tangent* const tangent = parts_.model->tangent();
  const std::vector<double> h = lengths_of_steps(v, tangent != nullptr ? step_of_prior : step_of_model);
  const Batch above = parameters_beside(*this, z, v, h, 1.0), below = parameters_beside(*this, z, v, h, -1.0),
              y = new_batch(count, outputs()), dy = new_batch(count, outputs());
  model::RowStatus status;
  if (tangent != nullptr) {
    divide_difference(above, below, h);  // T' v
    const Batch u = new_batch(count, parameter_dimension());
    parameters(z, u);
    status = tangent->evaluate_and_pushforward(u, above, y, dy);
  } else {
    status = parts_.model->evaluate(above, dy);
    for (const model::FailedRow& failed : parts_.model->evaluate(below, y).failed) status.failed.push_back(failed);
    divide_difference(dy, y, h);
  }
  for (std::size_t row = 0; row < count; ++row)
    parts_.likelihood->information()->to_whitened(&y(row, 0), &dy(row, 0), &w(row, 0));
  clear_rows(status, w);
}

void BayesProblem::multiply_transposed(ConstBatch z, ConstBatch w, Batch v) const {
  const std::size_t count = z.extent(0);
  const Batch u = new_batch(count, parameter_dimension()), y = new_batch(count, outputs()),
              du = new_batch(count, parameter_dimension());
  parameters(z, u);
  const auto cotangent = [&](int first, ConstBatch y_tile, Batch dy_tile) {
    for (std::size_t row = 0; row < y_tile.extent(0); ++row)
      parts_.likelihood->information()->from_whitened(&y_tile(row, 0), &w(first + row, 0), &dy_tile(row, 0));
  };
  const model::RowStatus status = parts_.model->adjoint()->evaluate_and_pullback(u, y, cotangent, du);
  kernels::for_each_row(static_cast<int>(count),
                        [=](int row) { prior().pullback(&z(row, 0), &du(row, 0), &v(row, 0)); });
  clear_rows(status, v);
}

}  // namespace aleator::inverse
