#include "pde/diffusion/field_diffusion.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/error.hpp"

namespace aleator::pde::diffusion {

using model::Batch;
using model::ConstBatch;
using model::Cotangent;
using model::RowStatus;

FieldDiffusion::FieldDiffusion(const Setup& setup, const Control& control)
    : setup_(setup),
      control_(control),
      shape_(shape_of(setup)),
      solver_(math::Multigrid::Grid{setup.mesh, setup.mesh, 1.0 / setup.mesh, 1.0 / setup.mesh}) {
  const int n = setup.mesh;
  for (const std::array<double, 2>& p : setup.sensors) {
    const double x = p[0] * n, y = p[1] * n;
    const int i = std::clamp(static_cast<int>(x), 0, n - 1), j = std::clamp(static_cast<int>(y), 0, n - 1);
    const double s = x - i, t = y - j;
    const std::size_t corner = static_cast<std::size_t>(j) * (n + 1) + i, row = static_cast<std::size_t>(n) + 1;
    sensors_.push_back(
        {{corner, corner + 1, corner + row, corner + row + 1}, {(1 - s) * (1 - t), s * (1 - t), (1 - s) * t, s * t}});
  }
  const double h = 1.0 / n;
  load_.assign(solver_.nodes(), setup.source * h * h);  // integral of f times a bilinear hat
  for (std::vector<double>* field : {&solution_, &adjoint_, &right_side_}) field->resize(solver_.nodes());
  elements_.resize(solver_.elements());
}

std::vector<double> FieldDiffusion::on_elements(const double* theta) const {
  const int n = setup_.mesh, c = setup_.coefficients, r = n / c;
  std::vector<double> a(solver_.elements());
  for (int j = 0; j < n; ++j)
    for (int i = 0; i < n; ++i) a[static_cast<std::size_t>(j) * n + i] = theta[i / r + c * (j / r)];
  return a;
}

std::string FieldDiffusion::solve(const double* right_side, double* u, double tolerance) const {
  const math::Multigrid::Result result = solver_.solve(right_side, u, tolerance, control_.max_iterations);
  if (result.is_converged) return "";
  return fmt::format(
      "conjugate gradients with multigrid reached a relative residual of {:.2g}, not {:.2g}, after {} iterations: "
      "raise "
      "max_iterations or tolerance, or use a finer mesh where the coefficient jumps from cell to cell",
      result.residual, tolerance, result.iterations);
}

std::string FieldDiffusion::solve_row(const double* theta) const {
  for (int k = 0; k < shape_.inputs; ++k)
    if (!(theta[k] > 0.0 && std::isfinite(theta[k])))
      return fmt::format("coefficient theta_{} = {} is not positive and finite", k, theta[k]);
  solver_.set_coefficient(on_elements(theta).data());
  return solve(load_.data(), solution_.data(), control_.tolerance);
}

void FieldDiffusion::observe(const std::vector<double>& field, double* y) const {
  for (std::size_t s = 0; s < sensors_.size(); ++s) {
    y[s] = 0.0;
    for (int q = 0; q < 4; ++q) y[s] += sensors_[s].weight[q] * field[sensors_[s].node[q]];
  }
}

void FieldDiffusion::fail(int row, const std::string& reason, Batch y, RowStatus& status) const {
  status.failed.push_back({row, reason});
  for (int s = 0; s < shape_.outputs; ++s) y(row, s) = std::numeric_limits<double>::quiet_NaN();
}

RowStatus FieldDiffusion::evaluate(ConstBatch u, Batch y) const {
  RowStatus status;
  for (int row = 0; row < static_cast<int>(u.extent(0)); ++row) {
    const std::string fault = solve_row(&u(row, 0));
    if (fault.empty())
      observe(solution_, &y(row, 0));
    else
      fail(row, fault, y, status);
  }
  return status;
}

RowStatus FieldDiffusion::evaluate_and_pullback(ConstBatch u, Batch y, const Cotangent& cotangent, Batch du) const {
  const int n = setup_.mesh, c = setup_.coefficients, r = n / c;
  const Batch dy("dy", 1, shape_.outputs);
  RowStatus status;
  for (int row = 0; row < static_cast<int>(u.extent(0)); ++row) {
    for (int k = 0; k < shape_.inputs; ++k) du(row, k) = 0.0;
    std::string fault = solve_row(&u(row, 0));
    if (fault.empty()) {
      observe(solution_, &y(row, 0));
      cotangent(row, Kokkos::subview(ConstBatch(y), Kokkos::make_pair(row, row + 1), Kokkos::ALL), dy);
      std::fill(right_side_.begin(), right_side_.end(), 0.0);  // C^T dy
      for (std::size_t s = 0; s < sensors_.size(); ++s)
        for (int q = 0; q < 4; ++q) right_side_[sensors_[s].node[q]] += sensors_[s].weight[q] * dy(0, s);
      fault = solve(right_side_.data(), adjoint_.data(), 10.0 * control_.tolerance);
    }
    if (!fault.empty()) {
      fail(row, fault, y, status);
      continue;
    }
    solver_.gradient(adjoint_.data(), solution_.data(), elements_.data());
    for (int j = 0; j < n; ++j)
      for (int i = 0; i < n; ++i) du(row, i / r + c * (j / r)) += elements_[static_cast<std::size_t>(j) * n + i];
  }
  return status;
}

RowStatus FieldDiffusion::evaluate_and_pushforward(ConstBatch u, ConstBatch du, Batch y, Batch dy) const {
  RowStatus status;
  for (int row = 0; row < static_cast<int>(u.extent(0)); ++row) {
    std::string fault = solve_row(&u(row, 0));
    if (fault.empty()) {
      observe(solution_, &y(row, 0));
      solver_.apply_derivative(on_elements(&du(row, 0)).data(), solution_.data(), right_side_.data());
      for (double& value : right_side_) value = -value;
      fault = solve(right_side_.data(), adjoint_.data(), control_.tolerance);
    }
    if (fault.empty())
      observe(adjoint_, &dy(row, 0));
    else
      fail(row, fault, y, status);
  }
  return status;
}

std::vector<model::GridField> FieldDiffusion::states(const double* u) const {
  const std::string fault = solve_row(u);
  if (!fault.empty()) throw core::NumericsError(fault);
  const int n = setup_.mesh;
  const std::vector<double> origin(2, 0.0), spacing(2, 1.0 / n);
  return {{"coefficient", {n, n}, origin, spacing, false, on_elements(u)},
          {"solution", {n, n}, origin, spacing, true, solution_}};
}

}  // namespace aleator::pde::diffusion
