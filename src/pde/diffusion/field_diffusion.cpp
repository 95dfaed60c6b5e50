#include "pde/diffusion/field_diffusion.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/error.hpp"
#include "deck/registry.hpp"

namespace aleator::pde::diffusion {

using model::Batch;
using model::ConstBatch;
using model::Cotangent;
using model::RowStatus;

namespace {

// The error of the gradient is that of the adjoint; that of the solution counts in the outputs too.
constexpr double adjoint_looseness = 100.0;

// Integrals over [begin, end] of the hat functions of a mesh of n elements on [0, 1]; those that are not zero start at `first`.
struct HatIntegrals {
  int first = 0;
  std::vector<double> value;
};

HatIntegrals integrate_hats(double begin, double end, int n) {
  HatIntegrals result;
  result.first = std::clamp(static_cast<int>(std::floor(begin * n)), 0, n - 1);
  const int last = std::clamp(static_cast<int>(std::ceil(end * n)), result.first + 1, n);
  result.value.assign(static_cast<std::size_t>(last - result.first) + 1, 0.0);
  for (int e = result.first; e < last; ++e) {
    const double s = std::clamp(begin * n - e, 0.0, 1.0), t = std::clamp(end * n - e, 0.0, 1.0);
    const double rising = 0.5 * (t * t - s * s) / n;
    result.value[static_cast<std::size_t>(e - result.first)] += (t - s) / n - rising;
    result.value[static_cast<std::size_t>(e - result.first) + 1] += rising;
  }
  return result;
}

}  // namespace

FieldDiffusion::FieldDiffusion(const Setup& setup, const Control& control,
                               std::shared_ptr<const parallel::ProcessGrid> ranks)
    : setup_(setup), control_(control), shape_(shape_of(setup)), ranks_(std::move(ranks)) {
  if (!setup.inclusions.empty()) lay_out_inclusions();
}

void FieldDiffusion::set_up() const {
  if (solver_) return;
  const double h = 1.0 / setup_.mesh;
  const math::Multigrid::Grid grid{setup_.mesh, setup_.mesh, h, h};
  solver_ = ranks_ == nullptr ? std::make_unique<math::Multigrid>(grid)
                              : std::make_unique<math::Multigrid>(grid, ranks_->domain());
  for (const std::array<double, 2>& p : setup_.sensors) add_point(p[0], p[1]);
  for (const Box& box : setup_.patches) add_patch(box);
  if (setup_.inclusions.empty()) {
    lay_out_cells();
  } else if (solver_->is_shared()) {
    const auto begin = static_cast<std::ptrdiff_t>(setup_.mesh) * solver_->first_row(),
               end = static_cast<std::ptrdiff_t>(setup_.mesh) * solver_->element_end();
    owner_ = std::vector<int>(owner_.begin() + begin, owner_.begin() + end);
    share_ = std::vector<double>(share_.begin() + begin, share_.begin() + end);
  }
  add_load();
  for (std::vector<double>* field : {&solution_, &adjoint_, &right_side_}) field->resize(solver_->nodes());
  elements_.resize(solver_->elements());
}

void FieldDiffusion::sum(double* values, int count) const {
  if (solver_->is_shared()) ranks_->domain().sum(values, static_cast<std::size_t>(count));
}

// Integrals of f times bilinear hats.
void FieldDiffusion::add_load() const {
  const Box& box = setup_.source_box;
  const HatIntegrals x = integrate_hats(box.x0, box.x1, setup_.mesh), y = integrate_hats(box.y0, box.y1, setup_.mesh);
  load_.assign(solver_->nodes(), 0.0);
  for (std::size_t j = 0; j < y.value.size(); ++j) {
    const int row = y.first + static_cast<int>(j) - solver_->first_row();
    if (row < 0 || row >= solver_->node_end() - solver_->first_row()) continue;
    for (std::size_t i = 0; i < x.value.size(); ++i)
      load_[static_cast<std::size_t>(row) * (setup_.mesh + 1) + x.first + i] = setup_.source * x.value[i] * y.value[j];
  }
}

void FieldDiffusion::add_node(int i, int j, double weight) const {
  if (j < solver_->first_row() || j >= solver_->node_end()) return;
  observation_.node.push_back(static_cast<std::size_t>(j - solver_->first_row()) * (setup_.mesh + 1) + i);
  observation_.weight.push_back(weight);
}

void FieldDiffusion::add_point(double px, double py) const {
  const int n = setup_.mesh;
  const double x = px * n, y = py * n;
  const int i = std::clamp(static_cast<int>(x), 0, n - 1), j = std::clamp(static_cast<int>(y), 0, n - 1);
  const double s = x - i, t = y - j;
  add_node(i, j, (1 - s) * (1 - t)), add_node(i + 1, j, s * (1 - t));
  add_node(i, j + 1, (1 - s) * t), add_node(i + 1, j + 1, s * t);
  observation_.begin.push_back(observation_.node.size());
}

void FieldDiffusion::add_patch(const Box& box) const {
  const HatIntegrals x = integrate_hats(box.x0, box.x1, setup_.mesh), y = integrate_hats(box.y0, box.y1, setup_.mesh);
  const double scale = setup_.is_average ? 1.0 / box.area() : 1.0;
  for (std::size_t j = 0; j < y.value.size(); ++j)
    for (std::size_t i = 0; i < x.value.size(); ++i)
      add_node(x.first + static_cast<int>(i), y.first + static_cast<int>(j), scale * x.value[i] * y.value[j]);
  observation_.begin.push_back(observation_.node.size());
}

void FieldDiffusion::lay_out_cells() const {
  const int n = setup_.mesh, c = setup_.coefficients, r = n / c;
  share_.assign(solver_->elements(), 1.0);
  for (int j = solver_->first_row(); j < solver_->element_end(); ++j)
    for (int i = 0; i < n; ++i) owner_.push_back(i / r + c * (j / r));
}

// The part of an element in a disc by 16 x 16 points.
void FieldDiffusion::lay_out_inclusions() {
  constexpr int points = 16;
  const int n = setup_.mesh;
  background_ = setup_.background;
  owner_.assign(static_cast<std::size_t>(n) * n, -1);
  share_.assign(owner_.size(), 0.0);
  for (std::size_t d = 0; d < setup_.inclusions.size(); ++d) {
    const Disc& disc = setup_.inclusions[d];
    const auto cell = [n](double x) { return std::clamp(static_cast<int>(std::floor(x * n)), 0, n - 1); };
    for (int j = cell(disc.y - disc.radius); j <= cell(disc.y + disc.radius); ++j)
      for (int i = cell(disc.x - disc.radius); i <= cell(disc.x + disc.radius); ++i) {
        int inside = 0;
        for (int q = 0; q < points * points; ++q) {
          const double x = (i + (q % points + 0.5) / points) / n - disc.x,
                       y = (j + (q / points + 0.5) / points) / n - disc.y;
          inside += x * x + y * y < disc.radius * disc.radius ? 1 : 0;
        }
        if (inside == 0) continue;
        const std::size_t e = static_cast<std::size_t>(j) * n + i;
        if (owner_[e] >= 0)
          throw deck::KeyError("inclusions",
                               fmt::format("discs {} and {} meet in the element at ({:.4g}, {:.4g})", owner_[e] + 1,
                                           d + 1, (i + 0.5) / n, (j + 0.5) / n),
                               "separate them, or raise mesh");
        owner_[e] = static_cast<int>(d), share_[e] = static_cast<double>(inside) / (points * points);
      }
  }
}

void FieldDiffusion::fill_elements(const double* theta) const {
  for (std::size_t e = 0; e < elements_.size(); ++e)
    elements_[e] = owner_[e] >= 0 ? background_ + share_[e] * theta[owner_[e]] : background_;
}

std::string FieldDiffusion::solve(const double* right_side, double* u, double tolerance) const {
  const math::Multigrid::Result result = solver_->solve(right_side, u, tolerance, allowed(control_.max_iterations));
  if (result.is_converged) return "";
  return fmt::format(
      "conjugate gradients with multigrid reached a relative residual of {:.2g}, not {:.2g}, after {} iterations: "
      "raise max_iterations or tolerance, or use a finer mesh where the coefficient jumps from cell to cell",
      result.residual, tolerance, result.iterations);
}

std::string FieldDiffusion::solve_row(const double* theta) const {
  for (int k = 0; k < shape_.inputs; ++k)
    if (!(background_ + theta[k] > 0.0 && std::isfinite(theta[k])))
      return fmt::format("coefficient {}theta_{} = {} is not positive and finite",
                         background_ != 0.0 ? fmt::format("{} + ", background_) : "", k, background_ + theta[k]);
  set_up();
  fill_elements(theta);
  solver_->set_coefficient(elements_.data());
  return solve(load_.data(), solution_.data(), control_.tolerance);
}

void FieldDiffusion::observe(const std::vector<double>& field, double* y) const {
  const Observation& o = observation_;
  for (std::size_t k = 0; k + 1 < o.begin.size(); ++k) {
    y[k] = 0.0;
    for (std::size_t e = o.begin[k]; e < o.begin[k + 1]; ++e) y[k] += o.weight[e] * field[o.node[e]];
  }
  sum(y, shape_.outputs);
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
  const Batch dy("dy", 1, shape_.outputs);
  RowStatus status;
  for (int row = 0; row < static_cast<int>(u.extent(0)); ++row) {
    for (int k = 0; k < shape_.inputs; ++k) du(row, k) = 0.0;
    std::string fault = solve_row(&u(row, 0));
    if (fault.empty()) {
      observe(solution_, &y(row, 0));
      cotangent(row, Kokkos::subview(ConstBatch(y), Kokkos::make_pair(row, row + 1), Kokkos::ALL), dy);
      std::fill(right_side_.begin(), right_side_.end(), 0.0);  // C^T dy
      const Observation& o = observation_;
      for (std::size_t k = 0; k + 1 < o.begin.size(); ++k)
        for (std::size_t e = o.begin[k]; e < o.begin[k + 1]; ++e) right_side_[o.node[e]] += o.weight[e] * dy(0, k);
      fault = solve(right_side_.data(), adjoint_.data(), adjoint_looseness * control_.tolerance);
    }
    if (!fault.empty()) {
      fail(row, fault, y, status);
      continue;
    }
    solver_->gradient(adjoint_.data(), solution_.data(), elements_.data());
    for (std::size_t e = 0; e < elements_.size(); ++e)
      if (owner_[e] >= 0) du(row, owner_[e]) += share_[e] * elements_[e];
    sum(&du(row, 0), shape_.inputs);
  }
  return status;
}

RowStatus FieldDiffusion::evaluate_and_pushforward(ConstBatch u, ConstBatch du, Batch y, Batch dy) const {
  RowStatus status;
  for (int row = 0; row < static_cast<int>(u.extent(0)); ++row) {
    std::string fault = solve_row(&u(row, 0));
    if (fault.empty()) {
      observe(solution_, &y(row, 0));
      for (std::size_t e = 0; e < elements_.size(); ++e)
        elements_[e] = owner_[e] < 0 ? 0.0 : share_[e] * du(row, owner_[e]);
      solver_->apply_derivative(elements_.data(), solution_.data(), right_side_.data());
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
  const auto whole = [&](const std::vector<double>& mine) {  // strips follow each other
    return solver_->is_shared() ? ranks_->domain().all_gather(mine) : mine;
  };
  return {{"coefficient", {n, n}, origin, spacing, false, whole(elements_)},
          {"solution", {n, n}, origin, spacing, true, whole(solution_)}};
}

}  // namespace aleator::pde::diffusion
