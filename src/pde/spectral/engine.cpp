#include "pde/spectral/engine.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "core/error.hpp"
#include "model/rows.hpp"

namespace aleator::pde::spectral {

using model::Batch;
using model::ConstBatch;
using model::RowStatus;

namespace {

constexpr double undefined = std::numeric_limits<double>::quiet_NaN();

std::string fault_of_ranks(int points, int ranks) {
  const int most = Modes::most_ranks(points);
  return ranks <= most ? ""
                       : fmt::format("the waves of mesh = {} can be dealt to {} ranks, not to {}", points, most, ranks);
}

}  // namespace

nodal::Nodes nodes_of(int points, double length, const std::string& field) {
  const double h = length / points;
  return {{points, points}, {0.5 * h, 0.5 * h}, {h, h}, true, {field}};
}

// What can be said about the deck is said here, for the ranks that it asks for.
Engine::Engine(const std::string& name, Setup setup, std::shared_ptr<parallel::ProcessGrid> ranks)
    : setup_(std::move(setup)),
      ranks_(ranks),
      steps_(model::total_steps(model::pieces_between(setup_.times, 0.0, setup_.dt, Strip::most_steps))) {
  name_everything();
  if (ranks == nullptr) return;
  ranks->add_model({name, std::int64_t{setup_.points} * setup_.points});
  if (const std::string fault = fault_of_ranks(setup_.points, ranks->requested_domain()); !fault.empty())
    throw deck::KeyError("mesh", fault, "raise mesh, or lower domain in [run]");
}

void Engine::name_everything() {
  const int c = setup_.cells;
  shape_.inputs = c * c;
  shape_.input_fields = {{0, {c, c}, {setup_.length, setup_.length}}};
  for (int k = 0; k < shape_.inputs; ++k) shape_.input_names.push_back(fmt::format("{}_{}", setup_.unknown_name, k));
  for (const double t : setup_.times)
    for (const Sensor& sensor : setup_.sensors)
      for (const Observable& one : setup_.observables)
        shape_.output_names.push_back(fmt::format("{}({}; t = {:.6g})", one.name, sensor.name, t));
  shape_.outputs = static_cast<int>(shape_.output_names.size());
}

Engine::Part& Engine::part(int attempt) const {
  const parallel::Comm comm = ranks_ == nullptr ? parallel::Comm::self() : ranks_->domain();
  if (!parts_.empty() && parts_.begin()->second.strip.comm().size() != comm.size()) parts_.clear();
  const int parts = model::parts_of_a_step(attempt, steps_, Strip::most_steps);
  if (const auto known = parts_.find(parts); known != parts_.end()) return known->second;
  if (const std::string fault = fault_of_ranks(setup_.points, comm.size()); !fault.empty())
    throw core::UserError(fault + ": raise mesh of the model, or lower domain in [run]");
  Part part{Strip(setup_, comm, parts), model::slots_for_threads<Slot>()};
  if (part.strip.is_shared()) part.slots.resize(1);  // MPI is for the thread that started it
  return parts_.emplace(parts, std::move(part)).first->second;
}

template <class Work>
RowStatus Engine::for_each_row(Part& part, Batch y, const Work& work) const {
  RowStatus status = model::for_each_row(
      y.extent(0), part.slots, [&part] { return std::make_unique<Slot>(part.strip); }, work);
  for (const model::FailedRow& failed : status.failed) std::fill_n(&y(failed.row, 0), y.extent(1), undefined);
  return status;
}

std::string Engine::start(ConstBatch u, int row, const Strip& strip, Slot& slot) const {
  if (u.extent(1) == 0) return strip.start(slot), "";
  for (int k = 0; k < shape_.inputs; ++k)
    if (!std::isfinite(u(row, k))) return fmt::format("{} = {} is not finite", shape_.input_names[k], u(row, k));
  strip.start(&u(row, 0), slot);
  return "";
}

RowStatus Engine::evaluate_again(ConstBatch u, Batch y, int attempt) const {
  Part& part = this->part(attempt);
  return for_each_row(part, y, [&](int row, Slot& slot) {
    std::string fault = start(u, row, part.strip, slot);
    return fault.empty() ? part.strip.march(slot, &y(row, 0)) : fault;
  });
}

RowStatus Engine::evaluate_and_pullback_again(ConstBatch u, Batch y, const model::Cotangent& cotangent, Batch du,
                                              int attempt) const {
  Part& part = this->part(attempt);
  const Batch dy("dy", y.extent(0), y.extent(1));
  return for_each_row(part, y, [&](int row, Slot& slot) {
    std::fill_n(&du(row, 0), shape_.inputs, 0.0);
    std::string fault = start(u, row, part.strip, slot);
    if (fault.empty()) fault = part.strip.march_and_record(slot, &y(row, 0));
    if (!fault.empty()) return fault;
    const auto one = Kokkos::make_pair(row, row + 1);
    cotangent(row, Kokkos::subview(ConstBatch(y), one, Kokkos::ALL), Kokkos::subview(dy, one, Kokkos::ALL));
    part.strip.back(slot, &dy(row, 0), &du(row, 0));
    return fault;
  });
}

RowStatus Engine::evaluate_and_pushforward(ConstBatch u, ConstBatch du, Batch y, Batch dy) const {
  Part& part = this->part();
  const RowStatus status = for_each_row(part, y, [&](int row, Slot& slot) {
    std::string fault = start(u, row, part.strip, slot);
    return fault.empty() ? part.strip.march_with_tangent(&du(row, 0), slot, &y(row, 0), &dy(row, 0)) : fault;
  });
  for (const model::FailedRow& failed : status.failed) std::fill_n(&dy(failed.row, 0), dy.extent(1), undefined);
  return status;
}

RowStatus Engine::begin_states(ConstBatch u, Batch x) const {
  Part& part = this->part();
  return for_each_row(part, x, [&](int row, Slot& slot) {
    std::string fault = start(u, row, part.strip, slot);
    if (fault.empty()) part.strip.gather_state(slot, &x(row, 0));
    return fault;
  });
}

RowStatus Engine::advance_states(model::Interval interval, ConstBatch u, Batch x) const {
  Part& part = this->part();
  return for_each_row(part, x, [&](int row, Slot& slot) {
    std::string fault = start(u, row, part.strip, slot);
    if (!fault.empty()) return fault;
    part.strip.scatter_state(&x(row, 0), slot);
    fault = part.strip.advance(interval, slot);
    if (fault.empty()) part.strip.gather_state(slot, &x(row, 0));
    return fault;
  });
}

const model::StateSpace* Engine::state_space() const {
  if (state_space_ == nullptr) {
    const nodal::Nodes nodes = nodes_of(setup_.points, setup_.length, setup_.field_name);
    state_space_ = std::make_unique<nodal::States>(static_cast<const nodal::Dynamics&>(*this), nodes, setup_.times,
                                                   linear_observables(nodes));
  }
  return state_space_.get();
}

// The field itself at a node is that node's value: no sum over all of them, and of states with waves above the cut-off what
// they are there.
std::vector<model::LinearObservable> Engine::linear_observables(const nodal::Nodes& nodes) const {
  const Strip& strip = part().strip;
  const Slot slot(strip);
  constexpr double at_node = 1e-9;
  const double h = setup_.length / setup_.points;
  std::vector<model::LinearObservable> result;
  for (const Sensor& sensor : setup_.sensors) {
    const int nearest = nodes.nearest({sensor.centre[0], sensor.centre[1]});
    double distance = std::max(sensor.extent[0], sensor.extent[1]);
    for (int a = 0; a < 2; ++a)
      distance =
          std::max(distance, std::fabs(std::remainder(sensor.centre[a] - nodes.position(a, nearest), setup_.length)));
    for (const Observable& one : setup_.observables) {
      model::LinearObservable linear{fmt::format("{}({})", one.name, sensor.name), {}, nearest};
      if (one.is_field && distance < at_node * h) {
        linear.weights = {{nearest, 1.0}};
      } else {
        const std::vector<double> weights = strip.weights(result.size(), slot);
        for (std::size_t p = 0; p < weights.size(); ++p) linear.weights.emplace_back(static_cast<int>(p), weights[p]);
      }
      result.push_back(std::move(linear));
    }
  }
  return result;
}

// The unknown as it is given, and the field at up to eight of the times.
std::vector<model::GridField> Engine::states_again(const double* u, int attempt) const {
  constexpr std::size_t most = 8;
  const Strip& strip = part(attempt).strip;
  Slot slot(strip);
  const auto on_cells = [this](const std::string& name, int cells, std::vector<double> values) {
    const std::vector<double> origin(2, 0.0), spacing(2, setup_.length / cells);
    return model::GridField{name, {cells, cells}, origin, spacing, false, std::move(values)};
  };
  std::vector<model::GridField> fields = {
      on_cells(setup_.unknown_name, setup_.cells, std::vector<double>(u, u + shape_.inputs))};
  const std::size_t count = setup_.times.size(), shown = std::min(most, count);
  const auto add = [&](int output) {
    const auto k = static_cast<std::size_t>(output) + 1;  // the k-th time; the last is always shown
    if (k * shown / count == (k - 1) * shown / count) return;
    std::vector<double> values(strip.modes().whole_values());
    strip.gather_state(slot, values.data());
    fields.push_back(on_cells(fmt::format("{}(t = {:.6g})", setup_.state_name, setup_.times[k - 1]), setup_.points,
                              std::move(values)));
  };
  std::string fault = start(ConstBatch(u, 1, shape_.inputs), 0, strip, slot);
  if (fault.empty()) fault = strip.march_seen(slot, add);
  if (!fault.empty()) throw core::NumericsError(fault);
  return fields;
}

}  // namespace aleator::pde::spectral
