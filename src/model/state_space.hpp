#pragma once
/// What      A model in time as data assimilation sees it: states that are advanced from one time to another, and what is
///           observed of them when.
/// Method    interface; a ForwardModel whose solution is a few states in time offers it by state_space(). Observations are
///           linear, H x: each observable is a weighted sum of states.
/// Parallel  rows are advanced whole on a rank; a row's result does not depend on the other rows, the rank or the thread.
/// Cost      that of the model.
/// Fails     rows that cannot be advanced are data (RowStatus), with NaN states.
#include <string>
#include <utility>
#include <vector>

#include "kernels/batch.hpp"

namespace aleator::model {

struct RowStatus;

/// A weighted sum of states.
struct LinearObservable {
  std::string name;
  std::vector<std::pair<int, double>> weights;
  int place = -1;  ///< the state at which it lies; -1: that of the largest weight
};

/// One direction of the space in which the states lie: where each of them is, and after what length it repeats.
struct Coordinate {
  std::vector<double> position;
  double period = 0.0;  ///< 0: it does not
};

/// A quantity of the model and the value it has where it is not unknown.
struct Constant {
  std::string name;
  double value;
};

struct StateInfo {
  std::vector<std::string> names;
  std::vector<double> initial;
  double start = 0.0;         ///< time of the initial state
  double map_step = 0.0;      ///< a map has states at start + k map_step only; 0: there are some at any time
  std::vector<double> times;  ///< of the observations, increasing
  std::vector<LinearObservable> observed;  ///< at each of them
  std::vector<Coordinate> coordinates;     ///< none: the states have no places, so that nothing can be localised
  std::vector<int> grid;                   ///< nx, or nx and ny: the states are fields on a grid, x fastest; else empty
  std::vector<std::string> fields;         ///< their names, one field after the other
  std::string objection;                   ///< why the model's observations are no linear sums of states, or empty
  std::vector<Constant> constants;         ///< quantities that formulas of the data may use by their names
};

struct Interval {
  double from = 0.0, to = 0.0;
};

class StateSpace {
 public:
  virtual ~StateSpace() = default;
  virtual const StateInfo& info() const = 0;
  /// x = the state at the start, rows x states; u as in advance().
  virtual RowStatus initial(kernels::ConstBatch u, kernels::Batch x) const = 0;
  /// Each row of x (rows x states) from one time to the other, in place. u: the model's inputs, row by row; no columns: the
  /// values that the model has itself.
  virtual RowStatus advance(Interval interval, kernels::ConstBatch u, kernels::Batch x) const = 0;
};

}  // namespace aleator::model
