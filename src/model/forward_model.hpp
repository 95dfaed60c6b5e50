#pragma once
/// What      The map u -> y of one experiment, for batches of parameter rows, with optional derivatives.
/// Method    Derivatives are separate objects that may be absent: asked for once at set-up, never a method that throws.
/// Parallel  a model is evaluated whole on a rank; a row's result does not depend on the other rows, the rank or thread.
/// Cost      that of the model.
/// Fails     rows that cannot be evaluated are data (RowStatus), with NaN outputs; set-up errors throw UserError.
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "io/fields.hpp"
#include "kernels/batch.hpp"

namespace aleator::model {

using kernels::Batch;
using kernels::ConstBatch;
using kernels::ConstVector;
using kernels::Vector;

/// Inputs from `first` on that are a field: one value for each cell, or each point, of a grid over a box, x fastest; or values
/// on the elements of a mesh.
struct InputField {
  int first = 0;
  std::vector<int> cells;       ///< nx, ny, nz; empty: on a mesh
  std::vector<double> lengths;  ///< of the box of the cells; empty: the values are not those of cells
  std::shared_ptr<const io::Simplices> mesh{};
  std::vector<int> owner{};  ///< by element: which of the values it has, or -1
  int size() const;
  bool is_by_element() const { return cells.empty() && size() == static_cast<int>(owner.size()); }
};

/// Sizes and names of a model's inputs and outputs.
struct Shape {
  int inputs = 0;
  int outputs = 0;
  std::vector<std::string> input_names;
  std::vector<std::string> output_names;
  std::vector<InputField> input_fields;
  /// {ny, nx} where all inputs are one field, else empty.
  std::vector<int> input_grid() const;
};

/// One name for each output: y[i] where the model gives none; a second of the same name (places and times that round alike) gets
/// its number, for names are columns of tables and keys of summaries.
std::vector<std::string> output_names(const Shape& shape);

struct FailedRow {
  int row;  ///< index into the batch given
  std::string reason;
};

/// A failed solve is data, never a silent NaN.
struct RowStatus {
  std::vector<FailedRow> failed;
  bool ok() const { return failed.empty(); }
};

/// Called by an adjoint evaluation, possibly from worker threads, for rows [first_row, first_row + y.extent(0)):
/// fills dy = dJ/dy from y, so that value and gradient share one factorisation while it is still in cache.
using Cotangent = std::function<void(int first_row, ConstBatch y, Batch dy)>;

class Adjoint {
 public:
  virtual ~Adjoint() = default;
  /// y = G(u), dy = cotangent(y), du = J(u)^T dy.  u, du: rows x inputs; y: rows x outputs.
  virtual RowStatus evaluate_and_pullback(ConstBatch u, Batch y, const Cotangent& cotangent, Batch du) const = 0;
  /// The same with the settings of ForwardModel::evaluate_again.
  virtual RowStatus evaluate_and_pullback_again(ConstBatch u, Batch y, const Cotangent& cotangent, Batch du,
                                                [[maybe_unused]] int attempt) const {
    return evaluate_and_pullback(u, y, cotangent, du);
  }
};

class Tangent {
 public:
  virtual ~Tangent() = default;
  /// y = G(u), dy = J(u) du.
  virtual RowStatus evaluate_and_pushforward(ConstBatch u, ConstBatch du, Batch y, Batch dy) const = 0;
};

/// Second derivatives.
class Curvature {
 public:
  virtual ~Curvature() = default;
  /// h = d/de J(u + e du)^T dy at e = 0, the product of du and the Hessian of dy . G(u). u, du, h: rows x inputs; dy: rows x
  /// outputs.
  virtual RowStatus apply_hessian(ConstBatch u, ConstBatch dy, ConstBatch du, Batch h) const = 0;
};

/// A scalar field on a uniform grid, x fastest: at the nodes, or one value a cell; or on a mesh, by node or by element.
struct GridField {
  std::string name;
  std::vector<int> cells;                       ///< nx, ny, nz: one, two or three numbers
  std::vector<double> origin, spacing;          ///< as many
  bool is_at_nodes = true;                      ///< else at the cells' centres
  std::vector<double> values;                   ///< prod(cells + 1), or prod(cells)
  std::shared_ptr<const io::Simplices> mesh{};  ///< instead of cells, origin and spacing
};

/// The fields behind the outputs, to be looked at.
class States {
 public:
  virtual ~States() = default;
  /// Coefficients and solution at one row of parameters; throws NumericsError when it cannot be solved.
  virtual std::vector<GridField> states(const double* u) const = 0;
  /// The same with the settings of ForwardModel::evaluate_again.
  virtual std::vector<GridField> states_again(const double* u, [[maybe_unused]] int attempt) const { return states(u); }
};

class StateSpace;

class ForwardModel {
 public:
  virtual ~ForwardModel() = default;
  virtual const Shape& shape() const = 0;
  /// y = G(u); failed rows get NaN outputs.
  virtual RowStatus evaluate(ConstBatch u, Batch y) const = 0;
  /// The same for rows that have failed `attempt` times: a model may use tighter settings then.
  virtual RowStatus evaluate_again(ConstBatch u, Batch y, [[maybe_unused]] int attempt) const { return evaluate(u, y); }
  /// How many rows this rank computes side by side where they are long work: programs, or rows that share registers; 0: as many
  /// as threads.
  virtual int rows_at_once() const { return 0; }
  /// Whether an evaluation may throw NumericsError on one rank alone, where what is wrong is no fault of a row: a server that is
  /// away, a program that cannot be started.
  virtual bool may_throw() const { return false; }
  virtual const Adjoint* adjoint() const { return nullptr; }
  virtual const Tangent* tangent() const { return nullptr; }
  virtual const Curvature* curvature() const { return nullptr; }
  virtual const States* states() const { return nullptr; }
  /// The model as states in time, for data assimilation (model/state_space.hpp).
  virtual const StateSpace* state_space() const { return nullptr; }
};

}  // namespace aleator::model
