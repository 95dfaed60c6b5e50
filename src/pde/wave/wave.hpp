#pragma once
/// What      Sound in a square of unknown velocity: u_tt = c(x)^2 lap u + s(t) delta(x - x_s), from rest, one run for each
///           source; seismograms at the receivers.
/// Method    As u_t = v - d u, v_t = c^2 lap u - d v + source, with damping d(x) in a layer along the edges (sponge); five-point
///           Laplacian, edges without flux, second order. s is a Ricker wavelet. c is constant on c x c blocks. The grid needs
///           about 10 points for the shortest wave, c / (2.5 frequency), the sponge 1.5 waves (c / frequency): it sends back
///           an eighth of what an edge does then, and more when it is narrower.
/// Parallel  as evolution::Engine.
/// Cost      14 flops a cell, source and f.
/// Fails     velocities that are not positive; as evolution::Engine.
#include <memory>

#include "model/forward_model.hpp"
#include "parallel/process_grid.hpp"
#include "pde/evolution/params.hpp"

namespace aleator::pde::wave {

struct Params : evolution::CommonParams {
  int mesh = 64;
  double length = 1.0;
  int cells = 4;
  std::vector<std::vector<double>> sources = {{0.5, 0.5}};
  double frequency = 3.0;
  double amplitude = 1.0;
  double sponge = 0.0;
  double sponge_rate = 20.0;
};

deck::Schema<Params> schema();
/// `ranks` null: one process.
std::unique_ptr<model::ForwardModel> make(const Params& params, std::shared_ptr<parallel::ProcessGrid> ranks = nullptr);

}  // namespace aleator::pde::wave
