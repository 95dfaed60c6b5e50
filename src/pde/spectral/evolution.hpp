#pragma once
/// What      The forward model of a field on the periodic square: unknown initial field or constant source to values at points
///           and times, with adjoint and tangent, and the states in time for data assimilation.
/// Method    w_t = rate(k) w + N(w) + f by Stepper; values at points by the trigonometric polynomial. The adjoint keeps the
///           state at every step, or at the beginning of pieces where that would be much memory, and then repeats a piece
///           before it goes back through it.
/// Parallel  threads share the rows; a row's bits depend on that row alone. One evaluation at a time per object.
/// Cost      per step that of Stepper; a point costs n^2 / 2 flops an observation.
/// Fails     rows with values that are not finite, or whose flow is too fast for the step.
#include <array>
#include <memory>
#include <string>

#include "model/forward_model.hpp"
#include "model/observation_times.hpp"
#include "pde/nodal/states.hpp"
#include "pde/spectral/stepper.hpp"

namespace aleator::pde::spectral {

enum class Unknown { initial, source };

/// What is observed at each point: w's modes times a symbol.
struct Observable {
  std::string name;
  Symbol symbol;
  bool is_field = false;  ///< w itself
};

struct Setup {
  int cells = 0;  ///< the unknown has cells x cells values; divides the points
  Unknown unknown = Unknown::initial;
  std::string unknown_name, state_name;
  bool has_mean = true;  ///< else the mean of every field is taken away
  double dt = 0.0;
  std::size_t most_kept = 0;  ///< bytes of states that a thread's adjoint keeps before it takes to repeating steps
  std::vector<double> times;
  std::vector<std::array<double, 2>> sensors;
  std::vector<Observable> observables;
  Spectrum rate, source;  ///< source: where it is not the unknown
  std::string field_name = "w";
  std::vector<double> initial;  ///< at the nodes, where it is not the unknown; empty: 0
};

/// The points of Modes.
nodal::Nodes nodes_of(int points, double length, const std::string& field);

class Evolution : public model::ForwardModel,
                  private model::Adjoint,
                  private model::Tangent,
                  private model::States,
                  private nodal::Dynamics {
 public:
  Evolution(const Modes& modes, Setup setup, std::unique_ptr<const Advection> advection);
  ~Evolution() override;

  const model::Shape& shape() const override { return shape_; }
  model::RowStatus evaluate(model::ConstBatch u, model::Batch y) const override;
  const model::Adjoint* adjoint() const override { return this; }
  const model::Tangent* tangent() const override { return this; }
  const model::States* states() const override { return this; }
  const model::StateSpace* state_space() const override;

 private:
  using Piece = model::Piece;
  struct Slot;  // memory of one thread
  model::RowStatus evaluate_and_pullback(model::ConstBatch u, model::Batch y, const model::Cotangent& cotangent,
                                         model::Batch du) const override;
  model::RowStatus evaluate_and_pushforward(model::ConstBatch u, model::ConstBatch du, model::Batch y,
                                            model::Batch dy) const override;
  std::vector<model::GridField> states(const double* u) const override;
  model::RowStatus begin_states(model::ConstBatch u, model::Batch x) const override;
  model::RowStatus advance_states(model::Interval interval, model::ConstBatch u, model::Batch x) const override;
  std::vector<model::LinearObservable> linear_observables(const nodal::Nodes& nodes) const;

  void name_everything();
  void make_pieces();
  void lay_out_sensors();
  /// work(row, slot) returns why the row failed, or nothing.
  template <class Work>
  model::RowStatus for_each_row(std::size_t rows, const Work& work) const;
  void to_field(const double* u, const Slot& slot, Complex* field) const;
  /// Between the values at the nodes and their modes.
  void from_nodes(const double* x, const Slot& slot, Complex* field) const;
  void to_nodes(const Complex* field, const Slot& slot, double* x) const;
  void from_field(Complex* gradient, const Slot& slot, double* du) const;
  void start(const double* u, Slot& slot) const;
  /// The same, or the deck's own where u has no columns; why there is none, or nothing.
  std::string start(model::ConstBatch u, int row, Slot& slot) const;
  std::string fault_of(const double* u) const;
  std::string fault_of_step(const Slot& slot, const Piece& piece) const;
  /// From one end of the piece to the other, keeping states every `stride` modes (0: only the last).
  std::string march(const Piece& piece, Slot& slot, Complex* from, std::size_t stride) const;
  std::string forwards(Slot& slot, double* y) const;
  void backwards(Slot& slot, const double* dy) const;
  void observe(int output, const Complex* w, double* y) const;
  std::string fault_of_outputs(const double* y) const;

  Modes modes_;
  Setup setup_;
  std::unique_ptr<const Advection> advection_;
  model::Shape shape_;
  std::vector<Piece> pieces_;
  int steps_ = 0, longest_piece_ = 0;
  bool keeps_all_states_ = true;
  std::vector<Spectrum> sensors_;  ///< weight * symbol * phase of every point and observable
  Spectrum initial_;               ///< where it is not the unknown
  mutable std::vector<std::unique_ptr<Slot>> slots_;
  mutable std::unique_ptr<nodal::States> state_space_;  ///< made when it is asked for: its weights may be many
};

}  // namespace aleator::pde::spectral
