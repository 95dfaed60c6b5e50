#pragma once
/// What      The forward model of a right-hand side: parameters and initial values to observations, for batches of rows, with
///           adjoint and tangent.
/// Method    RungeKutta (or another method with its functions) steps a tile of rows from observation to observation. The
///           adjoint keeps the state at every step, or at the beginning of each piece of the plan where that would be much
///           memory, and then repeats a piece before it goes back through it.
/// Parallel  Kokkos::parallel_for on the host, a block of tiles for each thread. Operations are vertical: a row's bits do not
///           depend on the others.
/// Cost      evaluate: 4 right-hand sides a step; the adjoint adds 3 and 4 transposed products, and 4 more where steps are
///           repeated; the tangent adds 4 products.
/// Fails     rows: a quantity outside its domain, a state that is not finite or negative where it cannot be, the logarithm of
///           what is not positive.
#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "core/error.hpp"
#include "kernels/huge_pages.hpp"
#include "ode/runge_kutta.hpp"
#include "ode/tile.hpp"

namespace aleator::ode {

template <class Rhs, template <class> class Method = RungeKutta>
class Engine : public model::ForwardModel,
               private model::Adjoint,
               private model::Tangent,
               private model::States,
               private model::StateSpace {
 public:
  Engine(Rhs rhs, Plan plan) : rhs_(std::move(rhs)), plan_(std::move(plan)), slots_(kernels::HostExec().concurrency()) {
    ALEATOR_ASSERT(plan_.system.states == rhs_.size());
    slot_size_ = Workspace{}.lay_out(plan_, scratch_size(), nullptr);
    pages_ = kernels::HugePages(static_cast<std::size_t>(slots_ * slot_size_ * Lanes::count));
    info_ = plan_.state_info();
    if (Method<Rhs>::is_map) info_.map_step = plan_.dt();
    info_.initial = initial_state();
  }

  const model::Shape& shape() const override { return plan_.shape; }
  int rows_at_once() const override { return static_cast<int>(slots_) * Lanes::count; }
  const model::Adjoint* adjoint() const override { return this; }
  const model::Tangent* tangent() const override { return this; }
  const model::States* states() const override { return this; }
  const model::StateSpace* state_space() const override { return this; }

  model::RowStatus evaluate(ConstBatch u, Batch y) const override {
    std::vector<Fault> faults(u.extent(0));
    for_each_tile("ode value", faults.size(), [&](int, const Tile& tile) {
      const Workspace& w = tile.memory;
      const Method<Rhs> method(rhs_, w.scratch);
      tile.load(u, faults);
      rhs_.initial(w.q, w.x);
      start(tile, w.x);
      for (const Piece& piece : plan_.pieces) {
        method.march(piece, w.q, w.x, w.x, 0);
        observe(tile, piece.output, w.x);
      }
      tile.store(y, faults);
    });
    return status(faults);
  }

  // The steps of a map are what it is.
  model::RowStatus evaluate_again(ConstBatch u, Batch y, int attempt) const override {
    return Method<Rhs>::is_map ? evaluate(u, y) : Engine(rhs_, plan_.for_attempt(attempt)).evaluate(u, y);
  }

 private:
  model::RowStatus evaluate_and_pullback(ConstBatch u, Batch y, const model::Cotangent& cotangent,
                                         Batch du) const override {
    std::vector<Fault> faults(u.extent(0));
    const Kokkos::View<double***, Kokkos::LayoutRight, Kokkos::HostSpace> cotangents(
        Kokkos::view_alloc("cotangents", Kokkos::WithoutInitializing), slots_, Lanes::count, y.extent(1));
    for_each_tile("ode value and gradient", faults.size(), [&](int slot, const Tile& tile) {
      tile.load(u, faults);
      const std::vector<Lanes*> begins = forwards(tile);
      tile.store(y, faults);
      const auto rows = Kokkos::make_pair(tile.first(), tile.last());
      const Batch dy(&cotangents(slot, 0, 0), tile.last() - tile.first(), y.extent(1));
      cotangent(tile.first(), Kokkos::subview(y, rows, Kokkos::ALL), dy);
      tile.load_cotangent(dy, faults);
      backwards(tile, begins);
      tile.store_gradient(du, faults);
    });
    return status(faults);
  }

  model::RowStatus evaluate_and_pullback_again(ConstBatch u, Batch y, const model::Cotangent& cotangent, Batch du,
                                               int attempt) const override {
    if (Method<Rhs>::is_map) return evaluate_and_pullback(u, y, cotangent, du);
    return Engine(rhs_, plan_.for_attempt(attempt)).evaluate_and_pullback(u, y, cotangent, du);
  }

  void start(const Tile& tile, const Lanes* x) const {
    if constexpr (Rhs::derives) rhs_.derived(plan_.start(), x, tile.memory.q, tile.memory.v);
    tile.start(x);
  }

  void observe(const Tile& tile, int k, const Lanes* x) const {
    if constexpr (Rhs::derives)
      if (k >= 0) rhs_.derived(plan_.times[k], x, tile.memory.q, tile.memory.v);
    tile.observe(k, x);
  }

  void push_derived(const Tile& tile, double t) const {
    const Workspace& w = tile.memory;
    if constexpr (Rhs::derives) rhs_.derived_tangent(t, w.x, w.q, w.dx, w.dq, w.dv);
  }

  // The gradient with respect to what is derived of x at time t goes to x and q.
  void pull_derived(const Tile& tile, double t, const Lanes* x) const {
    if constexpr (Rhs::derives) {
      if (plan_.system.derived == 0) return;
      const Workspace& w = tile.memory;
      rhs_.derived_transposed(t, x, w.q, w.dv, w.scratch, w.dq);
      for (int i = 0; i < rhs_.size(); ++i) w.dx[i] += w.scratch[i];
    }
  }

  // Keeps what backwards() needs: returns the states at the beginning of each piece, and at the end of the last.
  std::vector<Lanes*> forwards(const Tile& tile) const {
    const Workspace& w = tile.memory;
    const Method<Rhs> method(rhs_, w.scratch);
    const int n = rhs_.size();
    std::vector<Lanes*> begins;
    Lanes* x = w.states;
    rhs_.initial(w.q, x);
    start(tile, x);
    for (const Piece& piece : plan_.pieces) {
      begins.push_back(x);
      if (plan_.keeps_all_states || piece.steps == 0) {
        x = method.march(piece, w.q, x, x + n, n);
      } else {
        x = method.march(piece, w.q, x, x + n, 0);
      }
      observe(tile, piece.output, x);
    }
    begins.push_back(x);
    return begins;
  }

  void backwards(const Tile& tile, const std::vector<Lanes*>& begins) const {
    const Workspace& w = tile.memory;
    const Method<Rhs> method(rhs_, w.scratch);
    const int n = rhs_.size();
    std::fill_n(w.dq, plan_.system.quantities.size(), Lanes{});
    std::fill_n(w.dx, n, Lanes{});
    for (std::size_t p = plan_.pieces.size(); p-- > 0;) {
      const Piece& piece = plan_.pieces[p];
      tile.add_cotangent(piece.output, w.dx);
      if (piece.output >= 0) pull_derived(tile, plan_.times[piece.output], begins[p + 1]);
      const Lanes* begin = begins[p];
      if (!plan_.keeps_all_states) {
        std::copy_n(begin, n, w.repeated);
        method.march(piece, w.q, w.repeated, w.repeated + n, n);
        begin = w.repeated;
      }
      method.march_back(piece, w.q, begin, w.dx, w.dq);
    }
    tile.add_cotangent_of_start(w.dx);
    pull_derived(tile, plan_.start(), begins[0]);
    rhs_.initial_transposed(w.q, w.dx, w.dq);
  }

  model::RowStatus evaluate_and_pushforward(ConstBatch u, ConstBatch du, Batch y, Batch dy) const override {
    std::vector<Fault> faults(u.extent(0));
    for_each_tile("ode tangent", faults.size(), [&](int, const Tile& tile) {
      const Workspace& w = tile.memory;
      const Method<Rhs> method(rhs_, w.scratch);
      tile.load(u, faults);
      tile.load_direction(du);
      rhs_.initial(w.q, w.x);
      rhs_.initial_tangent(w.q, w.dq, w.dx);
      start(tile, w.x);
      push_derived(tile, plan_.start());
      tile.start_tangent(w.dx);
      for (const Piece& piece : plan_.pieces) {
        method.march_tangent(piece, w.q, w.dq, w.x, w.dx);
        observe(tile, piece.output, w.x);
        if (piece.output >= 0) push_derived(tile, plan_.times[piece.output]);
        tile.observe_tangent(piece.output, w.dx);
      }
      tile.store(y, faults);
      tile.store_tangent(dy, faults);
    });
    return status(faults);
  }

  const model::StateInfo& info() const override { return info_; }

  model::RowStatus initial(ConstBatch u, Batch x) const override {
    std::vector<Fault> faults(x.extent(0));
    for_each_tile("ode initial", faults.size(), [&](int, const Tile& tile) {
      tile.load(u, faults);
      rhs_.initial(tile.memory.q, tile.memory.x);
      tile.store_state(x, faults);
    });
    return state_status(faults, info_.start);
  }

  model::RowStatus advance(model::Interval interval, ConstBatch u, Batch x) const override {
    std::vector<Fault> faults(x.extent(0));
    const std::vector<Piece> pieces = plan_.pieces_of(interval);
    for_each_tile("ode advance", faults.size(), [&](int, const Tile& tile) {
      const Workspace& w = tile.memory;
      tile.load(u, faults);
      tile.load_state(x);
      for (const Piece& piece : pieces) Method<Rhs>(rhs_, w.scratch).march(piece, w.q, w.x, w.x, 0);
      tile.store_state(x, faults);
    });
    return state_status(faults, interval.to);
  }

  model::RowStatus state_status(const std::vector<Fault>& faults, double time) const {
    model::RowStatus result;
    for (std::size_t row = 0; row < faults.size(); ++row)
      if (faults[row].kind != Fault::Kind::none)
        result.failed.push_back({static_cast<int>(row), plan_.reason_of_state(faults[row], time)});
    return result;
  }

  // Of the model's own quantities.
  std::vector<double> initial_state() const {
    std::vector<Lanes> q, x(static_cast<std::size_t>(rhs_.size()));
    for (const Quantity& quantity : plan_.system.quantities) q.push_back(Lanes::all(quantity.value));
    rhs_.initial(q.data(), x.data());
    std::vector<double> initial;
    for (const Lanes& one : x) initial.push_back(one[0]);
    return initial;
  }

  // The trajectories: one curve for each state, or one picture (state, time) of many.
  std::vector<model::GridField> states(const double* u) const override {
    constexpr int most_cells = 200, most_curves = 8;
    const Plan plan = Method<Rhs>::is_map ? plan_.trajectory_of_steps(most_cells) : plan_.trajectory(most_cells);
    const int cells = static_cast<int>(plan.times.size()) - 1;
    const int count = static_cast<int>(plan.observed.size());
    const double start = plan.times.front(), spacing = (plan.times.back() - start) / cells;
    const Batch y("trajectories", 1, plan.shape.outputs);
    const model::RowStatus status = Engine(rhs_, plan).evaluate(ConstBatch(u, 1, plan.shape.inputs), y);
    if (!status.ok()) throw core::NumericsError(status.failed[0].reason);
    if (count > most_curves)
      return {{plan.system.groups.empty() ? "states" : plan.system.groups.back().name,
               {count - 1, cells},
               {0.0, start},
               {1.0, spacing},
               true,
               std::vector<double>(y.data(), y.data() + y.size())}};
    std::vector<model::GridField> fields;
    for (int o = 0; o < count; ++o) {
      fields.push_back({plan.observed[o].name, {cells}, {start}, {spacing}, true, {}});
      for (int k = 0; k <= cells; ++k) fields.back().values.push_back(y(0, k * count + o));
    }
    return fields;
  }

  std::vector<model::GridField> states_again(const double* u, int attempt) const override {
    return Method<Rhs>::is_map ? states(u) : Engine(rhs_, plan_.for_attempt(attempt)).states(u);
  }

  // work(slot, tile): slot s does the tiles of block s, in its own memory.
  template <class Work>
  void for_each_tile(const char* name, std::size_t rows, const Work& work) const {
    const std::int64_t tiles = (static_cast<std::int64_t>(rows) + Lanes::count - 1) / Lanes::count;
    const std::int64_t slots = std::min<std::int64_t>(slots_, tiles);
    if (tiles == 1) {  // a team of threads would cost more than the work
      Workspace memory{};
      memory.lay_out(plan_, scratch_size(), reinterpret_cast<Lanes*>(pages_.data()));
      return work(0, Tile(plan_, memory, 0, static_cast<int>(rows)));
    }
    Kokkos::parallel_for(name, Kokkos::RangePolicy<kernels::HostExec>(0, slots), [&](std::int64_t slot) {
      Workspace memory{};
      memory.lay_out(plan_, scratch_size(), reinterpret_cast<Lanes*>(pages_.data()) + slot * slot_size_);
      for (std::int64_t t = tiles * slot / slots; t < tiles * (slot + 1) / slots; ++t)
        work(static_cast<int>(slot), Tile(plan_, memory, static_cast<int>(t) * Lanes::count, static_cast<int>(rows)));
    });
    Kokkos::fence();
  }

  model::RowStatus status(const std::vector<Fault>& faults) const {
    model::RowStatus result;
    for (std::size_t row = 0; row < faults.size(); ++row)
      if (faults[row].kind != Fault::Kind::none)
        result.failed.push_back({static_cast<int>(row), plan_.reason(faults[row])});
    return result;
  }

  int scratch_size() const { return Rhs::states > 0 ? 0 : static_cast<int>(Method<Rhs>::scratch_size(rhs_.size())); }

  Rhs rhs_;
  Plan plan_;
  model::StateInfo info_;
  std::int64_t slots_, slot_size_ = 0;
  kernels::HugePages pages_;  // slots_ workspaces
};

}  // namespace aleator::ode
