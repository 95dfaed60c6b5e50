#pragma once
/// What      Which diffusion problem: mesh, coefficient cells, source, and where u is observed; the same for every solver.
/// Method    -
/// Parallel  -
/// Cost      -
/// Fails     -
#include <array>
#include <vector>

#include "model/forward_model.hpp"

namespace aleator::pde::diffusion {

/// x0 <= x <= x1, y0 <= y <= y1.
struct Box {
  double x0 = 0, x1 = 1, y0 = 0, y1 = 1;
  double area() const { return (x1 - x0) * (y1 - y0); }
};

struct Disc {
  double x, y, radius;
};

struct Setup {
  int mesh = 32;         ///< n: elements along an edge of the unit square
  int coefficients = 8;  ///< c: coefficient cells along an edge; divides n
  double source = 10;    ///< f
  std::vector<std::array<double, 2>> sensors;

  // What only FieldDiffusion can do.
  std::vector<Disc> inclusions;  ///< not empty: a = background + theta_k in disc k, instead of cells
  double background = 1;
  Box source_box;            ///< f lies in here, 0 outside
  std::vector<Box> patches;  ///< further outputs: integrals of u over boxes
  bool is_average = false;   ///< divided by the box's area

  bool needs_field_solver() const { return !inclusions.empty() || !patches.empty() || source_box.area() < 1.0; }
};

/// Inputs theta_k and outputs u(x, y).
model::Shape shape_of(const Setup& setup);

/// The n x n points (k / (n + 1), l / (n + 1)), k, l = 1 .. n, k (along x) in the outer loop.
std::vector<std::array<double, 2>> sensor_grid(int n);

}  // namespace aleator::pde::diffusion
