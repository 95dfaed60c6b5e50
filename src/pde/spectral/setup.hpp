#pragma once
/// What      What a model on the periodic square computes, in numbers and symbols that hang on no rank.
/// Method    w_t = rate(k) w + N(w) + f in Fourier modes, seen at points and times.
/// Parallel  local.
/// Cost      -
/// Fails     -
#include <array>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "pde/spectral/stepper.hpp"

namespace aleator::pde::spectral {

enum class Unknown { initial, source };

/// What is observed in each place: w's modes times a symbol.
struct Observable {
  std::string name;
  Symbol symbol;
  bool is_field = false;  ///< w itself
};

/// Where: at a point, or the mean over a box, whose extent along both axes is not 0 then.
struct Sensor {
  std::array<double, 2> centre, extent = {0.0, 0.0};
  std::string name;  ///< "x, y", or which patch
};

struct Setup {
  int points = 0;  ///< along an axis
  double length = 1.0;
  int cells = 0;  ///< the unknown has cells x cells values; divides the points
  Unknown unknown = Unknown::initial;
  std::string unknown_name, state_name;
  bool has_mean = true;  ///< else the mean of every field is taken away
  double dt = 0.0;
  std::size_t most_kept = 0;  ///< bytes of states that a thread's adjoint keeps before it takes to repeating steps
  std::vector<double> times;
  std::vector<Sensor> sensors;
  std::vector<Observable> observables;
  Symbol rate, source;  ///< source: where it is not the unknown; null: 0
  std::function<std::unique_ptr<const Advection>(const Modes&)> advection;
  std::string field_name = "w";
  std::vector<double> initial;  ///< at the nodes, where it is not the unknown; empty: 0
};

}  // namespace aleator::pde::spectral
