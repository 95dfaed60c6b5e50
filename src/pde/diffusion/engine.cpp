#include "pde/diffusion/engine.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/error.hpp"

namespace aleator::pde::diffusion {

using model::Batch;
using model::ConstBatch;
using model::Cotangent;
using model::RowStatus;

namespace {

using DeviceSpace = Exec::memory_space;

struct EvaluateRows {
  Job job;
  KOKKOS_INLINE_FUNCTION void operator()(int slot) const {
    const auto kernel = job.kernel(slot);
    for (int pack = job.begin(slot); pack < job.end(slot); pack += job.stride()) job.evaluate(kernel, pack);
  }
};

// The second half of a pullback on a device: every slot still holds the factor of its only pack.
struct PullBackRows {
  Job job;
  KOKKOS_INLINE_FUNCTION void operator()(int slot) const {
    const auto kernel = job.kernel(slot);
    const int pack = job.first_pack + slot;
    if (pack >= job.end_pack) return;
    job.load(job.dy, kernel.dz, pack);
    kernel.pull_back();
    job.store(kernel.gradient, job.du, pack);
  }
};

struct PushForwardRows {
  Job job;
  KOKKOS_INLINE_FUNCTION void operator()(int slot) const {
    const auto kernel = job.kernel(slot);
    for (int pack = job.begin(slot); pack < job.end(slot); pack += job.stride()) {
      job.evaluate(kernel, pack);
      job.load(job.direction, kernel.gradient, pack);
      kernel.push_forward();
      job.store(kernel.dz, job.dy, pack);
    }
  }
};

// The skeleton values of row 0, all slots of them, as the row y(0, .).
struct SkeletonRow {
  Job job;
  KOKKOS_INLINE_FUNCTION void operator()(int) const {
    const auto kernel = job.kernel(0);
    job.load_theta(kernel, 0);
    kernel.evaluate();
    job.store(kernel.u, job.y, 0);
  }
};

struct ClearSlot {
  Doubles work;
  std::size_t size;
  KOKKOS_INLINE_FUNCTION void operator()(int slot) const {
    for (std::size_t i = slot * size; i < (slot + 1) * size; ++i) work(i) = 0.0;
  }
};

template <class Functor>
void launch(const char* name, int slots, const Functor& functor) {
  Kokkos::parallel_for(name, Kokkos::RangePolicy<Exec>(0, slots), functor);
  Kokkos::fence();
}

// Value and gradient pack by pack: the factor is still in cache when the cotangent comes.
void pull_back_on_host(const Job& job, const Cotangent& cotangent, Batch y) {
  Kokkos::View<double***, Kokkos::LayoutRight, Kokkos::HostSpace> tiles(
      Kokkos::view_alloc("cotangents", Kokkos::WithoutInitializing), job.slots, lanes, y.extent(1));
  const auto work_on = [&](int slot) {
    const auto kernel = job.kernel(slot);
    for (int pack = job.begin(slot); pack < job.end(slot); pack += job.stride()) {
      job.evaluate(kernel, pack);
      const int first = pack * lanes, last = std::min(first + lanes, job.rows());
      const Batch dy(&tiles(slot, 0, 0), last - first, y.extent(1));
      cotangent(first, Kokkos::subview(y, std::make_pair(first, last), Kokkos::ALL), dy);
      for (int lane = 0; lane < lanes; ++lane)
        for (int k = 0; k < job.tables.outputs; ++k) kernel.dz.lane(k, lane) = dy(std::min(lane, last - first - 1), k);
      kernel.pull_back();
      job.store(kernel.gradient, job.du, pack);
    }
  };
  Kokkos::parallel_for("diffusion value and gradient", Kokkos::RangePolicy<kernels::HostExec>(0, job.slots), work_on);
  Kokkos::fence();
}

// Value and gradient a launch at a time: as many rows as there are workspaces.
void pull_back_on_device(Job job, const Cotangent& cotangent, Batch y) {
  const Batch dy("cotangents", y.extent(0), y.extent(1));
  job.dy = Kokkos::create_mirror_view(DeviceSpace(), dy);
  const int packs = job.end_pack;
  for (int first = 0; first < packs; first += job.slots) {
    job.first_pack = first;
    job.end_pack = std::min(first + job.slots, packs);
    launch("diffusion value", job.slots, EvaluateRows{job});
    const auto rows = std::make_pair(first, job.end_pack);
    const auto some = [&](auto view) { return Kokkos::subview(view, rows, Kokkos::ALL); };
    Kokkos::deep_copy(some(y), some(job.y));
    cotangent(first, some(y), some(dy));
    Kokkos::deep_copy(some(job.dy), some(dy));
    launch("diffusion gradient", job.slots, PullBackRows{job});
  }
}

void require(ConstBatch batch, std::size_t rows, int columns, const char* what) {
  if (batch.extent(0) != rows || batch.extent(1) != static_cast<std::size_t>(columns))
    throw core::InternalError(
        fmt::format("diffusion: {} is {} x {}, not {} x {}", what, batch.extent(0), batch.extent(1), rows, columns));
}

}  // namespace

Engine::Engine(const Setup& setup) : tables_(setup), shape_(shape_of(setup)) {
  lay_out();
  upload();
}

void Engine::lay_out() {
  const kernels::MultifrontalPlan& plan = tables_.plan;
  int at = 0;
  const auto take = [&](int packs) {
    const int begin = at;
    at += (packs + 7) / 8 * 8;
    return begin;
  };
  layout_.theta = take(tables_.cells);
  layout_.u = take(plan.slots());
  layout_.v = take(plan.slots());
  layout_.z = take(tables_.outputs + 1);
  layout_.dz = take(tables_.outputs + 1);
  layout_.gradient = take(tables_.cells);
  layout_.pivots = take(tables_.dissection.variables);
  layout_.columns = take(std::max(plan.columns_size, tables_.edge));
  layout_.schur = take(plan.schur_size);
  layout_.factor = take(plan.factor_size);
  layout_.total = at;

  slots_ = Exec().concurrency();
  if (!on_host) {
    constexpr double most_bytes = 4e9;
    constexpr int most_rows = 16384;
    slots_ = std::max(1, std::min(most_rows, static_cast<int>(most_bytes / 8 / layout_.total)));
  }
  const std::size_t slot_size = static_cast<std::size_t>(layout_.total) * lanes;
  if constexpr (on_host) {
    pages_ = kernels::HugePages(slots_ * slot_size);
    work_ = Doubles(pages_.data(), slots_ * slot_size);
  } else {
    work_ = Doubles(Kokkos::view_alloc("diffusion workspace", Kokkos::WithoutInitializing), slots_ * slot_size);
  }
  // The rows of zeros that stand for a child's missing variables are never written again. By slot: first touch.
  launch("diffusion clear", slots_, ClearSlot{work_, slot_size});
  ALEATOR_ASSERT(reinterpret_cast<std::uintptr_t>(work_.data()) % alignof(Memory::P) == 0);
}

const int* Engine::on_device(const std::vector<int>& values) {
  const Kokkos::View<const int*, Kokkos::HostSpace, Kokkos::MemoryUnmanaged> host(values.data(), values.size());
  integers_.emplace_back("diffusion table", values.size());
  Kokkos::deep_copy(integers_.back(), host);
  return integers_.back().data();
}

const double* Engine::on_device(const std::vector<double>& values) {
  const Kokkos::View<const double*, Kokkos::HostSpace, Kokkos::MemoryUnmanaged> host(values.data(), values.size());
  doubles_.emplace_back("diffusion table", values.size());
  Kokkos::deep_copy(doubles_.back(), host);
  return doubles_.back().data();
}

void Engine::upload() {
  const Tables& t = tables_;
  const auto copy = [](const auto& values, auto& view) {
    using View = std::decay_t<decltype(view)>;
    view = View("diffusion table", values.size());
    const auto host = Kokkos::create_mirror_view(view);
    for (std::size_t i = 0; i < values.size(); ++i) host(i) = values[i];
    Kokkos::deep_copy(view, host);
  };
  copy(t.plan.fronts, fronts_);
  copy(t.leaves, leaves_);
  copy(t.front_leaves, front_leaves_);
  KernelTables& k = kernel_tables_;
  k.tree = {fronts_.data(),
            on_device(t.plan.row_map),
            on_device(t.plan.column_map),
            on_device(t.plan.tile_sources),
            on_device(t.plan.variables),
            static_cast<int>(t.plan.fronts.size()),
            t.plan.zero_slot(),
            t.plan.rhs_slot()};
  k.leaves = leaves_.data();
  k.front_leaves = front_leaves_.data();
  k.leaf_constants = on_device(t.leaf_constants);
  k.edge_rest = on_device(t.edge_rest);
  k.edge_extension = on_device(t.edge_extension);
  k.edge_inverse = on_device(t.edge_inverse);
  k.edge_load = on_device(t.edge_load);
  k.cell_variable = on_device(t.cell_variable);
  k.block_begin = on_device(t.block_begin);
  k.block_output = on_device(t.block_output);
  k.block_weight = on_device(t.block_weight);
  k.block_interior = on_device(t.block_interior);
  k.S = on_device(t.reference.S);
  k.leaves_count = static_cast<int>(t.leaves.size());
  k.cells = t.cells;
  k.boundary = t.boundary;
  k.edge = t.edge;
  k.rest = t.rest;
  k.outputs = t.outputs;
}

Job Engine::job(ConstBatch u) const {
  require(u, u.extent(0), shape_.inputs, "u");
  Job job{};
  job.tables = kernel_tables_;
  job.layout = layout_;
  job.work = work_;
  job.theta = Kokkos::create_mirror_view_and_copy(DeviceSpace(), u);
  job.fault = Integers(Kokkos::view_alloc("diffusion faults", Kokkos::WithoutInitializing), u.extent(0));
  job.end_pack = (job.rows() + lanes - 1) / lanes;
  job.slots = std::min(slots_, std::max(1, job.end_pack));
  return job;
}

RowStatus Engine::status(const Job& job, ConstBatch u) const {
  RowStatus result;
  const auto fault = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), job.fault);
  for (int row = 0; row < job.rows(); ++row) {
    const int code = fault(row);
    if (code > 0) {
      result.failed.push_back(
          {row, fmt::format("coefficient theta_{} = {} is not positive and finite", code - 1, u(row, code - 1))});
    } else if (code < 0) {
      result.failed.push_back({row, "the solution is not finite: the coefficients over- or underflow"});
    }
  }
  return result;
}

