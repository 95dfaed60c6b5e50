#include "deck/builder.hpp"
#include "sampler/ensemble/eki.hpp"
#include "sampler/ensemble/eks.hpp"
#include "sampler/ensemble/uki.hpp"
#include "sampler/functional/kernel_stein.hpp"
#include "sampler/functional/mmd.hpp"
#include "sampler/functional/network.hpp"
#include "sampler/hessian/laplace.hpp"
#include "sampler/importance.hpp"
#include "sampler/langevin/aldi.hpp"
#include "sampler/langevin/cbs.hpp"
#include "sampler/langevin/data_langevin.hpp"
#include "sampler/langevin/entropy_mcmc.hpp"
#include "sampler/langevin/mean_field_langevin.hpp"
#include "sampler/langevin/score_diffusion.hpp"
#include "sampler/langevin/sghmc.hpp"
#include "sampler/langevin/sgld.hpp"
#include "sampler/langevin/ula.hpp"
#include "sampler/langevin/underdamped.hpp"
#include "sampler/mcmc/delayed_acceptance.hpp"
#include "sampler/mcmc/dili.hpp"
#include "sampler/mcmc/dram.hpp"
#include "sampler/mcmc/dream.hpp"
#include "sampler/mcmc/gpcn.hpp"
#include "sampler/mcmc/hmc.hpp"
#include "sampler/mcmc/mala.hpp"
#include "sampler/mcmc/nuts.hpp"
#include "sampler/mcmc/parallel_tempering.hpp"
#include "sampler/mcmc/pcn.hpp"
#include "sampler/mcmc/random_walk.hpp"
#include "sampler/mcmc/slice.hpp"
#include "sampler/mcmc/stretch.hpp"
#include "sampler/polish.hpp"
#include "sampler/smc/fusion.hpp"
#include "sampler/smc/nested.hpp"
#include "sampler/smc/smc.hpp"
#include "sampler/smc/smc2.hpp"
#include "sampler/smc/tmcmc.hpp"
#include "sampler/stein/stein_thinning.hpp"
#include "sampler/stein/svgd.hpp"
#include "sampler/stein/svn.hpp"

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

std::unique_ptr<Sampler> make_delayed_acceptance(const DelayedAcceptance::Params& params, deck::Builder& builder) {
  DelayedAcceptance algorithm{params, {}};
  for (const std::string& name : params.coarse) algorithm.coarse.push_back(builder.get<Problem>("problem", name));
  return std::make_unique<Erased<DelayedAcceptance>>(std::move(algorithm));
}

template <typename Functional>
void add_functional(deck::Registry& registry, const std::string& name) {
  using Params = typename Functional::Params;
  registry.add<MeasureFunctional, Params>(
      "functional", name, Functional::schema(),
      [](const Params& params, deck::Builder&) { return std::make_unique<Functional>(params); });
}

std::unique_ptr<Sampler> make_mean_field_langevin(const MeanFieldLangevin::Params& params, deck::Builder& builder) {
  MeanFieldLangevin algorithm{params, {}};
  if (!params.functional.empty())
    algorithm.functional = builder.get<MeasureFunctional>("functional", params.functional);
  return std::make_unique<Erased<MeanFieldLangevin>>(std::move(algorithm));
}

}  // namespace

void register_components(deck::Registry& registry) {
  add_sampler<RandomWalk>(registry, "sampler/random_walk");
  add_sampler<Dram>(registry, "sampler/dram");
  add_sampler<Stretch>(registry, "sampler/stretch");
  add_sampler<Dream>(registry, "sampler/dream");
  add_sampler<Slice>(registry, "sampler/slice");
  add_sampler<Pcn>(registry, "sampler/pcn");
  add_sampler<Gpcn>(registry, "sampler/gpcn");
  add_sampler<Mala>(registry, "sampler/mala");
  add_sampler<Hmc>(registry, "sampler/hmc");
  add_sampler<Nuts>(registry, "sampler/nuts");
  add_sampler<ParallelTempering>(registry, "sampler/parallel_tempering");
  add_sampler<Dili>(registry, "sampler/dili");
  add_sampler<Laplace>(registry, "sampler/laplace");
  add_sampler<Smc>(registry, "sampler/smc");
  add_sampler<Smc2>(registry, "sampler/smc2");
  add_sampler<Fusion>(registry, "sampler/fusion");
  add_sampler<Tmcmc>(registry, "sampler/tmcmc");
  add_sampler<Nested>(registry, "sampler/nested");
  add_sampler<Eki>(registry, "sampler/eki");
  add_sampler<Eks>(registry, "sampler/eks");
  add_sampler<Uki>(registry, "sampler/uki");
  add_sampler<Aldi>(registry, "sampler/aldi");
  add_sampler<Cbs>(registry, "sampler/cbs");
  add_sampler<DataLangevin>(registry, "sampler/data_langevin");
  add_sampler<ScoreDiffusion>(registry, "sampler/score_diffusion");
  add_sampler<Ula>(registry, "sampler/ula");
  add_sampler<Underdamped>(registry, "sampler/underdamped");
  add_sampler<Sgld>(registry, "sampler/sgld");
  add_sampler<Sghmc>(registry, "sampler/sghmc");
  add_sampler<EntropyMcmc>(registry, "sampler/entropy_mcmc");
  add_sampler<Svgd>(registry, "sampler/svgd");
  add_sampler<Svn>(registry, "sampler/svn");
  registry.add<Sampler, DelayedAcceptance::Params>("sampler", "sampler/delayed_acceptance", DelayedAcceptance::schema(),
                                                   make_delayed_acceptance);
  add_functional<Mmd>(registry, "functional/mmd");
  add_functional<KernelStein>(registry, "functional/kernel_stein");
  add_functional<Network>(registry, "functional/network");
  registry.add<Sampler, MeanFieldLangevin::Params>("sampler", "sampler/mean_field_langevin",
                                                   MeanFieldLangevin::schema(), make_mean_field_langevin);
  add_wrapper<Polish>(registry, "sampler/polish");
  add_wrapper<Importance>(registry, "sampler/importance");
  add_wrapper<SteinThinning>(registry, "sampler/stein_thinning");
}

}  // namespace aleator::sampler
