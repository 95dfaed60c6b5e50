#include "pde/evolution/engine.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/error.hpp"

namespace aleator::pde::evolution {

using model::Batch;
using model::ConstBatch;
using model::Cotangent;
using model::RowStatus;

namespace {

// Every array begins on a cache line: a row's instructions do not depend on its place.
std::size_t padded(std::size_t n) { return (n + 7) / 8 * 8; }

}  // namespace

std::size_t Engine::Workspace::lay_out(const Plan& plan, const Layout& layout, double* begin) {
  std::size_t size = 0;
  const std::size_t n = padded(static_cast<std::size_t>(layout.state_size()));
  const auto take = [&](std::size_t count) {
    double* const place = begin == nullptr ? nullptr : begin + size;
    size += padded(count);
    return place;
  };
  const auto stages = static_cast<std::size_t>(plan.tableau->stages);
  q = take(static_cast<std::size_t>(layout.coefficients)), dq = take(static_cast<std::size_t>(layout.coefficients));
  x = take(n), next = take(n), stage_states = take(n * (stages - 1));
  dx = take(n);
  scratch = take(n * static_cast<std::size_t>(Stepper::scratch_states(*plan.tableau)));
  begins = take(n * static_cast<std::size_t>(plan.segments()));
  record = take(n * (stages * static_cast<std::size_t>(plan.segment) + 1));
  return size;
}

Engine::Engine(std::unique_ptr<SemiDiscrete> model, const CommonParams& params)
    : model_(std::move(model)),
      plan_(params, *model_),
      stride_(padded(static_cast<std::size_t>(model_->layout().state_size()))),
      n_(static_cast<std::size_t>(model_->layout().state_size())),
      slots_(kernels::HostExec().concurrency()) {
  slot_size_ = Workspace{}.lay_out(plan_, model_->layout(), nullptr);
  pages_ = kernels::HugePages(slot_size_ * static_cast<std::size_t>(slots_));
  Workspace w{};
  w.lay_out(plan_, model_->layout(), pages_.data());
  if (!model_->prepare_own(w.q, w.x)) return;
  const nodal::Nodes nodes = nodes_of(model_->layout().grid, model_->layout().field_names);
  state_space_ = std::make_unique<nodal::States>(static_cast<const nodal::Dynamics&>(*this), nodes, plan_.times,
                                                 linear_observables(nodes));
}

// work(row, workspace) says why the row failed, or empty: then its outputs are NaN.
template <class Work>
RowStatus Engine::for_each_row(const char* name, Batch y, const Work& work) const {
  const auto rows = static_cast<std::int64_t>(y.extent(0));
  const std::int64_t slots = std::min(slots_, rows);
  std::vector<std::string> faults(y.extent(0));
  Kokkos::parallel_for(name, Kokkos::RangePolicy<kernels::HostExec>(0, slots), [&](std::int64_t slot) {
    Workspace w{};
    w.lay_out(plan_, model_->layout(), pages_.data() + static_cast<std::size_t>(slot) * slot_size_);
    for (std::int64_t row = rows * slot / slots; row < rows * (slot + 1) / slots; ++row)
      faults[static_cast<std::size_t>(row)] = work(static_cast<int>(row), w);
  });
  Kokkos::fence();
  RowStatus status;
  for (int row = 0; row < static_cast<int>(rows); ++row) {
    if (faults[row].empty()) continue;
    status.failed.push_back({row, faults[row]});
    for (std::size_t k = 0; k < y.extent(1); ++k) y(row, k) = std::numeric_limits<double>::quiet_NaN();
  }
  return status;
}

std::string Engine::start(const double* u, const Workspace& w) const {
  std::string fault = coefficients(ConstBatch(u, 1, plan_.shape.inputs), 0, w);
  return fault.empty() ? plan_.fault_of_step(model_->rates(w.q, w.x)) : fault;
}

std::string Engine::coefficients(ConstBatch u, int row, const Workspace& w) const {
  if (u.extent(1) == 0) {
    model_->prepare_own(w.q, w.x);
    return {};
  }
  const double* const of_row = &u(row, 0);
  for (int k = 0; k < plan_.shape.inputs; ++k)
    if (!std::isfinite(of_row[k]))
      return fmt::format("{} = {} is not finite", plan_.shape.input_names[static_cast<std::size_t>(k)], of_row[k]);
  if (std::string fault = model_->fault(of_row); !fault.empty()) return fault;
  model_->prepare(of_row, w.q, w.x);
  return {};
}

RowStatus Engine::begin_states(ConstBatch u, Batch x) const {
  return for_each_row("evolution initial states", x, [&](int row, Workspace& w) {
    std::string fault = coefficients(u, row, w);
    if (fault.empty()) std::copy_n(w.x, n_, &x(row, 0));
    return fault;
  });
}

RowStatus Engine::advance_states(model::Interval interval, ConstBatch u, Batch x) const {
  const model::Piece piece = model::piece_between(interval.from, interval.to, plan_.dt);
  return for_each_row("evolution advance", x, [&](int row, Workspace& w) {
    std::string fault = coefficients(u, row, w);
    if (!fault.empty()) return fault;
    std::copy_n(&x(row, 0), n_, w.x);
    if (fault = plan_.fault_of_step(model_->rates(w.q, w.x), piece.h); !fault.empty()) return fault;
    const Stepper method = stepper(w);
    for (int s = 0; s < piece.steps; ++s) {
      const double t = interval.from + (interval.to - interval.from) * s / piece.steps;
      method.step({t, piece.h, -1}, w.q, w.x, w.stage_states, w.next);
      std::swap(w.x, w.next);
    }
    std::copy_n(w.x, n_, &x(row, 0));
    return fault;
  });
}

std::vector<model::LinearObservable> Engine::linear_observables(const nodal::Nodes& nodes) const {
  std::vector<model::LinearObservable> result;
  for (const int field : model_->layout().observed)
    for (std::size_t k = 0; k < plan_.points.size(); ++k) {
      const std::vector<double>& point = plan_.points[k];
      const int begin = field * nodes.size();
      model::LinearObservable one{fmt::format("{}({:.4g})", nodes.fields[field], fmt::join(point, ", ")), {}};
      plan_.observation.for_each_entry(
          static_cast<int>(k), [&](int node, double weight) { one.weights.emplace_back(begin + node, weight); });
      one.place = begin + nodes.nearest(point);
      result.push_back(std::move(one));
    }
  return result;
}

std::string Engine::observe(int output, const double* x, double* y) const {
  if (output < 0) return {};
  double doubt = 0.0;
  for (std::size_t i = 0; i < n_; ++i) doubt += x[i] - x[i];
  if (doubt != 0.0 || std::isnan(doubt))
    return fmt::format("the state is not finite at t = {}: the solution grows without bound, or dt is too long for it",
                       plan_.times[static_cast<std::size_t>(output)]);
  const std::vector<int>& observed = model_->layout().observed;
  const auto points = static_cast<std::size_t>(plan_.observation.rows()),
             grid = static_cast<std::size_t>(model_->layout().grid.size());
  for (std::size_t k = 0; k < observed.size(); ++k)
    plan_.observation.apply(x + static_cast<std::size_t>(observed[k]) * grid,
                            y + (static_cast<std::size_t>(output) * observed.size() + k) * points);
  return {};
}

void Engine::add_cotangent(int output, const double* dy, double* lambda) const {
  if (output < 0) return;
  const std::vector<int>& observed = model_->layout().observed;
  const auto points = static_cast<std::size_t>(plan_.observation.rows()),
             grid = static_cast<std::size_t>(model_->layout().grid.size());
  for (std::size_t k = 0; k < observed.size(); ++k)
    plan_.observation.add_transposed(dy + (static_cast<std::size_t>(output) * observed.size() + k) * points,
                                     lambda + static_cast<std::size_t>(observed[k]) * grid);
}

std::string Engine::march(int first, int last, Workspace& w, double* y) const {
  const Stepper method = stepper(w);
  for (int m = first; m < last; ++m) {
    const Step& step = plan_.steps[static_cast<std::size_t>(m)];
    method.step(step, w.q, w.x, w.stage_states, w.next);
    std::swap(w.x, w.next);
    if (std::string fault = observe(step.output, w.x, y); !fault.empty()) return fault;
  }
  return {};
}

RowStatus Engine::evaluate(ConstBatch u, Batch y) const {
  return for_each_row("evolution value", y, [&](int row, Workspace& w) {
    std::string fault = start(&u(row, 0), w);
    return fault.empty() ? march(0, static_cast<int>(plan_.steps.size()), w, &y(row, 0)) : fault;
  });
}

std::string Engine::record(int s, Workspace& w, double* y) const {
  const Stepper method = stepper(w);
  const auto stages = static_cast<std::size_t>(plan_.tableau->stages);
  std::copy_n(w.begins + static_cast<std::size_t>(s) * stride_, n_, w.record);
  double* x = w.record;
  for (int m = s * plan_.segment; m < end_of_segment(s); ++m, x += stages * stride_) {
    const Step& step = plan_.steps[static_cast<std::size_t>(m)];
    method.step(step, w.q, x, x + stride_, x + stages * stride_);
    if (y == nullptr) continue;
    if (std::string fault = observe(step.output, x + stages * stride_, y); !fault.empty()) return fault;
  }
  return {};
}

RowStatus Engine::evaluate_and_pullback(ConstBatch u, Batch y, const Cotangent& cotangent, Batch du) const {
  const Batch dy("dy", y.extent(0), y.extent(1));
  return for_each_row("evolution value and gradient", y, [&](int row, Workspace& w) {
    std::fill_n(&du(row, 0), plan_.shape.inputs, 0.0);
    std::string fault = start(&u(row, 0), w);
    const int last = plan_.segments() - 1;
    for (int s = 0; s <= last && fault.empty(); ++s) {
      std::copy_n(w.x, n_, w.begins + static_cast<std::size_t>(s) * stride_);
      fault = s < last ? march(s * plan_.segment, end_of_segment(s), w, &y(row, 0)) : record(s, w, &y(row, 0));
    }
    if (!fault.empty()) {
      std::fill_n(&du(row, 0), plan_.shape.inputs, std::numeric_limits<double>::quiet_NaN());
      return fault;
    }
    const auto one = Kokkos::make_pair(row, row + 1);
    cotangent(row, Kokkos::subview(ConstBatch(y), one, Kokkos::ALL), Kokkos::subview(dy, one, Kokkos::ALL));
    back(w, &dy(row, 0));
    model_->prepare_transposed(&u(row, 0), w.dq, w.dx, &du(row, 0));
    return fault;
  });
}

// From the last segment, which is on the record, to the first: leaves the gradients with respect to q and the initial state.
void Engine::back(Workspace& w, const double* dy) const {
  const Stepper method = stepper(w);
  const auto stages = static_cast<std::size_t>(plan_.tableau->stages);
  std::fill_n(w.dq, model_->layout().coefficients, 0.0);
  std::fill_n(w.dx, n_, 0.0);
  for (int s = plan_.segments() - 1; s >= 0; --s) {
    if (s + 1 < plan_.segments()) record(s, w, nullptr);
    for (int m = end_of_segment(s) - 1; m >= s * plan_.segment; --m) {
      const Step& step = plan_.steps[static_cast<std::size_t>(m)];
      add_cotangent(step.output, dy, w.dx);
      method.back(step, w.q, w.record + static_cast<std::size_t>(m - s * plan_.segment) * stages * stride_, w.dx, w.dq);
    }
  }
}

RowStatus Engine::evaluate_and_pushforward(ConstBatch u, ConstBatch du, Batch y, Batch dy) const {
  return for_each_row("evolution tangent", y, [&](int row, Workspace& w) {
    std::string fault = start(&u(row, 0), w);
    if (fault.empty()) model_->prepare_tangent(&u(row, 0), &du(row, 0), w.dq, w.dx);
    const Stepper method = stepper(w);
    std::copy_n(w.x, n_, w.record);
    for (std::size_t m = 0; m < plan_.steps.size() && fault.empty(); ++m) {
      const Step& step = plan_.steps[m];
      method.step(step, w.q, w.record, w.record + stride_, w.next);
      method.tangent(step, w.q, w.dq, w.record, w.dx);
      std::copy_n(w.next, n_, w.record);
      fault = observe(step.output, w.record, &y(row, 0));
      if (fault.empty()) fault = observe(step.output, w.dx, &dy(row, 0));
    }
    if (!fault.empty()) std::fill_n(&dy(row, 0), plan_.shape.outputs, std::numeric_limits<double>::quiet_NaN());
    return fault;
  });
}

std::vector<model::GridField> Engine::states(const double* u) const {
  const Layout& layout = model_->layout();
  const Grid& grid = layout.grid;
  Workspace w{};
  w.lay_out(plan_, layout, pages_.data());
  std::vector<double> y(static_cast<std::size_t>(plan_.shape.outputs));
  std::vector<model::GridField> fields;
  std::vector<double> spacing;
  for (int a = 0; a < grid.dimension(); ++a) spacing.push_back(grid.spacing(a));
  const std::vector<double> origin(spacing.size(), grid.is_periodic ? -0.5 * spacing[0] : 0.0);
  const auto add = [&](const std::string& name, std::vector<double> values) {
    fields.push_back({name, grid.points, origin, spacing, false, std::move(values)});
  };
  const auto add_state = [&](const std::string& when) {
    for (std::size_t k = 0; k < layout.field_names.size(); ++k) {
      const double* const begin = w.x + k * static_cast<std::size_t>(grid.size());
      add(layout.field_names[k] + when, {begin, begin + grid.size()});
    }
  };
  std::string fault = start(u, w);
  if (fault.empty()) {
    for (auto& [name, values] : model_->coefficient_fields(w.q)) add(name, std::move(values));
    add_state("_start");
    fault = march(0, static_cast<int>(plan_.steps.size()), w, y.data());
  }
  if (!fault.empty()) throw core::NumericsError(fault);
  add_state("_end");
  return fields;
}

}  // namespace aleator::pde::evolution
