#include "campaign/register_all.hpp"

#include "assimilation/filter.hpp"
#include "campaign/job.hpp"
#include "campaign/settings.hpp"
#include "external/register.hpp"
#include "inverse/register.hpp"
#include "ode/register.hpp"
#include "pde/register.hpp"
#include "prob/register.hpp"
#include "sampler/sampler.hpp"

namespace aleator::campaign {

deck::Registry register_all() {
  deck::Registry registry;
  registry.add_settings("run", "run/settings", RunSettings::schema());
  pde::register_components(registry);
  ode::register_components(registry);
  external::register_components(registry);
  prob::register_components(registry);
  inverse::register_components(registry);
  sampler::register_components(registry);
  assimilation::register_components(registry);
  register_jobs(registry);
  return registry;
}

}  // namespace aleator::campaign
