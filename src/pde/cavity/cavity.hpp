#pragma once
/// What      The model of a steady flow in a lid-driven cavity: viscosity and the lid's velocity to velocities at points and
///           the force that draws the lid.
/// Method    R(psi; nu, g) = 0 of Flow by Newton's method from the Stokes flow of the same lid, for large Reynolds numbers
///           over flows of larger viscosity: steps are halved until the next one with the same factors is shorter (Deuflhard
///           2004, section 3.3), and factors are kept as long as it is five times shorter. The lid's velocity is a linear
///           function g = B a of values a. Adjoint: J^T lambda = dy/dpsi, J = dR/dpsi at the solution; the discrete
///           problem's own derivatives.
/// Parallel  threads share the rows, each with a Jacobian of its own; a row's bits depend on that row alone. One evaluation at
///           a time per object.
/// Cost      16 n^4 flops a factorisation, 2 or 3 of them a row, one more for derivatives; 32 n^3 bytes a thread.
/// Fails     rows: values that are not finite, a viscosity that is not positive, a Newton's method that does not converge.
#include <array>
#include <atomic>
#include <memory>
#include <mutex>
#include <string>

#include "model/iterative.hpp"
#include "pde/cavity/flow.hpp"
#include "pde/evolution/grid.hpp"

namespace aleator::pde::cavity {

constexpr int largest_mesh = 256;  ///< a band of 2 n diagonals is factored

struct Setup {
  int mesh = 32;
  double viscosity = 0.01;
  bool viscosity_is_unknown = true;
  std::vector<double> lid = {1.0};  ///< the known values, or as many as are unknown
  bool lid_is_unknown = false;
  bool is_smooth = false;  ///< g is multiplied by 16 x^2 (1 - x)^2, so that it vanishes at the ends
  std::vector<std::array<double, 2>> points;
  bool has_force = false;
  double tolerance = 1e-10;
  int max_iterations = 30;
  std::vector<double> torque;  ///< as Flow
};

class Cavity : public model::IterativeModel, private model::Tangent {
 public:
  explicit Cavity(Setup setup);
  ~Cavity() override;

  const model::Shape& shape() const override { return shape_; }
  model::RowStatus evaluate(model::ConstBatch u, model::Batch y) const override;
  const model::Tangent* tangent() const override { return this; }
  const model::States* states() const override { return this; }

 private:
  struct Slot;  // memory of one thread
  model::RowStatus evaluate_and_pullback(model::ConstBatch u, model::Batch y, const model::Cotangent& cotangent,
                                         model::Batch du) const override;
  model::RowStatus evaluate_and_pushforward(model::ConstBatch u, model::ConstBatch du, model::Batch y,
                                            model::Batch dy) const override;
  std::vector<model::GridField> states(const double* u) const override;

  void name_everything();
  void lay_out_lid();
  void lay_out_observations();
  void find_stokes_flows() const;
  template <class Work>
  model::RowStatus for_each_row(std::size_t rows, const Work& work) const;
  std::string fault_of(const double* u) const;
  /// The flow of a row's parameters; why there is none, or empty.
  std::string solve(const double* u, Slot& slot) const;
  void begin(const double* u, Slot& slot) const;
  std::string newton(double tolerance, Slot& slot) const;
  double next_step(Slot& slot) const;
  /// max |g| h / nu
  double reynolds_of_cell(const FlowState& flow) const;
  void warn_if_coarse(const FlowState& flow) const;
  std::string fault_of_newton(const Slot& slot, int iterations) const;
  /// dR/dpsi factored at the solution; why not, or empty.
  std::string factor(Slot& slot) const;
  void observe(const Slot& slot, double* y) const;
  void pull_back(Slot& slot, const double* dy, double* du) const;
  void push_forward(Slot& slot, const double* du, double* dy) const;
  const double* lid_values(const double* u) const { return u + (setup_.viscosity_is_unknown ? 1 : 0); }

  Setup setup_;
  Flow flow_;
  model::Shape shape_;
  evolution::SparseMap lid_;                         ///< B
  evolution::SparseMap observation_, force_;         ///< of inner psi, then g; force_ for nu = 1
  mutable std::once_flag are_stokes_flows_found_;    ///< by the first row, not while a deck is checked
  mutable std::vector<std::vector<double>> stokes_;  ///< psi by unknowns for each of the lid's values
  mutable std::vector<std::unique_ptr<Slot>> slots_;
  mutable std::atomic<bool> has_warned_{false};
};

}  // namespace aleator::pde::cavity
