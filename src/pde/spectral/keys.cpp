#include "pde/spectral/keys.hpp"

#include <fmt/format.h>

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

std::string fault_of_times(const CommonParams& p) {
  constexpr double most_steps = 1e6;
  if (p.times.empty()) return "no times: nothing would be observed";
  for (std::size_t k = 1; k < p.times.size(); ++k)
    if (!(p.times[k] > p.times[k - 1]))
      return fmt::format("times do not increase: {} comes after {}", p.times[k], p.times[k - 1]);
  return p.times.back() / p.dt <= most_steps
             ? ""
             : fmt::format("dt = {} means more than a million steps until {}", p.dt, p.times.back());
}

std::string fault_of_sensors(const CommonParams& p) {
  for (std::size_t i = 0; i < p.sensor_points.size(); ++i) {
    const std::vector<double>& point = p.sensor_points[i];
    if (point.size() != 2) return fmt::format("sensor_points: point {} has {} coordinates, not 2", i + 1, point.size());
    if (!(point[0] >= 0 && point[0] <= p.length && point[1] >= 0 && point[1] <= p.length))
      return fmt::format("sensor_points: point {} = [{}, {}] lies outside the square [0, {}] x [0, {}]", i + 1,
                         point[0], point[1], p.length, p.length);
  }
  return p.sensor_points.empty() && p.sensor_grid == 0 ? "no sensors: give sensor_grid or sensor_points" : "";
}

Setup common_setup(const CommonParams& p) {
  Setup setup;
  setup.cells = p.unknown_cells();
  setup.dt = p.dt, setup.times = p.times;
  setup.most_kept = static_cast<std::size_t>(p.memory) << 20U;
  const int m = p.sensor_grid;
  for (int k = 0; k < m; ++k)
    for (int l = 0; l < m; ++l) setup.sensors.push_back({(k + 0.5) * p.length / m, (l + 0.5) * p.length / m});
  for (const std::vector<double>& point : p.sensor_points) setup.sensors.push_back({point[0], point[1]});
  return setup;
}

std::string fault_of_step(const CommonParams& p, double speed) {
  const double rate = speed * 2.0 * std::acos(-1.0) / p.length * ((p.mesh - 1) / 3);
  return rate * p.dt <= Stepper::stability
             ? ""
             : fmt::format("dt = {} is too long for a flow of |u| + |v| = {:.4g} on this mesh: set it below {:.3g}",
                           p.dt, speed, Stepper::stability / rate);
}

}  // namespace aleator::pde::spectral
