#include "pde/spectral/strip.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/error.hpp"
#include "parallel/strips.hpp"

namespace aleator::pde::spectral {
namespace {

// Of cos over `phase` radians, 0 in the middle.
double mean_of_wave(double phase) { return phase == 0.0 ? 1.0 : std::sin(0.5 * phase) / (0.5 * phase); }

}  // namespace

Strip::Slot::Slot(const Strip& strip) : stepper(strip.modes_, *strip.advection_, strip.rate_) {
  for (Spectrum* one : {&field, &field_tangent, &state, &lambda, &gradient}) one->resize(strip.modes_.size());
}

Strip::Strip(const Setup& setup, const parallel::Comm& comm, int parts)
    : setup_(setup),
      modes_(setup.points, setup.length, comm),
      advection_(setup.advection(modes_)),
      dt_(setup.dt / parts),
      rate_(modes_.symbol(setup.rate)),
      source_(modes_.size()),
      initial_(modes_.size()) {
  ALEATOR_ASSERT(setup_.cells > 0 && modes_.points() % setup_.cells == 0);
  if (setup_.source) source_ = modes_.symbol(setup_.source);
  if (!setup_.has_mean && modes_.have_mean()) source_[0] = 0.0;
  make_pieces();
  lay_out_sensors();
  if (!setup_.initial.empty()) from_nodes(setup_.initial.data(), Slot(*this), initial_.data());
}

// Cut where the adjoint could not keep all states. All ranks must cut alike, for they repeat the pieces together.
void Strip::make_pieces() {
  const std::vector<Piece> intervals = model::pieces_between(setup_.times, 0.0, dt_, most_steps);
  steps_ = model::total_steps(intervals);
  keeps_all_states_ =
      advection_->is_linear() || (steps_ + 1) * modes_.largest_size() * sizeof(Complex) <= setup_.most_kept;
  pieces_ = model::cut(intervals, keeps_all_states_ ? steps_ : static_cast<int>(std::ceil(std::sqrt(steps_))));
  for (const Piece& piece : pieces_) longest_piece_ = std::max(longest_piece_, piece.steps);
}

void Strip::lay_out_sensors() {
  for (const Sensor& sensor : setup_.sensors) {
    Spectrum phases = modes_.phases(sensor.centre[0], sensor.centre[1]);
    const Spectrum mean = modes_.symbol([&sensor](double kx, double ky) {
      return Complex(mean_of_wave(kx * sensor.extent[0]) * mean_of_wave(ky * sensor.extent[1]), 0.0);
    });
    for (std::size_t m = 0; m < phases.size(); ++m) phases[m] = times(phases[m], mean[m]);
    for (const Observable& one : setup_.observables) {
      sensors_.push_back(modes_.symbol(one.symbol));
      for (std::size_t m = 0; m < phases.size(); ++m)
        sensors_.back()[m] = modes_.weight()[m] * times(sensors_.back()[m], phases[m]);
    }
  }
}

// Each value fills its cell.
void Strip::to_field(const double* u, const Slot& slot, Complex* field) const {
  const Modes::Buffer& buffer = slot.stepper.buffer();
  const int n = modes_.points(), c = setup_.cells, r = n / c, first = modes_.first_row();
  double* value = buffer.grid(0);
  for (int j = first; j < first + modes_.rows(); ++j)
    for (int i = 0; i < n; ++i) *value++ = u[i / r + c * (j / r)];
  modes_.to_spectrum(buffer.grid(0), buffer, field);
  if (!setup_.has_mean && modes_.have_mean()) field[0] = 0.0;
}

// The adjoint of to_field.
void Strip::from_field(Complex* gradient, const Slot& slot, double* du) const {
  const Modes::Buffer& buffer = slot.stepper.buffer();
  const int n = modes_.points(), c = setup_.cells, r = n / c, first = modes_.first_row();
  const auto inputs = static_cast<std::size_t>(c) * c;
  if (!setup_.has_mean && modes_.have_mean()) gradient[0] = 0.0;
  modes_.to_values(gradient, buffer, buffer.grid(0));
  const double* value = buffer.grid(0);
  std::fill_n(du, inputs, 0.0);
  for (int j = first; j < first + modes_.rows(); ++j)
    for (int i = 0; i < n; ++i) du[i / r + c * (j / r)] += *value++;
  for (std::size_t k = 0; k < inputs; ++k) du[k] /= static_cast<double>(modes_.whole_values());
  comm().sum(du, inputs);
}

void Strip::start(const double* u, Slot& slot) const {
  start(slot);
  to_field(u, slot, setup_.unknown == Unknown::initial ? slot.state.data() : slot.field.data());
}

void Strip::start(Slot& slot) const { slot.state = initial_, slot.field = source_; }

void Strip::from_nodes(const double* x, const Slot& slot, Complex* field) const {
  const Modes::Buffer& buffer = slot.stepper.buffer();
  std::copy_n(x + static_cast<std::size_t>(modes_.first_row()) * modes_.points(), modes_.values(), buffer.grid(0));
  modes_.to_spectrum(buffer.grid(0), buffer, field);
  if (!setup_.has_mean && modes_.have_mean()) field[0] = 0.0;
}

void Strip::gather(const Complex* field, const Slot& slot, double* x) const {
  const Modes::Buffer& buffer = slot.stepper.buffer();
  modes_.to_values(field, buffer, buffer.grid(0));
  const auto n = static_cast<std::size_t>(modes_.points());
  std::copy_n(buffer.grid(0), modes_.values(), x + modes_.first_row() * n);
  if (is_shared()) parallel::Strips(comm(), modes_.row_cuts()).gather(x, n * sizeof(double));
}

// y = sum_k Re(s_k w_k) with w_k = sum_p x_p exp(-i k . (x_p - x_0)) / n^2, so the weight of node p is the value there of the
// field of conj(s_k) / weight_k, over n^2.
std::vector<double> Strip::weights(std::size_t k, const Slot& slot) const {
  Spectrum spectrum(modes_.size());
  for (std::size_t m = 0; m < spectrum.size(); ++m) spectrum[m] = std::conj(sensors_[k][m]) / modes_.weight()[m];
  std::vector<double> result(modes_.whole_values());
  gather(spectrum.data(), slot, result.data());
  for (double& weight : result) weight /= static_cast<double>(result.size());
  return result;
}

std::string Strip::fault_of_step(const Slot& slot, const Piece& piece) const {
  const double unit = 2.0 * std::acos(-1.0) / modes_.length(), here = slot.stepper.speed();
  const double speed = is_shared() ? comm().max(here) : here;
  const double rate = speed * unit * modes_.largest();
  if (rate * piece.h <= Stepper::stability) return "";
  if (!std::isfinite(speed)) return fmt::format("the solution is not finite: try a dt ten times below {}", dt_);
  return fmt::format(
      "a flow of |u| + |v| = {:.4g} is too fast for dt = {}: set dt below {:.2g}, or take a coarser mesh", speed, dt_,
      0.8 * Stepper::stability / rate);
}

std::string Strip::march(const Piece& piece, Slot& slot, Complex* from, std::size_t stride) const {
  slot.stepper.set_step(piece.h);
  for (int s = 0; s < piece.steps; ++s, from += stride) {
    slot.stepper.step(from, slot.field.data(), from + stride);
    if (std::string fault = fault_of_step(slot, piece); !fault.empty()) return fault;
  }
  return "";
}

void Strip::observe(int output, const Complex* w, double* y) const {
  if (output < 0) return;
  y += static_cast<std::size_t>(output) * sensors_.size();
  for (std::size_t o = 0; o < sensors_.size(); ++o) {
    const Complex* const row = sensors_[o].data();
    double sum = 0.0;
    for (std::size_t m = 0; m < modes_.size(); ++m) sum += row[m].real() * w[m].real() - row[m].imag() * w[m].imag();
    y[o] = sum;
  }
}

std::string Strip::finish_outputs(double* y) const {
  const std::size_t outputs = setup_.times.size() * sensors_.size();
  comm().sum(y, outputs);
  const bool is_finite = std::all_of(y, y + outputs, [](double value) { return std::isfinite(value); });
  return is_finite ? "" : fmt::format("the outputs are not finite: try a dt ten times below {}", dt_);
}

std::string Strip::march(Slot& slot, double* y) const {
  const std::string fault = march_seen(slot, [&](int output) { observe(output, slot.state.data(), y); });
  return fault.empty() ? finish_outputs(y) : fault;
}

std::string Strip::march_with_tangent(const double* du, Slot& slot, double* y, double* dy) const {
  const bool is_initial = setup_.unknown == Unknown::initial;
  Spectrum& dw = slot.lambda;
  for (Spectrum* const one : {&slot.field_tangent, &dw}) std::fill(one->begin(), one->end(), Complex());
  to_field(du, slot, is_initial ? dw.data() : slot.field_tangent.data());
  for (const Piece& piece : pieces_) {
    slot.stepper.set_step(piece.h);
    for (int s = 0; s < piece.steps; ++s) {
      slot.stepper.step_tangent(slot.state.data(), dw.data(), slot.field.data(), slot.field_tangent.data());
      if (std::string fault = fault_of_step(slot, piece); !fault.empty()) return fault;
    }
    observe(piece.output, slot.state.data(), y);
    observe(piece.output, dw.data(), dy);
  }
  const std::string fault = finish_outputs(y);
  return fault.empty() ? finish_outputs(dy) : fault;
}

// Keeps the states that back() begins with. A linear N needs none.
std::string Strip::march_and_record(Slot& slot, double* y) const {
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
  return finish_outputs(y);
}

// lambda and gradient: dJ/dw at the start, dJ/df.
void Strip::back(Slot& slot, const double* dy, double* du) const {
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
  from_field(setup_.unknown == Unknown::initial ? slot.lambda.data() : slot.gradient.data(), slot, du);
}

std::string Strip::advance(model::Interval interval, Slot& slot) const {
  return march(model::piece_between(interval.from, interval.to, dt_), slot, slot.state.data(), 0);
}

}  // namespace aleator::pde::spectral
