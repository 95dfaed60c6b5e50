#pragma once
/// What      The forward model of an Equation: unknowns to observations, for batches of rows, with adjoint, tangent and pictures.
/// Method    For a row A is assembled and factorised once; all loads, their adjoints and tangents use the factor. With r the
///           cotangents of P u, s those of W (A u - b):
///           A^T lambda = P^T r + A^T W^T s on free unknowns, lambda = -W^T s on fixed ones,
///           dJ/dq_c = - sum_t lambda . L_t u, for coefficients of sources + S lambda.
/// Parallel  rows one after the other (PETSc is not thread-safe); ranks share the rows. A row's bits depend on that row alone;
///           on several ranks a model MUMPS factorises, whose last digits differ from run to run.
///           On a decomposed domain the ranks of a group share the equations of a row: each has the whole mesh and assembles
///           the whole matrix, and keeps its rows of it, factor or hierarchy. One evaluation at a time per object.
/// Cost      a row: assembly, factorisation, one solve a load; the adjoint adds a solve a load and one pass over the terms.
/// Fails     rows: unknowns that are not finite or that the equation refuses, a matrix that is singular or not positive definite,
///           no convergence, a solution that is not finite.
#include <memory>
#include <string>
#include <vector>

#include "model/iterative.hpp"
#include "parallel/process_grid.hpp"
#include "pde/fem/equation.hpp"
#include "pde/fem/params.hpp"

namespace aleator::pde::fem {

class Engine : public model::IterativeModel, private model::Tangent {
 public:
  /// `name`: of the component; `ranks`: null for a model that is never decomposed.
  Engine(const std::string& name, std::unique_ptr<Equation> equation, const SolverParams& params,
         std::shared_ptr<parallel::ProcessGrid> ranks = nullptr);
  ~Engine() override;

  const model::Shape& shape() const override { return shape_; }
  model::RowStatus evaluate(model::ConstBatch u, model::Batch y) const override;
  const model::Tangent* tangent() const override { return this; }
  const model::States* states() const override { return this; }
  const Equation& equation() const { return *equation_; }
  /// The unknowns of all loads at one row, load by load; throws NumericsError when it cannot be solved.
  std::vector<double> solution(const double* theta) const;

 private:
  struct Work;
  model::RowStatus evaluate_and_pullback(model::ConstBatch u, model::Batch y, const model::Cotangent& cotangent,
                                         model::Batch du) const override;
  model::RowStatus evaluate_and_pushforward(model::ConstBatch u, model::ConstBatch du, model::Batch y,
                                            model::Batch dy) const override;
  std::vector<model::GridField> states(const double* theta) const override;

  /// work(row) says why the row failed, or empty: then its outputs are NaN.
  template <class RowWork>
  model::RowStatus for_each_row(model::Batch y, const RowWork& work) const;
  Work& work() const;
  /// The factor and the solutions of all loads, to y unless it is null. Why there are none, or empty.
  std::string solve_row(const double* theta, double* y) const;
  enum class Matrix { plain, transposed };
  std::string solve(const double* right_side, double* x, Matrix matrix = Matrix::plain) const;
  std::string back(const double* theta, const double* dy, double* g_theta) const;
  std::string forth(const double* theta, const double* d_theta, double* dy) const;

  std::unique_ptr<Equation> equation_;
  SolverParams params_;
  std::shared_ptr<const parallel::ProcessGrid> ranks_;
  model::Shape shape_;
  mutable std::unique_ptr<Work> work_;  ///< made by the first row: a deck is checked without PETSc
};

}  // namespace aleator::pde::fem
