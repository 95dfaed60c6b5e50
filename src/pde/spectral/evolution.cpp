#include "pde/spectral/evolution.hpp"

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

struct Evolution::Slot {
  Stepper stepper;
  Spectrum field, field_tangent, state, lambda, gradient, none;
  Spectrum kept, repeated;        // states of the adjoint, one behind the other
  std::vector<Complex*> begins;   // of the pieces, in kept
  std::vector<double> cotangent;  // dy of a row
  explicit Slot(const Evolution& e)
      : stepper(e.modes_, *e.advection_, e.setup_.rate), none(e.modes_.size()), cotangent(e.shape_.outputs) {
    for (Spectrum* one : {&field, &field_tangent, &state, &lambda, &gradient}) one->resize(e.modes_.size());
  }
};

Evolution::Evolution(const Modes& modes, Setup setup, std::unique_ptr<const Advection> advection)
    : modes_(modes), setup_(std::move(setup)), advection_(std::move(advection)) {
  ALEATOR_ASSERT(setup_.cells > 0 && modes_.points() % setup_.cells == 0 && setup_.rate.size() == modes_.size());
  if (setup_.source.empty()) setup_.source.resize(modes_.size());
  if (!setup_.has_mean) setup_.source[0] = 0.0;
  name_everything();
  make_pieces();
  lay_out_sensors();
  slots_ = model::slots_for_threads<Slot>();
  initial_.resize(modes_.size());
  if (!setup_.initial.empty()) from_nodes(setup_.initial.data(), Slot(*this), initial_.data());
}

Evolution::~Evolution() = default;

nodal::Nodes nodes_of(int points, double length, const std::string& field) {
  const double h = length / points;
  return {{points, points}, {0.5 * h, 0.5 * h}, {h, h}, true, {field}};
}

const model::StateSpace* Evolution::state_space() const {
  if (state_space_ == nullptr) {
    const nodal::Nodes nodes = nodes_of(modes_.points(), modes_.length(), setup_.field_name);
    state_space_ = std::make_unique<nodal::States>(static_cast<const nodal::Dynamics&>(*this), nodes, setup_.times,
                                                   linear_observables(nodes));
  }
  return state_space_.get();
}

void Evolution::name_everything() {
  const int c = setup_.cells;
  shape_.inputs = c * c;
  shape_.input_grid = {c, c};
  for (int k = 0; k < shape_.inputs; ++k) shape_.input_names.push_back(fmt::format("{}_{}", setup_.unknown_name, k));
  for (const double t : setup_.times)
    for (const auto& point : setup_.sensors)
      for (const Observable& one : setup_.observables)
        shape_.output_names.push_back(fmt::format("{}({:.6g}, {:.6g}; t = {:.6g})", one.name, point[0], point[1], t));
  shape_.outputs = static_cast<int>(shape_.output_names.size());
}

// Cut where the adjoint could not keep all states.
void Evolution::make_pieces() {
  constexpr double most_steps = 1e6;
  const std::vector<Piece> intervals = model::pieces_between(setup_.times, 0.0, setup_.dt, most_steps);
  steps_ = model::total_steps(intervals);
  keeps_all_states_ = advection_->is_linear() || (steps_ + 1) * modes_.size() * sizeof(Complex) <= setup_.most_kept;
  pieces_ = model::cut(intervals, keeps_all_states_ ? steps_ : static_cast<int>(std::ceil(std::sqrt(steps_))));
  for (const Piece& piece : pieces_) longest_piece_ = std::max(longest_piece_, piece.steps);
}

void Evolution::lay_out_sensors() {
  for (const auto& point : setup_.sensors) {
    const Spectrum phases = modes_.phases(point[0], point[1]);
    for (const Observable& one : setup_.observables) {
      sensors_.push_back(modes_.symbol(one.symbol));
      for (std::size_t m = 0; m < phases.size(); ++m)
        sensors_.back()[m] = modes_.weight()[m] * times(sensors_.back()[m], phases[m]);
    }
  }
}

template <class Work>
RowStatus Evolution::for_each_row(std::size_t rows, const Work& work) const {
  return model::for_each_row(
      rows, slots_, [this] { return std::make_unique<Slot>(*this); }, work);
}

std::string Evolution::fault_of(const double* u) const {
  for (int k = 0; k < shape_.inputs; ++k)
    if (!std::isfinite(u[k])) return fmt::format("{} = {} is not finite", shape_.input_names[k], u[k]);
  return "";
}

// Each value fills its cell.
void Evolution::to_field(const double* u, const Slot& slot, Complex* field) const {
  const Modes::Buffer& buffer = slot.stepper.buffer();
  const int n = modes_.points(), c = setup_.cells, r = n / c;
  double* const grid = buffer.grid(0);
  for (int j = 0; j < n; ++j)
    for (int i = 0; i < n; ++i) grid[static_cast<std::size_t>(j) * n + i] = u[i / r + c * (j / r)];
  modes_.to_spectrum(grid, buffer, field);
  if (!setup_.has_mean) field[0] = 0.0;
}

