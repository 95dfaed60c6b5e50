#include "pde/diffusion/box_setup.hpp"

#include <fmt/format.h>

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
  shape.input_grid = setup.cells;
  for (int k = 0; k < shape.inputs; ++k) shape.input_names.push_back(fmt::format("theta_{}", k));
  for (const auto& p : setup.points) shape.output_names.push_back(fmt::format("u({})", listed(p)));
  for (const auto& b : setup.patches)
    shape.output_names.push_back(fmt::format("{} over {}", setup.is_average ? "mean" : "integral", box_text(b)));
  for (const int side : setup.outflow_sides)
    shape.output_names.push_back(fmt::format("outflow {}", side_names[static_cast<std::size_t>(side)]));
  return shape;
}

}  // namespace aleator::pde::diffusion
