#include "pde/diffusion/box_solver.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/error.hpp"

namespace aleator::pde::diffusion {

using field::for_each_index;
using math::check_petsc;

BoxDiffusion::Solver::Solver(const BoxSetup& setup, const Control& control, const parallel::Comm& comm)
    : setup_(setup),
      control_(control),
      grid_(comm, setup.grid),
      operator_(grid_, setup_),
      observed_(grid_),
      prefix_(control.petsc),
      load_(grid_.new_vector()),
      full_load_(grid_.new_vector()),
      right_side_(grid_.new_vector()),
      solution_(grid_.new_vector()),
      adjoint_(grid_.new_vector()),
      side_values_(grid_.new_vector()),
      ghosted_solution_(grid_.new_ghosted()),
      ghosted_adjoint_(grid_.new_ghosted()),
      ghosted_side_values_(grid_.new_ghosted()),
      work_(grid_.new_ghosted()) {
  for (const std::vector<double>& point : setup_.points) observed_.add_point(point);
  for (const std::vector<double>& box : setup_.patches) {
    double volume = 1.0;
    for (int d = 0; d < grid_.dimension(); ++d) volume *= box[2 * d + 1] - box[2 * d];
    observed_.add_box(box, setup_.is_average ? 1.0 / volume : 1.0);
  }
  make_load();
  make_side_values();
  make_outflows();
  configure();
  if (is_nonlinear()) step_ = grid_.new_vector(), trial_ = grid_.new_vector();
}

// Integrals of f times hats, what flux and exchange sides bring, wells.
void BoxDiffusion::Solver::make_load() {
  {
    const VecValues work(work_);
    for (int s = 0; s < 2 * grid_.dimension(); ++s) {
      const BoxSide& side = setup_.sides[s];
      const double factor = side.kind == BoxSide::Kind::exchange ? side.rate : 1.0;
      if (side.kind != BoxSide::Kind::fixed && !side.is_zero())
        operator_.add_side_load(
            s, [&](const double* x) { return factor * side.at(x); }, work.data());
    }
    if (setup_.source_function) operator_.add_load(setup_.source_function, work.data());
  }
  grid_.sum_ghosted(work_, full_load_);
  field::Functionals sources(grid_);
  std::vector<double> rates{setup_.source};
  sources.add_box(setup_.source_box, 1.0);
  for (const std::vector<double>& well : setup_.wells) {
    sources.add_point(well);
    rates.push_back(well[grid_.dimension()]);
  }
  const VecValues load(full_load_);
  sources.add_transposed(rates.data(), load.data());
}

void BoxDiffusion::Solver::make_side_values() {
  const field::IndexBox& ghosted = grid_.ghosted_nodes();
  const VecValues values(ghosted_side_values_);
  for_each_index(ghosted, [&](int i, int j, int k) {
    const std::int64_t place = ghosted.at(i, j, k);
    if (!operator_.is_fixed(place)) return;
    const int index[3] = {i, j, k};
    for (int s = 0; s < 2 * grid_.dimension(); ++s) {
      const BoxSide& side = setup_.sides[s];
      if (side.kind != BoxSide::Kind::fixed || index[s / 2] != (s % 2 == 0 ? 0 : setup_.grid.elements[s / 2])) continue;
      values[place] = side.at(grid_.position(i, j, k).data());
      break;  // where fixed sides meet the first one counts
    }
  });
  for (int s = 0; s < 2 * grid_.dimension(); ++s)
    has_side_values_ = has_side_values_ || (setup_.sides[s].kind == BoxSide::Kind::fixed && !setup_.sides[s].is_zero());
  const field::IndexBox& owned = grid_.owned_nodes();
  const VecValues global(side_values_), load(load_), full(full_load_);
  for_each_index(owned, [&](int i, int j, int k) {
    const std::int64_t at = owned.at(i, j, k), place = ghosted.at(i, j, k);
    global[at] = values[place];
    load[at] = operator_.is_fixed(place) ? 0.0 : full[at];
  });
}

// How many fixed sides the node lies on.
int BoxDiffusion::Solver::fixed_sides_at(const int (&index)[3]) const {
  int count = 0;
  for (std::size_t s = 0; s < 2 * setup_.grid.elements.size(); ++s)
    if (setup_.sides[s].kind == BoxSide::Kind::fixed && index[s / 2] == (s % 2 == 0 ? 0 : setup_.grid.elements[s / 2]))
      ++count;
  return count;
}

// Of a fixed side the nodes, those that it shares with others in equal parts; of an exchange side the functional: integral of
// rate (u - value).
void BoxDiffusion::Solver::make_outflows() {
  const field::IndexBox &ghosted = grid_.ghosted_nodes(), &owned = grid_.owned_nodes();
  constants_.assign(static_cast<std::size_t>(setup_.outputs()), 0.0);
  for (std::size_t f = 0; f < setup_.outflow_sides.size(); ++f) {
    const int side = setup_.outflow_sides[f];
    const BoxSide& s = setup_.sides[side];
    outflow_weights_.push_back(grid_.new_ghosted());
    std::vector<std::int64_t> places;
    std::vector<double> weights;
    if (is_fixed_outflow(f)) {
      const VecValues weight(outflow_weights_.back());
      for_each_index(ghosted, [&](int i, int j, int k) {
        const int index[3] = {i, j, k};
        if (index[side / 2] == (side % 2 == 0 ? 0 : setup_.grid.elements[side / 2]))
          weight[ghosted.at(i, j, k)] = 1.0 / fixed_sides_at(index);
      });
    } else {
      const auto nodes = static_cast<std::size_t>(ghosted.count());
      std::vector<double> brought(nodes, 0.0);
      operator_.add_side_load(
          side, [&](const double* x) { return s.rate * s.at(x); }, brought.data());
      for (const double value : brought) constants_[observed_.count()] -= value;
      check_petsc(VecSet(work_, 0.0), "to set up an outflow");
      {
        const VecValues work(work_);
        operator_.add_side_load(
            side, [&](const double*) { return s.rate; }, work.data());
      }
      grid_.sum_ghosted(work_, right_side_);
      const VecValues weight(right_side_);
      for (std::int64_t n = 0; n < owned.count(); ++n)
        if (weight[n] != 0.0) places.push_back(n), weights.push_back(weight[n]);
    }
    observed_.add(std::move(places), std::move(weights));
  }
}

Preconditioner BoxDiffusion::Solver::chosen() const {
  if (control_.preconditioner == Preconditioner::cholmod && grid_.comm().size() > 1)
    throw core::UserError(fmt::format(
        "pde/diffusion: preconditioner = \"cholmod\" works on one rank, but a domain group has {}; set it to \"mumps\"",
        grid_.comm().size()));
  if (control_.preconditioner != Preconditioner::automatic) return control_.preconditioner;
  const std::int64_t largest = grid_.dimension() == 1 ? 1000000 : grid_.dimension() == 2 ? 10000 : 2000;
  if (setup_.grid.nodes() > largest) return Preconditioner::boomeramg;
  return grid_.comm().size() == 1 ? Preconditioner::cholmod : Preconditioner::mumps;
}

void BoxDiffusion::Solver::configure() {
  used_ = chosen();
  has_options_ = false;
  const char* const doing = "to set up the solver";
  check_petsc(KSPCreate(grid_.comm().native(), ksp_.make()), doing);
  check_petsc(KSPSetOptionsPrefix(ksp_, prefix_.text().c_str()), doing);
  PC pc = nullptr;
  check_petsc(KSPGetPC(ksp_, &pc), doing);
  check_petsc(KSPSetType(ksp_, is_direct() ? KSPPREONLY : is_nonlinear() ? KSPGMRES : KSPCG), doing);
  if (!is_direct() && is_nonlinear()) check_petsc(KSPSetPCSide(ksp_, PC_RIGHT), doing);  // a Jacobian is not symmetric
  if (!is_direct()) check_petsc(KSPSetNormType(ksp_, KSP_NORM_UNPRECONDITIONED), doing);
  switch (used_) {
    case Preconditioner::automatic:
    case Preconditioner::boomeramg:
      check_petsc(PCSetType(pc, PCHYPRE), doing);
      check_petsc(PCHYPRESetType(pc, "boomeramg"), doing);
      break;
    case Preconditioner::gamg:
      check_petsc(PCSetType(pc, PCGAMG), doing);
      break;
    case Preconditioner::mumps:
    case Preconditioner::cholmod:
      prefix_.quiet_cholmod();
      // Else UMFPACK orders the unknowns as the numbers of the first matrix suggest, whichever row that was.
      prefix_.set_default("mat_umfpack_strategy", "SYMMETRIC");
      check_petsc(PCSetType(pc, is_nonlinear() ? PCLU : PCCHOLESKY), doing);
      check_petsc(PCFactorSetMatSolverType(pc, used_ == Preconditioner::mumps ? MATSOLVERMUMPS
                                               : is_nonlinear()               ? MATSOLVERUMFPACK
                                                                              : MATSOLVERCHOLMOD),
                  doing);
      break;
  }
}

// A preconditioner is made anew for every matrix: what PETSc's GAMG keeps of another would show in the last digits.
void BoxDiffusion::Solver::use_matrix(Mat of_equations, Mat of_preconditioner) {
  if (!is_direct()) configure();
  check_petsc(KSPSetOperators(ksp_, of_equations, of_preconditioner), "to solve");
}

std::string BoxDiffusion::Solver::run_krylov(double tolerance, Vec x, const char* what) {
  check_petsc(KSPSetTolerances(ksp_, tolerance, PETSC_DEFAULT, PETSC_DEFAULT, control_.max_iterations), "to solve");
  if (!has_options_) prefix_.give_to(ksp_);
  has_options_ = true;
  const math::KrylovResult result = math::solve_krylov(ksp_, right_side_, x);
  if (is_first_) prefix_.refuse_unused();
  is_first_ = false;
  iterations_ = result.iterations;
  if (result.fault.empty()) return "";
  if (result.fault == math::singular_matrix) {
    configure();  // a failed factor is not used again
    return fmt::format("the {}: {}", what, result.fault);
  }
  return fmt::format("the {}: {}", what, result.fault);
}

void BoxDiffusion::Solver::close_right_side(double factor, Vec base) {
  grid_.sum_ghosted(work_, right_side_);
  const field::IndexBox &owned = grid_.owned_nodes(), &ghosted = grid_.ghosted_nodes();
  const VecValues b(right_side_);
  const double* add = nullptr;
  if (base != nullptr) check_petsc(VecGetArrayRead(base, &add), "to open a field");
  for_each_index(owned, [&](int i, int j, int k) {
    const std::int64_t at = owned.at(i, j, k);
    b[at] = operator_.is_fixed(ghosted.at(i, j, k)) ? 0.0 : factor * b[at] + (add != nullptr ? add[at] : 0.0);
  });
  if (base != nullptr) check_petsc(VecRestoreArrayRead(base, &add), "to close a field");
}

// u = g + v with g the values of the fixed sides and v zero there: A v = b - (A + R) g.
std::string BoxDiffusion::Solver::solve_linear(const double* theta, double tolerance) {
  operator_.assemble(theta);
  use_matrix(operator_.matrix(), operator_.matrix());
  if (has_side_values_) {
    check_petsc(VecSet(work_, 0.0), "to solve");
    {
      const VecValues work(work_), g(ghosted_side_values_);
      operator_.add_stiffness(theta, g.data(), work.data());
      operator_.add_exchange(g.data(), work.data());
    }
    close_right_side(-1.0, load_);
  } else {
    check_petsc(VecCopy(load_, right_side_), "to solve");
  }
  if (std::string fault = run_krylov(tolerance, solution_, "equations"); !fault.empty()) return fault;
  if (has_side_values_) check_petsc(VecAXPY(solution_, 1.0, side_values_), "to solve");
  grid_.fill_ghosted(solution_, ghosted_solution_);
  return "";
}

std::string BoxDiffusion::Solver::solve(const double* theta) {
  return is_nonlinear() ? solve_newton(theta) : solve_linear(theta, control_.tolerance);
}

void BoxDiffusion::Solver::add_outflows(const std::vector<double>& residual, double load_factor, double* y) const {
  const field::IndexBox &owned = grid_.owned_nodes(), &ghosted = grid_.ghosted_nodes();
  const std::size_t first = setup_.points.size() + setup_.patches.size();
  const VecValues load(full_load_);
  for (std::size_t f = 0; f < setup_.outflow_sides.size(); ++f) {
    if (!is_fixed_outflow(f)) continue;
    const VecValues weight(outflow_weights_[f]);
    double sum = 0.0;
    for (std::size_t n = 0; n < residual.size(); ++n) sum -= weight[static_cast<std::int64_t>(n)] * residual[n];
    for_each_index(owned, [&](int i, int j, int k) {
      sum += load_factor * weight[ghosted.at(i, j, k)] * load[owned.at(i, j, k)];
    });
    y[first + f] += sum;
  }
}

void BoxDiffusion::Solver::observe_linear(Vec v, double* y) const {
  const VecValues values(v);
  observed_.apply_local(values.data(), y);
}

void BoxDiffusion::Solver::observe(const double* theta, double* y) const {
  observe_linear(solution_, y);
  for (std::size_t k = 0; k < constants_.size(); ++k) y[k] += constants_[k];
  if (!outflow_weights_.empty()) {
    const VecValues u(ghosted_solution_);
    std::vector<double> residual(static_cast<std::size_t>(grid_.ghosted_nodes().count()), 0.0);
    operator_.add_stiffness(theta, u.data(), residual.data());
    operator_.add_exchange(u.data(), residual.data());
    add_outflows(residual, 1.0, y);
  }
  grid_.comm().sum(y, constants_.size());
}

// A lambda = C^T r - (A + R) W, W = sum r w over fixed outflow sides; gradient_e = - kappa_e (lambda + W) . K_e u.
// With kappa(u) the transpose of the Jacobian stands for A + R.
std::string BoxDiffusion::Solver::pull_back(const double* theta, const double* r, double* gradient) {
  const std::size_t first = setup_.points.size() + setup_.patches.size();
  const auto nodes = grid_.ghosted_nodes().count();
  std::vector<double> w(static_cast<std::size_t>(nodes), 0.0);
  for (std::size_t f = 0; f < outflow_weights_.size(); ++f) {
    const VecValues weight(outflow_weights_[f]);
    for (std::int64_t n = 0; n < nodes; ++n) w[static_cast<std::size_t>(n)] += r[first + f] * weight[n];
  }
  check_petsc(VecSet(work_, 0.0), "to set up an adjoint");
  check_petsc(VecSet(adjoint_, 0.0), "to set up an adjoint");
  {
    const VecValues work(work_), c(adjoint_), u(ghosted_solution_);
    if (!outflow_weights_.empty()) {
      operator_.add_stiffness(theta, w.data(), work.data());
      operator_.add_exchange(w.data(), work.data());
      if (is_nonlinear()) operator_.add_slope(theta, u.data(), w.data(), work.data(), true);
    }
    observed_.add_transposed(r, c.data());
  }
  close_right_side(-1.0, adjoint_);
  const double tolerance = std::min(10.0 * control_.tolerance, 0.1);
  const std::string fault = is_nonlinear() ? solve_jacobian(theta, true, tolerance, adjoint_, "adjoint equations")
                                           : run_krylov(tolerance, adjoint_, "adjoint equations");
  if (!fault.empty()) return fault;
  grid_.fill_ghosted(adjoint_, ghosted_adjoint_);
  const VecValues lambda(ghosted_adjoint_), u(ghosted_solution_);
  for (std::int64_t n = 0; n < nodes; ++n) lambda[n] += w[static_cast<std::size_t>(n)];
  const auto inputs = static_cast<std::size_t>(setup_.coefficients());
  std::fill(gradient, gradient + inputs, 0.0);
  operator_.add_gradient(lambda.data(), u.data(), -1.0, gradient);
  grid_.comm().sum(gradient, inputs);
  return "";
}

// A v = - K(dtheta) u; dy = C v - w . (K(dtheta) u + (A + R) v).
std::string BoxDiffusion::Solver::push_forward(const double* theta, const double* dtheta, double* dy) {
  std::vector<double> residual(static_cast<std::size_t>(grid_.ghosted_nodes().count()), 0.0);
  check_petsc(VecSet(work_, 0.0), "to set up a tangent");
  {
    const VecValues work(work_), u(ghosted_solution_);
    operator_.add_stiffness(dtheta, u.data(), residual.data());
    std::copy(residual.begin(), residual.end(), work.data());
  }
  close_right_side(-1.0, nullptr);
  const std::string fault = is_nonlinear()
                                ? solve_jacobian(theta, false, control_.tolerance, adjoint_, "tangent equations")
                                : run_krylov(control_.tolerance, adjoint_, "tangent equations");
  if (!fault.empty()) return fault;
  grid_.fill_ghosted(adjoint_, ghosted_adjoint_);
  observe_linear(adjoint_, dy);
  if (!outflow_weights_.empty()) {
    const VecValues v(ghosted_adjoint_), u(ghosted_solution_);
    operator_.add_stiffness(theta, v.data(), residual.data());
    operator_.add_exchange(v.data(), residual.data());
    if (is_nonlinear()) operator_.add_slope(theta, u.data(), v.data(), residual.data(), false);
    add_outflows(residual, 0.0, dy);
  }
  grid_.comm().sum(dy, constants_.size());
  return "";
}

}  // namespace aleator::pde::diffusion
