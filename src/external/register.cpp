#include "external/register.hpp"

#include "deck/builder.hpp"
#include "external/plugin/plugin_model.hpp"
#include "external/umbridge/client.hpp"

namespace aleator::external {

void register_components(deck::Registry& registry) {
  registry.add<model::ForwardModel, UmbridgeModel::Params>(
      "model", "model/umbridge", UmbridgeModel::schema(),
      [](const UmbridgeModel::Params& params, deck::Builder& builder) { return UmbridgeModel::make(params, builder); });
  registry.add<model::ForwardModel, PluginModel::Params>(
      "model", "model/plugin", PluginModel::schema(),
      [](const PluginModel::Params& params, deck::Builder& builder) { return PluginModel::make(params, builder); });
}

}  // namespace aleator::external
