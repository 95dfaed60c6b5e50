#pragma once
/// What      The keys that the models on the periodic square share, and the part of their Setup that follows from them.
/// Method    -
/// Parallel  local.
/// Cost      -
/// Fails     KeyError for an odd mesh, cells that do not divide it, times that do not increase, no sensor or one outside,
///           nodes and initial states as nodal::NodeParams.
#include <type_traits>
#include <utility>

#include "deck/schema.hpp"
#include "pde/spectral/engine.hpp"

namespace aleator::pde::spectral {

struct CommonParams : model::TimesParams, nodal::NodeParams {
  int mesh = 32;
  int cells = 0;
  double length = 1.0;
  double dt = 0.01;
  int sensor_grid = 0;
  std::vector<std::vector<double>> sensor_points;
  int memory = 256;

  int unknown_cells() const { return cells == 0 ? mesh : cells; }
};

std::string fault_of_mesh(const CommonParams& p);
std::string fault_of_sensors(const CommonParams& p);

/// cells, dt, times, sensors and initial state; `field`: the name of the latter.
Setup common_setup(const CommonParams& p, const std::string& field);

/// Why steps of dt are too long for a flow of this |u| + |v|, or empty.
std::string fault_of_step(const CommonParams& p, double speed);

template <class Params>
void add_common_keys(deck::Schema<Params>& s, const std::string& unknown) {
  s.key("mesh", &CommonParams::mesh, "1",
        "n: n x n points ((i + 1/2) L / n, (j + 1/2) L / n), even; waves up to n / 3 are kept", deck::between(4, 4096));
  s.key("cells", &CommonParams::cells, "1",
        "c: " + unknown + " has c x c values, constant on c x c cells, x fastest; 0: as mesh", deck::between(0, 4096));
  s.key("length", &CommonParams::length, "", "L: the square is [0, L] x [0, L], periodic", deck::positive());
  s.key("dt", &CommonParams::dt, "", "longest step; between two observations all steps are equal and end on the second",
        deck::positive());
  model::add_times_keys(s, "", "increasing; the start is 0");
  s.key("sensor_grid", &CommonParams::sensor_grid, "1",
        "m: observed at the m x m points ((k - 1/2) L / m, (l - 1/2) L / m), k outer; 0: none", deck::between(0, 1000))
      .example("4");
  s.key("sensor_points", &CommonParams::sensor_points, "", "further points [x, y] that are observed", {});
  nodal::add_observed_nodes_keys(s);
  nodal::add_initial_state_key(s, "0");
  s.key("memory", &CommonParams::memory, "MB",
        "what the gradient may keep of a trajectory, each thread, and as much for each retry of rows that failed; "
        "steps that do not fit are computed twice",
        deck::between(1, 1000000));
  s.check("mesh", [](const Params& p) { return fault_of_mesh(p); }).check("sensor_points", [](const Params& p) {
    return fault_of_sensors(p);
  });
}

}  // namespace aleator::pde::spectral
