#pragma once
/// What      The forward model of a field on the periodic square: unknown initial field or constant source to values at points
///           and times, with adjoint and tangent, and the states in time for data assimilation.
/// Method    Strip takes the steps and their exact derivatives. Rows that failed are computed again with steps a quarter as long
///           each time, where a million steps allow it.
/// Parallel  threads share the rows; a row's bits depend on that row alone. On a decomposed domain the ranks of a group take one
///           row after the other, each its part of the square, one thread each: the results are those of one rank to rounding,
///           and all ranks of a group get the same bits. One evaluation at a time per object.
/// Cost      that of Strip.
/// Fails     rows with values that are not finite, or whose flow is too fast for the step. KeyError: a mesh too small for the
///           ranks of a group; UserError: the same, where their number is chosen later.
#include <map>
#include <memory>
#include <string>

#include "model/forward_model.hpp"
#include "parallel/process_grid.hpp"
#include "pde/nodal/states.hpp"
#include "pde/spectral/strip.hpp"

namespace aleator::pde::spectral {

/// The points of Modes.
nodal::Nodes nodes_of(int points, double length, const std::string& field);

class Engine : public model::ForwardModel,
               private model::Adjoint,
               private model::Tangent,
               private model::States,
               private nodal::Dynamics {
 public:
  /// `name`: of the component; `ranks` null: one process.
  Engine(const std::string& name, Setup setup, std::shared_ptr<parallel::ProcessGrid> ranks = nullptr);

  const model::Shape& shape() const override { return shape_; }
  model::RowStatus evaluate(model::ConstBatch u, model::Batch y) const override { return evaluate_again(u, y, 0); }
  model::RowStatus evaluate_again(model::ConstBatch u, model::Batch y, int attempt) const override;
  const model::Adjoint* adjoint() const override { return this; }
  const model::Tangent* tangent() const override { return this; }
  const model::States* states() const override { return this; }
  const model::StateSpace* state_space() const override;

 private:
  using Slot = Strip::Slot;
  model::RowStatus evaluate_and_pullback(model::ConstBatch u, model::Batch y, const model::Cotangent& cotangent,
                                         model::Batch du) const override {
    return evaluate_and_pullback_again(u, y, cotangent, du, 0);
  }
  model::RowStatus evaluate_and_pullback_again(model::ConstBatch u, model::Batch y, const model::Cotangent& cotangent,
                                               model::Batch du, int attempt) const override;
  model::RowStatus evaluate_and_pushforward(model::ConstBatch u, model::ConstBatch du, model::Batch y,
                                            model::Batch dy) const override;
  std::vector<model::GridField> states(const double* u) const override { return states_again(u, 0); }
  std::vector<model::GridField> states_again(const double* u, int attempt) const override;
  model::RowStatus begin_states(model::ConstBatch u, model::Batch x) const override;
  model::RowStatus advance_states(model::Interval interval, model::ConstBatch u, model::Batch x) const override;
  std::vector<model::LinearObservable> linear_observables(const nodal::Nodes& nodes) const;

  struct Part {
    Strip strip;
    std::vector<std::unique_ptr<Slot>> slots;
  };
  void name_everything();
  /// This rank's, for rows that have failed `attempt` times; made when it is first asked for, after the ranks were dealt.
  Part& part(int attempt = 0) const;
  /// work(row, slot) returns why the row failed, or nothing; then its outputs are NaN.
  template <class Work>
  model::RowStatus for_each_row(Part& part, model::Batch y, const Work& work) const;
  /// Why there is no start, or nothing; u without columns: the deck's own values.
  std::string start(model::ConstBatch u, int row, const Strip& strip, Slot& slot) const;

  Setup setup_;
  std::shared_ptr<const parallel::ProcessGrid> ranks_;
  model::Shape shape_;
  int steps_ = 0;
  mutable std::map<int, Part> parts_;                   ///< by the number of parts of a step
  mutable std::unique_ptr<nodal::States> state_space_;  ///< made when it is asked for: its weights may be many
};

}  // namespace aleator::pde::spectral
