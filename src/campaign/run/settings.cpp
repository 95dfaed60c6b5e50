#include "campaign/run/settings.hpp"

#include <cmath>

namespace aleator::campaign {

deck::Schema<RunSettings> RunSettings::schema() {
  deck::Schema<RunSettings> s("Settings of the whole run", "");
  s.key("title", &RunSettings::title, "", "one line that says what is computed; heads the report")
      .key("seed", &RunSettings::seed, "1", "all random numbers follow from it", deck::at_least(0))
      .key("checkpoint_minutes", &RunSettings::checkpoint_minutes, "min",
           "longest time between two checkpoints; every 30 s where writing one takes less than 1 % of that time",
           deck::at_least(0))
      .key("wall_time_minutes", &RunSettings::wall_time_minutes, "min",
           "time the batch system grants; the run stops before it, with a checkpoint", deck::positive())
      .key("stop_margin_minutes", &RunSettings::stop_margin_minutes, "min",
           "how long before wall_time_minutes the run stops", deck::at_least(0))
      .key("report", &RunSettings::report, "", "write report/index.html at the end")
      .key("domain", &RunSettings::domain, "1",
           "ranks that evaluate a model together, each with a part of its domain; divides the number of ranks; 0: "
           "chosen from the ranks, the size of the model and the rows evaluated at once",
           deck::at_least(0))
      .check("wall_time_minutes", [](const RunSettings& settings) {
        return settings.wall_time_minutes.value_or(INFINITY) > settings.stop_margin_minutes
                   ? std::string()
                   : std::string(
                         "wall_time_minutes must be larger than stop_margin_minutes, or the run stops before its first "
                         "step");
      });
  return s;
}

}  // namespace aleator::campaign
