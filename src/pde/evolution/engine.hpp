#pragma once
/// What      The forward model of a semi-discrete evolution equation: unknowns to values at points and times, for batches of
///           rows, with adjoint, tangent, pictures, and the states in time for data assimilation.
/// Method    Strip takes the steps of a Plan, and the derivatives of those steps, exact up to rounding. Rows that failed are
///           computed again with steps a quarter as long each time, where memory and a million steps allow it.
/// Parallel  one row a thread, each thread with memory of its own; a row's bits depend on that row alone.
///           On a decomposed domain the ranks of a group take one row after the other, each its strip of the grid, one thread
///           each: outputs are those of one rank to the bit, gradients to rounding; all ranks of a group get the same bits.
///           One evaluation at a time per object.
/// Cost      evaluate: `stages` f a step. The adjoint adds as many transposed products, and repeats the steps of all segments but
///           the last; the tangent adds as many products with the Jacobian. Before it is known on how many ranks, the whole model
///           is made once to check the deck, without workspaces.
/// Fails     rows: as Strip. KeyError: more memory than the deck's for the way back, fewer rows of cells than ranks. UserError:
///           the same, where the number of ranks is chosen later.
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "parallel/process_grid.hpp"
#include "pde/evolution/strip.hpp"
#include "pde/nodal/states.hpp"

namespace aleator::pde::evolution {

class Engine : public model::ForwardModel,
               private model::Adjoint,
               private model::Tangent,
               private model::States,
               private nodal::Dynamics {
 public:
  using Make = std::function<std::unique_ptr<SemiDiscrete>(Share)>;
  /// `name`: of the component; make: the model on a strip of its grid; `ranks` null: one process.
  Engine(const std::string& name, Make make, const CommonParams& params,
         std::shared_ptr<parallel::ProcessGrid> ranks = nullptr);

  const model::Shape& shape() const override { return plan_.shape; }
  model::RowStatus evaluate(model::ConstBatch u, model::Batch y) const override { return evaluate_again(u, y, 0); }
  model::RowStatus evaluate_again(model::ConstBatch u, model::Batch y, int attempt) const override;
  const model::Adjoint* adjoint() const override { return this; }
  const model::Tangent* tangent() const override { return this; }
  const model::States* states() const override { return this; }
  /// Null where the model has no coefficients of its own.
  const model::StateSpace* state_space() const override;

 private:
  using Workspace = Strip::Workspace;
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

  /// This rank's; made by the first call after the ranks were dealt.
  const Strip& strip() const;
  /// The same with steps for rows that have failed `attempt` times.
  const Strip& strip(int attempt) const;
  template <class Work>
  model::RowStatus for_each_row(const char* name, const Strip& strip, model::Batch y, const Work& work) const;

  Make make_;
  std::shared_ptr<const parallel::ProcessGrid> ranks_;
  mutable std::unique_ptr<SemiDiscrete> whole_;  ///< the model on the whole grid, until there is a strip
  Layout layout_;                                ///< of the whole grid
  bool has_state_space_;
  Plan plan_;
  struct Finer {
    Plan plan;
    std::unique_ptr<Strip> strip;
  };
  mutable std::unique_ptr<Strip> strip_;
  mutable std::map<int, Finer> finer_;  ///< by the number of parts of a step
  mutable std::unique_ptr<nodal::States> state_space_;
};

}  // namespace aleator::pde::evolution
