#include "pde/register.hpp"

#include "deck/builder.hpp"
#include "pde/diffusion/component.hpp"

namespace aleator::pde {

void register_components(deck::Registry& registry) {
  registry.add<model::ForwardModel, diffusion::Params>(
      "model", "pde/diffusion", diffusion::schema(),
      [](const diffusion::Params& params, deck::Builder&) { return diffusion::make(params); });
}

}  // namespace aleator::pde
