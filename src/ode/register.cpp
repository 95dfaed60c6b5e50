#include "ode/register.hpp"

#include "deck/builder.hpp"
#include "ode/expression.hpp"
#include "ode/lorenz63.hpp"
#include "ode/lorenz96.hpp"
#include "ode/lotka_volterra.hpp"
#include "ode/pharmacokinetics.hpp"
#include "ode/sir.hpp"

namespace aleator::ode {
namespace {

template <class Model>
void add_model(deck::Registry& registry, const std::string& name) {
  registry.add<model::ForwardModel, typename Model::Params>(
      "model", name, Model::schema(),
      [](const typename Model::Params& params, deck::Builder&) { return Model::make(params); });
}

}  // namespace

void register_components(deck::Registry& registry) {
  add_model<Expression>(registry, "ode/expression");
  add_model<Lorenz63>(registry, "ode/lorenz63");
  add_model<Lorenz96>(registry, "ode/lorenz96");
  add_model<LotkaVolterra>(registry, "ode/lotka_volterra");
  add_model<Sir>(registry, "ode/sir");
  add_model<Pharmacokinetics>(registry, "ode/pharmacokinetics");
}

}  // namespace aleator::ode
