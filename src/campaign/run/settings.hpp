#pragma once
/// What      The [run] block: what holds for the whole run rather than for one component.
/// Parallel  local.
#include <optional>
#include <string>

#include "deck/schema.hpp"

namespace aleator::campaign {

struct RunSettings {
  std::string title;
  std::int64_t seed = 1;
  double checkpoint_minutes = 5.0;
  std::optional<double> wall_time_minutes;
  double stop_margin_minutes = 1.0;
  bool report = true;
  int domain = 1;

  static deck::Schema<RunSettings> schema();
};

}  // namespace aleator::campaign
