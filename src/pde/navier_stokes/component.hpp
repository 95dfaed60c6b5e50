#pragma once
/// What      Flow in two dimensions on the periodic square, w_t + u . grad w = nu lap w + f for the vorticity w = v_x - u_y: the
///           deck's keys, and the model made of them. The initial vorticity or the constant forcing f is unknown.
/// Method    spectral::Engine with N(w) = (d_yy - d_xx)(u v) - d_xy (v^2 - u^2), four transforms (Basdevant 1983); u and v
///           follow from the stream function, - lap psi = w. The mean of w is zero: that of the unknown has no effect.
/// Parallel  as Engine.
/// Cost      16 transforms a step, 30 more for the adjoint.
/// Fails     rows whose flow is too fast for dt; KeyError for forcing waves that the mesh does not keep.
#include <memory>

#include "pde/spectral/keys.hpp"

namespace aleator::pde::navier_stokes {

enum class Observed { vorticity, velocity };

struct Params : spectral::CommonParams {
  spectral::Unknown unknown = spectral::Unknown::initial;
  double viscosity = 0.001;
  double forcing = 0.0;
  int forcing_waves = 4;
  Observed observe = Observed::vorticity;
};

deck::Schema<Params> schema();
/// `ranks` null: one process.
std::unique_ptr<model::ForwardModel> make(const Params& params, std::shared_ptr<parallel::ProcessGrid> ranks = nullptr);

}  // namespace aleator::pde::navier_stokes
