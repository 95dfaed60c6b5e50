#pragma once
/// What      The diffusion model of diffusion.hpp for large meshes: the same outputs, by an iterative solver.
/// Method    math::Multigrid, one row after the other; adjoint A lambda = C^T dy, dJ/da_e = - lambda . A_e u; tangent
///           A du = - (dA/da . da) u. The adjoint is solved to a hundred times the tolerance.
/// Parallel  threads share the rows of the mesh, and the ranks of a domain group, to which it is dealt in strips: solutions are
///           those of one rank to the bit, sums over the ranks to rounding. All ranks of a group get the same bits. A row's bits
///           depend on that row alone. One evaluation at a time per object. MPI is first used by the first evaluation.
/// Cost      6 to 12 iterations of 200 bytes of memory traffic a node; the adjoint as much again.
/// Fails     rows whose coefficients are not positive and finite, or whose solver does not converge, are reported.
#include <memory>

#include "math/multigrid/multigrid.hpp"
#include "model/iterative.hpp"
#include "parallel/process_grid.hpp"
#include "pde/diffusion/setup.hpp"

namespace aleator::pde::diffusion {

class FieldDiffusion : public model::IterativeModel, private model::Tangent {
 public:
  struct Control {
    double tolerance = 1e-9;  ///< of the energy norm, relative
    int max_iterations = 100;
  };
  /// `ranks` null: one process.
  FieldDiffusion(const Setup& setup, const Control& control,
                 std::shared_ptr<const parallel::ProcessGrid> ranks = nullptr);

  const model::Shape& shape() const override { return shape_; }
  model::RowStatus evaluate(model::ConstBatch u, model::Batch y) const override;
  const model::Tangent* tangent() const override { return this; }
  const model::States* states() const override { return this; }

 private:
  /// C, by rows: output k is the sum of weight * u(node) over entries begin[k] to begin[k + 1].
  struct Observation {
    std::vector<std::size_t> begin{0}, node;
    std::vector<double> weight;
  };
  model::RowStatus evaluate_and_pullback(model::ConstBatch u, model::Batch y, const model::Cotangent& cotangent,
                                         model::Batch du) const override;
  model::RowStatus evaluate_and_pushforward(model::ConstBatch u, model::ConstBatch du, model::Batch y,
                                            model::Batch dy) const override;
  std::vector<model::GridField> states(const double* u) const override;

  /// Fills solution_ for one row; why it could not, or empty.
  std::string solve_row(const double* theta) const;
  std::string solve(const double* right_side, double* u, double tolerance) const;
  void observe(const std::vector<double>& field, double* y) const;
  /// What hangs on the rows of the mesh that are this rank's; by the first evaluation.
  void set_up() const;
  void add_node(int i, int j, double weight) const;
  void add_point(double x, double y) const;
  void add_patch(const Box& box) const;
  void add_load() const;
  void lay_out_cells() const;
  void lay_out_inclusions();
  /// Over the group, in place.
  void sum(double* values, int count) const;
  /// Fills elements_ with a: background + share * theta(owner), the mean over elements that the edge of a disc cuts.
  void fill_elements(const double* theta) const;
  /// A row's failure: NaN outputs.
  void fail(int row, const std::string& reason, model::Batch y, model::RowStatus& status) const;

  Setup setup_;
  Control control_;
  model::Shape shape_;
  std::shared_ptr<const parallel::ProcessGrid> ranks_;
  double background_ = 0.0;
  mutable Observation observation_;
  mutable std::vector<int> owner_;     ///< of every element: the parameter that its coefficient hangs on, or -1
  mutable std::vector<double> share_;  ///< part of the element's area in which it does; 1 for cells
  mutable std::vector<double> load_;
  mutable std::unique_ptr<math::Multigrid> solver_;
  mutable std::vector<double> solution_, adjoint_, right_side_, elements_;  // workspaces
};

}  // namespace aleator::pde::diffusion
