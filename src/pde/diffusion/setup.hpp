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

struct Setup {
  int mesh = 32;         ///< n: elements along an edge of the unit square
  int coefficients = 8;  ///< c: coefficient cells along an edge; divides n
  double source = 10;    ///< f
  std::vector<std::array<double, 2>> sensors;
};

/// Inputs theta_k and outputs u(x, y).
model::Shape shape_of(const Setup& setup);

/// The n x n points (k / (n + 1), l / (n + 1)), k, l = 1 .. n, k (along x) in the outer loop.
std::vector<std::array<double, 2>> sensor_grid(int n);

}  // namespace aleator::pde::diffusion
