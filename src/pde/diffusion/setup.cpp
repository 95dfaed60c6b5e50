#include "pde/diffusion/setup.hpp"

#include <fmt/format.h>

namespace aleator::pde::diffusion {

model::Shape shape_of(const Setup& setup) {
  model::Shape shape;
  const bool has_cells = setup.inclusions.empty();
  shape.inputs = has_cells ? setup.coefficients * setup.coefficients : static_cast<int>(setup.inclusions.size());
  shape.outputs = static_cast<int>(setup.sensors.size() + setup.patches.size());
  if (has_cells) shape.input_fields = {{0, {setup.coefficients, setup.coefficients}, {1.0, 1.0}}};
  for (int k = 0; k < shape.inputs; ++k) shape.input_names.push_back(fmt::format("theta_{}", k));
  for (const auto& p : setup.sensors) shape.output_names.push_back(fmt::format("u({:.6g}, {:.6g})", p[0], p[1]));
  for (const Box& b : setup.patches)
    shape.output_names.push_back(fmt::format("{} over [{:.6g}, {:.6g}] x [{:.6g}, {:.6g}]",
                                             setup.is_average ? "mean" : "integral", b.x0, b.x1, b.y0, b.y1));
  return shape;
}

std::vector<std::array<double, 2>> sensor_grid(int n) {
  std::vector<std::array<double, 2>> points;
  for (int k = 1; k <= n; ++k)
    for (int l = 1; l <= n; ++l) points.push_back({static_cast<double>(k) / (n + 1), static_cast<double>(l) / (n + 1)});
  return points;
}

}  // namespace aleator::pde::diffusion
