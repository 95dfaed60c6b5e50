#pragma once
/// What      The deck's view of the diffusion model: its keys, and how they become a model.
/// Method    -
/// Parallel  local.
/// Cost      the model's set-up: milliseconds at 32 x 32.
/// Fails     KeyError for a mesh that the coefficient cells do not divide, no sensor, a sensor outside the square.
#include <memory>

#include "deck/schema.hpp"
#include "model/forward_model.hpp"

namespace aleator::pde::diffusion {

/// How the equations are solved: a direct method for batches of small problems, an iterative one for large meshes.
enum class Solver { automatic, dissection, multigrid };

enum class PatchValue { integral, mean };

struct Params {
  int mesh = 32;
  int coefficients = 8;
  double source = 10.0;
  Solver solver = Solver::automatic;
  double tolerance = 1e-9;
  int max_iterations = 100;
  std::vector<double> source_box = {0.0, 1.0, 0.0, 1.0};
  std::vector<std::vector<double>> inclusions;
  double background = 1.0;
  std::vector<std::vector<double>> patches;
  PatchValue patch_value = PatchValue::integral;
  int sensor_grid = 0;
  std::vector<std::vector<double>> sensor_points;
};

deck::Schema<Params> schema();
std::unique_ptr<model::ForwardModel> make(const Params& params);

}  // namespace aleator::pde::diffusion
