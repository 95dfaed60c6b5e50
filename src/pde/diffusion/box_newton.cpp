// Newton's method for - div(theta kappa(u) grad u) = f, of BoxDiffusion::Solver.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "pde/diffusion/box_solver.hpp"

namespace aleator::pde::diffusion {

using math::check_petsc;

namespace {

double norm_of(Vec v) {
  double norm = 0.0;
  check_petsc(VecNorm(v, NORM_2, &norm), "to measure a residual");
  return norm;
}

// The first rank's text, if any has one.
std::string agreed(const parallel::Comm& comm, std::string text) {
  const int owner = static_cast<int>(comm.min(text.empty() ? comm.size() : comm.rank()));
  if (owner < comm.size()) comm.broadcast(text, owner);
  return text;
}

}  // namespace

std::string BoxDiffusion::Solver::residual(const double* theta, Vec u) {
  grid_.fill_ghosted(u, ghosted_solution_);
  {
    const VecValues values(ghosted_solution_);
    if (std::string fault = agreed(grid_.comm(), operator_.set_state(values.data())); !fault.empty()) return fault;
    check_petsc(VecSet(work_, 0.0), "to form a residual");
    const VecValues work(work_);
    operator_.add_stiffness(theta, values.data(), work.data());
    operator_.add_exchange(values.data(), work.data());
  }
  close_right_side(-1.0, load_);
  return "";
}

// A Krylov method is preconditioned by the symmetric part A, of the Jacobian and of its transpose alike.
std::string BoxDiffusion::Solver::solve_jacobian(const double* theta, bool is_transposed, double tolerance, Vec d,
                                                 const char* what) {
  {
    const VecValues u(ghosted_solution_);
    operator_.assemble_jacobian(theta, u.data(), is_transposed);
  }
  if (!is_direct()) operator_.assemble(theta);
  use_matrix(operator_.jacobian(), is_direct() ? operator_.jacobian() : operator_.matrix());
  return run_krylov(tolerance, d, what);
}

// u_0: the linear problem with kappa(first_value). Then J(u) d = b - (A(u) + R) u, u += s d with the largest s = 1, 1/2, … that
// reduces the residual (Armijo); Krylov methods solve as Eisenstat and Walker 1996, choice 2, say: to 0.9 (r / r_before)^2.
std::string BoxDiffusion::Solver::solve_newton(const double* theta) {
  constexpr double decrease = 1e-4, shortest = 1.0 / 1024, loosest = 0.1, tightest = 1e-6, first_tolerance = 1e-3;
  check_petsc(VecSet(ghosted_solution_, first_value(setup_)), "to begin Newton's method");
  {
    const VecValues u(ghosted_solution_);
    if (const std::string fault = operator_.set_state(u.data()); !fault.empty())
      return "Newton's method cannot begin: " + fault + "; set newton_start to a u where kappa is positive";
  }
  if (std::string fault = solve_linear(theta, std::max(control_.tolerance, first_tolerance)); !fault.empty())
    return fault;
  const double wanted = control_.tolerance * norm_of(right_side_);  // as for the linear problem
  if (const std::string fault = residual(theta, solution_); !fault.empty())
    return "Newton's method cannot begin: " + fault + "; set newton_start to another u";
  double now = norm_of(right_side_), forcing = 0.01;
  newton_steps_ = 0;
  if (!std::isfinite(wanted) || !std::isfinite(now))
    return "Newton's method cannot begin: the residual is not finite, for a coefficient is too large";
  while (now > wanted) {
    const auto failure = [&](const std::string& why) {
      return fmt::format(
          "Newton's method did not solve the equations: {} after {} step{}, residual {:.2g} (wanted {:.2g}); set "
          "newton_start near the values of u, raise max_newton_steps or tolerance",
          why, newton_steps_, newton_steps_ == 1 ? "" : "s", now, wanted);
    };
    if (newton_steps_ == control_.max_newton_steps) return failure("no convergence");
    if (std::string fault = solve_jacobian(theta, false, forcing, step_, "equations of a Newton step"); !fault.empty())
      return fault;
    ++newton_steps_;
    double s = 1.0, after = 0.0;
    bool is_last = false;
    for (;; s *= 0.5) {
      if (s < shortest) return failure("no step along Newton's direction reduces the residual;");
      check_petsc(VecWAXPY(trial_, s, step_, solution_), "to take a Newton step");
      const std::string fault = residual(theta, trial_);
      if (!fault.empty()) continue;
      after = norm_of(right_side_);
      if (!std::isfinite(after)) continue;
      // A whole step this small leaves an error of its square: the residual is at its rounding errors.
      is_last = s == 1.0 && norm_of(step_) <= control_.tolerance * norm_of(trial_);
      if (is_last || after <= (1.0 - decrease * s) * now) break;
    }
    check_petsc(VecCopy(trial_, solution_), "to take a Newton step");
    forcing = std::clamp(0.9 * (after / now) * (after / now), tightest, loosest);
    now = after;
    if (is_last) break;
  }
  return "";
}

}  // namespace aleator::pde::diffusion
