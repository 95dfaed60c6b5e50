#include "ode/tile.hpp"

#include <cmath>
#include <limits>

namespace aleator::ode {

std::int64_t Workspace::lay_out(const Plan& plan, int scratch_size, Lanes* begin) {
  std::int64_t size = 0;
  const auto take = [&](std::int64_t count) {
    Lanes* const place = begin == nullptr ? nullptr : begin + size;
    size += count;
    return place;
  };
  const auto quantities = static_cast<std::int64_t>(plan.system.quantities.size());
  const auto observed = static_cast<std::int64_t>(plan.observed.size());
  const std::int64_t n = plan.system.states;
  q = take(quantities), dq = take(quantities);
  x = take(n), dx = take(n);
  v = take(plan.system.derived), dv = take(plan.system.derived);
  z = take(plan.shape.outputs), dz = take(plan.shape.outputs);
  before = take(observed), before_dx = take(2 * observed);
  doubt = take(static_cast<std::int64_t>(plan.times.size())), any_doubt = take(1);
  states = take(n * (1 + (plan.keeps_all_states ? plan.steps : static_cast<std::int64_t>(plan.pieces.size()))));
  repeated = take(plan.keeps_all_states ? 0 : n * (1 + plan.longest_piece));
  scratch = take(scratch_size);
  return size;
}

void Tile::load(ConstBatch u, std::vector<Fault>& faults) const {
  for (std::size_t k = 0; k < plan_.system.quantities.size(); ++k)
    memory.q[k] = Lanes::all(plan_.system.quantities[k].value);
  for (int lane = 0; lane < Lanes::count; ++lane) {
    Fault fault;
    for (int j = 0; j < static_cast<int>(u.extent(1)); ++j) {
      const double value = u(row(lane), j);
      const int quantity = plan_.unknown[j];
      if (plan_.allows(quantity, value))
        memory.q[quantity][lane] = value;
      else if (fault.kind == Fault::Kind::none)
        fault = {Fault::Kind::quantity, quantity, value};
    }
    faults[row(lane)] = fault;
  }
}

void Tile::read_observables(const Lanes* x, const Lanes* v, Lanes* values) const {
  const int n = plan_.system.states;
  for (std::size_t o = 0; o < plan_.observed.size(); ++o) {
    Lanes sum{};
    for (const auto& [i, weight] : plan_.observed[o].weights) sum += weight * (i < n ? x[i] : v[i - n]);
    values[o] = sum;
  }
}

// z_k = now, or its change since the observation before.
void Tile::difference(int k, Lanes* before, const Lanes* now, Lanes* z) const {
  const int count = static_cast<int>(plan_.observed.size());
  for (int o = 0; o < count; ++o) {
    z[k * count + o] = plan_.observed[o].is_increment ? now[o] - before[o] : now[o];
    before[o] = now[o];
  }
}

void Tile::observe(int k, const Lanes* x) const {
  if (k < 0) return;
  Lanes* const now = memory.before_dx + plan_.observed.size();
  read_observables(x, memory.v, now);
  difference(k, memory.before, now, memory.z);
  const Lanes zero{};
  Lanes doubt{}, size{}, least = x[0];
  for (int i = 0; i < plan_.system.states; ++i) {
    doubt += x[i] - x[i];
    size += where_less(x[i], zero, -x[i], x[i]);
    least = where_less(x[i], least, x[i], least);
  }
  // Rounding may leave a state that decays to zero a little below it.
  if (plan_.system.stays_positive) doubt += where_less(least, -1e-9 * size, Lanes::all(1.0), zero);
  memory.doubt[k] = doubt;
  const int count = static_cast<int>(plan_.observed.size());
  for (int i = k * count; i < (k + 1) * count && plan_.transform != Transform::none; ++i)
    doubt += where_less(zero, memory.z[i], zero, Lanes::all(1.0));
  for (int i = k * count; i < (k + 1) * count; ++i) doubt += memory.z[i] - memory.z[i];
  *memory.any_doubt += doubt;
}

void Tile::observe_tangent(int k, const Lanes* dx) const {
  if (k < 0) return;
  Lanes* const now = memory.before_dx + plan_.observed.size();
  read_observables(dx, memory.dv, now);
  difference(k, memory.before_dx, now, memory.dz);
}

void Tile::start(const Lanes* x) const {
  read_observables(x, memory.v, memory.before);
  *memory.any_doubt = Lanes{};
}

Fault Tile::fault_of_lane(int lane) const {
  if ((*memory.any_doubt)[lane] == 0.0) return {};
  for (std::size_t k = 0; k < plan_.times.size(); ++k) {
    const double doubt = memory.doubt[k][lane];
    if (doubt != 0.0)
      return {std::isnan(doubt) ? Fault::Kind::not_finite : Fault::Kind::negative, static_cast<int>(k), doubt};
  }
  for (int i = 0; i < plan_.shape.outputs; ++i)
    if (!std::isfinite(memory.z[i][lane])) return {Fault::Kind::observed, i, memory.z[i][lane]};
  for (int i = 0; i < plan_.shape.outputs && plan_.transform != Transform::none; ++i)
    if (!(memory.z[i][lane] > 0.0)) return {Fault::Kind::transform, i, memory.z[i][lane]};
  return {};
}

void Tile::store(Batch y, std::vector<Fault>& faults) const {
  const int outputs = plan_.shape.outputs;
  for (int at = first_; at < last(); ++at) {
    if (faults[at].kind == Fault::Kind::none) faults[at] = fault_of_lane(at - first_);
    double* const row = &y(at, 0);
    if (faults[at].kind != Fault::Kind::none) {
      std::fill_n(row, outputs, std::numeric_limits<double>::quiet_NaN());
      continue;
    }
    for (int i = 0; i < outputs; ++i) row[i] = memory.z[i][at - first_];
    if (plan_.transform == Transform::log)
      for (int i = 0; i < outputs; ++i) row[i] = std::log(row[i]);
    if (plan_.transform == Transform::sqrt)
      for (int i = 0; i < outputs; ++i) row[i] = std::sqrt(row[i]);
  }
}

// dz *= dy/dz, or its transpose: the transform's derivative at z.
void Tile::multiply_by_derivative() const {
  const Lanes one = Lanes::all(1.0);
  for (int i = 0; i < plan_.shape.outputs && plan_.transform == Transform::log; ++i)
    memory.dz[i] = memory.dz[i] / memory.z[i];
  for (int i = 0; i < plan_.shape.outputs && plan_.transform == Transform::sqrt; ++i)
    memory.dz[i] = memory.dz[i] * (one / (2.0 * square_root(memory.z[i])));
}

void Tile::load_direction(ConstBatch du) const {
  std::fill_n(memory.dq, plan_.system.quantities.size(), Lanes{});
  for (int lane = 0; lane < Lanes::count; ++lane)
    for (int j = 0; j < plan_.shape.inputs; ++j) memory.dq[plan_.unknown[j]][lane] = du(row(lane), j);
}

void Tile::store_tangent(Batch dy, const std::vector<Fault>& faults) const {
  multiply_by_derivative();
  for (int at = first_; at < last(); ++at)
    for (int i = 0; i < plan_.shape.outputs; ++i)
      dy(at, i) =
          faults[at].kind == Fault::Kind::none ? memory.dz[i][at - first_] : std::numeric_limits<double>::quiet_NaN();
}

void Tile::load_cotangent(ConstBatch dy, const std::vector<Fault>& faults) const {
  for (int lane = 0; lane < Lanes::count; ++lane) {
    const bool is_sound = faults[row(lane)].kind == Fault::Kind::none;
    const double* const from = &dy(row(lane) - first_, 0);
    for (int i = 0; i < plan_.shape.outputs; ++i) memory.dz[i][lane] = is_sound ? from[i] : 0.0;
  }
  multiply_by_derivative();
}

void Tile::add(const Observable& observable, const Lanes& g, Lanes* gx) const {
  const int n = plan_.system.states;
  for (const auto& [i, weight] : observable.weights) (i < n ? gx[i] : memory.dv[i - n]) += weight * g;
}

// v(t_k) stands in z_k, and with a minus in the increment z_(k+1).
void Tile::add_cotangent(int k, Lanes* gx) const {
  std::fill_n(memory.dv, plan_.system.derived, Lanes{});
  if (k < 0) return;
  const std::size_t count = plan_.observed.size();
  const Lanes* const here = memory.dz + k * count;
  const bool is_last = k + 1 == static_cast<int>(plan_.times.size());
  for (std::size_t o = 0; o < count; ++o) {
    const Lanes g = plan_.observed[o].is_increment && !is_last ? here[o] - here[count + o] : here[o];
    add(plan_.observed[o], g, gx);
  }
}

void Tile::add_cotangent_of_start(Lanes* gx) const {
  std::fill_n(memory.dv, plan_.system.derived, Lanes{});
  for (std::size_t o = 0; o < plan_.observed.size(); ++o)
    if (plan_.observed[o].is_increment) add(plan_.observed[o], -memory.dz[o], gx);
}

void Tile::store_gradient(Batch du, const std::vector<Fault>& faults) const {
  for (int at = first_; at < last(); ++at)
    for (int j = 0; j < plan_.shape.inputs; ++j)
      du(at, j) = faults[at].kind == Fault::Kind::none ? memory.dq[plan_.unknown[j]][at - first_]
                                                       : std::numeric_limits<double>::quiet_NaN();
}

void Tile::load_state(ConstBatch states) const {
  for (int lane = 0; lane < Lanes::count; ++lane) {
    const double* const from = &states(row(lane), 0);
    for (int i = 0; i < plan_.system.states; ++i) memory.x[i][lane] = from[i];
  }
}

void Tile::store_state(Batch states, std::vector<Fault>& faults) const {
  const int n = plan_.system.states;
  for (int at = first_; at < last(); ++at) {
    const int lane = at - first_;
    double* const to = &states(at, 0);
    double size = 0.0, least = 0.0;
    for (int i = 0; i < n; ++i) {
      to[i] = memory.x[i][lane];
      size += std::abs(to[i]);
      least = std::min(least, to[i]);
    }
    if (faults[at].kind != Fault::Kind::none) {
    } else if (!std::isfinite(size)) {
      faults[at].kind = Fault::Kind::not_finite;
    } else if (plan_.system.stays_positive && least < -1e-9 * size) {
      faults[at].kind = Fault::Kind::negative;
    }
    if (faults[at].kind != Fault::Kind::none) std::fill_n(to, n, std::numeric_limits<double>::quiet_NaN());
  }
}

}  // namespace aleator::ode