// The adjoint of to_field.
void Evolution::from_field(Complex* gradient, const Slot& slot, double* du) const {
  const Modes::Buffer& buffer = slot.stepper.buffer();
  const int n = modes_.points(), c = setup_.cells, r = n / c;
  if (!setup_.has_mean) gradient[0] = 0.0;
  double* const grid = buffer.grid(0);
  modes_.to_values(gradient, buffer, grid);
  std::fill_n(du, shape_.inputs, 0.0);
  for (int j = 0; j < n; ++j)
    for (int i = 0; i < n; ++i) du[i / r + c * (j / r)] += grid[static_cast<std::size_t>(j) * n + i];
  for (int k = 0; k < shape_.inputs; ++k) du[k] /= static_cast<double>(modes_.values());
}

void Evolution::start(const double* u, Slot& slot) const {
  const bool is_initial = setup_.unknown == Unknown::initial;
  to_field(u, slot, is_initial ? slot.state.data() : slot.field.data());
  if (is_initial)
    slot.field = setup_.source;
  else
    slot.state = initial_;
}

std::string Evolution::start(ConstBatch u, int row, Slot& slot) const {
  if (u.extent(1) == 0) {
    slot.state = initial_, slot.field = setup_.source;
    return "";
  }
  std::string fault = fault_of(&u(row, 0));
  if (fault.empty()) start(&u(row, 0), slot);
  return fault;
}

void Evolution::from_nodes(const double* x, const Slot& slot, Complex* field) const {
  const Modes::Buffer& buffer = slot.stepper.buffer();
  std::copy_n(x, modes_.values(), buffer.grid(0));
  modes_.to_spectrum(buffer.grid(0), buffer, field);
  if (!setup_.has_mean) field[0] = 0.0;
}

void Evolution::to_nodes(const Complex* field, const Slot& slot, double* x) const {
  const Modes::Buffer& buffer = slot.stepper.buffer();
  modes_.to_values(field, buffer, buffer.grid(0));
  std::copy_n(buffer.grid(0), modes_.values(), x);
}

RowStatus Evolution::begin_states(ConstBatch u, Batch x) const {
  return for_each_row(x.extent(0), [&](int row, Slot& slot) {
    std::string fault = start(u, row, slot);
    if (fault.empty()) to_nodes(slot.state.data(), slot, &x(row, 0));
    return fault;
  });
}

RowStatus Evolution::advance_states(model::Interval interval, ConstBatch u, Batch x) const {
  const Piece piece = model::piece_between(interval.from, interval.to, setup_.dt);
  return for_each_row(x.extent(0), [&](int row, Slot& slot) {
    std::string fault = start(u, row, slot);
    if (!fault.empty()) return fault;
    from_nodes(&x(row, 0), slot, slot.state.data());
    fault = march(piece, slot, slot.state.data(), 0);
    if (fault.empty()) to_nodes(slot.state.data(), slot, &x(row, 0));
    return fault;
  });
}

// y = sum_k Re(s_k w_k) with w_k = sum_p x_p exp(-i k . (x_p - x_0)) / n^2, so the weight of node p is the value there of the
// field of conj(s_k) / weight_k, over n^2. The field itself at a node is that node's value: no sum over all of them, and of
// states with waves above the cut-off what they are there.
std::vector<model::LinearObservable> Evolution::linear_observables(const nodal::Nodes& nodes) const {
  const Slot slot(*this);
  constexpr double at_node = 1e-9;
  const double h = modes_.length() / modes_.points(), count = static_cast<double>(modes_.values());
  std::vector<model::LinearObservable> result;
  std::vector<double> weights(modes_.values());
  Spectrum spectrum(modes_.size());
  for (const auto& point : setup_.sensors) {
    const int nearest = nodes.nearest({point[0], point[1]});
    double distance = 0.0;
    for (int a = 0; a < 2; ++a)
      distance = std::max(distance, std::fabs(std::remainder(point[a] - nodes.position(a, nearest), modes_.length())));
    for (const Observable& one : setup_.observables) {
      model::LinearObservable linear{fmt::format("{}({:.4g}, {:.4g})", one.name, point[0], point[1]), {}, nearest};
      if (one.is_field && distance < at_node * h) {
        linear.weights = {{nearest, 1.0}};
      } else {
        const Spectrum& sensor = sensors_[result.size()];
        for (std::size_t m = 0; m < spectrum.size(); ++m) spectrum[m] = std::conj(sensor[m]) / modes_.weight()[m];
        to_nodes(spectrum.data(), slot, weights.data());
        for (std::size_t p = 0; p < weights.size(); ++p)
          linear.weights.emplace_back(static_cast<int>(p), weights[p] / count);
      }
      result.push_back(std::move(linear));
    }
  }
  return result;
}

