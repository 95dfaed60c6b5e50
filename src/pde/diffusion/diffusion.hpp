#pragma once
/// What      -div(a grad u) = f on the unit square, u = 0 on its boundary; a is piecewise constant on a c x c grid of cells
///           with values theta_k, k = i + c j (i along x). Outputs: u at given points.
/// Method    Bilinear elements on a uniform n x n mesh, exact integration; static condensation of every cell and nested
///           dissection of the skeleton (docs/theory/diffusion.md). W samples are solved together in vector registers.
///           Adjoint: lambda = A^-1 C^T r with the same factor, dJ/dtheta_k = - lambda_b . S u_b - sum_obs r d / theta_k^2.
/// Parallel  rows are spread over the threads of Kokkos' default execution space; a row's bits depend on that row alone.
///           One evaluation at a time per object (it owns the workspace).
/// Cost      n = 32, c = 8, 169 points: 0.37 Mflop a row, value and gradient 0.46 Mflop (docs/theory/diffusion.md, section 7).
/// Fails     UserError for a mesh that is no multiple of c or a point outside the square; rows with a coefficient that is
///           not positive and finite, or a solution that overflows, are reported in RowStatus and get NaN outputs.
#include <array>
#include <memory>
#include <vector>

#include "model/forward_model.hpp"
#include "pde/diffusion/tables.hpp"

namespace aleator::pde::diffusion {

class Engine;

class Diffusion : public model::ForwardModel, public model::States {
 public:
  explicit Diffusion(const Setup& setup);
  ~Diffusion() override;
  Diffusion(const Diffusion&) = delete;
  Diffusion& operator=(const Diffusion&) = delete;

  const model::Shape& shape() const override;
  /// u: rows x c^2, y: rows x points.
  model::RowStatus evaluate(model::ConstBatch u, model::Batch y) const override;
  const model::Adjoint* adjoint() const override;
  const model::Tangent* tangent() const override;
  const model::States* states() const override { return this; }
  /// The coefficient in the mesh's cells and the solution at its nodes: both on one grid.
  std::vector<model::GridField> states(const double* theta) const override;

  /// u at the (n + 1)^2 mesh nodes, x + (n + 1) y, for one positive theta (c^2 values).
  std::vector<double> solution(const double* theta) const;

  const Tables& tables() const;
  /// The inside, for benchmarks.
  const Engine& engine() const { return *engine_; }

 private:
  std::unique_ptr<Engine> engine_;
};

}  // namespace aleator::pde::diffusion
