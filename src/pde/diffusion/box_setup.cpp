#include "pde/diffusion/box_setup.hpp"

#include <fmt/format.h>

#include <cmath>

namespace aleator::pde::diffusion {
namespace {

std::string listed(const std::vector<double>& numbers) {
  std::string text;
  for (const double x : numbers) text += fmt::format("{}{:.6g}", text.empty() ? "" : ", ", x);
  return text;
}

std::string box_text(const std::vector<double>& box) {
  std::string text;
  for (std::size_t d = 0; d + 1 < box.size(); d += 2)
    text += fmt::format("{}[{:.6g}, {:.6g}]", d == 0 ? "" : " x ", box[d], box[d + 1]);
  return text;
}

}  // namespace

model::Shape shape_of(const BoxSetup& setup) {
  model::Shape shape;
  shape.inputs = setup.coefficients(), shape.outputs = setup.outputs();
  shape.input_fields = {{0, setup.cells, setup.grid.lengths}};
  for (int k = 0; k < shape.inputs; ++k) shape.input_names.push_back(fmt::format("theta_{}", k));
  for (const auto& p : setup.points) shape.output_names.push_back(fmt::format("u({})", listed(p)));
  for (const auto& b : setup.patches)
    shape.output_names.push_back(fmt::format("{} over {}", setup.is_average ? "mean" : "integral", box_text(b)));
  for (const int side : setup.outflow_sides)
    shape.output_names.push_back(fmt::format("outflow {}", side_names[static_cast<std::size_t>(side)]));
  return shape;
}

double first_value(const BoxSetup& setup) {
  if (!std::isnan(setup.newton_start)) return setup.newton_start;
  double sum = 0.0;
  int sides = 0;
  for (int s = 0; s < 2 * setup.grid.dimension(); ++s) {
    const BoxSide& side = setup.sides[static_cast<std::size_t>(s)];
    if (side.kind == BoxSide::Kind::flux) continue;
    double middle[3] = {0, 0, 0};
    for (int d = 0; d < setup.grid.dimension(); ++d)
      middle[d] = d == s / 2 ? (s % 2) * setup.grid.lengths[d] : 0.5 * setup.grid.lengths[d];
    sum += side.at(middle), ++sides;
  }
  return sides > 0 ? sum / sides : 0.0;
}

}  // namespace aleator::pde::diffusion
