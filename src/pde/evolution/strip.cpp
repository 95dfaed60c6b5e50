#include "pde/evolution/strip.hpp"

#include <fmt/format.h>

#include <cmath>
#include <numeric>

#include "core/error.hpp"

namespace aleator::pde::evolution {

using model::ConstBatch;

namespace {

// Every array begins on a cache line: a row's instructions do not depend on its place.
std::size_t padded(std::size_t n) { return (n + 7) / 8 * 8; }

std::size_t parts_of_fluxes(const Layout& layout) {
  std::size_t parts = 0;
  for (const Layout::Flux& flux : layout.fluxes) parts += static_cast<std::size_t>(flux.parts);
  return parts;
}

}  // namespace

Strip::Strip(std::unique_ptr<SemiDiscrete> model, const Plan& plan, const parallel::Comm& comm)
    : model_(std::move(model)),
      plan_(plan),
      halo_(comm, model_->layout()),
      cells_(model_->layout().grid.cells()),
      observation_(model_->layout().grid, plan.points, plan.patches),
      parts_(parts_of_fields() + parts_of_fluxes(model_->layout())),
      outputs_(plan.shape.output_names.size() / plan.times.size()),
      n_(static_cast<std::size_t>(model_->layout().state_size())),
      stride_(padded(n_)),
      segment_(plan.segments(model_->layout().largest_state_size()).length),
      slots_(halo_.is_shared() ? 1 : kernels::HostExec().concurrency()) {
  if (const std::string fault = plan.fault_of_memory(model_->layout().largest_state_size()); !fault.empty())
    throw core::UserError(fault + ": raise memory of the model, choose fewer grid points, or more ranks for a domain");
  Workspace w{};
  slot_size_ = lay_out(nullptr, w);
  pages_ = kernels::HugePages(slot_size_ * static_cast<std::size_t>(slots_));
}

std::size_t Strip::lay_out(double* begin, Workspace& w) const {
  std::size_t size = 0;
  const auto take = [&](std::size_t count) {
    double* const place = begin == nullptr ? nullptr : begin + size;
    size += padded(count);
    return place;
  };
  const auto q = static_cast<std::size_t>(model_->layout().coefficients),
             stages = static_cast<std::size_t>(plan_.tableau->stages);
  w.q = take(q), w.dq = take(q);
  w.x = take(stride_), w.next = take(stride_), w.stage_states = take(stride_ * (stages - 1));
  w.dx = take(stride_);
  w.scratch = take(stride_ * static_cast<std::size_t>(Stepper::scratch_states(*plan_.tableau)));
  w.begins = take(stride_ * static_cast<std::size_t>(segments()));
  w.record = take(stride_ * (stages * static_cast<std::size_t>(segment_) + 1));
  w.parts = take(parts_ + 1);
  return size;
}

Strip::Workspace Strip::workspace(std::int64_t slot) const {
  Workspace w{};
  lay_out(pages_.data() + static_cast<std::size_t>(slot) * slot_size_, w);
  return w;
}

std::string Strip::coefficients(ConstBatch u, int row, const Workspace& w) const {
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

std::string Strip::start(ConstBatch u, int row, const Workspace& w) const {
  std::string fault = coefficients(u, row, w);
  return fault.empty() ? fault_of_step(w, plan_.longest_step) : fault;
}

std::string Strip::fault_of_step(const Workspace& w, double h) const {
  Rates rates = model_->rates(w.q, w.x);
  if (halo_.is_shared())
    rates = {halo_.comm().max(rates.oscillation), halo_.comm().max(rates.decay)};  // so is that of the whole grid
  return plan_.fault_of_step(rates, h);
}

void Strip::advance(model::Interval interval, const model::Piece& steps, Workspace& w) const {
  const Stepper method = stepper(w);
  for (int s = 0; s < steps.steps; ++s) {
    const double t = interval.from + (interval.to - interval.from) * s / steps.steps;
    method.step({t, steps.h, -1}, w.q, w.x, w.stage_states, w.next);
    std::swap(w.x, w.next);
  }
}

void Strip::see_fields(double* x, const Workspace& w) const {
  double doubt = 0.0;  // NaN: somewhere x is not finite
  for (std::size_t field = 0; field < n_; field += static_cast<std::size_t>(cells_.size))
    for (int i = cells_.begin; i < cells_.end; ++i) doubt += x[field + i] - x[field + i];
  w.parts[parts_] = doubt;
  halo_.fill(x);
  double* parts = w.parts;
  for (const int field : model_->layout().observed) {
    observation_.see(x + static_cast<std::size_t>(field) * cells_.size, parts);
    parts += observation_.parts();
  }
}

std::string Strip::put_together(int output, const Workspace& w, double* y) const {
  if (halo_.is_shared()) halo_.comm().sum(w.parts, parts_ + 1);
  double* value = y + static_cast<std::size_t>(output) * outputs_;
  const double* parts = w.parts;
  for (std::size_t k = 0; k < model_->layout().observed.size(); ++k) {
    observation_.put_together(parts, value);
    parts += observation_.parts(), value += observation_.values();
  }
  for (const Layout::Flux& flux : model_->layout().fluxes) {
    *value++ = std::accumulate(parts, parts + flux.parts, 0.0);
    parts += flux.parts;
  }
  if (w.parts[parts_] == 0.0) return {};
  return fmt::format("the state is not finite at t = {}: the solution grows without bound, or dt is too long for it",
                     plan_.times[static_cast<std::size_t>(output)]);
}

std::string Strip::observe(const Step& step, double* x, const Workspace& w, double* y) const {
  if (step.output < 0) return {};
  see_fields(x, w);
  model_->flux(at_end(step, x, w), w.parts + parts_of_fields());
  return put_together(step.output, w, y);
}

std::string Strip::observe_tangent(const Step& step, double* x, const Workspace& w, double* dy) const {
  if (step.output < 0) return {};
  see_fields(w.dx, w);
  model_->flux_tangent(at_end(step, x, w), w.dq, w.dx, w.parts + parts_of_fields());
  return put_together(step.output, w, dy);
}

// To w.dx and, of fluxes, w.dq.
void Strip::add_cotangent(const Step& step, const double* x, const double* dy, const Workspace& w) const {
  if (step.output < 0) return;
  const double* weight = dy + static_cast<std::size_t>(step.output) * outputs_;
  for (const int field : model_->layout().observed) {
    observation_.add_transposed(weight, w.dx + static_cast<std::size_t>(field) * cells_.size);
    weight += observation_.values();
  }
  double* part = w.parts;
  for (const Layout::Flux& flux : model_->layout().fluxes) part = std::fill_n(part, flux.parts, *weight++);
  model_->add_flux_transposed(at_end(step, x, w), w.parts, w.dx, w.dq);
}

std::string Strip::march(int first, int last, Workspace& w, double* y) const {
  const Stepper method = stepper(w);
  for (int m = first; m < last; ++m) {
    const Step& step = plan_.steps[static_cast<std::size_t>(m)];
    method.step(step, w.q, w.x, w.stage_states, w.next);
    std::swap(w.x, w.next);
    if (std::string fault = observe(step, w.x, w, y); !fault.empty()) return fault;
  }
  return {};
}

std::string Strip::march(Workspace& w, double* y) const { return march(0, steps(), w, y); }

std::string Strip::record(int s, Workspace& w, double* y) const {
  const Stepper method = stepper(w);
  const auto stages = static_cast<std::size_t>(plan_.tableau->stages);
  std::copy_n(w.begins + static_cast<std::size_t>(s) * stride_, n_, w.record);
  double* x = w.record;
  for (int m = s * segment_; m < end_of_segment(s); ++m, x += stages * stride_) {
    const Step& step = plan_.steps[static_cast<std::size_t>(m)];
    method.step(step, w.q, x, x + stride_, x + stages * stride_);
    if (y == nullptr) continue;
    if (std::string fault = observe(step, x + stages * stride_, w, y); !fault.empty()) return fault;
  }
  return {};
}

std::string Strip::march_and_record(Workspace& w, double* y) const {
  const int last = segments() - 1;
  std::string fault;
  for (int s = 0; s <= last && fault.empty(); ++s) {
    std::copy_n(w.x, n_, w.begins + static_cast<std::size_t>(s) * stride_);
    fault = s < last ? march(s * segment_, end_of_segment(s), w, y) : record(s, w, y);
  }
  return fault;
}

// From the last segment, which is on the record, to the first.
void Strip::back(Workspace& w, const double* dy) const {
  const Stepper method = stepper(w);
  const auto stages = static_cast<std::size_t>(plan_.tableau->stages);
  std::fill_n(w.dq, model_->layout().coefficients, 0.0);
  std::fill_n(w.dx, n_, 0.0);
  for (int s = segments() - 1; s >= 0; --s) {
    if (s + 1 < segments()) record(s, w, nullptr);
    for (int m = end_of_segment(s) - 1; m >= s * segment_; --m) {
      const Step& step = plan_.steps[static_cast<std::size_t>(m)];
      double* const begin = w.record + static_cast<std::size_t>(m - s * segment_) * stages * stride_;
      add_cotangent(step, begin + stages * stride_, dy, w);
      method.back(step, w.q, begin, w.dx, w.dq);
    }
  }
}

std::string Strip::march_with_tangent(Workspace& w, double* y, double* dy) const {
  const Stepper method = stepper(w);
  std::string fault;
  std::copy_n(w.x, n_, w.record);
  for (std::size_t m = 0; m < plan_.steps.size() && fault.empty(); ++m) {
    const Step& step = plan_.steps[m];
    method.step(step, w.q, w.record, w.record + stride_, w.next);
    method.tangent(step, w.q, w.dq, w.record, w.dx);
    std::copy_n(w.next, n_, w.record);
    fault = observe(step, w.record, w, y);
    if (fault.empty()) fault = observe_tangent(step, w.record, w, dy);
  }
  return fault;
}

}  // namespace aleator::pde::evolution
