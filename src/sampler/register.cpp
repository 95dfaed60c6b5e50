#include "deck/builder.hpp"
#include "sampler/ensemble/eki.hpp"
#include "sampler/ensemble/eks.hpp"
#include "sampler/ensemble/uki.hpp"
#include "sampler/importance.hpp"
#include "sampler/langevin/aldi.hpp"
#include "sampler/langevin/cbs.hpp"
#include "sampler/langevin/ula.hpp"
#include "sampler/langevin/underdamped.hpp"
#include "sampler/mcmc/hmc.hpp"
#include "sampler/mcmc/mala.hpp"
#include "sampler/mcmc/nuts.hpp"
#include "sampler/mcmc/pcn.hpp"
#include "sampler/mcmc/random_walk.hpp"
#include "sampler/polish.hpp"
#include "sampler/smc/nested.hpp"
#include "sampler/smc/smc.hpp"
#include "sampler/stein/stein_thinning.hpp"
#include "sampler/stein/svgd.hpp"

namespace aleator::sampler {
namespace {

template <typename Algorithm>
void add_sampler(deck::Registry& registry, const std::string& name) {
  using Params = typename Algorithm::Params;
  registry.add<Sampler, Params>("sampler", name, Algorithm::schema(), [](const Params& params, deck::Builder&) {
    return std::make_unique<Erased<Algorithm>>(params);
  });
}

// A sampler that starts where another one ends.
template <typename Wrapper>
void add_wrapper(deck::Registry& registry, const std::string& name) {
  using Params = typename Wrapper::Params;
  registry.add<Sampler, Params>("sampler", name, Wrapper::schema(), [](const Params& params, deck::Builder& builder) {
    return std::make_unique<Wrapper>(params, builder.get<Sampler>("sampler", params.sampler));
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
  add_sampler<Nested>(registry, "sampler/nested");
  add_sampler<Eki>(registry, "sampler/eki");
  add_sampler<Eks>(registry, "sampler/eks");
  add_sampler<Uki>(registry, "sampler/uki");
  add_sampler<Aldi>(registry, "sampler/aldi");
  add_sampler<Cbs>(registry, "sampler/cbs");
  add_sampler<Ula>(registry, "sampler/ula");
  add_sampler<Underdamped>(registry, "sampler/underdamped");
  add_sampler<Svgd>(registry, "sampler/svgd");
  add_wrapper<Polish>(registry, "sampler/polish");
  add_wrapper<Importance>(registry, "sampler/importance");
  add_wrapper<SteinThinning>(registry, "sampler/stein_thinning");
}

}  // namespace aleator::sampler
