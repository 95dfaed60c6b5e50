#include "pde/transport/quantities.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace aleator::pde::transport {
namespace {

const std::vector<std::string>& all_quantities() {
  static const std::vector<std::string> names{"initial", "source", "diffusivity", "wind", "stream", "point_source"};
  return names;
}

int& first_of(const std::string& quantity, Unknowns& u) {
  int* const places[] = {&u.initial, &u.source, &u.diffusivity, &u.wind, &u.stream, &u.point_source};
  const auto& names = all_quantities();
  return *places[std::find(names.begin(), names.end(), quantity) - names.begin()];
}

}  // namespace

Unknowns name_unknowns(const Params& p, std::vector<std::string>& names) {
  Unknowns unknowns;
  for (const std::string& quantity : p.quantities) {
    first_of(quantity, unknowns) = static_cast<int>(names.size());
    const auto add = [&](const std::string& stem, int count) {
      for (int k = 0; k < count; ++k) names.push_back(fmt::format("{}_{}", stem, k));
    };
    if (quantity == "initial" || quantity == "source") add(quantity, p.cells * p.cells);
    if (quantity == "diffusivity") names.push_back(quantity);
    if (quantity == "wind") names.insert(names.end(), {"wind_x", "wind_y"});
    if (quantity == "stream") add("psi", (p.stream_grid[0] + 1) * (p.stream_grid[1] + 1));
    if (quantity == "point_source") names.insert(names.end(), {"source_x", "source_y", "source_strength"});
  }
  return unknowns;
}

bool contains(const Params& p, const std::string& quantity) {
  return std::find(p.quantities.begin(), p.quantities.end(), quantity) != p.quantities.end();
}

std::string fault_of_quantities(const Params& p) {
  for (std::size_t k = 0; k < p.quantities.size(); ++k) {
    const std::string& quantity = p.quantities[k];
    const auto& all = all_quantities();
    if (std::find(all.begin(), all.end(), quantity) == all.end())
      return fmt::format("quantities: '{}' is none; there are {}", quantity, fmt::join(all, ", "));
    if (std::find(p.quantities.begin(), p.quantities.begin() + static_cast<std::ptrdiff_t>(k), quantity) !=
        p.quantities.begin() + static_cast<std::ptrdiff_t>(k))
      return fmt::format("quantities: '{}' is named twice", quantity);
  }
  if (p.quantities.empty()) return "nothing is unknown: name a quantity";
  if (contains(p, "stream") && p.stream_grid.empty()) return "the quantity stream needs stream_grid, the cells of psi";
  return contains(p, "point_source") && p.source_width == 0.0
             ? "the quantity point_source needs source_width, the width of its Gaussian"
             : "";
}

std::string fault_of_stream_grid(const Params& p) {
  if (p.stream_grid.empty()) return "";
  if (!contains(p, "stream")) return "stream_grid goes with the quantity stream";
  return p.stream_grid.size() == 2 ? "" : fmt::format("stream_grid must be two numbers, not {}", p.stream_grid.size());
}

std::string fault_of_source_width(const Params& p) {
  if (p.source_width == 0.0 || p.mesh.size() != 2) return "";
  if (!contains(p, "point_source")) return "source_width goes with the quantity point_source";
  const double size = std::max(p.lengths.front() / p.mesh[0], p.lengths.back() / p.mesh[1]);
  return p.source_width < size
             ? fmt::format("source_width = {:g} is less than the size of a grid cell, {:g}: the grid must resolve it",
                           p.source_width, size)
             : "";
}

}  // namespace aleator::pde::transport