RowStatus Engine::evaluate(ConstBatch u, Batch y) const {
  require(y, u.extent(0), shape_.outputs, "y");
  Job job = this->job(u);
  job.y = Kokkos::create_mirror_view(DeviceSpace(), y);
  launch("diffusion value", job.slots, EvaluateRows{job});
  Kokkos::deep_copy(y, job.y);
  return status(job, u);
}

RowStatus Engine::evaluate_and_pullback(ConstBatch u, Batch y, const Cotangent& cotangent, Batch du) const {
  require(y, u.extent(0), shape_.outputs, "y");
  require(du, u.extent(0), shape_.inputs, "du");
  Job job = this->job(u);
  job.y = Kokkos::create_mirror_view(DeviceSpace(), y);
  job.du = Kokkos::create_mirror_view(DeviceSpace(), du);
  if constexpr (on_host) {
    pull_back_on_host(job, cotangent, y);
  } else {
    pull_back_on_device(job, cotangent, y);
  }
  Kokkos::deep_copy(du, job.du);
  return status(job, u);
}

RowStatus Engine::evaluate_and_pushforward(ConstBatch u, ConstBatch du, Batch y, Batch dy) const {
  require(du, u.extent(0), shape_.inputs, "du");
  require(y, u.extent(0), shape_.outputs, "y");
  require(dy, u.extent(0), shape_.outputs, "dy");
  Job job = this->job(u);
  job.direction = Kokkos::create_mirror_view_and_copy(DeviceSpace(), du);
  job.y = Kokkos::create_mirror_view(DeviceSpace(), y);
  job.dy = Kokkos::create_mirror_view(DeviceSpace(), dy);
  launch("diffusion tangent", job.slots, PushForwardRows{job});
  Kokkos::deep_copy(y, job.y);
  Kokkos::deep_copy(dy, job.dy);
  return status(job, u);
}

