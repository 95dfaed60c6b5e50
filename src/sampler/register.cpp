#include "deck/builder.hpp"
#include "sampler/ensemble/eki.hpp"
#include "sampler/mcmc/hmc.hpp"
#include "sampler/mcmc/mala.hpp"
#include "sampler/mcmc/nuts.hpp"
#include "sampler/mcmc/pcn.hpp"
#include "sampler/mcmc/random_walk.hpp"
#include "sampler/smc/smc.hpp"

namespace aleator::sampler {
namespace {

template <typename Algorithm>
void add_sampler(deck::Registry& registry, const std::string& name) {
  using Params = typename Algorithm::Params;
  registry.add<Sampler, Params>("sampler", name, Algorithm::schema(), [](const Params& params, deck::Builder&) {
    return std::make_unique<Erased<Algorithm>>(params);
  });
}

}  // namespace

void register_components(deck::Registry& registry) {
  add_sampler<RandomWalk>(registry, "sampler/random_walk");
  add_sampler<Pcn>(registry, "sampler/pcn");
  add_sampler<Mala>(registry, "sampler/mala");
  add_sampler<Hmc>(registry, "sampler/hmc");
  add_sampler<Nuts>(registry, "sampler/nuts");
  add_sampler<Smc>(registry, "sampler/smc");
  add_sampler<Eki>(registry, "sampler/eki");
}

}  // namespace aleator::sampler
