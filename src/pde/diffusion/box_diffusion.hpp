#pragma once
/// What      -div(a grad u) = f on a box in 1, 2 or 3 dimensions, dealt over the ranks of a domain group; a constant on
///           each of c_x x c_y x c_z cells with values theta_k, k = i + c_x (j + c_y l), times kappa(u) if given. Sides
///           are held at a value, closed or fed by a given flux, or exchange with a surrounding. Outputs:
///           u at points, over boxes, and the outflow through sides.
/// Method    Multilinear elements on a uniform grid (box_operator.hpp); PETSc's conjugate gradients with hypre's BoomerAMG, or a
///           sparse factor for small grids (docs/theory/diffusion.md, section 8). Outflow of a fixed side by the residual:
///           y = w . (b - A u), w one on the side's nodes; the adjoint therefore carries lambda = r w there,
///           dJ/da_e = -lambda . K_e u.
///           The adjoint and tangent use the row's factor or preconditioner.
///           With kappa(u) the coefficient is theta_k kappa(u) (section 9): Newton's method; adjoint and tangent take the
///           Jacobian at the solution, a linear system each.
/// Parallel  collective over the domain group; all its ranks get the same outputs, gradients and failures to the bit. Rows
///           one after the other; one evaluation at a time per object. MPI and PETSc are first used by the first evaluation.
/// Cost      BoomerAMG: set-up and 6 to 12 iterations a row, the adjoint without the set-up. Memory about 1 kB a node.
/// Fails     rows whose coefficients are not positive and finite, or whose solver does not converge, are reported;
///           UserError for PETSc options that the solver does not read.
#include <memory>

#include "math/petsc/krylov.hpp"
#include "model/iterative.hpp"
#include "parallel/process_grid.hpp"
#include "pde/diffusion/box_setup.hpp"

namespace aleator::pde::diffusion {

/// How PETSc solves for one right-hand side.
enum class Preconditioner { automatic, boomeramg, gamg, mumps, cholmod };

class BoxDiffusion : public model::IterativeModel, private model::Tangent {
 public:
  struct Control {
    double tolerance = 1e-9;  ///< of the residual, relative
    int max_iterations = 100;
    Preconditioner preconditioner = Preconditioner::automatic;
    math::PetscSettings petsc;
    int max_newton_steps = 30;
  };
  BoxDiffusion(const BoxSetup& setup, const Control& control, std::shared_ptr<const parallel::ProcessGrid> ranks);
  ~BoxDiffusion() override;

  const model::Shape& shape() const override { return shape_; }
  model::RowStatus evaluate(model::ConstBatch u, model::Batch y) const override;
  const model::Tangent* tangent() const override { return this; }
  const model::States* states() const override { return this; }

  /// The solution of the last row evaluated, and its grid: for tests of convergence.
  const field::Grid& grid() const;
  Vec solution() const;
  int iterations() const;
  int newton_steps() const;

 private:
  model::RowStatus evaluate_and_pullback(model::ConstBatch u, model::Batch y, const model::Cotangent& cotangent,
                                         model::Batch du) const override;
  model::RowStatus evaluate_and_pushforward(model::ConstBatch u, model::ConstBatch du, model::Batch y,
                                            model::Batch dy) const override;
  std::vector<model::GridField> states(const double* u) const override;
  std::vector<double> times_kappa(std::vector<double> a, const std::vector<double>& solution) const;

  class Solver;
  Solver& solver() const;
  /// Runs `row(r)` for every row; one that returns a reason gets NaN outputs.
  template <typename Row>
  model::RowStatus for_rows(model::ConstBatch u, model::Batch y, Row&& row) const;

  BoxSetup setup_;
  Control control_;
  std::shared_ptr<const parallel::ProcessGrid> ranks_;
  model::Shape shape_;
  mutable std::unique_ptr<Solver> solver_;
};

}  // namespace aleator::pde::diffusion
