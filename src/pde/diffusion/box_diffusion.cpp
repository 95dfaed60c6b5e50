#include "pde/diffusion/box_diffusion.hpp"

#include <fmt/format.h>

#include <cmath>
#include <limits>

#include "core/error.hpp"
#include "pde/diffusion/box_solver.hpp"

namespace aleator::pde::diffusion {

BoxDiffusion::BoxDiffusion(const BoxSetup& setup, const Control& control,
                           std::shared_ptr<const parallel::ProcessGrid> ranks)
    : setup_(setup), control_(control), ranks_(std::move(ranks)), shape_(shape_of(setup)) {}

BoxDiffusion::~BoxDiffusion() = default;

BoxDiffusion::Solver& BoxDiffusion::solver() const {
  if (!solver_) solver_ = std::make_unique<Solver>(setup_, control_, ranks_->domain());
  return *solver_;
}

const field::Grid& BoxDiffusion::grid() const { return solver().grid(); }
Vec BoxDiffusion::solution() const { return solver().solution(); }
int BoxDiffusion::iterations() const { return solver().iterations(); }
int BoxDiffusion::newton_steps() const { return solver().newton_steps(); }

template <typename Row>
model::RowStatus BoxDiffusion::for_rows(model::ConstBatch u, model::Batch y, Row&& row) const {
  model::RowStatus status;
  for (int r = 0; r < static_cast<int>(u.extent(0)); ++r) {
    std::string fault;
    for (int k = 0; k < shape_.inputs && fault.empty(); ++k)
      if (!(u(r, k) > 0.0 && std::isfinite(u(r, k))))
        fault = fmt::format("coefficient theta_{} = {} is not positive and finite", k, u(r, k));
    if (fault.empty()) {
      solver().allow(allowed(control_.max_iterations), allowed(control_.max_newton_steps));
      fault = solver().solve(&u(r, 0));
    }
    if (fault.empty()) {
      solver().observe(&u(r, 0), &y(r, 0));
      fault = row(r);
    }
    if (fault.empty()) continue;
    status.failed.push_back({r, fault});
    for (int s = 0; s < shape_.outputs; ++s) y(r, s) = std::numeric_limits<double>::quiet_NaN();
  }
  return status;
}

model::RowStatus BoxDiffusion::evaluate(model::ConstBatch u, model::Batch y) const {
  return for_rows(u, y, [](int) { return std::string(); });
}

model::RowStatus BoxDiffusion::evaluate_and_pullback(model::ConstBatch u, model::Batch y,
                                                     const model::Cotangent& cotangent, model::Batch du) const {
  const model::Batch dy("dy", 1, shape_.outputs);
  Kokkos::deep_copy(du, 0.0);  // of failed rows
  return for_rows(u, y, [&](int r) {
    cotangent(r, Kokkos::subview(model::ConstBatch(y), Kokkos::make_pair(r, r + 1), Kokkos::ALL), dy);
    return solver().pull_back(&u(r, 0), dy.data(), &du(r, 0));
  });
}

model::RowStatus BoxDiffusion::evaluate_and_pushforward(model::ConstBatch u, model::ConstBatch du, model::Batch y,
                                                        model::Batch dy) const {
  return for_rows(u, y, [&](int r) { return solver().push_forward(&u(r, 0), &du(r, 0), &dy(r, 0)); });
}

std::vector<model::GridField> BoxDiffusion::states(const double* u) const {
  solver().allow(allowed(control_.max_iterations), allowed(control_.max_newton_steps));
  if (const std::string fault = solver().solve(u); !fault.empty()) throw core::NumericsError(fault);
  const field::GridShape& grid = setup_.grid;
  std::vector<double> origin(grid.elements.size(), 0.0), spacing, a;
  field::IndexBox elements;
  int ratio[3] = {1, 1, 1}, cells[3] = {1, 1, 1};
  for (int d = 0; d < grid.dimension(); ++d) {
    spacing.push_back(grid.spacing(d));
    elements.last[d] = grid.elements[d];
    ratio[d] = grid.elements[d] / setup_.cells[d], cells[d] = setup_.cells[d];
  }
  field::for_each_index(elements, [&](int i, int j, int k) {
    a.push_back(u[i / ratio[0] + cells[0] * (j / ratio[1] + cells[1] * (k / ratio[2]))]);
  });
  std::vector<model::GridField> fields{
      {"coefficient", grid.elements, origin, spacing, false, a},
      {"solution", grid.elements, origin, spacing, true, solver().grid().gather(solver().solution())}};
  if (setup_.kappa != nullptr) {
    fields.push_back({"theta kappa(u)", grid.elements, origin, spacing, false, {}});
    fields.back().values = times_kappa(a, fields[1].values);
  }
  return fields;
}

// At the centres of the elements.
std::vector<double> BoxDiffusion::times_kappa(std::vector<double> a, const std::vector<double>& solution) const {
  field::IndexBox nodes, elements;
  const int corners = 1 << setup_.grid.dimension();
  for (int d = 0; d < setup_.grid.dimension(); ++d)
    elements.last[d] = setup_.grid.elements[d], nodes.last[d] = elements.last[d] + 1;
  std::vector<double> centre, kappa, slope;
  field::for_each_index(elements, [&](int i, int j, int k) {
    double sum = 0.0;
    for (int c = 0; c < corners; ++c)
      sum += solution[static_cast<std::size_t>(nodes.at(i + (c & 1), j + (c >> 1 & 1), k + (c >> 2)))];
    centre.push_back(sum / corners);
  });
  setup_.kappa->evaluate(centre, kappa, slope);
  for (std::size_t e = 0; e < a.size(); ++e) a[e] *= kappa[e];
  return a;
}

}  // namespace aleator::pde::diffusion
