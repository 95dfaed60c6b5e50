#pragma once
/// What      A model in time on a regular grid as data assimilation sees it: the state is what its fields are at the grid's
///           points. The one adapter of all engines that step such models.
/// Method    An engine gives its Dynamics, batches of such values to later ones. Names, places and initial state of the
///           StateInfo follow from the Nodes; a row that is not finite, before or after, fails here. A direction that the
///           engine does not represent (waves above the cut-off of Fourier modes) is gone after the first step.
/// Parallel  as the engine; the bits of a row depend on that row alone.
/// Cost      that of the engine, and one pass through the states.
/// Fails     rows as the engine says, and states that are not finite.
#include <string>
#include <vector>

#include "model/forward_model.hpp"
#include "model/state_space.hpp"
#include "pde/nodal/nodes.hpp"

namespace aleator::pde::nodal {

class Dynamics {
 public:
  virtual ~Dynamics() = default;
  /// x = the state at the start, rows x states; u: the model's inputs, row by row; no columns: the deck's own values.
  virtual model::RowStatus begin_states(model::ConstBatch u, model::Batch x) const = 0;
  /// x in place from one time to the other; rows that fail may be anything after it.
  virtual model::RowStatus advance_states(model::Interval interval, model::ConstBatch u, model::Batch x) const = 0;
};

class States : public model::StateSpace {
 public:
  /// `dynamics` outlives this. observed: what is seen at each of the times, with places. objection: as StateInfo's.
  States(const Dynamics& dynamics, const Nodes& nodes, std::vector<double> times,
         std::vector<model::LinearObservable> observed, std::string objection = {});
  const model::StateInfo& info() const override { return info_; }
  model::RowStatus initial(model::ConstBatch u, model::Batch x) const override;
  model::RowStatus advance(model::Interval interval, model::ConstBatch u, model::Batch x) const override;

 private:
  model::RowStatus checked(model::RowStatus status, double time, model::Batch x) const;
  const Dynamics& dynamics_;
  model::StateInfo info_;
};

}  // namespace aleator::pde::nodal
