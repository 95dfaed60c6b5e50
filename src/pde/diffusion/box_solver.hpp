#pragma once
/// What      The work of BoxDiffusion on the ranks of one domain group: one row's solution, outputs, adjoint and tangent.
/// Method    box_diffusion.hpp; with kappa(u) Newton's method (box_newton.cpp).
/// Parallel  collective over the domain group.
/// Cost      -
/// Fails     solve and adjoint return why they could not, or an empty text.
#include "field/functional.hpp"
#include "pde/diffusion/box_diffusion.hpp"
#include "pde/diffusion/box_operator.hpp"

namespace aleator::pde::diffusion {

class BoxDiffusion::Solver {
 public:
  Solver(const BoxSetup& setup, const Control& control, const parallel::Comm& comm);

  const field::Grid& grid() const { return grid_; }
  Vec solution() const { return solution_; }
  int iterations() const { return iterations_; }
  int newton_steps() const { return newton_steps_; }

  /// Of the rows that follow.
  void allow(int iterations, int newton_steps) {
    control_.max_iterations = iterations, control_.max_newton_steps = newton_steps;
  }

  std::string solve(const double* theta);
  /// y = outputs; after solve.
  void observe(const double* theta, double* y) const;
  /// gradient = J(theta)^T r; after solve.
  std::string pull_back(const double* theta, const double* r, double* gradient);
  /// dy = J(theta) dtheta; after solve.
  std::string push_forward(const double* theta, const double* dtheta, double* dy);

 private:
  void make_load();
  void make_side_values();
  void make_outflows();
  void configure();
  void use_matrix(Mat of_equations, Mat of_preconditioner);
  Preconditioner chosen() const;
  /// right_side_ = free part of (ghosted sums of work_) x factor, plus `base` where given.
  void close_right_side(double factor, Vec base);
  std::string run_krylov(double tolerance, Vec x, const char* what);
  /// A(theta) u = b with A as the operator's state has it.
  std::string solve_linear(const double* theta, double tolerance);
  std::string solve_newton(const double* theta);
  /// The operator's state is that of u; right_side_ = b - (A + R) u at free nodes. Why kappa cannot be there, or empty.
  std::string residual(const double* theta, Vec u);
  /// J d = right_side_ with the Jacobian, or its transpose, at the solution (or iterate) in ghosted_solution_.
  std::string solve_jacobian(const double* theta, bool is_transposed, double tolerance, Vec d, const char* what);
  bool is_nonlinear() const { return setup_.kappa != nullptr; }
  bool is_direct() const { return used_ == Preconditioner::mumps || used_ == Preconditioner::cholmod; }
  /// This rank's part of C v, in which fixed sides have no entry.
  void observe_linear(Vec v, double* y) const;
  /// y[outflow of a fixed side] += this rank's part of w . (load_factor x load - residual), residual over its own elements.
  void add_outflows(const std::vector<double>& residual, double load_factor, double* y) const;
  int fixed_sides_at(const int (&index)[3]) const;
  bool is_fixed_outflow(std::size_t f) const {
    return setup_.sides[static_cast<std::size_t>(setup_.outflow_sides[f])].kind == BoxSide::Kind::fixed;
  }

  BoxSetup setup_;
  Control control_;
  field::Grid grid_;
  BoxOperator operator_;
  field::Functionals observed_;
  math::PetscPrefix prefix_;
  math::KspHandle ksp_;
  math::VecHandle load_, full_load_, right_side_, solution_, adjoint_, side_values_;  // owned nodes
  math::VecHandle ghosted_solution_, ghosted_adjoint_, ghosted_side_values_, work_;
  math::VecHandle step_, trial_;  // of Newton's method
  bool has_side_values_ = false, is_first_ = true, has_options_ = false;
  std::vector<math::VecHandle> outflow_weights_;  // w, ghosted: 1 on the nodes of a fixed side alone
  std::vector<double> constants_;                 // this rank's part of what outputs hold beside C u: of exchange sides
  int iterations_ = 0, newton_steps_ = 0;
  Preconditioner used_ = Preconditioner::boomeramg;
};

/// The values of a Vec, given back at the end of its life.
class VecValues {
 public:
  explicit VecValues(Vec v) : v_(v) { math::check_petsc(VecGetArray(v_, &data_), "to open a field"); }
  ~VecValues() { VecRestoreArray(v_, &data_); }
  VecValues(const VecValues&) = delete;
  VecValues& operator=(const VecValues&) = delete;
  double* data() const { return data_; }
  double& operator[](std::int64_t i) const { return data_[i]; }

 private:
  Vec v_;
  double* data_ = nullptr;
};

}  // namespace aleator::pde::diffusion
