// Posterior's part of model::Hessian: -d2 log L / dz2 = -(T'^T (d2 log L / du2) T' + sum_i (d log L / du_i) d2 T_i / dz2).
#include "inverse/problem/posterior.hpp"
#include "inverse/problem/steps.hpp"

namespace aleator::inverse {

using kernels::new_batch;
using model::Batch;
using model::ConstBatch;

model::RowStatus Posterior::multiply_hessian(ConstBatch z, ConstBatch v, Batch h) const {
  const std::size_t count = z.extent(0);
  const std::vector<double> step = lengths_of_steps(v, step_of_prior);
  const Batch v_u = parameters_beside(*this, z, v, step, 1.0), u = new_batch(count, parameter_dimension()),
              slope = new_batch(count, parameter_dimension()), h_u = new_batch(count, parameter_dimension());
  divide_difference(v_u, parameters_beside(*this, z, v, step, -1.0), step);  // T' v
  parameters(z, u);
  model::RowStatus status = curve(u, v_u, step, slope, h_u);
  // T'^T slope with the slope held: its derivative along v is that of the map.
  const Batch ahead = beside(z, v, step, 1.0), back = beside(z, v, step, -1.0), above = new_batch(count, z.extent(1)),
              below = new_batch(count, z.extent(1));
  kernels::for_each_row(static_cast<int>(count), [=](int row) {
    prior_->pullback(&z(row, 0), &h_u(row, 0), &h(row, 0));
    prior_->pullback(&ahead(row, 0), &slope(row, 0), &above(row, 0));
    prior_->pullback(&back(row, 0), &slope(row, 0), &below(row, 0));
  });
  divide_difference(above, below, step);
  for (std::size_t row = 0; row < count; ++row)
    for (std::size_t k = 0; k < z.extent(1); ++k) h(row, k) = -(h(row, k) + above(row, k));
  std::vector<char> has_failed(count, 0);
  for (const model::FailedRow& failed : status.failed) has_failed[static_cast<std::size_t>(failed.row)] = 1;
  for (std::size_t row = 0; row < count; ++row)
    if (has_failed[row] == 0 && !is_finite(&h(row, 0), h.extent(1)))
      status.failed.push_back({static_cast<int>(row), "it is not finite"});
  return status;
}

}  // namespace aleator::inverse
