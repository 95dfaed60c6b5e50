#pragma once
/// What      The deck's view of the cavity: its keys, and how they become a model.
/// Method    -
/// Parallel  local.
/// Cost      the Stokes flow: one factorisation.
/// Fails     KeyError: nothing unknown, nothing observed, points outside, the infinite force on a lid that jumps at its ends.
#include <memory>

#include "deck/schema.hpp"
#include "model/forward_model.hpp"

namespace aleator::pde::cavity {

enum class LidEnds { jump, smooth };

struct Params {
  int mesh = 32;
  double viscosity = 0.01;
  bool viscosity_is_unknown = true;
  std::vector<double> lid = {1.0};
  int lid_unknowns = 0;
  LidEnds lid_ends = LidEnds::smooth;
  int point_grid = 0;
  std::vector<std::vector<double>> points;
  bool lid_force = false;
  double tolerance = 1e-10;
  int max_iterations = 30;
};

deck::Schema<Params> schema();
std::unique_ptr<model::ForwardModel> make(const Params& params);

}  // namespace aleator::pde::cavity
