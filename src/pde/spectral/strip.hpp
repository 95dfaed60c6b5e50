#pragma once
/// What      The steps of a row of unknowns on this rank's part of the periodic square: to observed values, with tangent and
///           adjoint, and from one state in time to another.
/// Method    Stepper; values at points and means over boxes, both of the trigonometric polynomial. The adjoint keeps the state at
///           every step, or at the beginning of pieces where that would be much memory, and then repeats a piece before it goes
///           back through it.
/// Parallel  on one rank threads work side by side, each with a Slot. On several every function that takes one is collective;
///           all ranks get the same bits and the same failures.
/// Cost      per step that of Stepper, and on several ranks a maximum of the speed; a point costs n^2 / 2 flops an observation.
/// Fails     the functions that return a string say in it why the row failed; it is empty where it did not.
#include <memory>
#include <string>
#include <vector>

#include "kernels/batch.hpp"
#include "model/observation_times.hpp"
#include "model/state_space.hpp"
#include "pde/spectral/setup.hpp"

namespace aleator::pde::spectral {

class Strip {
 public:
  static constexpr double most_steps = 1e6;
  /// Steps of dt / parts; `setup` outlives this.
  Strip(const Setup& setup, const parallel::Comm& comm, int parts);

  /// Memory of one thread.
  struct Slot {
    Stepper stepper;
    Spectrum field, field_tangent, state, lambda, gradient;
    Spectrum kept, repeated;       // states of the adjoint, one behind the other
    std::vector<Complex*> begins;  // of the pieces, in kept
    explicit Slot(const Strip& strip);
  };
  const Modes& modes() const { return modes_; }
  const parallel::Comm& comm() const { return modes_.comm(); }
  bool is_shared() const { return comm().size() > 1; }

  /// The state at time 0 and the source for these unknowns, or with the deck's own values alone.
  void start(const double* u, Slot& slot) const;
  void start(Slot& slot) const;
  /// Through all times; y: the observed values.
  std::string march(Slot& slot, double* y) const;
  /// The same; sees(k) where the state is that of time k.
  template <class Sees>
  std::string march_seen(Slot& slot, const Sees& sees) const;
  /// The same, and J du.
  std::string march_with_tangent(const double* du, Slot& slot, double* y, double* dy) const;
  /// The same as march, and keeps what back() needs: du = J^T dy.
  std::string march_and_record(Slot& slot, double* y) const;
  void back(Slot& slot, const double* dy, double* du) const;
  std::string advance(model::Interval interval, Slot& slot) const;

  /// The state as values at all points of the square, and back.
  void gather_state(const Slot& slot, double* x) const { gather(slot.state.data(), slot, x); }
  void scatter_state(const double* x, Slot& slot) const { from_nodes(x, slot, slot.state.data()); }
  /// Weights of all points in sensor k, whose order is point by point that of the observables.
  std::vector<double> weights(std::size_t k, const Slot& slot) const;

 private:
  using Piece = model::Piece;
  void make_pieces();
  void lay_out_sensors();
  void to_field(const double* u, const Slot& slot, Complex* field) const;
  void from_field(Complex* gradient, const Slot& slot, double* du) const;
  void from_nodes(const double* x, const Slot& slot, Complex* field) const;
  void gather(const Complex* field, const Slot& slot, double* x) const;
  std::string fault_of_step(const Slot& slot, const Piece& piece) const;
  /// From one end of the piece to the other, keeping states every `stride` modes (0: only the last).
  std::string march(const Piece& piece, Slot& slot, Complex* from, std::size_t stride) const;
  /// This rank's part of what is seen of w at that time.
  void observe(int output, const Complex* w, double* y) const;
  /// The sum of the ranks' parts.
  std::string finish_outputs(double* y) const;

  const Setup& setup_;
  Modes modes_;
  std::unique_ptr<const Advection> advection_;
  double dt_;
  Spectrum rate_, source_, initial_;
  std::vector<Spectrum> sensors_;  ///< weight * symbol * phase of every point and observable
  std::vector<Piece> pieces_;
  int steps_ = 0, longest_piece_ = 0;
  bool keeps_all_states_ = true;
};

template <class Sees>
std::string Strip::march_seen(Slot& slot, const Sees& sees) const {
  for (const Piece& piece : pieces_) {
    if (std::string fault = march(piece, slot, slot.state.data(), 0); !fault.empty()) return fault;
    if (piece.output >= 0) sees(piece.output);
  }
  return "";
}

}  // namespace aleator::pde::spectral
