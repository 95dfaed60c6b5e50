#include "pde/evolution/engine.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "core/error.hpp"

namespace aleator::pde::evolution {

using model::Batch;
using model::ConstBatch;
using model::Cotangent;
using model::RowStatus;

namespace {

constexpr double undefined = std::numeric_limits<double>::quiet_NaN();

std::string fault_of_strips(const Grid& grid, int ranks) {
  return ranks <= grid.rows() ? std::string()
                              : fmt::format("{} row{} of grid points cannot be dealt to {} ranks", grid.rows(),
                                            grid.rows() == 1 ? "" : "s", ranks);
}

bool has_own(const SemiDiscrete& model) {
  std::vector<double> q(static_cast<std::size_t>(model.layout().coefficients)),
      x(static_cast<std::size_t>(model.layout().state_size()));
  return model.prepare_own(q.data(), x.data());
}

}  // namespace

// What can be said about the deck is said here, for the ranks that it asks for.
Engine::Engine(const std::string& name, Make make, const CommonParams& params,
               std::shared_ptr<parallel::ProcessGrid> ranks)
    : make_(std::move(make)),
      ranks_(ranks),
      whole_(make_(Share())),
      layout_(whole_->layout()),
      has_state_space_(has_own(*whole_)),
      plan_(params, *whole_) {
  layout_.input_names.clear();  // may be many; they are those of plan_.shape
  if (ranks != nullptr) ranks->add_model({name, layout_.state_size()});
  const int asked_for = ranks == nullptr ? 1 : ranks->requested_domain();
  if (asked_for == 0) return;
  if (const std::string fault = fault_of_strips(layout_.grid, asked_for); !fault.empty())
    throw deck::KeyError("mesh", fault, "raise mesh, or lower domain in [run]");
  Layout share = layout_;
  share.grid.share.count = asked_for;
  if (const std::string fault = plan_.fault_of_memory(share.largest_state_size()); !fault.empty())
    throw deck::KeyError("memory", fault, "raise memory, or choose fewer grid points");
}

const Strip& Engine::strip() const {
  const parallel::Comm comm = ranks_ == nullptr ? parallel::Comm::self() : ranks_->domain();
  if (strip_ != nullptr && strip_->halo().comm().size() == comm.size()) return *strip_;
  if (const std::string fault = fault_of_strips(layout_.grid, comm.size()); !fault.empty())
    throw core::UserError(fault + ": raise mesh of the model, or lower domain in [run]");
  strip_.reset();
  finer_.clear();
  std::unique_ptr<SemiDiscrete> model = std::move(whole_);
  if (model == nullptr || comm.size() > 1) {
    model.reset();
    model = make_({comm.rank(), comm.size()});
  }
  strip_ = std::make_unique<Strip>(std::move(model), plan_, comm);
  return *strip_;
}

const Strip& Engine::strip(int attempt) const {
  const Strip& coarse = strip();
  const int state_size = coarse.model().layout().largest_state_size();
  int parts = model::parts_of_a_step(attempt, static_cast<int>(plan_.steps.size()), Plan::most_steps);
  const parallel::Comm& comm = coarse.halo().comm();
  for (; parts > 1; parts /= model::shorter_by) {
    if (const auto known = finer_.find(parts); known != finer_.end()) return *known->second.strip;
    Plan plan = plan_.in_parts(parts);
    if (!plan.fault_of_memory(state_size).empty()) continue;
    Finer& finer = finer_.emplace(parts, Finer{std::move(plan), nullptr}).first->second;
    finer.strip = std::make_unique<Strip>(make_({comm.rank(), comm.size()}), finer.plan, comm);
    return *finer.strip;
  }
  return coarse;
}

const model::StateSpace* Engine::state_space() const {
  if (!has_state_space_) return nullptr;
  if (state_space_ == nullptr) {
    const nodal::Nodes nodes = nodes_of(layout_.grid, layout_.field_names);
    state_space_ = std::make_unique<nodal::States>(
        static_cast<const nodal::Dynamics&>(*this), nodes, plan_.times, linear_observables(nodes),
        layout_.fluxes.empty() ? "" : "observes a flux, which is no value of a field: leave it out of the model");
  }
  return state_space_.get();
}

// work(row, workspace) says why the row failed, or empty: then its outputs are NaN.
template <class Work>
RowStatus Engine::for_each_row(const char* name, const Strip& strip, Batch y, const Work& work) const {
  const auto rows = static_cast<std::int64_t>(y.extent(0));
  const std::int64_t slots = std::min(strip.slots(), rows);
  std::vector<std::string> faults(y.extent(0));
  const auto work_through = [&](std::int64_t slot) {
    Workspace w = strip.workspace(slot);
    for (std::int64_t row = rows * slot / slots; row < rows * (slot + 1) / slots; ++row)
      faults[static_cast<std::size_t>(row)] = work(static_cast<int>(row), w);
  };
  if (strip.halo().is_shared()) {  // MPI is for the thread that started it
    if (slots > 0) work_through(0);
  } else {
    Kokkos::parallel_for(name, Kokkos::RangePolicy<kernels::HostExec>(0, slots), work_through);
    Kokkos::fence();
  }
  RowStatus status;
  for (int row = 0; row < static_cast<int>(rows); ++row) {
    if (faults[row].empty()) continue;
    status.failed.push_back({row, faults[row]});
    for (std::size_t k = 0; k < y.extent(1); ++k) y(row, k) = undefined;
  }
  return status;
}

RowStatus Engine::evaluate_again(ConstBatch u, Batch y, int attempt) const {
  const Strip& strip = this->strip(attempt);
  return for_each_row("evolution value", strip, y, [&](int row, Workspace& w) {
    std::string fault = strip.start(u, row, w);
    return fault.empty() ? strip.march(w, &y(row, 0)) : fault;
  });
}

RowStatus Engine::evaluate_and_pullback_again(ConstBatch u, Batch y, const Cotangent& cotangent, Batch du,
                                              int attempt) const {
  const Strip& strip = this->strip(attempt);
  const Batch dy("dy", y.extent(0), y.extent(1));
  return for_each_row("evolution value and gradient", strip, y, [&](int row, Workspace& w) {
    std::fill_n(&du(row, 0), plan_.shape.inputs, 0.0);
    std::string fault = strip.start(u, row, w);
    if (fault.empty()) fault = strip.march_and_record(w, &y(row, 0));
    if (!fault.empty()) {
      std::fill_n(&du(row, 0), plan_.shape.inputs, undefined);
      return fault;
    }
    const auto one = Kokkos::make_pair(row, row + 1);
    cotangent(row, Kokkos::subview(ConstBatch(y), one, Kokkos::ALL), Kokkos::subview(dy, one, Kokkos::ALL));
    strip.back(w, &dy(row, 0));
    strip.model().prepare_transposed(&u(row, 0), w.dq, w.dx, &du(row, 0));
    strip.halo().comm().sum(&du(row, 0), static_cast<std::size_t>(plan_.shape.inputs));
    return fault;
  });
}

RowStatus Engine::evaluate_and_pushforward(ConstBatch u, ConstBatch du, Batch y, Batch dy) const {
  const Strip& strip = this->strip();
  return for_each_row("evolution tangent", strip, y, [&](int row, Workspace& w) {
    std::string fault = strip.start(u, row, w);
    if (fault.empty()) {
      strip.model().prepare_tangent(&u(row, 0), &du(row, 0), w.dq, w.dx);
      fault = strip.march_with_tangent(w, &y(row, 0), &dy(row, 0));
    }
    if (!fault.empty()) std::fill_n(&dy(row, 0), plan_.shape.outputs, undefined);
    return fault;
  });
}

RowStatus Engine::begin_states(ConstBatch u, Batch x) const {
  const Strip& strip = this->strip();
  return for_each_row("evolution initial states", strip, x, [&](int row, Workspace& w) {
    std::string fault = strip.coefficients(u, row, w);
    if (fault.empty()) strip.halo().gather_state(w.x, &x(row, 0));
    return fault;
  });
}

RowStatus Engine::advance_states(model::Interval interval, ConstBatch u, Batch x) const {
  const model::Piece piece = model::piece_between(interval.from, interval.to, plan_.dt);
  const Strip& strip = this->strip();
  return for_each_row("evolution advance", strip, x, [&](int row, Workspace& w) {
    std::string fault = strip.coefficients(u, row, w);
    if (!fault.empty()) return fault;
    strip.halo().scatter_state(&x(row, 0), w.x);
    if (fault = strip.fault_of_step(w, piece.h); !fault.empty()) return fault;
    strip.advance(interval, piece, w);
    strip.halo().gather_state(w.x, &x(row, 0));
    return fault;
  });
}

std::vector<model::LinearObservable> Engine::linear_observables(const nodal::Nodes& nodes) const {
  const Observation observation(layout_.grid, plan_.points, plan_.patches);
  const auto points = static_cast<int>(plan_.points.size());
  std::vector<model::LinearObservable> result;
  for (const int field : layout_.observed)
    for (int k = 0; k < observation.values(); ++k) {
      const bool is_point = k < points;
      const std::vector<double> place = is_point ? plan_.points[k] : nodal::centre(plan_.patches[k - points]);
      const int begin = field * nodes.size();
      model::LinearObservable one{is_point ? fmt::format("{}({:.4g})", nodes.fields[field], fmt::join(place, ", "))
                                           : fmt::format("{}(patch {})", nodes.fields[field], k - points + 1),
                                  {},
                                  begin + nodes.nearest(place)};
      observation.for_each_weight(k, [&](int node, double weight) { one.weights.emplace_back(begin + node, weight); });
      result.push_back(std::move(one));
    }
  return result;
}

std::vector<model::GridField> Engine::states_again(const double* u, int attempt) const {
  const Strip& strip = this->strip(attempt);
  const Grid& grid = layout_.grid;
  Workspace w = strip.workspace(0);
  std::vector<double> y(static_cast<std::size_t>(plan_.shape.outputs));
  std::vector<model::GridField> fields;
  std::vector<double> spacing;
  for (int a = 0; a < grid.dimension(); ++a) spacing.push_back(grid.spacing(a));
  const std::vector<double> origin(spacing.size(), grid.is_periodic ? -0.5 * spacing[0] : 0.0);
  const auto add = [&](const std::string& name, const double* mine) {
    std::vector<double> values(static_cast<std::size_t>(grid.size()));
    strip.halo().gather_field(mine, values.data());
    fields.push_back({name, grid.points, origin, spacing, false, std::move(values)});
  };
  const auto add_state = [&](const std::string& when) {
    for (std::size_t k = 0; k < layout_.field_names.size(); ++k)
      add(layout_.field_names[k] + when, w.x + k * static_cast<std::size_t>(strip.model().layout().grid.size()));
  };
  std::string fault = strip.start(ConstBatch(u, 1, plan_.shape.inputs), 0, w);
  if (fault.empty()) {
    for (const auto& [name, values] : strip.model().coefficient_fields(w.q)) add(name, values.data());
    add_state("_start");
    fault = strip.march(w, y.data());
  }
  if (!fault.empty()) throw core::NumericsError(fault);
  add_state("_end");
  return fields;
}

}  // namespace aleator::pde::evolution
