#include "pde/cavity/cavity.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "core/error.hpp"
#include "core/log.hpp"
#include "model/rows.hpp"

namespace aleator::pde::cavity {

using model::Batch;
using model::ConstBatch;
using model::RowStatus;

namespace {

constexpr double resolved = 8.0;  // Reynolds number of a mesh cell up to which layers are
constexpr double nothing = std::numeric_limits<double>::quiet_NaN();

double norm(const std::vector<double>& r) {
  double sum = 0.0;
  for (const double value : r) sum += value * value;
  return std::sqrt(sum);
}

double fastest(const std::vector<double>& lid) {
  double speed = 0.0;
  for (const double value : lid) speed = std::max(speed, std::fabs(value));
  return speed;
}

void invert_sign(std::vector<double>& r) {
  for (double& value : r) value = -value;
}

}  // namespace

struct Cavity::Slot {
  math::BandedLu factors;
  FlowState flow, trial;
  std::vector<double> trial_residual, step, next;
  std::vector<double> values, gradient;  // inner psi, then g; of them
  std::vector<double> cotangent;         // dy of a row
  Slot(const Flow& f, int outputs)
      : factors(f.unknowns(), f.band()),
        flow(f.state()),
        trial(f.state()),
        trial_residual(f.unknowns()),
        step(f.unknowns()),
        next(f.unknowns()),
        values(static_cast<std::size_t>(f.unknowns()) + f.mesh() + 1),
        gradient(values.size()),
        cotangent(outputs) {}

