#pragma once
/// What      The forward model of a semi-discrete evolution equation: unknowns to values at points and times, for batches of
///           rows, with adjoint, tangent, pictures, and
///           the states in time for data assimilation.
/// Method    Stepper takes the steps of a Plan. Output (time, field, point), point fastest, by multilinear interpolation. The
///           derivatives are those of the steps, not of the equation: exact up to rounding.
/// Parallel  one row a thread, each thread with memory of its own; a row's bits depend on that row alone.
///           One evaluation at a time per object.
/// Cost      evaluate: `stages` f a step. The adjoint adds as many transposed products, and repeats the steps of all segments but
///           the last; the tangent adds as many products with the Jacobian.
/// Fails     rows: unknowns that are not finite or that the model refuses, a step too long for them, a state that is not finite.
#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "kernels/huge_pages.hpp"
#include "pde/evolution/plan.hpp"
#include "pde/evolution/stepper.hpp"
#include "pde/nodal/states.hpp"

namespace aleator::pde::evolution {

class Engine : public model::ForwardModel,
               private model::Adjoint,
               private model::Tangent,
               private model::States,
               private nodal::Dynamics {
 public:
  Engine(std::unique_ptr<SemiDiscrete> model, const CommonParams& params);

  const model::Shape& shape() const override { return plan_.shape; }
  model::RowStatus evaluate(model::ConstBatch u, model::Batch y) const override;
  const model::Adjoint* adjoint() const override { return this; }
  const model::Tangent* tangent() const override { return this; }
  const model::States* states() const override { return this; }
  /// Null where the model has no coefficients of its own.
  const model::StateSpace* state_space() const override { return state_space_.get(); }

 private:
  /// The memory of one thread.
  struct Workspace {
    double *q, *dq;                   ///< coefficients; their direction, or the gradient with respect to them
    double *x, *next, *stage_states;  ///< a step without record
    double* dx;
    double *scratch, *begins, *record;  ///< begins: of the segments; record: the stages of one
    std::size_t lay_out(const Plan& plan, const Layout& layout, double* begin);
  };
  model::RowStatus evaluate_and_pullback(model::ConstBatch u, model::Batch y, const model::Cotangent& cotangent,
                                         model::Batch du) const override;
  model::RowStatus evaluate_and_pushforward(model::ConstBatch u, model::ConstBatch du, model::Batch y,
                                            model::Batch dy) const override;
  std::vector<model::GridField> states(const double* u) const override;
  model::RowStatus begin_states(model::ConstBatch u, model::Batch x) const override;
  model::RowStatus advance_states(model::Interval interval, model::ConstBatch u, model::Batch x) const override;
  std::vector<model::LinearObservable> linear_observables(const nodal::Nodes& nodes) const;

  template <class Work>
  model::RowStatus for_each_row(const char* name, model::Batch y, const Work& work) const;
  /// q and x of a row, or of the deck where u has no columns; why there are none, or empty.
  std::string coefficients(model::ConstBatch u, int row, const Workspace& w) const;
  /// The same, and whether the steps are short enough.
  std::string start(const double* u, const Workspace& w) const;
  /// Steps [first, last) from w.x, to w.x; outputs to y. Why it failed, or empty.
  std::string march(int first, int last, Workspace& w, double* y) const;
  /// Segment s on the record, from its beginning; outputs to y unless it is null.
  std::string record(int s, Workspace& w, double* y) const;
  std::string observe(int output, const double* x, double* y) const;
  void back(Workspace& w, const double* dy) const;
  void add_cotangent(int output, const double* dy, double* lambda) const;
  Stepper stepper(const Workspace& w) const { return {*model_, *plan_.tableau, stride_, w.scratch}; }
  int end_of_segment(int s) const { return std::min((s + 1) * plan_.segment, static_cast<int>(plan_.steps.size())); }

  std::unique_ptr<SemiDiscrete> model_;
  Plan plan_;
  std::size_t stride_, n_, slot_size_ = 0;
  std::int64_t slots_;
  kernels::HugePages pages_;  ///< slots_ workspaces
  std::unique_ptr<nodal::States> state_space_;
};

}  // namespace aleator::pde::evolution
