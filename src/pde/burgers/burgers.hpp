#pragma once
/// What      Burgers' equation on a circle, u_t + u u_x = nu u_xx, x in [0, length), or on a torus of two such axes:
///           u_t + u u_x + v u_y = nu lap u, v_t + u v_x + v v_y = nu lap v.
/// Method    circle.cpp: conservative central differences with the flux (u_i^2 + u_i u_(i+1) + u_(i+1)^2) / 6, which conserves
///           sum u^2 without viscosity (Tadmor 1984). plane.cpp: central differences, five-point Laplacian. Second order; the
///           grid must resolve shocks: h |u| <= 2 nu there. The initial condition is given at equally spaced points,
///           (bi)linear between them.
/// Parallel  as evolution::Engine.
/// Cost      9 flops a point and f, on a torus 30.
/// Fails     nu that is not positive; as evolution::Engine.
#include <memory>

#include "model/forward_model.hpp"
#include "parallel/process_grid.hpp"
#include "pde/evolution/params.hpp"

namespace aleator::pde::burgers {

struct Params : evolution::CommonParams {
  int dimension = 1;
  int mesh = 128;
  double length = 1.0;
  int unknowns = 16;
  double viscosity = 0.01;
  bool viscosity_is_unknown = false;
};

deck::Schema<Params> schema();
/// `ranks` null: one process.
std::unique_ptr<model::ForwardModel> make(const Params& params, std::shared_ptr<parallel::ProcessGrid> ranks = nullptr);

}  // namespace aleator::pde::burgers
