#pragma once
/// What      Transport of a concentration on the periodic square, c_t + v . grad c = kappa lap c + s, v = wind + swirls: the
///           deck's keys, and the model made of them. The initial concentration or the constant source s is unknown.
/// Method    spectral::Engine: diffusion and wind are exact, the swirls v = (psi_y, -psi_x) are stepped in divergence form.
/// Parallel  as Engine.
/// Cost      12 transforms a step, and as many for the adjoint; none without swirls.
/// Fails     KeyError for a dt too long for the swirls, or swirls too small for the mesh.
#include <memory>

#include "pde/spectral/keys.hpp"

namespace aleator::pde::advection_diffusion {

struct Params : spectral::CommonParams {
  spectral::Unknown unknown = spectral::Unknown::initial;
  double diffusivity = 0.001;
  std::vector<double> wind = {0.0, 0.0};
  double swirl = 0.0;
  int swirl_waves = 1;
};

deck::Schema<Params> schema();
/// `ranks` null: one process.
std::unique_ptr<model::ForwardModel> make(const Params& params, std::shared_ptr<parallel::ProcessGrid> ranks = nullptr);

}  // namespace aleator::pde::advection_diffusion
