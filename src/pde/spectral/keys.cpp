#include "pde/spectral/keys.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace aleator::pde::spectral {

std::string fault_of_mesh(const CommonParams& p) {
  if (p.mesh % 2 != 0)
    return fmt::format("mesh = {} is odd: set an even number, best one of factors 2, 3 and 5", p.mesh);
  return p.mesh % p.unknown_cells() == 0
             ? ""
             : fmt::format("mesh = {} is not a multiple of cells = {}: each cell must have as many points", p.mesh,
                           p.cells);
}

std::string fault_of_sensors(const CommonParams& p) {
  for (std::size_t i = 0; i < p.sensor_points.size(); ++i) {
    const std::vector<double>& point = p.sensor_points[i];
    if (point.size() != 2) return fmt::format("sensor_points: point {} has {} coordinates, not 2", i + 1, point.size());
    if (!(point[0] >= 0 && point[0] <= p.length && point[1] >= 0 && point[1] <= p.length))
      return fmt::format("sensor_points: point {} = [{}, {}] lies outside the square [0, {}] x [0, {}]", i + 1,
                         point[0], point[1], p.length, p.length);
  }
  return p.sensor_points.empty() && p.sensor_grid == 0 && p.observe_every == 0 && p.observe_nodes.empty() &&
                 p.patches.empty()
             ? "no sensors: give sensor_grid, sensor_points, observe_every, observe_nodes or patches"
             : "";
}

Setup common_setup(const CommonParams& p, const std::string& field) {
  Setup setup;
  setup.points = p.mesh, setup.length = p.length;
  setup.cells = p.unknown_cells();
  setup.dt = p.dt, setup.times = model::observation_times(p, 0.0, model::FirstTime::at_start_or_later);
  setup.most_kept = static_cast<std::size_t>(p.memory) << 20U;
  const auto add = [&setup](double x, double y) {
    setup.sensors.push_back({{x, y}, {0.0, 0.0}, fmt::format("{:.6g}, {:.6g}", x, y)});
  };
  const int m = p.sensor_grid;
  for (int k = 0; k < m; ++k)
    for (int l = 0; l < m; ++l) add((k + 0.5) * p.length / m, (l + 0.5) * p.length / m);
  for (const std::vector<double>& point : p.sensor_points) add(point[0], point[1]);
  const nodal::Nodes nodes = nodes_of(p.mesh, p.length, field);
  for (const std::vector<double>& point : nodal::observed_points(p, nodes)) add(point[0], point[1]);
  int patch = 0;
  for (const std::vector<double>& box : nodal::observed_patches(p, {p.length, p.length})) {
    const std::vector<double> middle = nodal::centre(box);
    setup.sensors.push_back(
        {{middle[0], middle[1]}, {box[1] - box[0], box[3] - box[2]}, fmt::format("patch {}", ++patch)});
  }
  setup.field_name = field;
  setup.initial = nodal::initial_values(p, nodes);
  return setup;
}

namespace {

// Steps end at observations; times that are none are refused elsewhere.
double longest_step(const CommonParams& p) {
  try {
    double longest = 0.0, before = 0.0;
    for (const double time : model::observation_times(p, 0.0, model::FirstTime::after_start)) {
      longest = std::max(longest, model::piece_between(before, time, p.dt).h);
      before = time;
    }
    return longest;
  } catch (const deck::KeyError&) {
    return p.dt;
  }
}

}  // namespace

std::string fault_of_step(const CommonParams& p, double speed) {
  const double rate = speed * 2.0 * std::acos(-1.0) / p.length * Modes::largest_of(p.mesh);
  return rate * longest_step(p) <= Stepper::stability
             ? ""
             : fmt::format("dt = {} is too long for a flow of |u| + |v| = {:.4g} on this mesh: set it below {:.3g}",
                           p.dt, speed, Stepper::stability / rate);
}

}  // namespace aleator::pde::spectral