std::vector<double> Engine::solution(const double* theta) const {
  const ConstBatch row(theta, 1, shape_.inputs);
  const Batch skeleton("skeleton values", 1, tables_.plan.slots());
  Job job = this->job(row);
  job.y = Kokkos::create_mirror_view(DeviceSpace(), skeleton);
  launch("diffusion skeleton", 1, SkeletonRow{job});
  Kokkos::deep_copy(skeleton, job.y);

  const Tables& t = tables_;
  const int side = t.n + 1;
  std::vector<double> field(static_cast<std::size_t>(side) * side, 0.0), boundary(t.boundary);
  for (int k = 0; k < t.cells; ++k) {
    for (int b = 0; b < t.boundary; ++b) {
      const int slot = t.cell_variable[k * t.boundary + b];
      boundary[b] = slot == t.plan.zero_slot() ? 0.0 : skeleton(0, slot);
    }
    for (int local = 0; local < (t.r + 1) * (t.r + 1); ++local) {
      const int node = t.reference.index[local];
      const int x = k % t.c * t.r + local % (t.r + 1), y = k / t.c * t.r + local / (t.r + 1);
      double value = 0;
      if (node >= 0) {
        value = boundary[node];
      } else {
        const int i = -1 - node;
        value = t.reference.w[i] / theta[k];
        for (int b = 0; b < t.boundary; ++b)
          value += t.reference.Q[static_cast<std::size_t>(i) * t.boundary + b] * boundary[b];
      }
      field[x + static_cast<std::size_t>(side) * y] = value;
    }
  }
  return field;
}

}  // namespace aleator::pde::diffusion