std::string Evolution::fault_of_step(const Slot& slot, const Piece& piece) const {
  const double unit = 2.0 * std::acos(-1.0) / modes_.length(), speed = slot.stepper.speed();
  const double rate = speed * unit * modes_.largest();
  if (rate * piece.h <= Stepper::stability) return "";
  if (!std::isfinite(speed)) return fmt::format("the solution is not finite: try a dt ten times below {}", setup_.dt);
  return fmt::format(
      "a flow of |u| + |v| = {:.4g} is too fast for dt = {}: set dt below {:.2g}, or take a coarser mesh", speed,
      setup_.dt, 0.8 * Stepper::stability / rate);
}

std::string Evolution::march(const Piece& piece, Slot& slot, Complex* from, std::size_t stride) const {
  slot.stepper.set_step(piece.h);
  for (int s = 0; s < piece.steps; ++s, from += stride) {
    slot.stepper.step(from, slot.field.data(), from + stride);
    if (std::string fault = fault_of_step(slot, piece); !fault.empty()) return fault;
  }
  return "";
}

void Evolution::observe(int output, const Complex* w, double* y) const {
  if (output < 0) return;
  y += static_cast<std::size_t>(output) * sensors_.size();
  for (std::size_t o = 0; o < sensors_.size(); ++o) {
    const Complex* const row = sensors_[o].data();
    double sum = 0.0;
    for (std::size_t m = 0; m < modes_.size(); ++m) sum += row[m].real() * w[m].real() - row[m].imag() * w[m].imag();
    y[o] = sum;
  }
}

std::string Evolution::fault_of_outputs(const double* y) const {
  const bool is_finite = std::all_of(y, y + shape_.outputs, [](double value) { return std::isfinite(value); });
  return is_finite ? "" : fmt::format("the outputs are not finite: try a dt ten times below {}", setup_.dt);
}

RowStatus Evolution::evaluate(ConstBatch u, Batch y) const {
  return for_each_row(u.extent(0), [&](int row, Slot& slot) {
    std::string fault = fault_of(&u(row, 0));
    if (fault.empty()) start(&u(row, 0), slot);
    for (std::size_t p = 0; p < pieces_.size() && fault.empty(); ++p) {
      fault = march(pieces_[p], slot, slot.state.data(), 0);
      observe(pieces_[p].output, slot.state.data(), &y(row, 0));
    }
    if (fault.empty()) fault = fault_of_outputs(&y(row, 0));
    if (!fault.empty()) std::fill_n(&y(row, 0), shape_.outputs, std::numeric_limits<double>::quiet_NaN());
    return fault;
  });
}

// Keeps the states that backwards() begins with. A linear N needs none.
std::string Evolution::forwards(Slot& slot, double* y) const {
  const std::size_t n = modes_.size(), stride = advection_->is_linear() ? 0 : n;
  const std::size_t kept = stride == 0 ? 1 : (keeps_all_states_ ? steps_ : pieces_.size()) + 1;
  if (slot.kept.empty()) slot.kept.resize(kept * n);
  if (slot.repeated.empty() && !keeps_all_states_) slot.repeated.resize((longest_piece_ + std::size_t{1}) * n);
  slot.begins.clear();
  Complex* at = slot.kept.data();
  std::copy(slot.state.begin(), slot.state.end(), at);
  for (const Piece& piece : pieces_) {
    slot.begins.push_back(at);
    std::string fault;
    if (keeps_all_states_) {
      fault = march(piece, slot, at, stride);
      at += piece.steps * stride;
    } else {
      std::copy_n(at, n, at + n);
      at += n;
      fault = march(piece, slot, at, 0);
    }
    if (!fault.empty()) return fault;
    observe(piece.output, at, y);
  }
  return fault_of_outputs(y);
}

// lambda and gradient: dJ/dw at the start, dJ/df.
void Evolution::backwards(Slot& slot, const double* dy) const {
  const std::size_t n = modes_.size(), stride = advection_->is_linear() ? 0 : n;
  std::fill(slot.lambda.begin(), slot.lambda.end(), Complex());
  std::fill(slot.gradient.begin(), slot.gradient.end(), Complex());
  for (std::size_t p = pieces_.size(); p-- > 0;) {
    const Piece& piece = pieces_[p];
    for (std::size_t o = 0; piece.output >= 0 && o < sensors_.size(); ++o) {
      const double g = dy[static_cast<std::size_t>(piece.output) * sensors_.size() + o];
      for (std::size_t m = 0; m < n; ++m) slot.lambda[m] += g / modes_.weight()[m] * std::conj(sensors_[o][m]);
    }
    const Complex* begin = slot.begins[p];
    if (!keeps_all_states_) {
      std::copy_n(begin, n, slot.repeated.data());
      march(piece, slot, slot.repeated.data(), n);
      begin = slot.repeated.data();
    }
    slot.stepper.set_step(piece.h);
    for (int s = piece.steps; s-- > 0;)
      slot.stepper.step_back(begin + s * stride, slot.field.data(), slot.lambda.data(), slot.gradient.data());
  }
}

