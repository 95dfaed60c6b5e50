// BayesProblem's part of model::GaussNewton: A = S^T G'(T(z)) T'(z).
#include <algorithm>

#include "inverse/problem/bayes.hpp"
#include "inverse/problem/steps.hpp"

namespace aleator::inverse {
namespace {

using kernels::new_batch;
using model::Batch;
using model::ConstBatch;

// A model that is solved to 1e-10 or so: differences err by some 1e-6.
constexpr double step_of_model = 1e-4;

// Rows of `from` at the places of the failed ones.
Batch rows_of(ConstBatch from, const std::vector<model::FailedRow>& rows) {
  const Batch some = new_batch(rows.size(), from.extent(1));
  for (std::size_t i = 0; i < rows.size(); ++i)
    for (std::size_t k = 0; k < from.extent(1); ++k) some(i, k) = from(static_cast<std::size_t>(rows[i].row), k);
  return some;
}

// out = product(z, in, attempt) by rows; those that fail again and again by themselves, at most `retries` times. What cannot be
// computed is zero.
template <typename Product>
void with_retries(const Product& product, int retries, ConstBatch z, ConstBatch in, Batch out) {
  std::vector<model::FailedRow> left = product(z, in, out, 0).failed;
  for (int attempt = 1; attempt <= retries && !left.empty(); ++attempt) {
    const Batch again = new_batch(left.size(), out.extent(1));
    std::vector<model::FailedRow> still = product(rows_of(z, left), rows_of(in, left), again, attempt).failed;
    for (std::size_t i = 0; i < left.size(); ++i)
      for (std::size_t k = 0; k < out.extent(1); ++k) out(static_cast<std::size_t>(left[i].row), k) = again(i, k);
    for (model::FailedRow& failed : still) failed.row = left[static_cast<std::size_t>(failed.row)].row;
    left = std::move(still);
  }
  for (const model::FailedRow& failed : left)
    for (std::size_t k = 0; k < out.extent(1); ++k) out(static_cast<std::size_t>(failed.row), k) = 0.0;
  clear_rows_that_are_not_finite(out);
}

}  // namespace

// Tangents know no attempts: a row that has failed goes on by differences.
model::RowStatus BayesProblem::pushed(ConstBatch z, ConstBatch v, Batch w, int attempt) const {
  const std::size_t count = z.extent(0);
  const model::Tangent* const tangent = attempt == 0 ? parts_.model->tangent() : nullptr;
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
    status = parts_.model->evaluate_again(above, dy, attempt);
    const model::RowStatus other = parts_.model->evaluate_again(below, y, attempt);
    for (const model::FailedRow& failed : other.failed)
      if (std::none_of(status.failed.begin(), status.failed.end(),
                       [&](const model::FailedRow& one) { return one.row == failed.row; }))
        status.failed.push_back(failed);
    divide_difference(dy, y, h);
  }
  for (std::size_t row = 0; row < count; ++row)
    parts_.likelihood->information()->to_whitened(&y(row, 0), &dy(row, 0), &w(row, 0));
  return status;
}

model::RowStatus BayesProblem::pulled(ConstBatch z, ConstBatch w, Batch v, int attempt) const {
  const std::size_t count = z.extent(0);
  const Batch u = new_batch(count, parameter_dimension()), y = new_batch(count, outputs()),
              du = new_batch(count, parameter_dimension());
  parameters(z, u);
  const auto cotangent = [&](int first, ConstBatch y_tile, Batch dy_tile) {
    for (std::size_t row = 0; row < y_tile.extent(0); ++row)
      parts_.likelihood->information()->from_whitened(&y_tile(row, 0), &w(first + row, 0), &dy_tile(row, 0));
  };
  const model::RowStatus status = parts_.model->adjoint()->evaluate_and_pullback_again(u, y, cotangent, du, attempt);
  kernels::for_each_row(static_cast<int>(count),
                        [=](int row) { prior().pullback(&z(row, 0), &du(row, 0), &v(row, 0)); });
  return status;
}

void BayesProblem::multiply(ConstBatch z, ConstBatch v, Batch w) const {
  with_retries([&](ConstBatch at, ConstBatch in, Batch out, int attempt) { return pushed(at, in, out, attempt); },
               retries(), z, v, w);
}

void BayesProblem::multiply_transposed(ConstBatch z, ConstBatch w, Batch v) const {
  with_retries([&](ConstBatch at, ConstBatch in, Batch out, int attempt) { return pulled(at, in, out, attempt); },
               retries(), z, w, v);
}

}  // namespace aleator::inverse
