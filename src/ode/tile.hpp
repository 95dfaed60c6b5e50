#pragma once
/// What      As many rows of a batch as there are lanes, on their way through an ODE model: quantities in, observations out.
/// Method    Everything but the integration: u -> quantities q; states -> z_k = sum_i w_i x_i(t_k), or its increment; z -> y by
///           the plan's transform; and the derivatives and transposes of all that.
/// Parallel  one tile a thread at a time; lanes past the last row repeat it.
/// Cost      memory a thread: 128 bytes x (states x steps + 2 outputs), of the states at most 8 MB.
/// Fails     marks a row's Fault; a row marked has NaN outputs.
#include <vector>

#include "ode/lanes.hpp"
#include "ode/plan.hpp"

namespace aleator::ode {

using model::Batch;
using model::ConstBatch;

/// The memory of one thread.
struct Workspace {
  Lanes *q, *dq;              ///< quantities; their direction, or the gradient with respect to them
  Lanes *x, *dx;              ///< state; likewise
  Lanes *v, *dv;              ///< what the right-hand side derives of a state to be observed; likewise
  Lanes *z, *dz;              ///< observations before the transform; likewise
  Lanes *before, *before_dx;  ///< observables at the observation before
  Lanes* doubt;               ///< by time: 0 sound, 1 negative, NaN not finite
  Lanes* any_doubt;           ///< not 0 where a time is in doubt, or an observation has no transform
  Lanes* states;              ///< of the adjoint: at every step, or at the beginning of every piece
  Lanes* repeated;            ///< of one piece
  Lanes* scratch;

  /// Places everything from `begin`; returns the number of Lanes.
  std::int64_t lay_out(const Plan& plan, int scratch_size, Lanes* begin);
};

class Tile {
 public:
  Tile(const Plan& plan, const Workspace& memory, int first, int rows)
      : memory(memory), plan_(plan), first_(first), rows_(rows) {}

  /// u -> q; u without columns: the model's own quantities.
  void load(ConstBatch u, std::vector<Fault>& faults) const;
  void start(const Lanes* x) const;
  /// The state at observation time k, of which v is derived; k = -1: none.
  void observe(int k, const Lanes* x) const;
  /// z -> y.
  void store(Batch y, std::vector<Fault>& faults) const;

  /// du -> dq.
  void load_direction(ConstBatch du) const;
  void start_tangent(const Lanes* dx) const { read_observables(dx, memory.dv, memory.before_dx); }
  void observe_tangent(int k, const Lanes* dx) const;
  /// dz -> dy.
  void store_tangent(Batch dy, const std::vector<Fault>& faults) const;

  /// dy -> dz; dy: the rows of this tile only.
  void load_cotangent(ConstBatch dy, const std::vector<Fault>& faults) const;
  /// gx += (dz_k/dx)^T dz, dv = (dz_k/dv)^T dz for the state at observation time k; k = -1: none.
  void add_cotangent(int k, Lanes* gx) const;
  /// The same for the state at the start.
  void add_cotangent_of_start(Lanes* gx) const;
  /// dq -> du.
  void store_gradient(Batch du, const std::vector<Fault>& faults) const;

  /// Rows of states -> x, and back; a state that is not finite, or negative where it cannot be, marks its row.
  void load_state(ConstBatch states) const;
  void store_state(Batch states, std::vector<Fault>& faults) const;

  int first() const { return first_; }
  int last() const { return std::min(first_ + Lanes::count, rows_); }

  Workspace memory;

 private:
  int row(int lane) const { return std::min(first_ + lane, rows_ - 1); }
  void read_observables(const Lanes* x, const Lanes* v, Lanes* values) const;
  void add(const Observable& observable, const Lanes& g, Lanes* gx) const;
  void difference(int k, Lanes* before, const Lanes* now, Lanes* z) const;
  Fault fault_of_lane(int lane) const;
  void multiply_by_derivative() const;

  const Plan& plan_;
  int first_, rows_;
};

}  // namespace aleator::ode
