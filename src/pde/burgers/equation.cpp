#include "pde/burgers/equation.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/log.hpp"

namespace aleator::pde::burgers {
namespace {

int unknowns_of_a_component(const Params& p) { return p.dimension == 1 ? p.unknowns : p.unknowns * p.unknowns; }

evolution::Layout layout_of(const Params& p, evolution::Share share) {
  evolution::Layout layout;
  const auto d = static_cast<std::size_t>(p.dimension);
  layout.grid = {std::vector<int>(d, p.mesh), std::vector<double>(d, p.length), true, share};
  layout.field_names = d == 1 ? std::vector<std::string>{"u"} : std::vector<std::string>{"u", "v"};
  for (int k = 0; k < p.dimension; ++k) layout.observed.push_back(k);
  layout.coefficients = 1;
  for (const std::string& name : layout.field_names)
    for (int k = 0; k < unknowns_of_a_component(p); ++k) layout.input_names.push_back(fmt::format("{}0_{}", name, k));
  if (p.viscosity_is_unknown) layout.input_names.push_back("viscosity");
  return layout;
}

// Multilinear between `count` equally spaced values along each axis.
evolution::SparseMap linear_between(const evolution::Grid& grid, int count) {
  std::vector<std::vector<double>> points;
  for (int i = 0; i < grid.size(); ++i) {
    points.emplace_back();
    for (int axis = 0; axis < grid.dimension(); ++axis) points.back().push_back(grid.position_of(axis, i));
  }
  return evolution::interpolation({std::vector<int>(grid.points.size(), count), grid.length, true}, points);
}

}  // namespace

Equation::Equation(const Params& params, evolution::Share share)
    : SemiDiscrete(layout_of(params, share)),
      cells_(layout().grid.cells()),
      n_(cells_.size),
      is_closed_(share.count == 1),
      h_(params.length / params.mesh),
      params_(params),
      unknowns_each_(unknowns_of_a_component(params)),
      initial_(linear_between(layout().grid, params.unknowns)),
      own_initial_(initial_state(params, layout())) {
  own_initial_.resize(static_cast<std::size_t>(components()) * n_);
}

std::string Equation::fault(const double* u) const {
  const double* const viscosity = u + components() * unknowns_each_;
  return !params_.viscosity_is_unknown || *viscosity > 0.0 ? std::string()
                                                           : fmt::format("viscosity = {} is not positive", *viscosity);
}

void Equation::prepare(const double* u, double* q, double* x) const {
  q[0] = params_.viscosity_is_unknown ? u[components() * unknowns_each_] : params_.viscosity;
  for (int k = 0; k < components(); ++k) initial_.apply(u + k * unknowns_each_, x + k * n_);
}

bool Equation::prepare_own(double* q, double* x) const {
  q[0] = params_.viscosity;
  std::copy(own_initial_.begin(), own_initial_.end(), x);
  return true;
}

void Equation::prepare_tangent(const double*, const double* du, double* dq, double* dx) const {
  dq[0] = params_.viscosity_is_unknown ? du[components() * unknowns_each_] : 0.0;
  for (int k = 0; k < components(); ++k) initial_.apply(du + k * unknowns_each_, dx + k * n_);
}

void Equation::prepare_transposed(const double*, const double* gq, const double* gx, double* gu) const {
  if (params_.viscosity_is_unknown) gu[components() * unknowns_each_] += gq[0];
  for (int k = 0; k < components(); ++k)
    initial_.add_transposed(cells_.begin, cells_.end, gx + k * n_, gu + k * unknowns_each_);
}

// A front of height 2 |u| is some 4 nu / |u| wide.
void Equation::warn_if_unresolved(double speed, double viscosity) const {
  if (speed * h_ > 4.0 * viscosity && !has_warned_.exchange(true))
    core::warn(
        "pde/burgers: with |u| = {:.3g} and viscosity {:.3g} a front is narrower than a mesh width, and the solution "
        "oscillates once there is one; mesh = {:.0f} would resolve it (said once, of a row of unknowns)",
        speed, viscosity, std::ceil(0.5 * speed * params_.length / viscosity));
}

}  // namespace aleator::pde::burgers