  /// trial = flow + length step, with its residual.
  void try_step(const Flow& f, double length) {
    const int n = f.mesh();
    for (int j = 1; j < n; ++j)
      for (int i = 1; i < n; ++i) trial.psi[f.node(i, j)] = flow.psi[f.node(i, j)] + length * step[f.unknown(i, j)];
    f.set_vorticity(trial);
    f.residual(trial, trial_residual.data());
  }
  void accept() { std::swap(flow.psi, trial.psi), std::swap(flow.w, trial.w); }
  /// Inner psi and g side by side.
  void gather(const Flow& f) {
    const int n = f.mesh();
    for (int j = 1; j < n; ++j)
      for (int i = 1; i < n; ++i) values[f.unknown(i, j)] = flow.psi[f.node(i, j)];
    std::copy(flow.lid.begin(), flow.lid.end(), values.begin() + f.unknowns());
  }
};

Cavity::Cavity(Setup setup) : setup_(std::move(setup)), flow_(setup_.mesh, setup_.torque) {
  ALEATOR_ASSERT(setup_.mesh >= 4 && !setup_.lid.empty());
  name_everything();
  lay_out_lid();
  lay_out_observations();
  slots_ = model::slots_for_threads<Slot>();
}

Cavity::~Cavity() = default;

void Cavity::name_everything() {
  if (setup_.viscosity_is_unknown) shape_.input_names.emplace_back("viscosity");
  for (std::size_t k = 0; setup_.lid_is_unknown && k < setup_.lid.size(); ++k)
    shape_.input_names.push_back(fmt::format("lid_{}", k));
  for (const auto& p : setup_.points)
    for (const char* const name : {"u", "v"})
      shape_.output_names.push_back(fmt::format("{}({:.6g}, {:.6g})", name, p[0], p[1]));
  if (setup_.has_force) shape_.output_names.emplace_back("force on the lid");
  shape_.inputs = static_cast<int>(shape_.input_names.size());
  shape_.outputs = static_cast<int>(shape_.output_names.size());
}

// Linear between values at k / (m - 1); one value is one velocity for all x.
void Cavity::lay_out_lid() {
  const int n = setup_.mesh, m = static_cast<int>(setup_.lid.size());
  for (int i = 0; i <= n; ++i) {
    const double x = static_cast<double>(i) / n, window = setup_.is_smooth ? 16.0 * x * x * (1 - x) * (1 - x) : 1.0;
    const int k = std::min(i * (m - 1) / n, std::max(m - 2, 0));
    const double share = m == 1 ? 0.0 : x * (m - 1) - k;
    lid_.add_entry(k, (1.0 - share) * window);
    if (m > 1) lid_.add_entry(k + 1, share * window);
    lid_.end_row();
  }
}

// Velocities of nodes, bilinear between them; force / nu = h sum u_y = h sum - w along the lid, its ends at rest.
void Cavity::lay_out_observations() {
  const int n = setup_.mesh, lid = flow_.unknowns();
  const double half = 0.5 * n;
  const auto psi = [&](int i, int j, double weight) {
    if (i > 0 && i < n && j > 0 && j < n) observation_.add_entry(flow_.unknown(i, j), weight);
  };
  for (const auto& p : setup_.points) {
    const int i = std::min(static_cast<int>(p[0] * n), n - 1), j = std::min(static_cast<int>(p[1] * n), n - 1);
    const double s = p[0] * n - i, t = p[1] * n - j;
    for (const bool is_u : {true, false}) {
      for (int corner = 0; corner < 4; ++corner) {
        const int a = i + corner % 2, b = j + corner / 2;
        const double weight = (corner % 2 == 1 ? s : 1 - s) * (corner / 2 == 1 ? t : 1 - t);
        if (b == n && is_u) observation_.add_entry(lid + a, weight);
        if (a == 0 || a == n || b == 0 || b == n) continue;
        psi(is_u ? a : a + 1, is_u ? b + 1 : b, (is_u ? half : -half) * weight);
        psi(is_u ? a : a - 1, is_u ? b - 1 : b, (is_u ? -half : half) * weight);
      }
      observation_.end_row();
    }
  }
  if (!setup_.has_force) return;
  for (int i = 1; i < n; ++i) force_.add_entry(flow_.unknown(i, n - 1), 2.0 * n), force_.add_entry(lid + i, 2.0);
  force_.end_row();
}

// R is linear at nu = 1 without flow: one factorisation, a solve for each of the lid's values.
void Cavity::find_stokes_flows() const {
  Slot slot(flow_, shape_.outputs);
  FlowState& s = slot.flow;
  s.viscosity = 1.0;
  flow_.jacobian(s, slot.factors);
  if (!slot.factors.factor()) throw core::NumericsError("the Stokes flow in the cavity has no factorisation");
  for (std::size_t k = 0; k < setup_.lid.size(); ++k) {
    std::vector<double> one(setup_.lid.size(), 0.0), r(static_cast<std::size_t>(flow_.unknowns()));
    one[k] = 1.0;
    lid_.apply(one.data(), slot.gradient.data());
    flow_.tangent(s, 0.0, slot.gradient.data(), r.data());
    invert_sign(r);
    slot.factors.solve(r.data());
    stokes_.push_back(std::move(r));
  }
}

template <class Work>
RowStatus Cavity::for_each_row(std::size_t rows, const Work& work) const {
  return model::for_each_row(
      rows, slots_, [this] { return std::make_unique<Slot>(flow_, shape_.outputs); }, work);
}

std::string Cavity::fault_of(const double* u) const {
  for (int k = 0; k < shape_.inputs; ++k)
    if (!std::isfinite(u[k])) return fmt::format("{} = {} is not finite", shape_.input_names[k], u[k]);
  return setup_.viscosity_is_unknown && !(u[0] > 0.0) ? fmt::format("viscosity = {} is not positive", u[0]) : "";
}

// The Stokes flow of the lid.
void Cavity::begin(const double* u, Slot& slot) const {
  const double* const values = setup_.lid_is_unknown ? lid_values(u) : setup_.lid.data();
  FlowState& s = slot.flow;
  s.viscosity = setup_.viscosity_is_unknown ? u[0] : setup_.viscosity;
  lid_.apply(values, s.lid.data());
  slot.trial.lid = s.lid;
  std::fill(s.psi.begin(), s.psi.end(), 0.0);
  std::fill(slot.step.begin(), slot.step.end(), 0.0);
  std::call_once(are_stokes_flows_found_, [this] { find_stokes_flows(); });
  for (std::size_t k = 0; k < stokes_.size(); ++k)
    for (std::size_t m = 0; m < slot.step.size(); ++m) slot.step[m] += values[k] * stokes_[k][m];
  slot.try_step(flow_, 1.0);
  slot.accept();
}

// What Newton's method would do next from the trial, with the factors at hand; its size.
double Cavity::next_step(Slot& slot) const {
  slot.next = slot.trial_residual;
  invert_sign(slot.next);
  slot.factors.solve(slot.next.data());
  return norm(slot.next);
}

// From slot.flow. Residuals are no measure here, for those beside the lid outweigh all others: a step is accepted when it makes
// the next one with the same factors shorter (Deuflhard's natural test), and that one is taken as it is when it is much shorter.
std::string Cavity::newton(double tolerance, Slot& slot) const {
  constexpr double worth_keeping = 0.2, shortest = 1.0 / 1024.0;
  slot.trial.viscosity = slot.flow.viscosity;
  std::fill(slot.step.begin(), slot.step.end(), 0.0);
  slot.try_step(flow_, 0.0);
  bool is_factored = false;
  double size = 0.0;  // of the step
  const int most = allowed(setup_.max_iterations);
  for (int iteration = 0; iteration < most; ++iteration) {
    if (!is_factored) {
      if (std::string fault = factor(slot); !fault.empty()) return fault;
      size = next_step(slot);
    }
    std::swap(slot.step, slot.next);
    double length = 1.0, next = 0.0;
    for (;; length *= 0.5) {
      slot.try_step(flow_, length);
      next = next_step(slot);
      if (next <= (1.0 - 0.25 * length) * size) break;
      if (!(length > shortest)) return fault_of_newton(slot, iteration);
    }
    slot.accept();
    if (next <= tolerance * norm(slot.flow.psi)) return "";
    is_factored = length == 1.0 && next < worth_keeping * size;
    size = next;
  }
  return fault_of_newton(slot, most);
}

// Stokes' flow is no start for a large Reynolds number: the way there goes over flows of larger viscosity, over more of them
// for rows that failed.
std::string Cavity::solve(const double* u, Slot& slot) const {
  constexpr double easy = 300.0, roughly = 1e-2;
  const double factor_between = std::pow(2.5, std::pow(0.5, std::min(attempt(), 5)));
  if (std::string fault = fault_of(u); !fault.empty()) return fault;
  begin(u, slot);
  const double viscosity = slot.flow.viscosity;
  int steps = 0;
  const int most = allowed(20);
  for (double re = fastest(slot.flow.lid) / viscosity; re > easy && steps < most; re /= factor_between) ++steps;
  for (; steps > 0; --steps) {
    slot.flow.viscosity = viscosity * std::pow(factor_between, steps);
    if (std::string fault = newton(roughly, slot); !fault.empty()) return fault;
  }
  slot.flow.viscosity = viscosity;
  std::string fault = newton(setup_.tolerance, slot);
  if (fault.empty()) warn_if_coarse(slot.flow);
  return fault;
}

double Cavity::reynolds_of_cell(const FlowState& flow) const {
  return fastest(flow.lid) / (setup_.mesh * flow.viscosity);
}

void Cavity::warn_if_coarse(const FlowState& flow) const {
  const double cell = reynolds_of_cell(flow), needed = std::ceil(cell / resolved * setup_.mesh);
  if (cell > resolved && !has_warned_.exchange(true))
    core::warn(
        "pde/cavity: at viscosity {:.3g} the Reynolds number of a mesh cell is {:.3g}: layers beside the walls are not "
        "resolved, and velocities there are wrong by a tenth or more; {} (said once, of a row of unknowns)",
        flow.viscosity, cell,
        needed <= largest_mesh ? fmt::format("mesh = {:.0f} would resolve them", needed)
                               : fmt::format("no mesh up to {} resolves them", largest_mesh));
}

std::string Cavity::fault_of_newton(const Slot& slot, int iterations) const {
  const FlowState& s = slot.flow;
  const double cell = reynolds_of_cell(s), residual = norm(slot.trial_residual),
               needed = std::ceil(cell / resolved * setup_.mesh);
  const std::string cure = cell <= resolved ? fmt::format("set max_iterations above {} or tolerance above {:.2g}, or",
                                                          setup_.max_iterations, setup_.tolerance)
                           : needed <= largest_mesh
                               ? fmt::format("set mesh = {:.0f} or more{}, or", needed,
                                             iterations >= setup_.max_iterations
                                                 ? fmt::format(", max_iterations above {}", setup_.max_iterations)
                                                 : "")
                               : fmt::format("no mesh up to {} resolves it:", largest_mesh);
  return fmt::format(
      "Newton's method did not converge: after {} iterations at viscosity = {:.4g} the residual is {:.2g}, the last "
      "step {:.2g} of psi; Reynolds number {:.4g}, {:.2g} a mesh cell: {} give less prior probability to such flows",
      iterations, s.viscosity, residual, norm(slot.next) / norm(s.psi), cell * setup_.mesh, cell, cure);
}

std::string Cavity::factor(Slot& slot) const {
  flow_.jacobian(slot.flow, slot.factors);
  return slot.factors.factor() ? "" : fmt::format("the Jacobian is singular at viscosity = {}", slot.flow.viscosity);
}

void Cavity::observe(const Slot& slot, double* y) const {
  observation_.apply(slot.values.data(), y);
  if (!setup_.has_force) return;
  double* const force = y + observation_.rows();
  force_.apply(slot.values.data(), force);
  *force *= slot.flow.viscosity;
}

RowStatus Cavity::evaluate(ConstBatch u, Batch y) const {
  return for_each_row(u.extent(0), [&](int row, Slot& slot) {
    std::string fault = solve(&u(row, 0), slot);
    if (fault.empty()) {
      slot.gather(flow_);
      observe(slot, &y(row, 0));
    } else {
      std::fill_n(&y(row, 0), shape_.outputs, nothing);
    }
    return fault;
  });
}

void Cavity::pull_back(Slot& slot, const double* dy, double* du) const {
  std::vector<double>& g = slot.gradient;
  double d_nu = 0.0;
  std::fill(g.begin(), g.end(), 0.0);
  observation_.add_transposed(dy, g.data());
  if (setup_.has_force) {
    double force = 0.0;  // for nu = 1
    force_.apply(slot.values.data(), &force);
    const double df = dy[observation_.rows()], weight = slot.flow.viscosity * df;
    force_.add_transposed(&weight, g.data());
    d_nu += force * df;
  }
  slot.step.assign(g.begin(), g.begin() + flow_.unknowns());  // lambda = - J^-T dy/dpsi
  invert_sign(slot.step);
  slot.factors.solve_transposed(slot.step.data());
  double* const d_lid = g.data() + flow_.unknowns();
  flow_.add_transposed(slot.flow, slot.step.data(), d_nu, d_lid);
  std::fill_n(du, shape_.inputs, 0.0);
  if (setup_.viscosity_is_unknown) du[0] = d_nu;
  if (setup_.lid_is_unknown) lid_.add_transposed(d_lid, du + (setup_.viscosity_is_unknown ? 1 : 0));
}

RowStatus Cavity::evaluate_and_pullback(ConstBatch u, Batch y, const model::Cotangent& cotangent, Batch du) const {
  return for_each_row(u.extent(0), [&](int row, Slot& slot) {
    std::string fault = solve(&u(row, 0), slot);
    if (fault.empty()) fault = factor(slot);
    if (!fault.empty()) {
      std::fill_n(&y(row, 0), shape_.outputs, nothing);
      std::fill_n(&du(row, 0), shape_.inputs, 0.0);
      return fault;
    }
    slot.gather(flow_);
    observe(slot, &y(row, 0));
    const Batch dy(slot.cotangent.data(), 1, shape_.outputs);
    cotangent(row, ConstBatch(&y(row, 0), 1, shape_.outputs), dy);
    pull_back(slot, dy.data(), &du(row, 0));
    return fault;
  });
}

void Cavity::push_forward(Slot& slot, const double* du, double* dy) const {
  std::vector<double>& d = slot.gradient;
  double* const d_lid = d.data() + flow_.unknowns();
  const double d_nu = setup_.viscosity_is_unknown ? du[0] : 0.0;
  std::fill(d.begin(), d.end(), 0.0);
  if (setup_.lid_is_unknown) lid_.apply(lid_values(du), d_lid);
  flow_.tangent(slot.flow, d_nu, d_lid, slot.step.data());
  invert_sign(slot.step);
  slot.factors.solve(slot.step.data());
  std::copy(slot.step.begin(), slot.step.end(), d.begin());
  observation_.apply(d.data(), dy);
  if (!setup_.has_force) return;
  double force = 0.0, change = 0.0;
  force_.apply(slot.values.data(), &force), force_.apply(d.data(), &change);
  dy[observation_.rows()] = slot.flow.viscosity * change + d_nu * force;
}

RowStatus Cavity::evaluate_and_pushforward(ConstBatch u, ConstBatch du, Batch y, Batch dy) const {
  return for_each_row(u.extent(0), [&](int row, Slot& slot) {
    std::string fault = solve(&u(row, 0), slot);
    if (fault.empty()) fault = factor(slot);
    if (!fault.empty()) {
      for (double* const out : {&y(row, 0), &dy(row, 0)}) std::fill_n(out, shape_.outputs, nothing);
      return fault;
    }
    slot.gather(flow_);
    observe(slot, &y(row, 0));
    push_forward(slot, &du(row, 0), &dy(row, 0));
    return fault;
  });
}

std::vector<model::GridField> Cavity::states(const double* u) const {
  Slot slot(flow_, shape_.outputs);
  if (const std::string fault = solve(u, slot); !fault.empty()) throw core::NumericsError(fault);
  const int n = setup_.mesh;
  const std::vector<double> origin(2, 0.0), spacing(2, 1.0 / n);
  const auto field = [&](const std::string& name, std::vector<double> values) {
    return model::GridField{name, {n, n}, origin, spacing, true, std::move(values)};
  };
  std::vector<double> along_x(flow_.nodes()), along_y(flow_.nodes());
  for (int j = 0; j <= n; ++j)
    for (int i = 0; i <= n; ++i) {
      along_x[flow_.node(i, j)] = flow_.u(slot.flow, i, j);
      along_y[flow_.node(i, j)] = flow_.v(slot.flow, i, j);
    }
  return {field("u", std::move(along_x)), field("v", std::move(along_y)), field("stream_function", slot.flow.psi),
          field("vorticity", slot.flow.w)};
}

}  // namespace aleator::pde::cavity
