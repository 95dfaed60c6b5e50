#include "assimilation/filter.hpp"
#include "assimilation/kalman/enkf.hpp"
#include "assimilation/kalman/etkf.hpp"
#include "assimilation/kalman/ies.hpp"
#include "assimilation/kalman/letkf.hpp"
#include "assimilation/particle/particle.hpp"
#include "assimilation/target/state_space.hpp"
#include "assimilation/variational/hybrid.hpp"
#include "assimilation/variational/three_d_var.hpp"
#include "deck/builder.hpp"

namespace aleator::assimilation {
namespace {

template <typename Algorithm>
void add_filter(deck::Registry& registry, const std::string& name) {
  using Params = typename Algorithm::Params;
  registry.add<Filter, Params>("filter", name, Algorithm::schema(), [](const Params& params, deck::Builder&) {
    return std::make_unique<Erased<Algorithm>>(params);
  });
}

std::unique_ptr<model::Target> make_state_space(const StateSpaceTarget::Params& params, deck::Builder& builder) {
  StateSpaceTarget::Parts parts{builder.get<model::ForwardModel>("model", params.model),
                                builder.get<Filter>("filter", params.filter),
                                builder.deck().block("filter", params.filter).block.type};
  if (!params.initial_perturbation.empty())
    parts.initial_perturbation = builder.get<prob::Prior>("prior", params.initial_perturbation);
  return std::make_unique<StateSpaceTarget>(params, std::move(parts));
}

}  // namespace

void register_components(deck::Registry& registry) {
  add_filter<Enkf>(registry, "filter/enkf");
  add_filter<Etkf>(registry, "filter/etkf");
  add_filter<Letkf>(registry, "filter/letkf");
  add_filter<Ies>(registry, "filter/ies");
  add_filter<ThreeDVar>(registry, "filter/three_d_var");
  add_filter<Hybrid>(registry, "filter/hybrid");
  add_filter<Particle>(registry, "filter/particle");
  registry.add<model::Target, StateSpaceTarget::Params>("target", "target/state_space", StateSpaceTarget::schema(),
                                                        make_state_space);
}

}  // namespace aleator::assimilation
