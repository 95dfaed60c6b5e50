#include "pde/register.hpp"

#include "deck/builder.hpp"
#include "pde/advection_diffusion/component.hpp"
#include "pde/burgers/burgers.hpp"
#include "pde/cavity/component.hpp"
#include "pde/diffusion/component.hpp"
#include "pde/elasticity/elasticity.hpp"
#include "pde/helmholtz/helmholtz.hpp"
#include "pde/mesh_diffusion/mesh_diffusion.hpp"
#include "pde/navier_stokes/component.hpp"
#include "pde/reaction_diffusion/reaction_diffusion.hpp"
#include "pde/steady_transport/steady_transport.hpp"
#include "pde/transport/transport.hpp"
#include "pde/wave/wave.hpp"

namespace aleator::pde {

void register_components(deck::Registry& registry) {
  registry.add<model::ForwardModel, diffusion::Params>(
      "model", "pde/diffusion", diffusion::schema(), [](const diffusion::Params& params, deck::Builder& builder) {
        return diffusion::make(params, builder.service<parallel::ProcessGrid>());
      });
  registry.add<model::ForwardModel, burgers::Params>(
      "model", "pde/burgers", burgers::schema(), [](const burgers::Params& params, deck::Builder& builder) {
        return burgers::make(params, builder.service<parallel::ProcessGrid>());
      });
  registry.add<model::ForwardModel, cavity::Params>(
      "model", "pde/cavity", cavity::schema(),
      [](const cavity::Params& params, deck::Builder&) { return cavity::make(params); });
  registry.add<model::ForwardModel, reaction_diffusion::Params>(
      "model", "pde/reaction_diffusion", reaction_diffusion::schema(),
      [](const reaction_diffusion::Params& params, deck::Builder& builder) {
        return reaction_diffusion::make(params, builder.service<parallel::ProcessGrid>());
      });
  registry.add<model::ForwardModel, wave::Params>("model", "pde/wave", wave::schema(),
                                                  [](const wave::Params& params, deck::Builder& builder) {
                                                    return wave::make(params, builder.service<parallel::ProcessGrid>());
                                                  });
  registry.add<model::ForwardModel, advection_diffusion::Params>(
      "model", "pde/advection_diffusion", advection_diffusion::schema(),
      [](const advection_diffusion::Params& params, deck::Builder& builder) {
        return advection_diffusion::make(params, builder.service<parallel::ProcessGrid>());
      });
  registry.add<model::ForwardModel, transport::Params>(
      "model", "pde/transport", transport::schema(), [](const transport::Params& params, deck::Builder& builder) {
        return transport::make(params, builder.service<parallel::ProcessGrid>());
      });
  registry.add<model::ForwardModel, navier_stokes::Params>(
      "model", "pde/navier_stokes", navier_stokes::schema(),
      [](const navier_stokes::Params& params, deck::Builder& builder) {
        return navier_stokes::make(params, builder.service<parallel::ProcessGrid>());
      });
  registry.add<model::ForwardModel, mesh_diffusion::Params>(
      "model", "pde/mesh_diffusion", mesh_diffusion::schema(),
      [](const mesh_diffusion::Params& params, deck::Builder& builder) {
        return mesh_diffusion::make(params, builder.service<parallel::ProcessGrid>());
      });
  registry.add<model::ForwardModel, elasticity::Params>(
      "model", "pde/elasticity", elasticity::schema(), [](const elasticity::Params& params, deck::Builder& builder) {
        return elasticity::make(params, builder.service<parallel::ProcessGrid>());
      });
  registry.add<model::ForwardModel, helmholtz::Params>(
      "model", "pde/helmholtz", helmholtz::schema(), [](const helmholtz::Params& params, deck::Builder& builder) {
        return helmholtz::make(params, builder.service<parallel::ProcessGrid>());
      });
  registry.add<model::ForwardModel, steady_transport::Params>(
      "model", "pde/steady_transport", steady_transport::schema(),
      [](const steady_transport::Params& params, deck::Builder& builder) {
        return steady_transport::make(params, builder.service<parallel::ProcessGrid>());
      });
}

}  // namespace aleator::pde
