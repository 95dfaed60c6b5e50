#include "prob/register.hpp"

#include "deck/builder.hpp"
#include "prob/field/circulant.hpp"
#include "prob/field/karhunen_loeve.hpp"
#include "prob/field/levelset.hpp"
#include "prob/field/matern_spde.hpp"
#include "prob/prior/log_normal.hpp"
#include "prob/prior/normal.hpp"
#include "prob/prior/product.hpp"
#include "prob/prior/uniform.hpp"

namespace aleator::prob {
namespace {

template <typename Component>
void add_prior(deck::Registry& registry, const std::string& name) {
  registry.add<Prior, typename Component::Params>(
      "prior", name, Component::schema(),
      [](const typename Component::Params& params, deck::Builder&) { return std::make_unique<Component>(params); });
}

}  // namespace

void register_components(deck::Registry& registry) {
  add_prior<Normal>(registry, "prior/normal");
  add_prior<LogNormal>(registry, "prior/log_normal");
  add_prior<Uniform>(registry, "prior/uniform");
  add_prior<MaternSpde>(registry, "prior/matern_spde");
  add_prior<KarhunenLoeve>(registry, "prior/karhunen_loeve");
  add_prior<Circulant>(registry, "prior/circulant");
  registry.add<Prior, Levelset::Params>(
      "prior", "prior/levelset", Levelset::schema(), [](const Levelset::Params& params, deck::Builder& builder) {
        return std::make_unique<Levelset>(params, builder.get<Prior>("prior", params.field));
      });
  registry.add<Prior, Product::Params>("prior", "prior/product", Product::schema(),
                                       [](const Product::Params& params, deck::Builder& builder) {
                                         std::vector<Product::Part> parts;
                                         for (const std::string& name : params.parts)
                                           parts.push_back({name, builder.get<Prior>("prior", name)});
                                         return std::make_unique<Product>(std::move(parts));
                                       });
}

}  // namespace aleator::prob
