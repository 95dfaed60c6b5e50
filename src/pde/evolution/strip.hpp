#pragma once
/// What      A model on the strip of the grid that is this rank's, or on all of it: the steps of a Plan from unknowns to outputs,
///           and back with the gradient.
/// Method    Stepper takes the steps. Outputs of a time: for each field those of its Observation, then fluxes. For the way back
///           the stages of a segment of steps are recorded, and the states at the beginning of segments kept (plan.hpp).
/// Parallel  collective over the ranks of the strips, which get the same outputs, gradients and faults to the bit. States and
///           outputs are those of one rank to the bit: each part of an output is observed by one rank, and adding the zeros of
///           the others changes nothing. Gradients are sums over the ranks. On one rank: local, a workspace a thread.
/// Cost      of memory 3 stages + 3 states, the record and twice the coefficients; on several ranks Halo::fill before each f and
///           product, and a sum over the ranks an output time.
/// Fails     by a text that says why: unknowns that are not finite or that the model refuses, a step too long for them, a state
///           that is not finite. UserError: too little memory.
#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>

#include "kernels/huge_pages.hpp"
#include "model/state_space.hpp"
#include "pde/evolution/observation.hpp"
#include "pde/evolution/plan.hpp"
#include "pde/evolution/stepper.hpp"

namespace aleator::pde::evolution {

class Strip {
 public:
  /// The memory of one thread.
  struct Workspace {
    double *q, *dq;                   ///< coefficients; their direction, or the gradient with respect to them
    double *x, *next, *stage_states;  ///< a step without record
    double* dx;
    double *scratch, *begins, *record;  ///< begins: of the segments; record: the stages of one
    double* parts;                      ///< of the outputs of a time, then a doubt whether they are finite
  };

  /// `plan` outlives this. The model is that of this rank's share of the grid.
  Strip(std::unique_ptr<SemiDiscrete> model, const Plan& plan, const parallel::Comm& comm);

  const SemiDiscrete& model() const { return *model_; }
  const Halo& halo() const { return halo_; }
  /// Rows that can be computed side by side.
  std::int64_t slots() const { return slots_; }
  Workspace workspace(std::int64_t slot) const;

  /// q and x of a row, or of the deck where u has no columns.
  std::string coefficients(model::ConstBatch u, int row, const Workspace& w) const;
  /// The same, and whether the steps are short enough; why not, or empty.
  std::string start(model::ConstBatch u, int row, const Workspace& w) const;
  /// Whether steps h are short enough.
  std::string fault_of_step(const Workspace& w, double h) const;
  /// From w.x, to w.x: `steps` equal ones through an interval; all those of the plan, outputs to y.
  void advance(model::Interval interval, const model::Piece& steps, Workspace& w) const;
  std::string march(Workspace& w, double* y) const;
  /// The same with the record of the last segment, and back from there: gradients to w.dq and w.dx.
  std::string march_and_record(Workspace& w, double* y) const;
  void back(Workspace& w, const double* dy) const;
  /// With the directions w.dq and w.dx.
  std::string march_with_tangent(Workspace& w, double* y, double* dy) const;

 private:
  std::size_t lay_out(double* begin, Workspace& w) const;
  Stepper stepper(const Workspace& w) const { return {*model_, halo_, *plan_.tableau, stride_, w.scratch}; }
  int steps() const { return static_cast<int>(plan_.steps.size()); }
  int segments() const { return (steps() + segment_ - 1) / segment_; }
  int end_of_segment(int s) const { return std::min((s + 1) * segment_, steps()); }
  std::string march(int first, int last, Workspace& w, double* y) const;
  /// Segment s on the record, from its beginning; outputs to y unless it is null.
  std::string record(int s, Workspace& w, double* y) const;
  /// Values to y of the step's output, if it has one; tangent: of the direction w.dx in the state x.
  std::string observe(const Step& step, double* x, const Workspace& w, double* y) const;
  std::string observe_tangent(const Step& step, double* x, const Workspace& w, double* dy) const;
  /// Sums the parts over the ranks and puts outputs together of them.
  std::string put_together(int output, const Workspace& w, double* y) const;
  void see_fields(double* x, const Workspace& w) const;
  void add_cotangent(const Step& step, const double* x, const double* dy, const Workspace& w) const;
  std::size_t parts_of_fields() const {
    return model_->layout().observed.size() * static_cast<std::size_t>(observation_.parts());
  }
  Point at_end(const Step& step, const double* x, const Workspace& w) const { return {step.t + step.h, w.q, x}; }

  std::unique_ptr<SemiDiscrete> model_;
  const Plan& plan_;
  Halo halo_;
  Cells cells_;
  Observation observation_;
  std::size_t parts_, outputs_;  ///< of all outputs of a time; their number
  std::size_t n_, stride_, slot_size_;
  int segment_;
  std::int64_t slots_;
  kernels::HugePages pages_;  ///< slots_ workspaces
};

}  // namespace aleator::pde::evolution