RowStatus Evolution::evaluate_and_pullback(ConstBatch u, Batch y, const model::Cotangent& cotangent, Batch du) const {
  return for_each_row(u.extent(0), [&](int row, Slot& slot) {
    std::string fault = fault_of(&u(row, 0));
    if (fault.empty()) {
      start(&u(row, 0), slot);
      fault = forwards(slot, &y(row, 0));
    }
    if (!fault.empty()) {
      std::fill_n(&y(row, 0), shape_.outputs, std::numeric_limits<double>::quiet_NaN());
      std::fill_n(&du(row, 0), shape_.inputs, 0.0);
      return fault;
    }
    const Batch dy(slot.cotangent.data(), 1, shape_.outputs);
    cotangent(row, ConstBatch(&y(row, 0), 1, shape_.outputs), dy);
    backwards(slot, dy.data());
    from_field(setup_.unknown == Unknown::initial ? slot.lambda.data() : slot.gradient.data(), slot, &du(row, 0));
    return fault;
  });
}

RowStatus Evolution::evaluate_and_pushforward(ConstBatch u, ConstBatch du, Batch y, Batch dy) const {
  return for_each_row(u.extent(0), [&](int row, Slot& slot) {
    std::string fault = fault_of(&u(row, 0));
    if (fault.empty()) {
      start(&u(row, 0), slot);
      to_field(&du(row, 0), slot, slot.field_tangent.data());
      const bool is_initial = setup_.unknown == Unknown::initial;
      slot.lambda = is_initial ? slot.field_tangent : slot.none;  // dw
      if (is_initial) std::fill(slot.field_tangent.begin(), slot.field_tangent.end(), Complex());
    }
    for (std::size_t p = 0; p < pieces_.size() && fault.empty(); ++p) {
      slot.stepper.set_step(pieces_[p].h);
      for (int s = 0; s < pieces_[p].steps && fault.empty(); ++s) {
        slot.stepper.step_tangent(slot.state.data(), slot.lambda.data(), slot.field.data(), slot.field_tangent.data());
        fault = fault_of_step(slot, pieces_[p]);
      }
      observe(pieces_[p].output, slot.state.data(), &y(row, 0));
      observe(pieces_[p].output, slot.lambda.data(), &dy(row, 0));
    }
    if (fault.empty()) fault = fault_of_outputs(&y(row, 0));
    if (!fault.empty())
      for (double* const out : {&y(row, 0), &dy(row, 0)})
        std::fill_n(out, shape_.outputs, std::numeric_limits<double>::quiet_NaN());
    return fault;
  });
}

// The unknown as it is given, and the field at up to eight of the times.
std::vector<model::GridField> Evolution::states(const double* u) const {
  constexpr std::size_t most = 8;
  Slot slot(*this);
  std::string fault = fault_of(u);
  if (fault.empty()) start(u, slot);
  const auto on_cells = [this](const std::string& name, int cells, const double* values) {
    const std::vector<double> origin(2, 0.0), spacing(2, modes_.length() / cells);
    const auto count = static_cast<std::size_t>(cells) * cells;
    return model::GridField{name, {cells, cells}, origin, spacing, false, std::vector<double>(values, values + count)};
  };
  std::vector<model::GridField> fields = {on_cells(setup_.unknown_name, setup_.cells, u)};
  const std::size_t count = setup_.times.size(), shown = std::min(most, count);
  for (std::size_t p = 0; p < pieces_.size() && fault.empty(); ++p) {
    fault = march(pieces_[p], slot, slot.state.data(), 0);
    const auto k = static_cast<std::size_t>(pieces_[p].output + 1);  // the k-th time; the last is always shown
    if (k == 0 || k * shown / count == (k - 1) * shown / count) continue;
    double* const grid = slot.stepper.buffer().grid(0);
    modes_.to_values(slot.state.data(), slot.stepper.buffer(), grid);
    fields.push_back(
        on_cells(fmt::format("{}(t = {:.6g})", setup_.state_name, setup_.times[k - 1]), modes_.points(), grid));
  }
  if (!fault.empty()) throw core::NumericsError(fault);
  return fields;
}

}  // namespace aleator::pde::spectral
