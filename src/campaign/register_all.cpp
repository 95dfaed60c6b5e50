#include "campaign/register_all.hpp"

#include "assimilation/filter.hpp"
#include "campaign/run/job.hpp"
#include "campaign/run/settings.hpp"
#include "campaign/sweep/campaign_plan.hpp"
#include "external/register.hpp"
#include "inverse/register.hpp"
#include "io/data_table.hpp"
#include "ode/register.hpp"
#include "pde/register.hpp"
#include "prob/register.hpp"
#include "sampler/sampler.hpp"

namespace aleator::campaign {
namespace {

deck::Rows rows_of_file(const std::string& text, const std::string& name) {
  const io::Table table = io::parse_places(text, name);
  deck::Rows rows(table.rows);
  for (std::size_t i = 0; i < table.rows; ++i)
    for (std::size_t k = 0; k < table.columns; ++k) rows[i].push_back(table(i, k));
  return rows;
}

}  // namespace

deck::Registry register_all() {
  deck::Registry registry;
  registry.read_rows_with(rows_of_file);
  registry.add_settings("run", "run/settings", RunSettings::schema());
  registry.add_settings("campaign", "campaign/settings", CampaignSettings::schema());
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
